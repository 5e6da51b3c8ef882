/** Reads the same events from a file of any format. */
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { lookAtFile } from '../../../../src/data/look/look.ts';
import { readDataset } from '../../../../src/data/read_dataset.ts';
import { describeData, folderWith, needsOf, valuesOf, vocabulary } from '../../fixture.ts';

const needs = needsOf(
  { user: { encoder: vocabulary } },
  { item: { encoder: vocabulary }, price: { encoder: { kind: 'number', log: false } } },
);

/** The events of all tests here, as CSV. */
export const csvText = 'user,item,price\na,x,1.5\nb,y,\na,"z, or ""w""",3\n';

/** What a data block reads in a file of events. */
export async function eventsIn(folder: string, events: string) {
  const { parts, users, corpus, rejected } = await readDataset(describeData({ folder, events }), needs);
  return {
    users: [...parts.train.user].map((row) => users.keys.at(row)),
    items: [...parts.train.item].map((row) => corpus.keys.at(row)),
    prices: valuesOf(parts.train.features.get('price')!, parts.train.rows).flat(),
    bad: rejected.count,
  };
}

/** A folder with `events.csv` and a file that `write` makes of it: SQL of DuckDB with the paths of both, or the file's bytes. */
export async function folderWithFile(
  name: string,
  write: ((csv: string, to: string) => string) | Uint8Array,
): Promise<string> {
  const folder = folderWith({ 'events.csv': csvText, ...(typeof write === 'function' ? {} : { [name]: write }) });
  if (typeof write === 'function') {
    const connection = await (await DuckDBInstance.create()).connect();
    await connection.run(write(join(folder, 'events.csv'), join(folder, name)));
    connection.closeSync();
  }
  return folder;
}

/** What `tower init` sees in a file: its columns and how many rows it has, or why it is no table. */
export async function seenIn(folder: string, name: string) {
  const seen = await lookAtFile(join(folder, name));
  return 'reason' in seen ? seen.reason : { columns: seen.columns, count: seen.count };
}
