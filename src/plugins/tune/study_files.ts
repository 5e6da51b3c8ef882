/** Reads and writes the folder of a study: `study.json` describes the search, `trials.jsonl` has the results. */
import { open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JobKind, JobRecord, Study } from '../../app/api/tune.ts';
import { awaitRead, awaitWrite, failure } from '../../base/diagnostics/diagnostic.ts';
import { writeTextDurably } from '../../base/storage/durable.ts';
import { isObject } from '../../base/util/objects.ts';
import { samplers } from './samplers.ts';

/** Checks an entry in the files of a study's folder, because anyone may have changed them since they were written. */
type ShapeCheck = (value: unknown) => boolean;
/** Has a check for each entry, so that a new entry needs one. */
type ShapeChecks<T> = { readonly [K in keyof Required<T>]: ShapeCheck };

const text: ShapeCheck = (value) => typeof value === 'string';
const flag: ShapeCheck = (value) => typeof value === 'boolean';
const number: ShapeCheck = (value) => Number.isFinite(value);
const whole: ShapeCheck = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const count: ShapeCheck = (value) => whole(value) && (value as number) > 0;
/** A time as `toISOString` writes it for years with four digits, because the end of a job is a date too. */
const time: ShapeCheck = (value) =>
  text(value) && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value as string) && Number.isFinite(Date.parse(value as string));
const seconds: ShapeCheck = (value) => number(value) && (value as number) >= 0 && (value as number) < 1e9;
const optional =
  (check: ShapeCheck): ShapeCheck =>
  (value) =>
    value === undefined || check(value);
const oneOf =
  (...words: readonly string[]): ShapeCheck =>
  (value) =>
    words.includes(value as string);
const listOf =
  (check: ShapeCheck): ShapeCheck =>
  (value) =>
    Array.isArray(value) && value.every(check);
const mapOf =
  (check: ShapeCheck): ShapeCheck =>
  (value) =>
    isObject(value) && Object.values(value).every(check);

const kinds: Readonly<Record<JobKind, true>> = { search: true, final: true, fresh: true };
const states: Readonly<Record<JobRecord['state'], true>> = { paused: true, done: true, failed: true, invalid: true };

const record: ShapeChecks<JobRecord> = {
  job: whole,
  kind: oneOf(...Object.keys(kinds)),
  trial: whole,
  rung: optional(whole),
  seed: optional(Number.isSafeInteger),
  point: optional(mapOf(number)),
  settings: mapOf(text),
  state: oneOf(...Object.keys(states)),
  validations: optional(whole),
  values: listOf(number),
  value: optional(number),
  message: optional(text),
  folder: text,
  begun: time,
  seconds,
  elapsed: seconds,
};

const study: ShapeChecks<Study> = {
  model: text,
  sources: text,
  // The space is compared with that of the model.
  space: Array.isArray,
  set: mapOf(text),
  metric: text,
  stops: flag,
  fileSeed: Number.isSafeInteger,
  sampler: oneOf(...Object.keys(samplers)),
  seed: Number.isSafeInteger,
  halving: flag,
  rungs: count,
  parallel: count,
  finalists: count,
  seeds: count,
};

const hasShape = (value: unknown, checks: Readonly<Record<string, ShapeCheck>>): boolean =>
  isObject(value) && Object.entries(checks).every(([name, check]) => check(value[name]));

const isRecord = (value: unknown): value is JobRecord => hasShape(value, record);

const isStudy = (value: unknown): value is Study => hasShape(value, study);

export const studyFile = 'study.json';
export const trialsFile = 'trials.jsonl';

const format = 'tower-study-1';

/** Writes a study in this version of the format. Entries that may change when a study is continued are not part of it. */
export async function writeStudy(folder: string, study: Study): Promise<void> {
  await writeTextDurably(join(folder, studyFile), `${JSON.stringify({ format, ...study }, null, 2)}\n`);
}

/** @throws Failure `not-a-study`, `damaged-file`, `cannot-read` */
export async function readStudy(folder: string): Promise<Study> {
  const names = await awaitRead(folder, readdir(folder).catch(ifMissing<string[]>([])));
  if (!names.includes(studyFile)) throw failure('not-a-study', { folder });
  const path = join(folder, studyFile);
  const text = await awaitRead(path, readFile(path, 'utf8'));
  const value = parsed(text);
  if (!isStudy(value) || (value as { readonly format?: unknown }).format !== format) {
    throw failure('damaged-file', { path, reason: `it is not a study of the format ${format}` });
  }
  return value;
}

export async function contentsOf(folder: string): Promise<'study' | 'other' | 'nothing'> {
  const names = await awaitRead(folder, readdir(folder).catch(ifMissing<string[]>([])));
  const visibleNames = names.filter((name) => !name.startsWith('.'));
  return visibleNames.includes(studyFile) ? 'study' : visibleNames.length > 0 ? 'other' : 'nothing';
}

/** Returns the records of all complete lines. A kill may have left the last one half written. */
export async function readRecords(folder: string): Promise<JobRecord[]> {
  const path = join(folder, trialsFile);
  const text = await awaitRead(path, readFile(path, 'utf8').catch(ifMissing('')));
  const lines = text.split('\n');
  return lines.flatMap((line, index) => {
    if (line === '') return [];
    const value = parsed(line);
    if (isRecord(value) && value.job === index) return [value];
    if (index === lines.length - 1) return [];
    throw failure('damaged-file', { path, reason: `line ${index + 1} is not the record of job ${index}` });
  });
}

/** Writes all lines again, without a half one that a kill has left. */
export async function writeRecords(folder: string, records: readonly JobRecord[]): Promise<void> {
  const text = records.map((record) => `${JSON.stringify(record)}\n`).join('');
  await writeTextDurably(join(folder, trialsFile), text);
}

export async function addRecord(folder: string, record: JobRecord): Promise<void> {
  const path = join(folder, trialsFile);
  const handle = await awaitWrite(path, open(path, 'a'));
  try {
    await awaitWrite(path, handle.appendFile(`${JSON.stringify(record)}\n`));
    await awaitWrite(path, handle.sync());
  } finally {
    await handle.close();
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const ifMissing =
  <T>(value: T) =>
  (error: NodeJS.ErrnoException): T => {
    if (error.code === 'ENOENT') return value;
    throw error;
  };
