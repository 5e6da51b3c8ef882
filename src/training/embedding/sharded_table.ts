/**
 * A table whose rows are partitioned among workers: row r belongs to worker r mod N, so N workers hold a table N times as large as one memory. A step collects
 * the rows that it reads, gets them from their owners, and sends their gradients back; only the owner takes the optimizer's step. Initial values and
 * updates of a row are the same as with one worker.
 */
import { invariant } from '../../base/diagnostics/failure.ts';
import {
  type ChunkedNumbers,
  isChunked,
  type NumberKind,
  type Numbers,
  numberKindOf,
  type StoredNumbers,
} from '../../base/storage/tensor_header.ts';
import { KernelSpace } from './kernel_memory.ts';
import { ownRows } from './optimizer.ts';
import { RemoteRows } from './remote_rows.ts';
import { makeTable, type Remote, type RemoteTable, type Table, type TableWire } from './table.ts';
import { PendingGradients, TableLookup } from './table_lookup.ts';
import type { TableMemory, TableOptions } from './table_memory.ts';

export type ShardedTable = Table & RemoteTable;

/** Makes the table of one worker. The function is long because look-ups and the exchange with other workers share the rows of a step. */
export function makeShardedTable(options: TableOptions, wire: TableWire): ShardedTable {
  const { name, rows, dim } = options;
  const { rank, workers } = wire;
  const ownTable = makeTable({ ...options, rows: ownCount(rows, wire), owner: { rank, workers } });
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
  const longNumbers = (slot: string | undefined, own: Numbers): ChunkedNumbers => longOf(slot, own, options, wire);
  let hasLearned = false;

  const byOwner = (codes: Int32Array): readonly number[][] => {
    const indexesByOwner = Array.from({ length: workers }, (): number[] => []);
    for (const [index, code] of codes.entries()) indexesByOwner[code % workers]!.push(index);
    return indexesByOwner;
  };
  const localOf = (codes: Int32Array, places: readonly number[]): Int32Array =>
    Int32Array.from(places, (at) => Math.floor(codes[at]! / workers));

  const remote: Remote = {
    wire,
    ask: () => staged.ask(),
    asked: () => byOwner(staged.codes).map((places) => localOf(staged.codes, places)),
    give(asked) {
      ownLookup.reserve(asked.length, asked.length);
      ownLookup.codes().set(asked);
      return ownLookup.gather(asked.length).slice();
    },
    take(given) {
      const places = byOwner(staged.codes);
      const stepRows = staged.arrive();
      places.forEach((its, owner) => {
        for (const [i, at] of its.entries()) stepRows.set(given[owner]!.subarray(i * dim, (i + 1) * dim), at * dim);
      });
    },
    drain() {
      const { codes: slots, sums } = pending.drain();
      const codes = slots.map((slot) => staged.codes[slot]!);
      return byOwner(codes).map((places) => {
        const ownerSums = new Float32Array(places.length * dim);
        for (const [i, at] of places.entries()) ownerSums.set(sums.subarray(at * dim, (at + 1) * dim), i * dim);
        return { codes: localOf(codes, places), sums: ownerSums };
      });
    },
    piece: (slot, first, count) =>
      pieceOf(slot === undefined ? ownTable.numbers() : ownTable.stateNumbers()[slot]!, first, count, rows, wire),
    learned() {
      hasLearned = true;
    },
  };

  const whole = (): never => invariantWhole(name);
  return {
    ...{ name, rows, dim, bytes: ownTable.bytes, remote },
    precision: options.precision,
    ...{ values: whole, read: whole, shown: whole, load: whole, state: whole, gradientNorm: whole },
    numbers: () => longNumbers(undefined, ownTable.numbers()),
    shownNumbers: () => longNumbers(undefined, ownTable.numbers()),
    stateNumbers: () =>
      Object.fromEntries(
        // The step counter of a whole table is the same on each worker.
        Object.entries(ownTable.stateNumbers()).map(([slot, held]) => [
          slot,
          isChunked(held) ? longNumbers(slot, held) : held,
        ]),
      ),
    initialize: (seed, limit) => ownTable.initialize(seed, limit),
    lookup: (asked) => new TableLookup(memory, pending, asked),
    drain: whole,
    add: (gradients) => ownTable.add(gradients),
    update(multiplier, rate) {
      ownTable.update(multiplier, rate, hasLearned);
      hasLearned = false;
    },
  };
}

/** Presents values or state in the order of all rows: a write stores only this worker's rows, and a read collects from all workers. */
function longOf(
  slot: string | undefined,
  own: Numbers,
  { name, rows, dim }: TableOptions,
  wire: TableWire,
): ChunkedNumbers {
  invariant(isChunked(own), 'own rows are in memories of their own');
  const width = slot === undefined ? dim : widthOf(own, ownCount(rows, wire));
  const kind: NumberKind = numberKindOf(own);
  const rowsOf = (from: number, numbers: StoredNumbers): readonly [number, number] => [
    from / width,
    numbers.length / width,
  ];
  return {
    ...{ kind, width, length: rows * width },
    read: () => invariantWhole(name),
    async readAsync(from, into) {
      const [first, count] = rowsOf(from, into);
      const pieces = await wire.pieces(name, slot, first, count, pieceOf(own, first, count, rows, wire));
      const nextOffset = pieces.map(() => 0);
      for (let row = first; row < first + count; row++) {
        const owner = row % wire.workers;
        const at = nextOffset[owner]!;
        into.set(pieces[owner]!.subarray(at, at + width), (row - first) * width);
        nextOffset[owner] = at + width;
      }
    },
    write(from, numbers) {
      const [first, count] = rowsOf(from, numbers);
      for (let row = first; row < first + count; row++) {
        if (row % wire.workers !== wire.rank) continue;
        own.write(
          Math.floor(row / wire.workers) * width,
          numbers.subarray((row - first) * width, (row - first + 1) * width),
        );
      }
    },
  };
}

function pieceOf(numbers: Numbers, first: number, count: number, rows: number, wire: TableWire): StoredNumbers {
  const [from, to] = [ownRows(first, wire), ownRows(first + count, wire)];
  const rowWidth = widthOf(numbers, ownCount(rows, wire));
  const numberCount = (to - from) * rowWidth;
  const ownNumbers = numberKindOf(numbers) === 'I32' ? new Int32Array(numberCount) : new Float32Array(numberCount);
  invariant(isChunked(numbers), 'own rows are in memories of their own');
  if (numberCount > 0) numbers.read(from * rowWidth, ownNumbers);
  return ownNumbers;
}

/** Returns the number of own rows, but at least 1, because a table cannot be empty. */
const ownCount = (rows: number, wire: TableWire): number => Math.max(1, ownRows(rows, wire));

const widthOf = (numbers: Numbers, rows: number): number => numbers.length / rows;

function invariantWhole(name: string): never {
  invariant(false, `workers share the rows of table ${name}, and none has all of them`);
}
