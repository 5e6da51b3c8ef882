/** Passes a trained model as plain data to another process: tables are memories of WebAssembly, which no file holds. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { writeNumbers } from '../../base/storage/tensor_header.ts';
import { defined } from '../../base/util/defined.ts';
import { makeTable, type Table } from '../embedding/table.ts';
import type { Trained } from './load.ts';

export interface PlainTrained extends Omit<Trained, 'tables'> {
  readonly tables: readonly PlainTable[];
}

interface PlainTable {
  readonly name: string;
  readonly rows: number;
  readonly dim: number;
  /** float32 [rows, dim] */
  readonly values: Float32Array;
  readonly precision?: 'bf16';
}

/** About a millisecond's copy into memory that is new. */
const numbersAtOnce = 2 ** 18;

export const plainOf = (trained: Trained): PlainTrained => ({
  ...trained,
  tables: [...trained.tables.values()].map((table) => ({
    name: table.name,
    rows: table.rows,
    dim: table.dim,
    values: table.read(),
    ...defined({ precision: table.precision }),
  })),
});

/** Whole rows are copied in slices, with a turn of the event loop between two: a server that reads another version goes on answering. */
export async function trainedOf(plain: PlainTrained): Promise<Trained> {
  const tables = new Map<string, Table>();
  for (const { values, ...size } of plain.tables) {
    const table = makeTable(size);
    const numbers = table.numbers();
    const length = size.dim * Math.ceil(numbersAtOnce / size.dim);
    for (let from = 0; from < values.length; from += length) {
      await nextTurn();
      writeNumbers(numbers, from, values.subarray(from, from + length));
    }
    tables.set(size.name, table);
  }
  return { ...plain, tables };
}
