/**
 * What a request may do to the best items beyond the scan. Each row of the table `rerankers` has one contract: what it reads, what it may change, and whether
 * it chooses from more candidates than the list has places. Then the places of the list are filled one after the other: each row says which candidates may take
 * the next place, or what they are worth there. A request that asks for no row is answered by the scan alone.
 */
import { Failure, failure } from '../../base/diagnostics/failure.ts';
import { nextTurn } from '../../base/util/defined.ts';
import { attempt, type Snapshot, type TopAnswer, type TopItem, type TopRequest } from './snapshot.ts';
import { type RerankEntries, requestFailure, unknownFacts } from './top_request.ts';

interface Reranker {
  /** The entries of a request that ask for it. */
  readonly entries: readonly (keyof RerankEntries)[];
  /** What it reads of an item, besides its place and its score. */
  readonly reads: 'nothing' | 'columns' | 'vectors';
  /** What it may change of the list. `range`: which part of the list is the answer; `order`: which candidates are in the list, and in which order. */
  readonly changes: 'range' | 'order';
  /** @throws Failure `request-value`, `unknown-name` */
  check(request: TopRequest, snapshot: Snapshot): void;
  /** Absent: it does not choose. A row that chooses takes `candidates` from the scan. */
  chooser?(request: TopRequest, candidates: readonly TopItem[], snapshot: Snapshot): Chooser;
}

/** How a row takes part while the places of a list are filled. */
interface Chooser {
  /** True if an item may take the next place. Once it may not, it may not later. */
  admits?(item: TopItem): boolean;
  /** The worth of a candidate for the next place. Default: the first candidate is taken. @param at index of the candidate */
  worth?(at: number): number;
  /** Learns which item has the next place. */
  placed(item: TopItem): void;
  /** Multiplications that `placed` takes. */
  readonly work?: number;
}

export const rerankers: Readonly<Record<'most' | 'diversity' | 'offset', Reranker>> = {
  most: {
    entries: ['most'],
    reads: 'columns',
    changes: 'order',
    check({ most }, { columns }) {
      for (const [name, count] of Object.entries(most!)) {
        if (!columns.has(name)) {
          throw failure('unknown-name', {
            ...unknownFacts('column of the items', name, [...columns.keys()]),
            entry: 'most',
          });
        }
        refuseNumber(`most.${name}`, count, 1);
      }
    },
    chooser: ({ most }, _, snapshot) => limitedByColumn(most!, snapshot),
  },
  diversity: {
    entries: ['diversity'],
    reads: 'vectors',
    changes: 'order',
    check({ diversity }) {
      if (typeof diversity === 'number' && diversity >= 0 && diversity <= 1) return;
      throw requestFailure('diversity', `is ${shown(diversity)}`, 'give a number from 0 to 1');
    },
    chooser: ({ diversity }, candidates, snapshot) => maximalMarginalRelevance(diversity!, candidates, snapshot),
  },
  offset: {
    entries: ['offset'],
    reads: 'nothing',
    changes: 'range',
    check: ({ offset }) => refuseNumber('offset', offset, 0),
  },
};

const table = Object.values(rerankers);

/** Refuses all but whole numbers from `least` on. @throws Failure `request-value` */
function refuseNumber(entry: string, value: unknown, least: number): void {
  if (Number.isSafeInteger(value) && (value as number) >= least) return;
  throw requestFailure(entry, `is ${shown(value)}`, `give a whole number from ${least}`);
}

const shown = (value: unknown): string => (typeof value === 'number' ? String(value) : JSON.stringify(value));

/** Counts the values of items that have a place. An item with a list of values counts for each, and one without a value for none. */
function limitedByColumn(most: Readonly<Record<string, number>>, { valuesOf }: Snapshot): Chooser {
  const columnNames = Object.keys(most);
  const counts = columnNames.map(() => new Map<unknown, number>());
  const knownValues = new Map<number, readonly (readonly unknown[])[]>();
  const valuesIn = ({ row }: TopItem): readonly (readonly unknown[])[] => {
    const known = knownValues.get(row);
    if (known) return known;
    const values = valuesOf(row, columnNames);
    const ownValues = columnNames.map((name) => [...new Set([values[name] ?? []].flat())]);
    knownValues.set(row, ownValues);
    return ownValues;
  };
  return {
    admits: (item) =>
      valuesIn(item).every((values, at) =>
        values.every((value) => (counts[at]!.get(value) ?? 0) < most[columnNames[at]!]!),
      ),
    placed(item) {
      valuesIn(item).forEach((values, at) => {
        for (const value of values) counts[at]!.set(value, (counts[at]!.get(value) ?? 0) + 1);
      });
    },
  };
}

/**
 * Maximal marginal relevance (Carbonell and Goldstein 1998), with λ = 1 − `diversity`: λ · relevance − (1 − λ) · the largest cosine with an item that has a
 * place. The relevance is the score, scaled so that the best candidate has 1 and the last one 0, because inner products have any size.
 */
function maximalMarginalRelevance(
  diversity: number,
  candidates: readonly TopItem[],
  { itemVector, width }: Snapshot,
): Chooser {
  const units = candidates.map(({ row }) => unitVector(itemVector(row)));
  const [best, last] = [candidates[0]?.score ?? 0, candidates.at(-1)?.score ?? 0];
  const relevances = candidates.map(({ score }) => (best === last ? 1 : (score - last) / (best - last)));
  let cosines: Float64Array | undefined;
  return {
    worth: (at) => (1 - diversity) * relevances[at]! - (cosines ? diversity * cosines[at]! : 0),
    placed({ row }) {
      const unit = unitVector(itemVector(row));
      const largest = cosines ?? new Float64Array(units.length).fill(-1);
      units.forEach((other, at) => {
        let cosine = 0;
        for (let i = 0; i < width; i++) cosine += unit[i]! * other[i]!;
        if (cosine > largest[at]!) largest[at] = cosine;
      });
      cosines = largest;
    },
    work: candidates.length * width,
  };
}

/** Returns the direction of a vector; zeros for a vector of zeros. */
function unitVector(vector: Float32Array): Float64Array {
  let square = 0;
  for (const number of vector) square += number * number;
  const scale = square > 0 ? 1 / Math.sqrt(square) : 0;
  return Float64Array.from(vector, (number) => number * scale);
}

const asksFor = (request: RerankEntries, { entries }: Reranker): boolean =>
  entries.some((entry) => request[entry] !== undefined);

const [leastCandidates, mostCandidates] = [200, 1000];

/** Returns how many items a request takes from the scan. The number does not depend on the page, so that all pages are of one list. */
export function depthOf(request: Pick<TopRequest, 'k'> & RerankEntries): number {
  const { k, offset = 0, candidates } = request;
  if (!table.some((row) => row.chooser && asksFor(request, row))) return offset + k;
  return candidates ?? Math.max(leastCandidates, Math.min(4 * k, mostCandidates), k);
}

/** Answers all requests in one pass or by the index. A request that fails gets its Failure. */
export async function topEach(snapshot: Snapshot, requests: readonly TopRequest[]): Promise<(TopAnswer | Failure)[]> {
  if (!requests.some((request) => table.some((row) => asksFor(request, row)))) return searchEach(snapshot, requests);
  const searches = requests.map((request) => attempt(() => searchOf(request, snapshot)));
  const isSearch = (search: TopRequest | Failure): search is TopRequest => !(search instanceof Failure);
  const foundAnswers = (await searchEach(snapshot, searches.filter(isSearch))).values();
  const answers: (TopAnswer | Failure)[] = [];
  for (const [at, search] of searches.entries()) {
    const found = search instanceof Failure ? search : foundAnswers.next().value!;
    answers.push(found instanceof Failure ? found : await reranked(found, requests[at]!, snapshot));
  }
  return answers;
}

/** @throws Failure `request-value`, `unknown-name` */
function searchOf(request: TopRequest, snapshot: Snapshot): TopRequest {
  for (const row of table) if (asksFor(request, row)) row.check(request, snapshot);
  const { k, offset = 0, candidates } = request;
  if (candidates !== undefined) refuseNumber('candidates', candidates, 1);
  const depth = depthOf(request);
  if (depth >= offset + k) return { ...request, k: depth };
  const reason = `is ${depth}, and the list has ${offset + k} places up to the end of this page`;
  throw requestFailure('candidates', reason, `give a number from ${offset + k}`);
}

async function reranked(found: TopAnswer, request: TopRequest, snapshot: Snapshot): Promise<TopAnswer> {
  const { k, offset = 0 } = request;
  const choosers = table.flatMap((row) =>
    asksFor(request, row) ? (row.chooser?.(request, found.items, snapshot) ?? []) : [],
  );
  const items = choosers.length === 0 ? found.items : await filled(offset + k, found.items, choosers);
  return { ...found, items: items.slice(offset) };
}

/** Multiplications after which other requests get a turn: about a millisecond. */
const workOfTurn = 2 ** 20;

/** Fills the places of a list, one after the other. Of candidates with the same worth, the one with the higher score is taken. */
async function filled(
  places: number,
  candidates: readonly TopItem[],
  choosers: readonly Chooser[],
): Promise<readonly TopItem[]> {
  const worth = choosers.find((each) => each.worth)?.worth;
  const workOfPlace = choosers.reduce((sum, { work = 0 }) => sum + work, 0);
  const isOut = new Uint8Array(candidates.length);
  const next = (): number => {
    let [best, bestWorth] = [-1, Number.NEGATIVE_INFINITY];
    for (let at = 0; at < candidates.length; at++) {
      if (isOut[at] === 1) continue;
      if (choosers.some(({ admits }) => admits?.(candidates[at]!) === false)) {
        isOut[at] = 1;
        continue;
      }
      if (worth === undefined) return at;
      const ownWorth = worth(at);
      if (ownWorth > bestWorth) [best, bestWorth] = [at, ownWorth];
    }
    return best;
  };
  const placedItems: TopItem[] = [];
  for (let work = workOfPlace; placedItems.length < places; work += workOfPlace) {
    const at = next();
    if (at < 0) break;
    isOut[at] = 1;
    placedItems.push(candidates[at]!);
    for (const { placed } of choosers) placed(candidates[at]!);
    if (work < workOfTurn) continue;
    work = 0;
    await nextTurn();
  }
  return placedItems;
}

/** If one request of a pass fails, all are answered one by one. */
async function searchEach(snapshot: Snapshot, requests: readonly TopRequest[]): Promise<(TopAnswer | Failure)[]> {
  if (snapshot.index) return snapshot.index.top(requests);
  const allAnswers = attempt(() => snapshot.top(requests));
  if (!(allAnswers instanceof Failure)) return allAnswers;
  return requests.map((request) => attempt(() => snapshot.top([request])[0]!));
}
