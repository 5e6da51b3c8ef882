/**
 * An embedding table: rows × dim float32 with its optimizer's state, in one linear memory. A batch gathers rows; the gradients of all lookups of a step are
 * added up for each row seen, in the order of the calls, and each of these rows gets one optimizer step. The cost of a step grows with the batch, not with the
 * table. The same calls give the same bits.
 */
import { failure, invariant } from '../../base/diagnostics/diagnostic.ts';
import { makeRandom } from '../../base/random/random.ts';
import {
  isChunked,
  type Numbers,
  numberKindOf,
  type StoredNumbers,
  writeNumbers,
} from '../../base/storage/tensor_header.ts';
import { spaceLimit } from './kernel_memory.ts';
import { kernelArguments, rowOptimizers, type StateSpec, stateView } from './optimizer.ts';
import type { Propagation, UpdateStep } from './propagation.ts';
import { type LookupOptions, PendingGradients, type RowGradients, TableLookup } from './table_lookup.ts';
import { allocateTable, type TableOptions } from './table_memory.ts';

type TableState = Readonly<Record<string, Float32Array | Int32Array>>;

export interface Table {
  readonly name: string;
  readonly rows: number;
  readonly dim: number;
  readonly bytes: number;
  readonly precision?: 'bf16';
  /**
   * Returns the table itself, float32 [rows, dim], not a copy. Call it again after any lookup's `reserve` or `accumulate`.
   * @throws Failure `table-too-large` if its rows are in separate memories
   */
  values(): Float32Array;
  /** Returns the values, wherever the rows are stored. Writes go to the table. */
  numbers(): Numbers;
  /** Returns the values: the table itself if it is in one memory, else a copy. */
  read(): Float32Array;
  /** Returns the values that look-ups read, like `values`: the table's own, or those that a graph computes from them. */
  shownValues(): Float32Array;
  shownNumbers(): Numbers;
  readonly graph?: Propagation;
  /** Returns the state of the optimizer by name, as views: `sum`; or `mean`, `square` and `steps`. */
  state(): TableState;
  stateNumbers(): Readonly<Record<string, Numbers>>;
  /** Sets values that are uniform in ±limit and depend only on the seed and the name, and resets the state of the optimizer. */
  initialize(seed: number, limit: number): void;
  load(values: Float32Array, state?: TableState): void;
  lookup(options: LookupOptions): TableLookup;
  gradientNorm(): number;
  drain(): RowGradients;
  add(gradients: RowGradients): void;
  /**
   * Takes one optimizer step, at `rate` × `multiplier`, on every row with pending gradients, and clears these. @param rate default: that of the plan; a table with a
   * rate of its own ignores it @param counts for a table with a part of the rows: counts the step even if no row here has a gradient
   */
  update(multiplier?: number, rate?: number, counts?: boolean): void;
  readonly remote?: Remote;
}

/**
 * Long because the methods of a table share its memory.
 * @param graph connects the table to another one @throws Failure `table-too-large` or `too-large-for-memory` with the bytes
 */
export function makeTable(options: TableOptions, graph?: Propagation): Table {
  const { name, rows, dim, optimizer, ownRate = false, frozen = false } = options;
  const specs: readonly StateSpec[] = optimizer ? rowOptimizers[optimizer.kind].state(optimizer) : [];
  const ownMemory = allocateTable(options, specs, graph?.space);
  const { space } = ownMemory;
  const pending = new PendingGradients(ownMemory);
  const pointers = ownMemory.state.map((region) => region.pointer);
  const { far } = ownMemory;
  const stepRows =
    optimizer && !far && rowOptimizers[optimizer.kind].prepare(space.kernels, optimizer, pointers, space);

  const updateRows: UpdateStep = (gradients, multiplier, baseRate) => {
    if (frozen) return;
    invariant(optimizer, `table ${name} is not trained`);
    const { l2, weightDecay } = optimizer;
    const currentRate = (ownRate ? optimizer.rate : (baseRate ?? optimizer.rate)) * multiplier;
    const keep = 1 - currentRate * weightDecay;
    if (!stepRows) return far!.update(gradients, currentRate, keep, l2);
    if (l2 > 0) space.kernels.regularize(...kernelArguments(gradients), l2);
    stepRows(gradients, currentRate, keep);
  };
  const shownRegion = graph?.add(ownMemory, pending, updateRows);
  const memory = shownRegion ? { ...ownMemory, shown: shownRegion } : ownMemory;

  const values = (): Float32Array => {
    // The caller may write to the values.
    graph?.markChanged();
    if (far) throw failure('table-too-large', { table: name, bytes: memory.bytes, limit: spaceLimit() });
    return space.floats(memory.values, rows * dim);
  };
  const state = (): TableState => {
    if (far) return Object.fromEntries(Object.entries(far.state()).map(([slot, view]) => [slot, copyOf(view)]));
    return Object.fromEntries(
      specs.map((spec, index) => [spec.name, stateView(space, memory.state[index]!, spec, options)]),
    );
  };
  const shownRows = (): Float32Array => {
    if (!graph || !shownRegion) return values();
    graph.prepareAll(shownRegion.side);
    return space.floats(shownRegion.region, rows * dim);
  };

  return {
    name,
    rows,
    dim,
    bytes: memory.bytes,
    values,
    numbers: () => (far ? far.values() : values()),
    read: () => (far ? (copyOf(far.values()) as Float32Array) : values()),
    shownValues: shownRows,
    shownNumbers: () => (far ? far.values() : shownRows()),
    graph,
    precision: options.precision,
    state,
    stateNumbers: () => (far ? far.state() : state()),
    initialize(seed, limit) {
      const random = makeRandom(seed, ...Buffer.from(name));
      const keys = [random.integer(2 ** 32), random.integer(2 ** 32)] as const;
      if (far) far.initialize(keys, limit);
      else {
        space.kernels.uniform(memory.values.pointer, rows * dim, ...keys, -limit, 2 * limit);
        for (const spec of specs) state()[spec.name]!.fill(spec.initial);
      }
      graph?.markChanged();
    },
    load(from, slots) {
      invariant(from.length === rows * dim, `${from.length} numbers for table ${name}, ${rows} × ${dim}`);
      if (far) far.values().write(0, from);
      else values().set(from);
      if (slots) loadState(name, slots, far ? far.state() : state());
    },
    gradientNorm: () => Math.sqrt(pending.sumOfSquares()),
    drain: () => pending.drain(),
    add: (gradients) => pending.add(gradients),
    lookup: (lookupOptions) => new TableLookup(memory, pending, lookupOptions),
    update(multiplier = 1, baseRate, counts = false) {
      if (graph && shownRegion) graph.update(shownRegion.side, multiplier, baseRate);
      else if (counts && !pending.peek()) far?.pass();
      else pending.applyAndClear((seen) => updateRows(seen, multiplier, baseRate));
    },
  };
}

function loadState(table: string, from: TableState, into: Readonly<Record<string, Numbers>>): void {
  for (const [slot, view] of Object.entries(into)) {
    const values = from[slot];
    invariant(values?.length === view.length, `state ${slot} of table ${table} does not fit`);
    writeNumbers(view, 0, values);
  }
}

function copyOf(numbers: Numbers): Float32Array | Int32Array {
  const copy = numberKindOf(numbers) === 'I32' ? new Int32Array(numbers.length) : new Float32Array(numbers.length);
  if (isChunked(numbers)) numbers.read(0, copy);
  else copy.set(numbers);
  return copy;
}

/** Returns a function that reads a row, wherever it is stored. It returns a view or a copy, to be used before the table changes. */
export function rowReader(numbers: Numbers, dim: number): (row: number) => ArrayLike<number> {
  return (row) => {
    if (!isChunked(numbers)) return numbers.subarray(row * dim, (row + 1) * dim);
    const rowCopy = new Float32Array(dim);
    numbers.read(row * dim, rowCopy);
    return rowCopy;
  };
}

/** How many numbers to read at most for the norm of a table. The norm of a larger one is estimated. */
const maxNumbersRead = 2 ** 18;

/** Returns the square root of the sum of squares; for a large table, an estimate from evenly spaced rows. */
export function tableNorm(table: Table, maxNumbers = maxNumbersRead): number {
  const { rows, dim } = table;
  const rowsRead = Math.min(rows, Math.max(1, Math.floor(maxNumbers / dim)));
  const rowOf = rowReader(table.numbers(), dim);
  let squareSum = 0;
  for (let index = 0; index < rowsRead; index++) {
    const row = rowOf(Math.floor((index * rows) / rowsRead));
    for (let i = 0; i < dim; i++) squareSum += row[i]! * row[i]!;
  }
  return Math.sqrt((squareSum * rows) / Math.max(1, rowsRead));
}

/** Connects the workers that share the rows of a table. */
export interface TableWire {
  /** From 0. */
  readonly rank: number;
  readonly workers: number;
  /** Fetches into these tables the rows that look-ups have collected. */
  fetch(tables: readonly RemoteTable[]): Promise<void>;
  /** Returns, by rank, what `readPiece` of each worker returns for this range of the table's rows. @param own what this worker's `readPiece` returns */
  pieces(
    table: string,
    slot: string | undefined,
    first: number,
    rows: number,
    own: StoredNumbers,
  ): Promise<readonly StoredNumbers[]>;
}

export interface RemoteTable {
  readonly name: string;
  readonly dim: number;
  readonly remote: Remote;
}

/** Returns the tables whose rows are shared among workers. */
export const sharedIn = (tables: ReadonlyMap<string, Table>): readonly RemoteTable[] =>
  [...tables.values()].flatMap(({ name, dim, remote }) => (remote ? [{ name, dim, remote }] : []));

/** One worker's part of a shared table. Each worker numbers its rows itself: row r of the table is row ⌊r ÷ N⌋ of its owner. */
export interface Remote {
  readonly wire: TableWire;
  /** Begins a step: until `receiveRows`, look-ups only note which rows they need. */
  startCollecting(): void;
  /** Returns, by owner, the numbers of the rows noted, in the owner's numbering. */
  neededRows(): readonly Int32Array[];
  /** Returns the values of own rows with these numbers, float32 [rows, dim]. */
  readRows(rows: Int32Array): Float32Array;
  receiveRows(rows: readonly Float32Array[]): void;
  /** Returns, by owner, the gradients of the rows of the step, and clears them. */
  drain(): readonly RowGradients[];
  /** Returns the own rows within this range of the table's rows: their values, or a slot of their state. */
  readPiece(slot: string | undefined, first: number, rows: number): StoredNumbers;
  /** Notes that some worker has updated the table in this step, so that a step counter of the whole table counts it. */
  noteUpdate(): void;
}
