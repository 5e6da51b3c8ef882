/**
 * A table whose rows are partitioned among workers: row r belongs to worker r mod N, so N workers hold a table N times as large as one memory. A step collects
 * the rows that it reads, gets them from their owners, and sends their gradients back; only the owner takes the optimizer's step. Initial values and
 * updates of a row are the same as with one worker.
 */
import { invariant } from '../../base/diagnostics/diagnostic.ts';
import {
  type ChunkedNumbers,
  isChunked,
  type NumberKind,
  type Numbers,
  numberKindOf,
  type StoredNumbers,
} from '../../base/storage/tensor_header.ts';
import { KernelSpace } from './kernel_memory.ts';
import { countOwnRows } from './optimizer.ts';
import { RemoteRows } from './remote_rows.ts';
import { makeTable, type Remote, type RemoteTable, type Table, type TableWire } from './table.ts';
import { PendingGradients, TableLookup } from './table_lookup.ts';
import type { TableMemory, TableOptions } from './table_memory.ts';

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
