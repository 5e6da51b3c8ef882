/** Reads and writes the folder of a study: `study.json` says what is searched and how, `trials.jsonl` has the results. */
import { open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { failure } from '../../base/diagnostics/failure.ts';
import { reading, writing } from '../../base/diagnostics/system_reason.ts';
import { writeTextDurably } from '../../base/storage/durable.ts';
import type { JobRecord, Study } from './trial.ts';
import { isRecord, isStudy } from './valid.ts';

export const studyFile = 'study.json';
export const trialsFile = 'trials.jsonl';
export const journalFile = 'optuna.journal';

const format = 'tower-study-1';

/** Writes this version; entries that may change when a study goes on are not part of it. */
export async function writeStudy(folder: string, study: Study): Promise<void> {
  await writeTextDurably(join(folder, studyFile), `${JSON.stringify({ format, ...study }, null, 2)}\n`);
}

/** @throws Failure `not-a-study`, `damaged-file`, `cannot-read` */
export async function readStudy(folder: string): Promise<Study> {
  const names = await reading(folder, readdir(folder).catch(ifMissing<string[]>([])));
  if (!names.includes(studyFile)) throw failure('not-a-study', { folder });
  const path = join(folder, studyFile);
  const text = await reading(path, readFile(path, 'utf8'));
  const value = parsed(text);
  if (!isStudy(value) || (value as { readonly format?: unknown }).format !== format) {
    throw failure('damaged-file', { path, reason: `it is not a study of the format ${format}` });
  }
  return value;
}

export async function contentsOf(folder: string): Promise<'study' | 'other' | 'nothing'> {
  const names = await reading(folder, readdir(folder).catch(ifMissing<string[]>([])));
  const visibleNames = names.filter((name) => !name.startsWith('.'));
  return visibleNames.includes(studyFile) ? 'study' : visibleNames.length > 0 ? 'other' : 'nothing';
}

/** The lines that are whole. A kill may have left the last one half written. */
export async function readRecords(folder: string): Promise<JobRecord[]> {
  const path = join(folder, trialsFile);
  const text = await reading(path, readFile(path, 'utf8').catch(ifMissing('')));
  const lines = text.split('\n');
  return lines.flatMap((line, at) => {
    if (line === '') return [];
    const value = parsed(line);
    if (isRecord(value) && value.job === at) return [value];
    if (at === lines.length - 1) return [];
    throw failure('damaged-file', { path, reason: `line ${at + 1} is not the record of job ${at}` });
  });
}

/** Writes the lines anew, without what a kill left half written. */
export async function writeRecords(folder: string, records: readonly JobRecord[]): Promise<void> {
  const text = records.map((record) => `${JSON.stringify(record)}\n`).join('');
  await writeTextDurably(join(folder, trialsFile), text);
}

/** One line more, on the disk when this ends. */
export async function addRecord(folder: string, record: JobRecord): Promise<void> {
  const path = join(folder, trialsFile);
  const handle = await writing(path, open(path, 'a'));
  try {
    await writing(path, handle.appendFile(`${JSON.stringify(record)}\n`));
    await writing(path, handle.sync());
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
