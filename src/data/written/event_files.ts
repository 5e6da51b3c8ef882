/**
 * Files of the events that a server has taken: Parquet in a folder for each day, `day=2026-11-29/tower-events-LOG-1-900.parquet`, which DuckDB, Spark and
 * Snowflake read too. The name of a file says which entries of which log it has, so a reader of the files knows which events of the log are not in them.
 */

import { readdir, readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { failure } from '../../base/diagnostics/diagnostic.ts';
import { makeFolder, writeTextDurably } from '../../base/storage/durable.ts';
import { quoteName } from '../../base/text/sql.ts';
import { groupBy } from '../../base/util/objects.ts';
import type { DataDescription } from '../../graph/plan/data_description.ts';
import { type BindOptions, withBound } from '../binding/bind.ts';
import type { DataLayout, Needs } from '../binding/data_layout.ts';
import type { EventBasis } from '../dataset.ts';
import { type Database, writeParquet } from '../files/duckdb.ts';
import { maybeSeconds } from '../rows/fresh.ts';
import { typesOf } from '../rows/stage.ts';
import type { GivenEvent } from './fields.ts';

const fileName = (log: string, { from, to }: LogRange): string => `tower-events-${log}-${from}-${to}.parquet`;
const namePattern = /^tower-events-([0-9a-f-]{36})-(\d{1,15})-(\d{1,15})\.parquet$/;

interface LogRange {
  /** Position of the first entry. */
  readonly from: number;
  readonly to: number;
}

/** @param database has the events as a table */
export async function eventBasisOf(
  database: Database,
  { sources }: DataLayout,
): Promise<Omit<EventBasis, 'itemElements'>> {
  const filed = filedThrough(sources.get('events')!.files.map(({ path }) => path));
  return { types: await typesOf(database, 'events'), filed };
}

/** Returns, by log, the position up to which files have all of its entries, from the first of their entries on. @param paths of files of a data block */
export function filedThrough(paths: readonly string[]): Map<string, number> {
  const ranges = paths
    .flatMap((path) => {
      const [, log, from, to] = namePattern.exec(basename(path)) ?? [];
      return log === undefined ? [] : [{ log, from: Number(from), to: Number(to) }];
    })
    .sort((a, b) => a.from - b.from);
  const through = new Map<string, number>();
  for (const { log, from, to } of ranges) {
    const before = through.get(log) ?? from - 1;
    if (from <= before + 1) through.set(log, Math.max(before, to));
  }
  return through;
}

export interface LoggedEvents {
  /** Names the log. */
  readonly log: string;
  /** Position before the first entry that the log still has. */
  readonly before: number;
  /** Position up to which it was read. */
  readonly end: number;
  /** In the order of their positions. */
  readonly entries: readonly { readonly position: number; readonly events: readonly GivenEvent[] }[];
}

/** Says up to which position the files have the log, in a file that is written after them. */
const stateName = (log: string): string => `tower-events-${log}.json`;

/**
 * Writes the events that the files of a folder lack. Files of a run that was cut short are written again. @param folder should be among the events of the data
 * block, such as `"events/*\/*.parquet"` @throws Failure `cannot-write`, and as reading the headers of the data
 */
export async function fileEvents(
  folder: string,
  { log, before, end, entries }: LoggedEvents,
  { description, needs, types, ...options }: EventFileOptions,
): Promise<{ readonly events: readonly GivenEvent[]; readonly files: readonly string[] }> {
  await makeFolder(folder);
  const done = await filedBefore(folder, log);
  await removeUnfinished(folder, log, done);
  const range = { from: Math.max(before, done) + 1, to: end };
  const events = entries.flatMap((entry) => (entry.position >= range.from ? entry.events : []));
  // Without a file the position stays, so that the range of the next one has no gap before it.
  if (events.length === 0) return { events, files: [] };
  const columns = await columnsOf(description, needs, types, options);
  const files: string[] = [];
  for (const [day, ofDay] of groupBy(events, ({ time }) => dayOf(time))) {
    const dayFolder = join(folder, `day=${day}`);
    await makeFolder(dayFolder);
    const path = join(dayFolder, fileName(log, range));
    const filled = columns.map(({ name, read }) => ({ name, texts: ofDay.map((event) => textOf(read(event))) }));
    await writeParquet(path, filled, ofDay.length, columns.map(({ selected }) => selected).join(', '));
    files.push(path);
  }
  await writeTextDurably(join(folder, stateName(log)), `${JSON.stringify({ through: range.to })}\n`);
  return { events, files };
}

interface EventFileOptions extends BindOptions {
  readonly description: DataDescription;
  readonly needs: Needs;
  /** By column, the type with which the data block reads it. */
  readonly types: ReadonlyMap<string, string>;
}

async function filedBefore(folder: string, log: string): Promise<number> {
  const path = join(folder, stateName(log));
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return 0;
  const { through } = JSON.parse(text) as { through?: unknown };
  if (Number.isSafeInteger(through)) return through as number;
  throw failure('cannot-read', { path, reason: 'it does not say up to where the files have the log' });
}

/** Removes files after the position that the state says: the run that wrote them did not end. */
async function removeUnfinished(folder: string, log: string, done: number): Promise<void> {
  for (const path of await readdir(folder, { recursive: true })) {
    const [, ownPosition, from] = namePattern.exec(basename(path)) ?? [];
    if (ownPosition === log && Number(from) > done) await rm(join(folder, path));
  }
}

/** The day in UTC of a time in ISO 8601, or in seconds or milliseconds since 1970. */
function dayOf(time: GivenEvent['time']): string {
  const isMilliseconds = typeof time === 'number' && !maybeSeconds(time);
  const moment = new Date(typeof time === 'number' ? time * (isMilliseconds ? 1 : 1000) : (time ?? Number.NaN));
  return Number.isNaN(moment.getTime()) ? 'none' : moment.toISOString().slice(0, 10);
}

interface EventColumn {
  readonly name: string;
  readonly read: (event: GivenEvent) => unknown;
  /** SQL that converts the text of the column to its type. */
  readonly selected: string;
}

/** Returns the columns of the events files. Keys stay texts where the data block reads texts. */
async function columnsOf(
  description: DataDescription,
  needs: Needs,
  types: ReadonlyMap<string, string>,
  options: BindOptions,
): Promise<readonly EventColumn[]> {
  const layout = await withBound(description, needs, options, async (bound) => bound.layout);
  const user = layout.userKey?.inEvents.bare;
  const item = layout.itemKey?.inEvents.bare;
  const time = layout.time?.bare;
  return layout.sources.get('events')!.columns.map(({ name, type }): EventColumn => {
    const ownType = types.get(name) === 'VARCHAR' ? 'VARCHAR' : type;
    const quoted = quoteName(name);
    const cast = ownType.endsWith(']')
      ? `CAST(CAST(${quoted} AS JSON) AS ${ownType})`
      : `TRY_CAST(${quoted} AS ${ownType})`;
    return {
      name,
      selected: `${cast} AS ${quoted}`,
      read: (event) =>
        name === user ? event.user : name === item ? event.item : name === time ? event.time : event.columns[name],
    };
  });
}

const textOf = (value: unknown): string | undefined => {
  if (value === null || value === undefined) return undefined;
  return Array.isArray(value) ? JSON.stringify(value) : String(value);
};
