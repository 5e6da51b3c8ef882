/**
 * What a request may do to the best items beyond the scan. Each row of the table `rerankers` says what it reads, what it may change, and how it chooses among
 * more candidates than the list has places. The places are filled one after the other: each row says which candidates may take the next place, or what they are
 * worth there. A request that asks for no row is answered by the scan alone. Long because all rows of the table stand next to their contract.
 */
import { Failure, failure } from '../base/diagnostics/diagnostic.ts';
import { makeRandom } from '../base/random/random.ts';
import { isObject, yieldToEventLoop } from '../base/util/objects.ts';
import { attempt, type Snapshot, type TopAnswer, type TopItem, type TopRequest } from './snapshot.ts';
import {
  type ItemCondition,
  maxWeight,
  type RerankEntries,
  requestFailure,
  unknownFacts,
  weighedVectors,
} from './top_request.ts';

interface Reranker {
  /** The entries of a request that ask for it. */
  readonly entries: readonly (keyof RerankEntries)[];
  /** What it reads of an item, besides its place and its score. */
  readonly reads: 'nothing' | 'columns' | 'vectors' | 'history';
  /**
   * What it may change of the list. `range`: which part of the list is the answer; `order`: which candidates are in the list, and in which order; `scores`: by
   * what all eligible items are ranked; `items`: it may also have eligible items that are no candidates.
   */
  readonly changes: 'nothing' | 'range' | 'order' | 'scores' | 'items';
  /** @throws Failure `request-value`, `unknown-name` */
  check(request: TopRequest, snapshot: Snapshot): void;
  /** Divides the items into strata that are searched apart. */
  strata?(request: TopRequest): readonly Stratum[];
  /** Absent: it does not choose. A row that chooses takes `candidates` from the scan. */
  chooser?(request: TopRequest, candidates: readonly TopItem[], snapshot: Snapshot): Chooser;
  /** Adds to the items of the answer. */
  explain?(request: TopRequest, items: readonly TopItem[], snapshot: Snapshot): Promise<readonly TopItem[]>;
}

/** Items to whose scores the same number is added. The best items of all strata have the best of all items among them. */
interface Stratum {
  readonly conditions: readonly ItemCondition[];
  readonly added: number;
}

/** How a row takes part while the places of a list are filled. */
interface Chooser {
  /** True if an item may take the next place. Once it may not, it may not later. */
  admits?(item: TopItem): boolean;
  /** The worth of a candidate for the next place. Default: the first candidate is taken. @param index index of the candidate */
  worth?(index: number): number;
  /** Learns which item has the next place. */
  placed?(item: TopItem): void;
  /** Replaces the best candidate, which is undefined if none is left. @param placed the items before it */
  draw?(best: TopItem | undefined, placed: readonly TopItem[]): TopItem | undefined;
  /** Multiplications that a place takes. */
  readonly work?: number;
}

export const rerankers: Readonly<
  Record<'boost' | 'most' | 'diversity' | 'exploration' | 'offset' | 'because', Reranker>
> = {
  boost: {
    entries: ['boost', 'bury'],
    reads: 'columns',
    changes: 'scores',
    check(request) {
      const entries = ['boost', 'bury'] as const;
      for (const entry of entries) {
        const rules: unknown = request[entry] ?? [];
        const isRule = (rule: unknown): boolean =>
          isObject(rule) && typeof rule.filter === 'string' && isFrom(0, maxWeight, rule.weight);
        if (Array.isArray(rules) && rules.every(isRule)) continue;
        const advice = `give a list of \`{ filter, weight }\`, with weights from 0 to ${maxWeight}`;
        throw requestFailure(entry, 'has something else than filters with weights', advice);
      }
      const count = entries.reduce((sum, entry) => sum + (request[entry]?.length ?? 0), 0);
      if (count <= maxRules) return;
      throw requestFailure('boost', `and \`bury\` have ${count} filters together`, `give ${maxRules} at most`);
    },
    strata: strataOf,
  },
  most: {
    entries: ['most'],
    reads: 'columns',
    changes: 'order',
    check({ most }, { columns }) {
      for (const [name, count] of Object.entries(most!)) {
        if (!columns.has(name)) {
          const facts = unknownFacts('column of the items', name, [...columns.keys()]);
          throw failure('unknown-name', { ...facts, entry: 'most' });
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
    check({ diversity }, { sets }) {
      if (sets)
        throw requestFailure('diversity', 'compares items by one vector, and these have several', 'leave it out');
      if (isFrom(0, 1, diversity)) return;
      throw requestFailure('diversity', `is ${shown(diversity)}`, 'give a number from 0 to 1');
    },
    chooser: ({ diversity }, candidates, snapshot) => maximalMarginalRelevance(diversity!, candidates, snapshot),
  },
  exploration: {
    entries: ['exploration'],
    reads: 'columns',
    changes: 'items',
    check(request, snapshot) {
      const { exploration } = request;
      if (!isObject(exploration) || !isFrom(0, 1, exploration.share)) {
        throw requestFailure('exploration', 'has no `share` from 0 to 1', 'give `{ share, filter, seed }`');
      }
      if (exploration.seed !== undefined) refuseNumber('exploration.seed', exploration.seed, 0);
      // Refuses a filter with a mistake.
      snapshot.top([poolOf(request, [])]);
    },
    chooser: explorer,
  },
  offset: {
    entries: ['offset'],
    reads: 'nothing',
    changes: 'range',
    check: ({ offset }) => refuseNumber('offset', offset, 0),
  },
  because: {
    entries: ['because'],
    reads: 'history',
    changes: 'nothing',
    check({ because, leaveOut }) {
      refuseNumber('because', because, 0);
      if (leaveOut) return;
      throw requestFailure('because', 'is given next to a vector, which has no past items', 'leave it out');
    },
    explain: withReasons,
  },
};

const table = Object.values(rerankers);

/** The entries of all rows. */
export const rerankEntries: readonly (keyof RerankEntries)[] = [
  'candidates',
  ...table.flatMap(({ entries }) => entries),
];

/** Refuses all but whole numbers from `least` on. @throws Failure `request-value` */
function refuseNumber(entry: string, value: unknown, least: number): void {
  if (Number.isSafeInteger(value) && (value as number) >= least) return;
  throw requestFailure(entry, `is ${shown(value)}`, `give a whole number from ${least}`);
}

const isFrom = (least: number, most: number, value: unknown): boolean =>
  typeof value === 'number' && value >= least && value <= most;

const shown = (value: unknown): string => (typeof value === 'number' ? String(value) : JSON.stringify(value));

const noStratum: Stratum = { conditions: [], added: 0 };

/** Maximum number of filters of `boost` and `bury`. Each may double the strata. */
const maxRules = 4;

function strataOf({ boost = [], bury = [] }: TopRequest): readonly Stratum[] {
  const rules = [
    ...boost.map(({ filter, weight }, index) => ({ filter, weight, entry: `boost.${index}.filter` })),
    ...bury.map(({ filter, weight }, index) => ({ filter, weight: -weight, entry: `bury.${index}.filter` })),
  ];
  return rules.reduce<readonly Stratum[]>(
    (strata, { weight, ...rule }) =>
      strata.flatMap(({ conditions, added }) => [
        { conditions: [...conditions, { ...rule, holds: false }], added },
        { conditions: [...conditions, { ...rule, holds: true }], added: added + weight },
      ]),
    [noStratum],
  );
}

/** Adds the weights of the strata to the scores, and orders all items again. */
function mergedStrata(answers: readonly TopAnswer[], strata: readonly Stratum[], depth: number): TopAnswer {
  if (answers.length === 1) return answers[0]!;
  const items = answers.flatMap((answer, index) => {
    const { added } = strata[index]!;
    return answer.items.map(
      (item): TopItem => (added === 0 ? item : { ...item, score: item.score + added, boost: added }),
    );
  });
  return {
    ...(answers.find(({ exact }) => exact === false) ?? answers[0]!),
    items: items.sort((a, b) => b.score - a.score || a.row - b.row).slice(0, depth),
    candidates: answers.reduce((sum, { candidates }) => sum + candidates, 0),
  };
}

/** Counts the values of items that have a place. An item with a list of values counts for each, and one without a value for none. */
function limitedByColumn(limits: Readonly<Record<string, number>>, { valuesOf }: Snapshot): Chooser {
  const columnNames = Object.keys(limits);
  const counts = columnNames.map(() => new Map<unknown, number>());
  const knownValues = new Map<number, readonly (readonly unknown[])[]>();
  const valuesIn = ({ row }: TopItem): readonly (readonly unknown[])[] => {
    const knownValue = knownValues.get(row);
    if (knownValue) return knownValue;
    const values = valuesOf(row, columnNames);
    const ownValues = columnNames.map((name) => [...new Set([values[name] ?? []].flat())]);
    knownValues.set(row, ownValues);
    return ownValues;
  };
  return {
    admits: (item) =>
      valuesIn(item).every((values, index) =>
        values.every((value) => (counts[index]!.get(value) ?? 0) < limits[columnNames[index]!]!),
      ),
    placed(item) {
      valuesIn(item).forEach((values, index) => {
        for (const value of values) counts[index]!.set(value, (counts[index]!.get(value) ?? 0) + 1);
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
  const [best, worst] = [candidates[0]?.score ?? 0, candidates.at(-1)?.score ?? 0];
  const relevances = candidates.map(({ score }) => (best === worst ? 1 : (score - worst) / (best - worst)));
  let cosines: Float64Array | undefined;
  return {
    worth: (index) => (1 - diversity) * relevances[index]! - (cosines ? diversity * cosines[index]! : 0),
    placed({ row }) {
      const unit = unitVector(itemVector(row));
      const largest = cosines ?? new Float64Array(units.length).fill(-1);
      units.forEach((other, index) => {
        let cosine = 0;
        for (let i = 0; i < width; i++) cosine += unit[i]! * other[i]!;
        if (cosine > largest[index]!) largest[index] = cosine;
      });
      cosines = largest;
    },
    work: candidates.length * width,
  };
}

/** Asks for the number of items to draw from, or for one of them. @param draw from 0 to 1, without 1 */
const poolOf = (request: TopRequest, placed: readonly TopItem[], draw?: number): TopRequest => {
  const { conditions = [], excludeRows = [], exploration } = request;
  const filter = exploration?.filter;
  const isInPool: ItemCondition[] = filter === undefined ? [] : [{ filter, holds: true, entry: 'exploration.filter' }];
  return {
    ...request,
    k: 0,
    draw,
    conditions: [...conditions, ...isInPool],
    excludeRows: [...excludeRows, ...placed.map(({ row }) => row)],
  };
};

/**
 * Draws the item of each place with the probability `share`, from all items of the pool that have no place yet. An item that is in the pool and also the best
 * candidate may get its place either way, so both probabilities are added.
 */
function explorer(request: TopRequest, candidates: readonly TopItem[], snapshot: Snapshot): Chooser {
  const { share, seed } = request.exploration!;
  const random = makeRandom(seed!);
  const ask = (placed: readonly TopItem[], draw?: number): TopAnswer =>
    snapshot.top([poolOf(request, placed, draw)])[0]!;
  let size = ask([]).candidates;
  return {
    draw(best, placed) {
      const isDrawn = random.next() < share && size > 0;
      // The numbers of a generator have 24 bits, which are too few for many items.
      const draw = random.next() + random.next() * 2 ** -24;
      const found = isDrawn ? ask(placed, draw).items[0] : best;
      if (found === undefined) return undefined;
      const item = candidates.find(({ row }) => row === found.row) ?? found;
      const otherCandidates = ask([...placed, item]).candidates;
      const ofPool = size > otherCandidates ? share / size : 0;
      const ofBest = item === best ? 1 - (size > 0 ? share : 0) : 0;
      size = otherCandidates;
      return { ...item, probability: ofBest + ofPool };
    },
    work: snapshot.rows / 8,
  };
}

/** Compares the score of each item with its scores without each of the past items. With several interests, the highest score counts. */
async function withReasons(
  request: TopRequest,
  items: readonly TopItem[],
  snapshot: Snapshot,
): Promise<readonly TopItem[]> {
  const { because, leaveOut, weights } = request;
  const pastItems = (await leaveOut!()).map(({ row, vectors }) => ({
    item: { key: snapshot.keyAt(row), title: snapshot.titleAt(row) },
    vectors: weighedVectors({ vectors, weights }, snapshot),
  }));
  const ownVectors = weighedVectors(request, snapshot);
  return items.map((item) => {
    const scoreBy = (vectors: readonly Float64Array[]): number => snapshot.score(vectors, item.row);
    const score = scoreBy(ownVectors);
    const reasons = pastItems
      .map((rival) => ({ ...rival.item, score: score - scoreBy(rival.vectors) }))
      .filter((reason) => reason.score > 0)
      .sort((a, b) => b.score - a.score);
    return { ...item, because: reasons.slice(0, because) };
  });
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

const [minCandidates, maxCandidates] = [200, 1000];

/** Returns how many items a request takes from the scan. The number does not depend on the page, so that all pages are of one list. */
export function depthOf(request: Pick<TopRequest, 'k'> & RerankEntries): number {
  const { k, offset = 0, candidates } = request;
  if (!table.some((row) => row.chooser && asksFor(request, row))) return offset + k;
  return candidates ?? Math.max(minCandidates, Math.min(4 * k, maxCandidates), k);
}

/** Maximum rows times requests that one batch compares. Longer batches would make other requests wait. */
const maxCompared = 2 ** 24;
/** Maximum requests of one batch: as many as the scan takes in one pass. */
const maxRequests = 64;

/** Returns how many requests are answered in one pass. */
export const maxBatchOf = ({ rows }: Pick<Snapshot, 'rows'>): number =>
  Math.max(1, Math.min(maxRequests, Math.floor(maxCompared / Math.max(1, rows))));

/** Answers all requests in one pass or by the index. A request that fails gets its Failure. */
export async function topEach(snapshot: Snapshot, requests: readonly TopRequest[]): Promise<(TopAnswer | Failure)[]> {
  const isReranked = (request: TopRequest): boolean => rerankEntries.some((entry) => request[entry] !== undefined);
  if (!requests.some(isReranked)) return searchEach(snapshot, requests);
  const searches = requests.map((request) => attempt(() => searchesOf(request, snapshot)));
  const allSearches = searches.flatMap((strata) =>
    strata instanceof Failure ? [] : strata.map(({ search }) => search),
  );
  const foundAnswers: (TopAnswer | Failure)[] = [];
  // Strata may be many times the requests. Others get a turn after as many searches as a batch has requests.
  const together = maxBatchOf(snapshot);
  for (let from = 0; from < allSearches.length; from += together) {
    if (from > 0) await yieldToEventLoop();
    for (const answer of await searchEach(snapshot, allSearches.slice(from, from + together)))
      foundAnswers.push(answer);
  }
  const answers: (TopAnswer | Failure)[] = [];
  for (const [index, own] of searches.entries()) {
    const found = own instanceof Failure ? own : answerOf(own, foundAnswers.splice(0, own.length));
    answers.push(found instanceof Failure ? found : await reranked(found, requests[index]!, snapshot));
  }
  return answers;
}

interface StratumSearch extends Stratum {
  readonly search: TopRequest;
}

/** @throws Failure `request-value`, `unknown-name` */
function searchesOf(request: TopRequest, snapshot: Snapshot): readonly StratumSearch[] {
  const rows = table.filter((row) => asksFor(request, row));
  for (const row of rows) row.check(request, snapshot);
  const { k, offset = 0, candidates } = request;
  if (candidates !== undefined) refuseNumber('candidates', candidates, 1);
  const depth = depthOf(request);
  if (depth < offset + k) {
    const reason = `is ${depth}, and the list has ${offset + k} places up to the end of this page`;
    throw requestFailure('candidates', reason, `give a number from ${offset + k}`);
  }
  const strata = rows.reduce<readonly Stratum[]>((all, row) => row.strata?.(request) ?? all, [noStratum]);
  return strata.map((stratum) => ({ ...stratum, search: { ...request, k: depth, conditions: stratum.conditions } }));
}

function answerOf(searches: readonly StratumSearch[], answers: readonly (TopAnswer | Failure)[]): TopAnswer | Failure {
  const failed = answers.find((answer) => answer instanceof Failure);
  return failed ?? mergedStrata(answers as readonly TopAnswer[], searches, searches[0]!.search.k);
}

async function reranked(found: TopAnswer, unseeded: TopRequest, snapshot: Snapshot): Promise<TopAnswer> {
  const { k, offset = 0, exploration } = unseeded;
  const seed = exploration && (exploration.seed ?? crypto.getRandomValues(new Uint32Array(1))[0]!);
  const request = seed === undefined ? unseeded : { ...unseeded, exploration: { ...exploration!, seed } };
  const choosers = table.flatMap((row) =>
    asksFor(request, row) ? (row.chooser?.(request, found.items, snapshot) ?? []) : [],
  );
  const items: readonly TopItem[] =
    choosers.length === 0 ? found.items : await fillPlaces(offset + k, found.items, choosers);
  let answerItems: readonly TopItem[] = items.slice(offset, offset + k);
  for (const row of table)
    if (row.explain && asksFor(request, row)) answerItems = await row.explain(request, answerItems, snapshot);
  return { ...found, items: answerItems, seed };
}

/** Multiplications after which other requests get a turn: about a millisecond. */
const workOfTurn = 2 ** 20;

/** Fills the places of a list, one after the other. Of candidates with the same worth, the one with the higher score is taken. */
async function fillPlaces(
  places: number,
  candidates: readonly TopItem[],
  choosers: readonly Chooser[],
): Promise<readonly TopItem[]> {
  const worth = choosers.find((chooser) => chooser.worth)?.worth;
  const draw = choosers.find((chooser) => chooser.draw)?.draw;
  const indexByRow = new Map(candidates.map(({ row }, index) => [row, index]));
  const workOfPlace = choosers.reduce((sum, { work = 0 }) => sum + work, 0);
  const isOut = new Uint8Array(candidates.length);
  const bestIndex = (): number => {
    let [best, bestWorth] = [-1, Number.NEGATIVE_INFINITY];
    for (let index = 0; index < candidates.length; index++) {
      if (isOut[index] === 1) continue;
      if (choosers.some(({ admits }) => admits?.(candidates[index]!) === false)) {
        isOut[index] = 1;
        continue;
      }
      if (worth === undefined) return index;
      const ownWorth = worth(index);
      if (ownWorth > bestWorth) [best, bestWorth] = [index, ownWorth];
    }
    return best;
  };
  const placedItems: TopItem[] = [];
  for (let work = workOfPlace; placedItems.length < places; work += workOfPlace) {
    const best: TopItem | undefined = candidates[bestIndex()];
    const item = draw ? draw(best, placedItems) : best;
    if (item === undefined) break;
    const index = indexByRow.get(item.row);
    if (index !== undefined) isOut[index] = 1;
    placedItems.push(item);
    for (const { placed } of choosers) placed?.(item);
    if (work < workOfTurn) continue;
    work = 0;
    await yieldToEventLoop();
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
