/**
 * What a request may do to the best items beyond the scan. Each row of the table `rerankers` has one contract: what it reads, what it may change, and how
 * many candidates it needs from the scan. A request that asks for none is answered by the scan alone.
 */
import { Failure } from '../../base/diagnostics/failure.ts';
import { attempt, type Snapshot, type TopAnswer, type TopRequest } from './snapshot.ts';
import { type RerankEntries, requestFailure } from './top_request.ts';

interface Reranker {
  /** The entries of a request that ask for it. */
  readonly entries: readonly (keyof RerankEntries)[];
  /** What it reads of an item, besides its place and its score. */
  readonly reads: 'nothing';
  /** What it may change of the list. `range`: which part of the list is the answer. */
  readonly changes: 'range';
  /** @throws Failure `request-value` */
  check(request: TopRequest): void;
}

export const rerankers: Readonly<Record<'offset', Reranker>> = {
  offset: {
    entries: ['offset'],
    reads: 'nothing',
    changes: 'range',
    check: ({ offset }) => refuseNumber('offset', offset, 0, Number.POSITIVE_INFINITY),
  },
};

/** Refuses all but whole numbers of a range. @throws Failure `request-value` */
function refuseNumber(entry: string, value: unknown, least: number, most: number): void {
  if (Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most) return;
  const range = `from ${least}${most === Number.POSITIVE_INFINITY ? '' : ` to ${most}`}`;
  throw requestFailure(entry, `is ${JSON.stringify(value)}`, `give a whole number ${range}`);
}

const askedRows = (request: RerankEntries): readonly Reranker[] =>
  Object.values(rerankers).filter(({ entries }) => entries.some((entry) => request[entry] !== undefined));

const isReranked = (request: RerankEntries): boolean =>
  Object.values(rerankers).some(({ entries }) => entries.some((entry) => request[entry] !== undefined));

/** Returns how many items a request takes from the scan. */
export const depthOf = ({ k, offset = 0 }: Pick<TopRequest, 'k' | 'offset'>): number => offset + k;

/** Answers all requests in one pass or by the index. A request that fails gets its Failure. */
export async function topEach(snapshot: Snapshot, requests: readonly TopRequest[]): Promise<(TopAnswer | Failure)[]> {
  if (!requests.some(isReranked)) return searchEach(snapshot, requests);
  const searches = requests.map((request) => attempt(() => searchOf(request)));
  const isSearch = (search: TopRequest | Failure): search is TopRequest => !(search instanceof Failure);
  const found = (await searchEach(snapshot, searches.filter(isSearch))).values();
  return searches.map((search, at) => {
    const answer = search instanceof Failure ? search : found.next().value!;
    return answer instanceof Failure ? answer : reranked(answer, requests[at]!);
  });
}

function searchOf(request: TopRequest): TopRequest {
  for (const { check } of askedRows(request)) check(request);
  return { ...request, k: depthOf(request) };
}

const reranked = (answer: TopAnswer, { offset = 0 }: TopRequest): TopAnswer => ({
  ...answer,
  items: answer.items.slice(offset),
});

/** If one request of a pass fails, all are answered one by one. */
async function searchEach(snapshot: Snapshot, requests: readonly TopRequest[]): Promise<(TopAnswer | Failure)[]> {
  if (snapshot.index) return snapshot.index.top(requests);
  const allAnswers = attempt(() => snapshot.top(requests));
  if (!(allAnswers instanceof Failure)) return allAnswers;
  return requests.map((request) => attempt(() => snapshot.top([request])[0]!));
}
