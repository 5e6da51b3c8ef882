/** Bad rows: gathered while data is read, traced to their lines, written to `rejected.jsonl`, and counted against `reject`. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { defined } from '../../defined.ts';
import { diagnose } from '../../diagnostics/diagnose.ts';
import { Failure, failure } from '../../diagnostics/failure.ts';
import { makeFoldersSync } from '../../diagnostics/folders.ts';
import { systemReason } from '../../diagnostics/system_reason.ts';
import type { DataDescription, DataFile } from '../../model/model.ts';
import type { Rejected } from '../dataset.ts';
import type { BadRow } from '../files/bad_row.ts';
import { shapeOf } from '../files/csv.ts';
import type { Database } from '../files/duckdb.ts';
import type { DescribedFile } from '../files/files.ts';
import { CsvScanner } from '../files/records/csv.ts';
import { LinesScanner } from '../files/records/lines.ts';
import { eachGood } from '../files/records/scan.ts';
import { jsonScanner } from '../files/source.ts';
import { verifyUnchanged } from './stage.ts';
import type { Staged } from './staged.ts';

/** A row of a staged table that is bad, by its row id. */
export function badRow(staged: Staged, row: number, column: string | undefined, reason: string): BadRow {
  const file = staged.files.findLast(({ first }) => first <= row)!;
  const at = { record: row - file.first };
  return { role: staged.source.role, file: file.file, at, reason, ...defined({ column }) };
}

/**
 * Writes every bad row with its file, line, column and reason into `rejected.jsonl` of `folder`, where one is given. Throws
 * Failure when a source has a larger share of them than the data block allows.
 */
export async function settleRejects(
  database: Database,
  bad: readonly BadRow[],
  staged: readonly Staged[],
  description: DataDescription,
  folder: string | undefined,
): Promise<Rejected> {
  const total = staged.reduce((sum, { rows, broken }) => sum + rows + broken.filter(isRecord).length, 0);
  if (bad.length === 0) return { count: 0, total };
  const lines = await linesOf(bad, staged);
  for (const { source } of staged) await verifyUnchanged(database, source);
  const order = bad.map((_, at) => at);
  order.sort((a, b) => compare(bad[a]!.file.name, bad[b]!.file.name) || (lines[a] ?? 0) - (lines[b] ?? 0));
  const records = order.map((at) => {
    const { file, column, reason } = bad[at]!;
    return { file: file.name, line: lines[at], column, reason };
  });
  const file = folder === undefined ? undefined : join(folder, 'rejected.jsonl');
  if (file !== undefined) write(file, folder!, records.map((record) => `${JSON.stringify(record)}\n`).join(''));

  const entries = staged.flatMap(({ files, broken }) =>
    entriesOf(files).map((described) => ({ described, files, broken })),
  );
  const excesses = entries.flatMap(({ described, files, broken }) => {
    const isOfEntry = ({ file }: Pick<BadRow, 'file'>): boolean => file.described === described;
    const count = bad.filter(isOfEntry).length;
    const all =
      files.filter(isOfEntry).reduce((sum, { rows }) => sum + rows, 0) +
      broken.filter((row) => isOfEntry(row) && isRecord(row)).length;
    if (count <= description.reject * all) return [];
    const first = records[order.findIndex((at) => isOfEntry(bad[at]!))]!;
    const place = `${first.file}${first.line === undefined ? '' : `:${first.line}`}`;
    const facts = {
      path: described.path,
      count,
      total: all,
      limit: description.reject,
      first: `${place}: ${first.column === undefined ? '' : `\`${first.column}\`: `}${first.reason}`,
      file,
    };
    return [diagnose('too-many-rejected', described.span, facts)];
  });
  if (excesses.length > 0) throw new Failure(excesses);
  return { count: bad.length, total, ...defined({ file }) };
}

/** The entries of the data block that name these files: each part of `split = files(…)` is one. */
function entriesOf(files: Staged['files']): DataFile[] {
  return [...new Set(files.map(({ file }) => file.described))];
}

/** Records that are no rows of the table; blank rows of JSON were, and have their row id. */
function isRecord({ at }: BadRow): boolean {
  return !('record' in at);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function write(path: string, folder: string, text: string): void {
  try {
    makeFoldersSync(folder);
    // A link or a pipe of that name is replaced, not followed.
    rmSync(path, { force: true });
    writeFileSync(path, text, { flag: 'wx' });
  } catch (error) {
    throw failure('cannot-write', { path, reason: systemReason(error) ?? (error as Error).message });
  }
}

// Lines of bad rows: files are read again, only when there are some.

/** The line of each row, from 1: where its record begins. Rows of Parquet have none; their place among the rows counts from 1. */
async function linesOf(bad: readonly BadRow[], staged: readonly Staged[]): Promise<readonly (number | undefined)[]> {
  const lines = bad.map(({ at }) => ('line' in at ? at.line : undefined));
  const ofFile = new Map<string, number[]>();
  for (const [at, { role, file }] of bad.entries()) {
    const key = `${role} ${file.path}`;
    if (!ofFile.has(key)) ofFile.set(key, []);
    ofFile.get(key)!.push(at);
  }
  for (const of of staged) {
    for (const { file } of of.files) {
      const places = (ofFile.get(`${of.source.role} ${file.path}`) ?? []).filter((at) => lines[at] === undefined);
      if (places.length > 0) await fill(lines, bad, places, of, file);
    }
  }
  return lines;
}

async function fill(
  lines: (number | undefined)[],
  bad: readonly BadRow[],
  places: readonly number[],
  { source, broken }: Staged,
  file: DescribedFile,
): Promise<void> {
  const recordOf = (at: number): number => (bad[at]!.at as { readonly record: number }).record;
  if (file.kind === 'parquet') {
    for (const at of places) lines[at] = recordOf(at) + 1;
    return;
  }
  const sorted = [...places].sort((a, b) => recordOf(a) - recordOf(b));
  const scanner =
    file.kind === 'csv'
      ? new CsvScanner(shapeOf(source.looks.get(file.path)!))
      : file.kind === 'lines'
        ? new LinesScanner()
        : jsonScanner(source.jsons.get(file.path)!.format);
  /** Records that are whole, and no rows: a value is not of its type. */
  const noRows = new Set(broken.flatMap(({ file: of, at }) => (of === file && 'line' in at ? [at.line] : [])));
  let next = 0;
  let record = 0;
  await eachGood(file, scanner, (line) => {
    if (noRows.has(line)) return;
    while (next < sorted.length && recordOf(sorted[next]!) === record) lines[sorted[next++]!] = line;
    record++;
  });
}
