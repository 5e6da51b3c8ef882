/** A trained model as plain data, for another process: tables are memories of WebAssembly, which no file holds. */
import { defined } from '../defined.ts';
import { makeTable } from '../embedding/table.ts';
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

export function trainedOf(plain: PlainTrained): Trained {
  const tables = plain.tables.map(({ values, ...size }) => {
    const { name } = size;
    const table = makeTable(size);
    table.load(values);
    return [name, table] as const;
  });
  return { ...plain, tables: new Map(tables) };
}
