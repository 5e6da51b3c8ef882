/** Vectors of the texts of items, by a text model on this machine, and what benchmarks compare models with: nearest neighbours by these vectors. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { embed } from '../src/api.ts';
import type { Corpus } from '../src/data/dataset.ts';
import { openDatabase } from '../src/data/files/duckdb.ts';

export interface ItemTexts {
  readonly file: string;
  readonly key: string;
  readonly columns: readonly string[];
  /** The folder of a text model. */
  readonly model: string;
  readonly out: string;
}

/** Writes the items with their vectors; those of an earlier call come from a cache. */
export const embedItems = (texts: ItemTexts) =>
  embed({ ...texts, cache: join(tmpdir(), `tower-vectors-${texts.key}-${texts.columns.join('-')}`) });

export interface ItemRows {
  /** The values of the columns. */
  readonly texts: readonly (readonly string[])[];
  /** Of length 1. */
  readonly vectors: readonly Float32Array[];
}

/** Reads what `embedItems` wrote, in the order of the corpus. */
export async function readItems({ out, key, columns }: ItemTexts, corpus: Corpus): Promise<ItemRows> {
  const database = await openDatabase();
  const values = columns.map((name) => `coalesce(${name}, '') AS ${name}`).join(', ');
  const listed = await database.rows(`SELECT ${key} AS key, ${values}, embedding FROM '${out}'`);
  database.close();
  const byKey = new Map(listed.map((row) => [String(row.key), row]));
  const rows = Array.from({ length: corpus.rows }, (_, item) => byKey.get(String(corpus.keys.at(item)))!);
  return {
    texts: rows.map((row) => columns.map((name) => String(row[name]))),
    vectors: rows.map((row) => unitVector(Float32Array.from(row.embedding as Iterable<number>))),
  };
}

export function unitVector(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector) || 1;
  return vector.map((value) => value / length);
}
