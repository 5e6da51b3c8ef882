/** A trained model that answers, its vectors computed by an engine: the best of the corpus, with titles, scores and what the answer rests on. */
import type { Trained } from '../artifact/load.ts';
import type { Dataset } from '../data/dataset.ts';
import type { ItemReader } from '../data/written/written_item.ts';
import { defined } from '../defined.ts';
import type { Engine } from '../engine/engine.ts';
import { makeScan, scanOfCoded } from '../scan/scan.ts';
import { type ComputedItemVectors, makeRetrieval, type Retrieval } from '../scoring/retrieval.ts';
import { keyTableOf } from '../text/key_table.ts';
import { type Asking, makeAsking } from './asking.ts';
import type { Queries } from './certificate.ts';
import { describeQuery, type QueryDescription } from './describe.ts';
import type { ItemColumns } from './filter/columns.ts';
import { type ItemWrites, makeItemWrites } from './live/item_writes.ts';
import { makeLiveItems } from './live/live_items.ts';
import type { Objective } from './objectives.ts';
import { makePreparer } from './prepare.ts';
import { sampleQueries } from './sample_queries.ts';
import { type Served, servedOf } from './served/served.ts';
import { columnsOf } from './served/words.ts';
import { type Snapshot, snapshotOf } from './snapshot.ts';

export interface Recommender extends Asking {
  /** What a question may say. */
  readonly query: QueryDescription;
  /** Queries of the data, for a measurement: at most `count`, evenly spread over the events that are evaluated. */
  sample(count: number): Promise<Queries>;
  /** Whether the data block removes what users have seen, where a question does not say. */
  readonly removesSeen: boolean;
  /** What it was made of, with all that a start would compute again: to be kept. */
  served(): Served;
  /** What answers from the same items, found by `base`, with writes of its own. Default: all of them are compared. */
  over(base?: Snapshot): Writable;
  close(): Promise<void>;
}

/** What answers, and takes items. */
interface Writable extends Asking {
  /** Takes items that are written from now on, read by `reader`, which is closed with the writes. */
  writes(reader: ItemReader): ItemWrites;
}

export interface RecommenderOptions {
  /** What identifies the model with these items. */
  readonly version?: string;
  /** What filters may read of the items. */
  readonly columns?: ItemColumns;
  /** Which columns of the vectors weights may scale. */
  readonly objectives?: readonly Objective[];
  /** The vectors of the corpus, where another process has computed them. */
  readonly computed?: ComputedItemVectors;
}

/** Computes the vectors of the whole corpus once. Questions then take a row each through the query tower, and one pass over the snapshot. */
export async function makeRecommender(
  trained: RecommendingModel,
  dataset: Dataset,
  engine: Engine,
  options: RecommenderOptions = {},
): Promise<Recommender> {
  const { columns, computed } = options;
  const { plan, parameters, tables } = trained;
  const { corpus } = dataset;
  const retrieval = await makeRetrieval({ plan, engine, tables, corpus, parameters, ...defined({ computed }) });
  const served = servedOf(dataset, retrieval.computed(), columns);
  return recommenderOf({ trained, served, retrieval, dataset: async () => dataset }, options);
}

/**
 * The same of what was kept: no row is read and no item goes through its tower.
 * @param dataset reads the rows, for `sample`
 */
export async function openRecommender(
  trained: RecommendingModel,
  { served, dataset }: { readonly served: Served; readonly dataset: () => Promise<Dataset> },
  engine: Engine,
  options: Omit<RecommenderOptions, 'columns' | 'computed'> = {},
): Promise<Recommender> {
  const { plan, parameters, tables } = trained;
  const { vectors, features, tables: computed } = served.items;
  const corpus = { rows: vectors.rows, features };
  const retrieval = await makeRetrieval({
    ...{ plan, engine, tables, corpus, parameters },
    computed: { vectors, tables: computed },
  });
  return recommenderOf({ trained, served, retrieval, dataset }, options);
}

type RecommendingModel = Pick<Trained, 'plan' | 'parameters' | 'tables' | 'encodings'>;

interface Parts {
  readonly trained: RecommendingModel;
  readonly served: Served;
  readonly retrieval: Retrieval;
  readonly dataset: () => Promise<Dataset>;
}

function recommenderOf(
  { trained, served, retrieval, dataset }: Parts,
  { version = '', objectives = [] }: Omit<RecommenderOptions, 'columns' | 'computed'>,
): Recommender {
  const { plan, encodings } = trained;
  const { items, users } = served;
  const { data, rows, width } = items.vectors;
  const scan = items.coded ? scanOfCoded(items.coded, data, rows, width) : makeScan(data, rows, width);
  const [keys, titles, userKeys] = [
    keyTableOf(items.keys),
    items.titles && keyTableOf(items.titles),
    keyTableOf(users.keys),
  ];
  const snapshot = snapshotOf({
    ...{ version, objectives, scan, keys, userKeys },
    titleAt: (row) => titles?.keyAt(row),
    columns: columnsOf(items.columns),
    seen: users.seen,
  });
  const preparer = makePreparer(trained, served);
  const over = (base: Snapshot = snapshot): Writable => {
    const live = makeLiveItems(base);
    const { ask, askAll, vectors } = makeAsking(live, preparer, retrieval.query);
    return {
      get snapshot() {
        return live.snapshot;
      },
      ...{ ask, askAll, vectors },
      writes(reader) {
        const corpus = { features: items.features, hasTitles: titles !== undefined };
        return makeItemWrites({ plan, encodings, corpus, live, base, reader, itemTower: retrieval.item });
      },
    };
  };
  const { ask, askAll, vectors } = makeAsking({ snapshot }, preparer, retrieval.query);
  return {
    snapshot,
    ...{ ask, askAll, vectors },
    query: describeQuery(plan, encodings, snapshot),
    removesSeen: served.seen !== 'kept',
    sample: async (count) => sampleQueries(retrieval, await dataset(), count),
    served: () => ({
      ...served,
      // The memory of a scan moves.
      items: { ...items, keys: keys.parts(true), coded: structuredClone(scan.coded()) },
      users: { ...users, keys: userKeys.parts(true) },
    }),
    over,
    close: () => retrieval.close(),
  };
}
