/** A trained model that answers, its vectors computed by an engine: the best of the corpus, with titles, scores and what the answer rests on. */
import type { Trained } from '../artifact/load.ts';
import type { Dataset } from '../data/dataset.ts';
import type { ItemReader } from '../data/written/written_item.ts';
import { defined } from '../defined.ts';
import type { Engine } from '../engine/engine.ts';
import { type ComputedItems, makeRetrieval } from '../scoring/retrieval.ts';
import { type Asking, makeAsking } from './asking.ts';
import type { Queries } from './certificate.ts';
import { describeQuery, type QueryDescription } from './describe.ts';
import type { ItemColumns } from './filter/columns.ts';
import { type ItemWrites, makeItemWrites } from './live/item_writes.ts';
import { makeLiveItems } from './live/live_items.ts';
import type { Objective } from './objectives.ts';
import { makePreparer } from './prepare.ts';
import { sampleQueries } from './sample_queries.ts';
import { makeSnapshot, type Snapshot } from './snapshot.ts';

export interface Recommender extends Asking {
  /** What a question may say. */
  readonly query: QueryDescription;
  /** Queries of the data, for a measurement: at most `count`, evenly spread over the events that are evaluated. */
  sample(count: number): Promise<Queries>;
  /** What answers from the same items, found by `base`, with writes of its own. Default: all of them are compared. */
  over(base?: Snapshot): Writable;
  close(): Promise<void>;
}

/** What answers, and takes items. */
export interface Writable extends Asking {
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
  readonly computed?: ComputedItems;
}

/** Computes the vectors of the whole corpus once. Questions then take a row each through the query tower, and one pass over the snapshot. */
export async function makeRecommender(
  trained: Pick<Trained, 'plan' | 'parameters' | 'tables' | 'encodings'>,
  dataset: Dataset,
  engine: Engine,
  { version = '', columns, objectives, computed }: RecommenderOptions = {},
): Promise<Recommender> {
  const { plan, parameters } = trained;
  const { corpus, users } = dataset;
  const retrieval = await makeRetrieval({
    plan,
    engine,
    tables: trained.tables,
    corpus,
    parameters,
    ...defined({ computed }),
  });
  const snapshot = makeSnapshot({
    version,
    items: { vectors: retrieval.items(), keys: corpus.keys, ...defined({ titles: corpus.titles, columns }) },
    users: { keys: users.keys, seen: users.seen },
    ...defined({ objectives }),
  });
  const preparer = makePreparer(trained, dataset);
  const over = (base = snapshot): Writable => {
    const live = makeLiveItems(base);
    const { ask, askAll, vectors } = makeAsking(live, preparer, retrieval.query);
    return {
      get snapshot() {
        return live.snapshot;
      },
      ...{ ask, askAll, vectors },
      writes(reader) {
        const { encodings } = trained;
        return makeItemWrites({ plan, encodings, corpus, live, base, reader, itemTower: retrieval.item });
      },
    };
  };
  const { ask, askAll, vectors } = makeAsking({ snapshot }, preparer, retrieval.query);
  return {
    snapshot,
    ...{ ask, askAll, vectors },
    query: describeQuery(plan, trained.encodings, snapshot),
    sample: (count) => sampleQueries(retrieval, dataset, count),
    over,
    close: () => retrieval.close(),
  };
}
