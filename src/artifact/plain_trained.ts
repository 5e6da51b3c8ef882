/** A trained model as plain data, for another process: tables are memories of WebAssembly, which no file holds. */
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
}

export const plainOf = (trained: Trained): PlainTrained => ({
  ...trained,
  tables: [...trained.tables.values()].map((table) => ({
    name: table.name,
    rows: table.rows,
    dim: table.dim,
    values: table.values(),
  })),
});

export function trainedOf(plain: PlainTrained): Trained {
  const tables = plain.tables.map(({ name, rows, dim, values }) => {
    const table = makeTable({ name, rows, dim });
    table.load(values);
    return [name, table] as const;
  });
  return { ...plain, tables: new Map(tables) };
}
