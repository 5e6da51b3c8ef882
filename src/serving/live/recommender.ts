/** Answers with a trained model whose vectors an engine computes: the best items of the corpus, with titles, scores and the basis of the answer. */

import { keyTableOf } from '../../base/text/key_table.ts';
import type { Dataset } from '../../data/dataset.ts';
import { momentOf } from '../../data/rows/fresh.ts';
import type { EventReader, ItemReader } from '../../data/written/fields.ts';
import type { Engine } from '../../engines/engine.ts';
import { makeCohortFinder } from '../../retrieval/cohort.ts';
import type { ItemColumns } from '../../retrieval/filter/filter_columns.ts';
import { type ItemSearch, makeItemSearch } from '../../retrieval/item_search.ts';
import { describeQuery, makePreparer, type QueryDescription } from '../../retrieval/prepare.ts';
import { makeQueryAnswerer, type QueryAnswerer } from '../../retrieval/query_answerer.ts';
import { type RecallFigures, recallFigures } from '../../retrieval/scan/approximate.ts';
import { hasVectors, makeScan, type Scan, scanOfCoded } from '../../retrieval/scan/scan.ts';
import { makeSetScan } from '../../retrieval/scan/set_scan.ts';
import { itemColumnsOf, type ServingState, servingStateOf } from '../../retrieval/servable.ts';
import { interestsOf, type Snapshot, snapshotOf, type TopRequest } from '../../retrieval/snapshot.ts';
import { requestFailure } from '../../retrieval/top_request.ts';
import type { ComputedItemVectors, RetrievalObjective } from '../../retrieval/vectors.ts';
import type { LoadedModel } from '../../training/artifact/load.ts';
import { makeRetrieval, type Retrieval } from '../../training/scoring/retrieval_scorer.ts';
import { type EventWrites, makeEventWrites } from './event_writes.ts';
import { type ItemWrites, makeItemWrites } from './item_writes.ts';
import { makeLiveItems } from './live_items.ts';
import { makeUserEvents } from './user_events.ts';

export interface Recommender extends QueryAnswerer {
  readonly query: QueryDescription;
  readonly itemSearch: ItemSearch;
  /** Returns queries of the data for a measurement, evenly spread over the events of the evaluation. */
  sample(count: number): Promise<QueryVectors>;
  /** The moment up to which the data knows events: in ISO 8601 if it has dates or times, otherwise the number that orders them. */
  readonly asOf?: string | number;
  /** The default of `removeSeen`. */
  readonly removesSeen: boolean;
  readonly known: Pick<Dataset, 'eventBasis' | 'knownUntil'>;
  /** Returns the state to be cached, which the next start would have to compute again. */
  served(): ServingState;
  /** Answers from the same items, searched by `base`, with writes of its own. Default: a search that compares all items. */
  over(base?: Snapshot): WritableAnswerer;
  close(): Promise<void>;
}

interface WritableAnswerer extends QueryAnswerer {
  readonly itemSearch: ItemSearch;
  /** The moment up to which answers know events, as in `Recommender`. */
  readonly asOf: string | number | undefined;
  /** Accepts items that are written from now on, read by `reader`. Closing the writes closes the reader. */
  writes(reader: ItemReader): ItemWrites;
  /** Accepts events from now on, read by `reader`. Closing the writes closes the reader. */
  eventWrites(reader: EventReader): EventWrites;
}

export interface RecommenderOptions {
  readonly version?: string;
  readonly columns?: ItemColumns;
  /** Column ranges of the vectors that weights may scale. */
  readonly objectives?: readonly RetrievalObjective[];
  /** The vectors of the corpus, if another process has computed them. */
  readonly computed?: ComputedItemVectors;
}

/** Computes the vectors of the whole corpus once. Each query then takes one row through the query tower, and one pass over the snapshot. */
export async function makeRecommender(
  trained: RecommendingModel,
  dataset: Dataset,
  engine: Engine,
  options: RecommenderOptions = {},
): Promise<Recommender> {
  const { columns, computed } = options;
  const { plan, parameters, tables } = trained;
  const { corpus } = dataset;
  const retrieval = await makeRetrieval({ plan, engine, tables, corpus, parameters, computed });
  const served = servingStateOf(dataset, retrieval.computed(), columns);
  return recommenderOf({ trained, served, retrieval, dataset: async () => dataset }, options);
}

/** Restores the recommender from a cache: no row is read, and no item goes through its tower. @param dataset reads the rows, for `sample` */
export async function openRecommender(
  trained: RecommendingModel,
  { served, dataset }: { readonly served: ServingState; readonly dataset: () => Promise<Dataset> },
  engine: Engine,
  options: Omit<RecommenderOptions, 'columns' | 'computed'> = {},
): Promise<Recommender> {
  const { plan, parameters, tables } = trained;
  const { vectors, features, tables: computedTables } = served.items;
  const corpus = { rows: vectors.rows, features };
  const computed = { vectors, tables: computedTables };
  const retrieval = await makeRetrieval({ plan, engine, tables, corpus, parameters, computed });
  return recommenderOf({ trained, served, retrieval, dataset }, options);
}

type RecommendingModel = Pick<LoadedModel, 'plan' | 'parameters' | 'tables' | 'encodings'>;

interface RecommenderParts {
  readonly trained: RecommendingModel;
  readonly served: ServingState;
  readonly retrieval: Retrieval;
  readonly dataset: () => Promise<Dataset>;
}

function recommenderOf(
  { trained, served, retrieval, dataset }: RecommenderParts,
  { version = '', objectives = [] }: Omit<RecommenderOptions, 'columns' | 'computed'>,
): Recommender {
  const { plan, encodings } = trained;
  const { items, users } = served;
  const { data, rows, width, interests: perItem } = items.vectors;
  const makeOwnScan = (): Scan => {
    if (perItem !== undefined) return makeSetScan({ data, rows, width, perItem });
    return items.coded ? scanOfCoded(items.coded, data, rows, width) : makeScan(data, rows, width);
  };
  const scan = retrieval.scan?.() ?? makeOwnScan();
  const [keys, userKeys] = [keyTableOf(items.keys), keyTableOf(users.keys)];
  const titles = items.titles && keyTableOf(items.titles);
  const snapshot = snapshotOf({
    version,
    objectives,
    scan,
    keys,
    userKeys,
    titleAt: (row) => titles?.keyAt(row),
    columns: itemColumnsOf(items.columns),
    seen: users.had,
  });
  const cohortOf = perItem === undefined ? makeCohortFinder(trained, served, retrieval.query) : refuseAverage;
  const preparer = makePreparer(trained, served, undefined, cohortOf);
  const { knownUntil } = served;
  const over = (base: Snapshot = snapshot): WritableAnswerer => {
    const live = makeLiveItems(base);
    const userEvents = makeUserEvents(trained, served);
    const preparerWithEvents = makePreparer(trained, served, userEvents.laterEventsOf, cohortOf);
    const { ask, askAll, vectors } = makeQueryAnswerer(live, preparerWithEvents, retrieval.query);
    return {
      get snapshot() {
        return live.snapshot;
      },
      get asOf() {
        const until = userEvents.until ?? knownUntil;
        return until === undefined ? undefined : momentOf(until);
      },
      ...{ ask, askAll, vectors },
      itemSearch: makeItemSearch(base),
      eventWrites: (reader) =>
        makeEventWrites({ reader, userEvents, live, base, knownUntil, positionsInDataFiles: served.eventBasis.filed }),
      writes(reader) {
        const corpus = { features: items.features, hasTitles: titles !== undefined };
        return makeItemWrites({ plan, encodings, corpus, live, base, reader, itemTower: retrieval.item });
      },
    };
  };
  const { ask, askAll, vectors } = makeQueryAnswerer({ snapshot }, preparer, retrieval.query);
  return {
    snapshot,
    ...{ ask, askAll, vectors },
    itemSearch: makeItemSearch(snapshot),
    query: describeQuery(plan, encodings, snapshot),
    ...(knownUntil === undefined ? {} : { asOf: momentOf(knownUntil) }),
    removesSeen: served.seen !== 'kept',
    known: served,
    sample: async (count) => sampleQueries(retrieval, await dataset(), count),
    served: () => ({
      ...served,
      // A copy, because the memory of a scan may move.
      items: { ...items, keys: keys.arrays(true), ...(hasVectors(scan) && { coded: structuredClone(scan.coded()) }) },
      users: { ...users, keys: userKeys.arrays(true) },
    }),
    over,
    close: () => retrieval.close(),
  };
}

const refuseAverage = (): never => {
  throw requestFailure('average', 'takes one vector of each user, and these have several', 'leave it out');
};

/** Returns realistic queries: from held-out events, if the data has any. */
async function sampleQueries(retrieval: Retrieval, { parts }: Dataset, count: number): Promise<QueryVectors> {
  const events = [parts.test, parts.validation, parts.train].find(({ rows }) => rows > 0);
  if (events === undefined) return [];
  const size = Math.min(count, events.rows);
  const rows = Int32Array.from({ length: size }, (_, i) => Math.floor((i * events.rows) / size));
  return interestsOf(await retrieval.queries(events.features, rows));
}

/**
 * Measures the recall of an index against the exact scan on queries of the query tower. Using items as queries would be misleading, because their
 * distribution differs.
 */
export interface RecallCertificate extends RecallFigures {
  readonly k: number;
  readonly queries: number;
}

/** Vectors by query: one, or one for each interest. */
export type QueryVectors = readonly (readonly Float32Array[])[];

/** Finds rows for queries, in their order. */
export type RowFinder = (requests: readonly TopRequest[]) => Promise<readonly (readonly number[])[]>;

/** The exact best `k` items of each query, cached while an index is measured with several settings. */
export interface ExactAnswers {
  readonly k: number;
  certify(find: RowFinder): Promise<RecallCertificate>;
}

const queriesPerScan = 64;

export function exactAnswersOf(snapshot: Snapshot, queries: QueryVectors, k: number): ExactAnswers {
  const requests = queries.map((vectors): TopRequest => ({ vectors, k }));
  const neededScores: number[] = [];
  for (const batch of splitIntoBatches(requests)) {
    for (const { items } of snapshot.top(batch)) neededScores.push(items.at(-1)?.score ?? Number.POSITIVE_INFINITY);
  }
  const wantedCount = Math.min(k, snapshot.rows);
  /** Returns the share of good rows. An item with the same score as the last of the best items is as good as that one. */
  const shareOf = (rows: readonly number[], queryIndex: number): number => {
    const queryVectors = queries[queryIndex]!.map((query) => Float64Array.from(query));
    const isGood = (row: number): boolean => snapshot.score(queryVectors, row) >= neededScores[queryIndex]!;
    return [...new Set(rows)].slice(0, wantedCount).filter(isGood).length / wantedCount;
  };
  return {
    k,
    async certify(find) {
      const foundShares: number[] = [];
      for (const batch of splitIntoBatches(requests)) {
        for (const rows of await find(batch)) foundShares.push(shareOf(rows, foundShares.length));
      }
      return { k, queries: foundShares.length, ...recallFigures(foundShares) };
    },
  };
}

function* splitIntoBatches<T>(requests: readonly T[]): Generator<readonly T[]> {
  for (let from = 0; from < requests.length; from += queriesPerScan) yield requests.slice(from, from + queriesPerScan);
}
