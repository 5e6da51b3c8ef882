/**
 * Turns row numbers into a graph's inputs, and the gradients that come back into updates of the tables.
 * Long because both directions walk the same plan of inputs, by kind of rows.
 */
import { invariant } from '../../base/diagnostics/diagnostic.ts';
import { appendToList, listRowIndexes } from '../../base/util/objects.ts';
import type { Corpus, Events, IndexedColumn } from '../../data/dataset.ts';
import type { Tensors } from '../../engines/engine.ts';
import type { Tensor } from '../../graph/graph.ts';
import {
  type FeaturePlan,
  type GraphPlan,
  type InputPlan,
  type InputSource,
  isViewPart,
  type RowsOf,
  type SampledRows,
  type SharedRows,
} from '../../graph/plan/plan.ts';
import { rowsPrefix } from '../../graph/plan/rows_prefix.ts';
import { sharedIn, type Table } from '../embedding/table.ts';
import { type BatchLists, type BatchPart, makeLists } from './batch_lists.ts';
import { makeViews } from './batch_views.ts';
import {
  type DistinctItems,
  type ItemList,
  type ListedItems,
  makeDistinctItems,
  makeListedItems,
  makeRowNumbers,
  type RowNumbers,
} from './distinct_items.ts';
import type { FeedWatch } from './draws.ts';
import {
  areEvents,
  type Batch,
  type FeedContext,
  type FeedState,
  type InputFeed,
  listLength,
  makeQueues,
} from './input_source.ts';
import { type ItemSampler, type Mined, makeGroupSampler, makeOwnItems, makeSampler } from './item_sampler.ts';
import { fillOf, isListedByWorker, WorkerRows, type WorkerShare } from './share.ts';
import { makeInputFeed, type ShareFill } from './sources.ts';

export interface FeederOptions {
  readonly plan: GraphPlan;
  readonly events: Events;
  readonly corpus: Corpus;
  readonly features: readonly FeaturePlan[];
  readonly tables: ReadonlyMap<string, Table>;
  readonly seed: number;
  /** Number of rows of a full batch; the last of an epoch may have fewer. */
  readonly batch: number;
  /** The users who have an event to train on, ascending. Absent: those of `events`. */
  readonly latestUsers?: Int32Array;
  /** Present for one of several workers, whose graph is that of `plan` after `distribute`. */
  readonly share?: WorkerShare;
}

interface DenseRate {
  /** Learning rate after its schedule. */
  readonly rate: number;
  /** Factor by which the schedule multiplies a rate. Default: 1. */
  readonly factor?: number;
}

export interface Feeder {
  /** The events whose rows it takes: all training events, or those of the shards at hand. */
  readonly events: Events;
  /**
   * Returns the inputs of a step for these rows of the events. The next call reuses the arrays, and some are views of the tables' memory: run the graph before
   * any other call on the tables.
   */
  inputs(rows: Int32Array, step: number, extra: DenseRate, watch?: FeedWatch): Tensors;
  /** Does the first half of `inputs` if workers share the rows of tables: lets look-ups collect the rows that they will read. */
  collectLookups(rows: Int32Array, step: number, extra: DenseRate): void;
  /** Returns the rows that the last `inputs` read: rows of the events, or of the corpus if they are drawn; the items of a queue. */
  rowsOf(rows: RowsOf): Int32Array;
  /**
   * Adds the outputs `gradient:<input>` of the same step to the tables, and updates these at `rate` × `multiplier`.
   * @param rate default: that of the tables' optimizer
   */
  apply(outputs: Tensors, multiplier?: number, rate?: number, watch?: FeedWatch): void;
  /** Does the first half of `apply`: adds the gradients of this worker's rows. */
  accumulate(outputs: Tensors): void;
  update(multiplier?: number, rate?: number): void;
  /** Mined negatives, which must be filled when an epoch begins. */
  readonly mined: readonly Mined[];
  /** Returns views of the state that a checkpoint needs in addition to the tables: streaming estimators, queues, mined items. */
  state(): FeedState;
  /** Restores a saved state, which must have all entries of `state`. */
  load(state: FeedState): void;
  close(): void;
}

/** Long because its methods share the data that one step has read. */
export function makeFeeder(options: FeederOptions): Feeder {
  const { plan, events, corpus, seed, batch: wholeBatch } = options;
  const distinct = distinctItems(options);
  const listsOf = makeLists(options);
  const queue = makeQueues();
  const elementItems = listedItems(options);
  const context: FeedContext = {
    seed,
    features: mapByName(options.features),
    tables: options.tables,
    columns: (rows) => (areEvents(rows) ? events.features : corpus.features),
    training: {
      events,
      corpus,
      batch: wholeBatch,
      distinct,
      elements: elementItems,
      rowNumbers: makeNumberings(),
      queue,
    },
  };
  const sources = makeSources(plan, context);
  const workerShare = options.share && makeSharedFill(plan, options.share);
  // All workers must number rows of tables, items of lists, and lists that noise is drawn for, alike: so each walks the lists of all rows.
  const isNumbered =
    workerShare &&
    plan.inputs.some(({ source }) => numberedSources.has(source.from) || isListedByWorker(rowsIn(source)));
  const listsOfAll = isNumbered ? makeLists(options) : undefined;
  const samples = makeSamples(events, corpus, seed);
  const ownItems = makeOwnItems(options);
  const views = makeViews(options);
  let allRows: Int32Array | undefined;
  const tablesToUpdate = inputsByTable(sources);
  let lastBatch: Batch | undefined;
  let requestedBatch: Batch | undefined;

  const beginBatch = (rows: Int32Array, step: number, { rate, factor = 1 }: DenseRate): Batch => {
    const items = distinct?.distinctRowsOf(rows);
    const ownRowsOf = ownItems.ownRowsOfBatch(rows, step);
    /** @param lists of the rows, for a graph that reads lists in an order of their own */
    const batchOf = ({ cut, sequences }: BatchLists, whole?: Batch): Batch => {
      const partOf = (length: number | undefined): BatchPart => {
        const part = cut?.parts[cut.lengths.indexOf(length!)];
        invariant(part, `the batch is cut at ${length} elements`);
        return part;
      };
      const batch: Batch = {
        ...{ rows, step, rate, factor },
        rowsOf(of) {
          if (of.kind === 'events') return rows;
          if (of.kind === 'corpus') return (allRows ??= listRowIndexes(corpus.rows));
          if (of.kind === 'elements') return elementItems!.itemsOf(whole ?? batch);
          if (of.kind === 'part') return partOf(of.length).rows;
          if (of.kind === 'sequences') return (sequences ?? partOf(of.length).sequences!).rows;
          if (of.kind === 'queue') return queue(of).items;
          if (isViewPart(of)) return batch.partOf(of).rows;
          if (of.kind === 'views') return views.rowsOf(of, rows, step);
          if (of.kind === 'listed' || of.kind === 'mined') return ownRowsOf(of).rows;
          return of.kind === 'distinct' ? items!.rows : samples(of, step, rows);
        },
        partOf: (part) => (part.kind === 'views' ? views.partOf(part, rows, step) : partOf(part.length)),
        known: (of) => ownRowsOf(of).known,
        weights: (of) => ownRowsOf(of).weights!,
        distinct: items,
        sequences,
        whole,
      };
      return batch;
    };
    const wholeBatchRows = listsOfAll && batchOf(listsOfAll(rows, step));
    lastBatch = batchOf(listsOf(workerShare ? workerShare.rows.rowsOf({ rows }) : rows, step), wholeBatchRows);
    return lastBatch;
  };
  const lookups = sources.filter(({ input }) => readsTable(input));

  return {
    events,
    inputs(rows, step, extra, watch) {
      const batchStart = performance.now();
      const batch = requestedBatch ?? beginBatch(rows, step, extra);
      requestedBatch = undefined;
      watch?.partEnded?.('batch', 'rows of the batch', batchStart);
      if (!workerShare) return fillAll(sources, batch, watch);
      const shareStart = performance.now();
      const filledInputs = workerShare.fill(sources, batch);
      watch?.partEnded?.('batch', 'inputs of this worker', shareStart);
      return filledInputs;
    },
    collectLookups(rows, step, extra) {
      const batch = beginBatch(rows, step, extra);
      requestedBatch = batch;
      for (const table of options.tables.values()) table.remote?.startCollecting();
      workerShare!.fill(lookups, batch);
    },
    rowsOf(rows) {
      invariant(lastBatch, 'no inputs were asked for');
      return lastBatch.rowsOf(rows);
    },
    mined: ownItems.mined,
    apply(outputs, multiplier = 1, rate = undefined, watch = undefined) {
      const afterStart = performance.now();
      for (const { source } of sources) source.afterStep?.(lastBatch!, outputs);
      watch?.partEnded?.('batch', 'what the step gives back', afterStart);
      const updateTable = (table: Table): void => {
        watch?.gradientsReady?.(table);
        const updateStart = performance.now();
        table.update(multiplier, rate);
        watch?.partEnded?.('update', table.name, updateStart);
      };
      addGradients(tablesToUpdate, outputs, updateTable, watch);
    },
    accumulate(outputs) {
      for (const { source } of sources) source.afterStep?.(lastBatch!, outputs);
      // An input that every worker has whole counts once.
      addGradients(workerShare ? workerShare.learning(tablesToUpdate) : tablesToUpdate, outputs, () => {});
    },
    update(multiplier = 1, rate) {
      for (const table of tablesToUpdate.keys()) table.update(multiplier, rate);
    },
    state: () =>
      Object.assign({}, ownItems.state(), ...sources.map(({ source }) => source.state?.() ?? {})) as FeedState,
    load(state) {
      for (const [name, view] of Object.entries(this.state())) {
        const savedNumbers = state[name];
        invariant(savedNumbers?.length === view.length, `state ${name} of the feeder does not fit`);
        view.set(savedNumbers);
      }
    },
    close() {
      for (const { source } of sources) source.close?.();
    },
  };
}

/** Makes the inputs of a tower for rows of any columns (the events', the corpus', the users'), without gradients. */
export interface RowFeeder {
  inputs(rows: Int32Array): Tensors;
  /** Fetches the rows of tables that workers share. Must be called before `inputs` of the same rows. */
  readonly fetch?: (rows: Int32Array) => Promise<void>;
  close(): void;
}

export function makeRowFeeder(options: {
  readonly plan: GraphPlan;
  readonly columns: ReadonlyMap<string, IndexedColumn>;
  readonly features: readonly FeaturePlan[];
  readonly tables: ReadonlyMap<string, Table>;
}): RowFeeder {
  const context: FeedContext = {
    seed: 0,
    features: mapByName(options.features),
    tables: options.tables,
    columns: () => options.columns,
  };
  const sources = makeSources(options.plan, context);
  const shared = sharedIn(options.tables);
  const lookups = sources.filter(({ input }) => readsTable(input));
  const batchOf = (rows: Int32Array): Batch => ({
    ...{ rows, step: 0, rate: 0, factor: 0 },
    rowsOf: () => rows,
    partOf(): never {
      invariant(false, 'only a training step cuts its batch');
    },
    known: () => new Uint8Array(0),
    weights: () => new Float32Array(0),
  });
  const fetchRows = async (rows: Int32Array): Promise<void> => {
    for (const { remote } of shared) remote.startCollecting();
    fillAll(lookups, batchOf(rows));
    await shared[0]!.remote.wire.fetch(shared);
  };
  return {
    inputs: (rows) => fillAll(sources, batchOf(rows)),
    ...(shared.length > 0 ? { fetch: fetchRows } : {}),
    close() {
      for (const { source } of sources) source.close?.();
    },
  };
}

const numberedSources: ReadonlySet<InputSource['from']> = new Set(['table_places', 'element_places']);

const rowsIn = (source: InputSource): RowsOf | undefined => ('rows' in source ? source.rows : undefined);

const readsTable = ({ source: { from } }: InputPlan): boolean => from === 'embedding' || from === 'sequence';

type PlannedSource = { readonly name: string; readonly source: InputFeed; readonly input: InputPlan };
type Learning = ReadonlyMap<Table, readonly PlannedSource[]>;

const makeSources = ({ inputs }: GraphPlan, context: FeedContext): readonly PlannedSource[] =>
  inputs.map((input) => ({ input, name: input.name, source: makeInputFeed(input, context) }));

function fillAll(sources: readonly PlannedSource[], batch: Batch, watch?: FeedWatch): Tensors {
  const roomStart = performance.now();
  for (const { source } of sources) source.reserve?.(batch);
  watch?.partEnded?.('batch', 'room for look-ups', roomStart);
  const tensors: Record<string, Tensor> = {};
  for (const { name, source, input } of sources) {
    const fillStart = watch ? performance.now() : 0;
    tensors[name] = source.fill(batch);
    watch?.partEnded?.(readsTable(input) ? 'gather' : 'batch', name, fillStart);
  }
  return tensors;
}

const mapByName = (features: readonly FeaturePlan[]): ReadonlyMap<string, FeaturePlan> =>
  new Map(features.map((feature) => [feature.name, feature]));

function makeNumberings(): (table: string) => RowNumbers {
  const numberings = new Map<string, RowNumbers>();
  return (table) => {
    const numbering = numberings.get(table) ?? makeRowNumbers();
    numberings.set(table, numbering);
    return numbering;
  };
}

/** Returns the inputs whose gradients go to each table, in the order of the plan. */
function inputsByTable(sources: readonly PlannedSource[]): Learning {
  const tables = new Map<Table, PlannedSource[]>();
  for (const plannedSource of sources) {
    const table = plannedSource.source.learns?.table;
    if (table) appendToList(tables, table, plannedSource);
  }
  return tables;
}

/** Returns undefined if no input distinguishes items; else the distinct items by the features of the inputs that read each item once. */
function distinctItems({ plan, events, corpus }: FeederOptions): DistinctItems | undefined {
  const sources = plan.inputs.map(({ source }) => source);
  const placesSource = sources.find(({ from }) => from === 'places');
  if (placesSource?.from !== 'places') return undefined;
  const features = sources.flatMap((source) =>
    'feature' in source && source.rows.kind === 'distinct' ? [source.feature] : [],
  );
  return makeDistinctItems(events, corpus, placesSource.key, features);
}

function listedItems({ plan, events, corpus, features }: FeederOptions): ListedItems | undefined {
  const sources = plan.inputs.map(({ source }) => source);
  const lists = sources.flatMap((source): ItemList[] => {
    if (source.from !== 'element_places') return [];
    const { column, index } = events.features.get(source.feature)!;
    invariant(column.kind === 'bags', `list ${source.feature} has no bags`);
    const feature = features.find(({ name }) => name === source.feature)!;
    return [{ rows: source.rows, column, index, maxElements: listLength(feature, source.rows) }];
  });
  if (lists.length === 0) return undefined;
  const isExact = sources.some((source) => 'rows' in source && source.rows?.kind === 'elements' && source.rows.exact);
  return makeListedItems(lists, {
    items: corpus.rows,
    padding: isExact ? 1 : undefined,
    itemOf: (row) => events.item[row]!,
  });
}

function addGradients(
  learning: Learning,
  outputs: Tensors,
  updateTable: (table: Table) => void,
  watch?: FeedWatch,
): void {
  // Takes one table at a time, so that its sums are still in the cache when its rows are updated.
  for (const [table, inputsOfTable] of learning) {
    const learnStart = watch ? performance.now() : 0;
    for (const { name, source } of inputsOfTable) {
      const gradient = outputs[`gradient:${name}`];
      invariant(gradient?.data instanceof Float32Array, `the step gives no gradient of input ${name}`);
      source.learns!.accumulate(gradient.data);
    }
    watch?.partEnded?.('gradients', table.name, learnStart);
    updateTable(table);
  }
}

/** Draws items once per step for all inputs with the same draw. */
function makeSamples(events: Events, corpus: Corpus, seed: number) {
  const samplers = new Map<string, { sampler: ItemSampler; step: number; rows: Int32Array }>();
  const samplerOf = (sampled: SampledRows | SharedRows): ItemSampler =>
    sampled.kind === 'sampled' && sampled.within !== undefined
      ? makeGroupSampler(events, corpus, { within: sampled.within, perRow: sampled.perRow }, seed)
      : makeSampler(corpus, sampled, seed);
  return (sampled: SampledRows | SharedRows, step: number, batch: Int32Array): Int32Array => {
    const sampleName = rowsPrefix(sampled);
    let drawnSample = samplers.get(sampleName);
    if (!drawnSample) {
      drawnSample = { sampler: samplerOf(sampled), step: -1, rows: new Int32Array(0) };
      samplers.set(sampleName, drawnSample);
    }
    const drawCount = sampled.kind === 'shared' ? sampled.count : batch.length * sampled.perRow;
    if (drawnSample.step !== step || drawnSample.rows.length !== drawCount) {
      if (drawnSample.rows.length !== drawCount) drawnSample.rows = new Int32Array(drawCount);
      drawnSample.sampler(step, drawnSample.rows, batch);
      drawnSample.step = step;
    }
    return drawnSample.rows;
  };
}

function makeSharedFill(plan: GraphPlan, share: WorkerShare) {
  const rows = new WorkerRows(plan, share);
  const fills = new Map<string, ShareFill>(plan.inputs.map((input) => [input.name, fillOf(plan.graph, input)!]));
  return {
    rows,
    fill(sources: readonly PlannedSource[], batch: Batch): Tensors {
      const ownBatch = rows.batch(batch, batch);
      const batchOf = (name: string): Batch => (fills.get(name) === 'own' ? ownBatch : batch);
      if (batch.whole) for (const { source } of sources) source.number?.(batch.whole);
      for (const { name, source } of sources) source.reserve?.(batchOf(name));
      const tensors: Record<string, Tensor> = {};
      for (const { name, source, input } of sources) {
        tensors[name] = rows.cutInput(input, fills.get(name)!, source.fill(batchOf(name)), batch);
      }
      return { ...tensors, ...rows.tensors(batch) };
    },
    /** Assigns the gradient of an input that every worker has whole to the first worker alone. */
    learning(learning: Learning): Learning {
      if (share.rank === 0) return learning;
      return new Map(
        [...learning].map(([table, inputsOfTable]) => [
          table,
          inputsOfTable.filter(({ name }) => fills.get(name) === 'own'),
        ]),
      );
    },
  };
}
