/** A run that another process has read: all that answers, as plain data. Reading files, SQL, encoding and the item tower were its work. */
import { type PlainTrained, plainOf, trainedOf } from '../../artifact/plain_trained.ts';
import type { Dataset, Events } from '../../data/dataset.ts';
import { defined } from '../../defined.ts';
import type { EngineName } from '../../engine/engine.ts';
import type { ComputedItems } from '../../scoring/retrieval.ts';
import type { ItemColumns } from '../../serve/filter/columns.ts';
import type { Objective } from '../../serve/snapshot.ts';
import { type LoadRequest, load, makeRun, openReader, type Run } from '../run.ts';

export interface Loaded {
  readonly trained: PlainTrained;
  /** Without its parts, which training and evaluation alone read. */
  readonly dataset: Dataset;
  readonly notes: readonly string[];
  readonly columns: ItemColumns;
  readonly objectives?: readonly Objective[];
  readonly computed: ComputedItems;
}

/** @throws Failure of `load`, of reading the data, and of vectors that are not finite */
export async function readWhole(folder: string, request: LoadRequest): Promise<Loaded> {
  const run = await load(folder, request);
  const { plan, tables, parameters } = run.trained;
  const [dataset, { engine }, notes, columns, { objectivesOf }, { makeRetrieval }] = await Promise.all([
    run.dataset(),
    run.engine(),
    run.notes(),
    run.itemColumns(),
    import('../objectives.ts'),
    import('../../scoring/retrieval.ts'),
  ]);
  const retrieval = await makeRetrieval({ plan, engine, tables, corpus: dataset.corpus, parameters });
  return {
    trained: plainOf(run.trained),
    dataset: { ...dataset, parts: { train: noEvents, validation: noEvents, test: noEvents } },
    notes,
    columns,
    ...defined({ objectives: await objectivesOf(run.trained) }),
    computed: retrieval.computed(),
  };
}

const noEvents: Events = {
  rows: 0,
  features: new Map(),
  labels: new Map(),
  item: new Int32Array(0),
  user: new Int32Array(0),
};

export function runOf(loaded: Loaded, engine: EngineName, request: LoadRequest): Run {
  const { dataset, notes, columns, objectives, computed } = loaded;
  const trained = trainedOf(loaded.trained);
  return makeRun(trained, engine, {
    notes: async () => notes,
    dataset: async () => dataset,
    columns: async () => columns,
    objectives: async () => objectives,
    reader: () => openReader(trained, request),
    computed,
  });
}
