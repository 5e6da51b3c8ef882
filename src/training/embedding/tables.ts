import { failure, invariant } from '../../base/diagnostics/diagnostic.ts';
import {
  type ChunkedNumbers,
  isChunked,
  type NumberKind,
  type Numbers,
  numberKindOf,
  type StoredNumbers,
  writeNumbers,
} from '../../base/storage/tensor_header.ts';
import { type Dataset, type Encoding, type FirstValues, rowsOf } from '../../data/dataset.ts';
import { equalSizes, peakBytes, transferBytes } from '../../graph/count.ts';
import { countElements, resolveShape, type Sizes } from '../../graph/dims.ts';
import type { Graph } from '../../graph/graph.ts';
import { type GraphPlan, type Plan, tableOfSource } from '../../graph/plan/plan.ts';
import { largestElementCounts, largestSizes } from '../../graph/plan/rows_prefix.ts';
import { KernelSpace, spaceLimit } from './kernel_memory.ts';
import { countOwnRows, rowSizes, sizeWords, type TableSize, tableBytes } from './optimizer.ts';
import { Propagation } from './propagation.ts';
import { RemoteRows } from './remote_rows.ts';
import { makeTable, type Remote, type RemoteTable, type Table, type TableWire } from './table.ts';
import { PendingGradients, TableLookup } from './table_lookup.ts';
import { freeBytes, needsFarRows, type TableMemory, type TableOptions } from './table_memory.ts';

export type Tables = ReadonlyMap<string, Table>;

/**
 * Makes the tables of a training, with their initial values. @param maxSizes maximum sizes: rows of training, which bound a batch, and items of the corpus @param
 * firstValues of tables that a file initializes @param wire connects workers that share the rows @throws Failure `too-large-for-memory`, `table-too-large` before
 * anything is allocated
 */
export function makeTables(
  plan: Plan,
  encodings: ReadonlyMap<string, Encoding>,
  maxSizes: StepSizes = { batch: Number.POSITIVE_INFINITY, corpus: 1 },
  firstValues: Dataset['firstValues'] = new Map(),
  wire?: TableWire,
): Tables {
  const { graph } = plan.train;
  const tables = plan.tables.map((table, index) => ({
    ...tableSizes(plan, encodings)[index]!,
    ownRate: table.overrides?.rate !== undefined,
    frozen: table.frozen ?? false,
  }));
  const batch = Math.min(plan.train.batch, maxSizes.batch);
  const stepSizes = { ...maxSizes, batch };
  const step = { batch, bytes: stepBytes(plan.step, stepSizes) };
  const heldTables = tables.map((table) => ({ ...table, rows: wire ? countOwnRows(table.rows, wire) : table.rows }));
  refuseTooLarge(heldTables, freeBytes(), parameterBytes(plan.step.graph), step);
  const lookupsOf = new Map(tables.map(({ name }) => [name, lookupBytes(plan, name, stepSizes)]));
  for (const table of heldTables) {
    const lookups = lookupsOf.get(table.name)!;
    // Rows of other memories are copied to that of the look-ups before they are gathered.
    const neededBytes =
      wire || needsFarRows({ ...table, lookups }) ? 4 * table.rows + 2 * lookups : tableBytes(table) + lookups;
    const bytes = tableBytes(table) + lookups;
    if (neededBytes > spaceLimit()) throw failure('table-too-large', { table: table.name, bytes, limit: spaceLimit() });
  }
  const propagation = graph && new Propagation(graph.layers);
  return new Map(
    tables.map((size, i) => {
      const lookupSize = lookupsOf.get(size.name)!;
      const options = { ...size, lookups: lookupSize };
      const table = wire
        ? makeShardedTable(options, wire)
        : makeTable(options, size.layers === undefined ? undefined : propagation);
      const { limit, ordinal } = plan.tables[i]!;
      table.initialize(plan.train.seed, limit);
      fillFirstValues(table, firstValues.get(size.name), size.frozen);
      if (ordinal)
        writeNumbers(
          table.numbers(),
          0,
          Float32Array.from({ length: size.rows }, (_, code) => code),
        );
      return [size.name, table];
    }),
  );
}

export const tableSizes = (plan: Plan, encodings: ReadonlyMap<string, Encoding>) =>
  rowSizes(plan).map(({ encoderOf, ...size }) => ({
    ...size,
    rows: tableRows(encodings, encoderOf),
  })) satisfies readonly TableSize[];

/** Sets the rows that a file gives. All other rows of a frozen table become 0. */
function fillFirstValues(table: Table, first: FirstValues | undefined, isFrozen: boolean): void {
  const values = table.numbers();
  const { dim } = table;
  if (isFrozen) {
    if (!isChunked(values)) values.fill(0);
    else for (let row = 0; row < table.rows; row++) values.write(row * dim, new Float32Array(dim));
  }
  first?.rows.forEach((row, index) => {
    writeNumbers(values, row * dim, first.values.subarray(index * dim, (index + 1) * dim));
  });
}

/**
 * Estimates the peak bytes of a step, without the parameters that `parameterBytes` counts: the values that are alive at the same time, the data that the host
 * exchanges with the engine, and the parameters twice more, as initial values and in a checkpoint. The graph's symbols (rows, distinct items, distinct rows of
 * a table) are assumed to be `batch`, except for items of the corpus and elements of lists. An engine that frees a value late holds more: a model that this
 * refuses cannot run, but one that it accepts may still be too large.
 */
export function stepBytes(step: GraphPlan, stepSizes: StepSizes): number {
  const { graph } = step;
  const sizes = symbolSizes(step, stepSizes);
  return peakBytes(graph, sizes) + parameterBytes(graph) + transferBytes(graph, sizes);
}

export interface StepSizes {
  readonly batch: number;
  /** Number of items of the corpus, all of which a step may score. */
  readonly corpus: number;
  /** Number of lists that are read in sequence, if the targets are positions. */
  readonly sequences?: number;
}

/** Returns the largest sizes of a training step. A step whose targets are positions varies, and may exceed them by a few rows. */
export const largestStep = (
  { corpus }: Pick<Dataset, 'corpus'>,
  { rows, sequences }: { readonly rows: number; readonly sequences?: number },
): StepSizes => ({ batch: rows, corpus: corpus.rows, sequences });

const symbolSizes = ({ graph, inputs }: GraphPlan, { batch, corpus, sequences }: StepSizes): Sizes => ({
  ...equalSizes(graph, batch),
  ...largestSizes(inputs, { batch, sequences: sequences ?? batch }),
  ...largestElementCounts(inputs, { batch, corpus }),
  corpus,
  ...(sequences === undefined ? {} : { sequences }),
});

/** Returns the bytes of the inputs that are read from one table, because they are stored in the table's own memory. */
function lookupBytes({ step, features }: Plan, table: string, stepSizes: StepSizes): number {
  const { graph } = step;
  const planOf = new Map(features.map((feature) => [feature.name, feature]));
  const tableInputs = step.inputs.filter(
    ({ source }) =>
      (source.from === 'embedding' || source.from === 'sequence') &&
      tableOfSource(source, planOf.get(source.feature)!) === table,
  );
  const inputNames = new Set(tableInputs.map(({ name }) => name));
  const sizes = symbolSizes(step, stepSizes);
  return graph.inputs
    .filter(({ name }) => inputNames.has(name))
    .reduce((sum, { node }) => sum + 4 * countElements(resolveShape(graph.nodes[node]!.type.shape, sizes)), 0);
}

function parameterBytes(graph: Graph): number {
  return graph.parameters.reduce(
    (sum, { node }) => sum + 4 * countElements(resolveShape(graph.nodes[node]!.type.shape, {})),
    0,
  );
}

function tableRows(encodings: ReadonlyMap<string, Encoding>, feature: string): number {
  const encoding = encodings.get(feature);
  invariant(encoding, `feature ${feature} has no encoding`);
  return rowsOf(encoding);
}

/** The memory of a training step without tables and weights. */
interface StepSize {
  readonly batch: number;
  readonly bytes: number;
}

/**
 * Refuses a run that cannot fit in memory, before it starts. @param blockBytes weights of blocks with the state of their optimizer @throws Failure
 * `too-large-for-memory` if tables with their state, blocks and a step exceed `available` bytes
 */
export function refuseTooLarge(
  tables: readonly TableSize[],
  available: number = freeBytes(),
  blockBytes: number = 0,
  step?: StepSize,
): void {
  const memoryParts = [
    ...tables.map((table) => ({ bytes: tableBytes(table), words: sizeWords(table) })),
    ...(blockBytes > 0 ? [{ bytes: blockBytes, words: `blocks: ${blockBytes.toLocaleString('en')} bytes` }] : []),
    ...(step ? [{ bytes: step.bytes, words: stepWords(step) }] : []),
  ];
  const needed = memoryParts.reduce((sum, { bytes }) => sum + bytes, 0);
  if (needed <= available) return;
  const largest = memoryParts.sort((a, b) => b.bytes - a.bytes).slice(0, 3);
  throw failure('too-large-for-memory', { needed, available, parts: largest.map(({ words }) => words).join(', ') });
}

const stepWords = ({ batch, bytes }: StepSize): string =>
  `a step of ${batch.toLocaleString('en')} rows: ${bytes.toLocaleString('en')} bytes`;

// * A table whose rows are partitioned among workers: row r belongs to worker r mod N, so N workers hold a table N times as large as one memory. A step
// collects the rows that it reads, gets them from their owners, and sends their gradients back; only the owner takes the optimizer's step. Initial values and
// updates of a row are the same as with one worker.

export type ShardedTable = Table & RemoteTable;

/** Makes the table of one worker. The function is long because look-ups and the exchange with other workers share the rows of a step. */
export function makeShardedTable(options: TableOptions, wire: TableWire): ShardedTable {
  const { name, rows, dim } = options;
  const { rank, workers } = wire;
  const ownTable = makeTable({ ...options, rows: countOwnRowsOrOne(rows, wire), owner: { rank, workers } });
  const ownLookup = ownTable.lookup({ kind: 'one' });
  const space = new KernelSpace();
  const staged = new RemoteRows(space, dim * 4);
  const memory: TableMemory = {
    ...{ name, rows, bytes: ownTable.bytes, rowBytes: dim * 4, space },
    values: { pointer: 0, bytes: 0 },
    state: [],
    staged,
    get slots() {
      return staged.slots;
    },
    enlarge: (region, bytes) => space.enlarge(region, bytes),
  };
  const pending = new PendingGradients(memory);
  const longNumbers = (slot: string | undefined, ownNumbers: Numbers): ChunkedNumbers =>
    sharedNumbers(slot, ownNumbers, options, wire);
  let hasLearned = false;

  const byOwner = (codes: Int32Array): readonly number[][] => {
    const indexLists = Array.from({ length: workers }, (): number[] => []);
    for (const [index, code] of codes.entries()) indexLists[code % workers]!.push(index);
    return indexLists;
  };
  const toLocalRows = (codes: Int32Array, indexes: readonly number[]): Int32Array =>
    Int32Array.from(indexes, (position) => Math.floor(codes[position]! / workers));

  const remote: Remote = {
    wire,
    startCollecting: () => staged.startCollecting(),
    neededRows: () => byOwner(staged.codes).map((indexes) => toLocalRows(staged.codes, indexes)),
    readRows(requestedRows) {
      ownLookup.reserve(requestedRows.length, requestedRows.length);
      ownLookup.codes().set(requestedRows);
      return ownLookup.gather(requestedRows.length).slice();
    },
    receiveRows(rowsByOwner) {
      const indexes = byOwner(staged.codes);
      const stepRows = staged.makeRoomForRows();
      indexes.forEach((ownerIndexes, owner) => {
        for (const [i, position] of ownerIndexes.entries())
          stepRows.set(rowsByOwner[owner]!.subarray(i * dim, (i + 1) * dim), position * dim);
      });
    },
    drain() {
      const { codes: slots, sums } = pending.drain();
      const codes = slots.map((slot) => staged.codes[slot]!);
      return byOwner(codes).map((indexes) => {
        const ownerSums = new Float32Array(indexes.length * dim);
        for (const [i, position] of indexes.entries())
          ownerSums.set(sums.subarray(position * dim, (position + 1) * dim), i * dim);
        return { codes: toLocalRows(codes, indexes), sums: ownerSums };
      });
    },
    readPiece: (slot, first, count) =>
      readOwnPiece(slot === undefined ? ownTable.numbers() : ownTable.stateNumbers()[slot]!, first, count, rows, wire),
    noteUpdate() {
      hasLearned = true;
    },
  };

  const reject = (): never => neverWhole(name);
  return {
    ...{ name, rows, dim, bytes: ownTable.bytes, remote },
    precision: options.precision,
    ...{ values: reject, read: reject, shownValues: reject, load: reject, state: reject, gradientNorm: reject },
    numbers: () => longNumbers(undefined, ownTable.numbers()),
    shownNumbers: () => longNumbers(undefined, ownTable.numbers()),
    stateNumbers: () =>
      Object.fromEntries(
        // The step counter of a whole table is the same on each worker.
        Object.entries(ownTable.stateNumbers()).map(([slot, numbers]) => [
          slot,
          isChunked(numbers) ? longNumbers(slot, numbers) : numbers,
        ]),
      ),
    initialize: (seed, limit) => ownTable.initialize(seed, limit),
    lookup: (lookupOptions) => new TableLookup(memory, pending, lookupOptions),
    drain: reject,
    add: (gradients) => ownTable.add(gradients),
    update(multiplier, rate) {
      ownTable.update(multiplier, rate, hasLearned);
      hasLearned = false;
    },
  };
}

/** Presents values or state in the order of all rows: a write stores only this worker's rows, and a read collects from all workers. */
function sharedNumbers(
  slot: string | undefined,
  ownNumbers: Numbers,
  { name, rows, dim }: TableOptions,
  wire: TableWire,
): ChunkedNumbers {
  invariant(isChunked(ownNumbers), 'own rows are in memories of their own');
  const width = slot === undefined ? dim : numbersPerRow(ownNumbers, countOwnRowsOrOne(rows, wire));
  const kind: NumberKind = numberKindOf(ownNumbers);
  const rowRange = (from: number, numbers: StoredNumbers): readonly [number, number] => [
    from / width,
    numbers.length / width,
  ];
  return {
    ...{ kind, width, length: rows * width },
    read: () => neverWhole(name),
    async readAsync(from, into) {
      const [first, count] = rowRange(from, into);
      const pieces = await wire.pieces(name, slot, first, count, readOwnPiece(ownNumbers, first, count, rows, wire));
      const nextOffset = pieces.map(() => 0);
      for (let row = first; row < first + count; row++) {
        const owner = row % wire.workers;
        const offset = nextOffset[owner]!;
        into.set(pieces[owner]!.subarray(offset, offset + width), (row - first) * width);
        nextOffset[owner] = offset + width;
      }
    },
    write(from, numbers) {
      const [first, count] = rowRange(from, numbers);
      for (let row = first; row < first + count; row++) {
        if (row % wire.workers !== wire.rank) continue;
        ownNumbers.write(
          Math.floor(row / wire.workers) * width,
          numbers.subarray((row - first) * width, (row - first + 1) * width),
        );
      }
    },
  };
}

function readOwnPiece(numbers: Numbers, first: number, count: number, rows: number, wire: TableWire): StoredNumbers {
  const [from, to] = [countOwnRows(first, wire), countOwnRows(first + count, wire)];
  const rowWidth = numbersPerRow(numbers, countOwnRowsOrOne(rows, wire));
  const numberCount = (to - from) * rowWidth;
  const ownNumbers = numberKindOf(numbers) === 'I32' ? new Int32Array(numberCount) : new Float32Array(numberCount);
  invariant(isChunked(numbers), 'own rows are in memories of their own');
  if (numberCount > 0) numbers.read(from * rowWidth, ownNumbers);
  return ownNumbers;
}

/** Returns the number of own rows, but at least 1, because a table cannot be empty. */
const countOwnRowsOrOne = (rows: number, wire: TableWire): number => Math.max(1, countOwnRows(rows, wire));

const numbersPerRow = (numbers: Numbers, rows: number): number => numbers.length / rows;

function neverWhole(name: string): never {
  invariant(false, `workers share the rows of table ${name}, and none has all of them`);
}
