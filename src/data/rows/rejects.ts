/** Collects bad rows, finds their lines, writes them to `rejected.jsonl`, and compares their share with the limit `reject`. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeError, diagnose, Failure, failure } from '../../base/diagnostics/diagnostic.ts';
import { makeFoldersSync } from '../../base/storage/durable.ts';
import { groupBy } from '../../base/util/objects.ts';
import type { DataDescription } from '../../graph/plan/data_description.ts';
import type { Rejected } from '../dataset.ts';
import type { Database } from '../files/duckdb.ts';
import { type BadRow, countBadRows } from '../files/find_files.ts';
import { eachGood } from '../files/records/scan_file.ts';
import type { Staged, StagedFile } from './raw.ts';
import { verifyUnchanged } from './stage.ts';

export function badRow(staged: Staged, row: number, column: string | undefined, reason: string): BadRow {
  const file = staged.files.findLast(({ first }) => first <= row)!;
  return { role: staged.source.role, file: file.file, at: { record: row - file.first }, reason, column };
}

/**
 * Writes every bad row with its file, line, column and reason to `rejected.jsonl` in `folder`, if that is given. Throws a Failure if the share of bad rows of a
 * source is larger than the data block allows.
 */
export async function settleRejects(
  database: Database,
  bad: readonly BadRow[],
  staged: readonly Staged[],
  description: DataDescription,
  folder: string | undefined,
): Promise<Rejected> {
  const recordTotal = staged.reduce((sum, { rows, broken }) => sum + rows + countBadRows(broken.filter(isRecord)), 0);
  if (bad.length === 0) return { count: 0, total: recordTotal };
  const lines = await linesOf(bad, staged);
  for (const { source } of staged) await verifyUnchanged(database, source);
  const badWithLines = bad.map((row, index) => ({ ...row, line: lines[index] }));
  badWithLines.sort((a, b) => compare(a.file.name, b.file.name) || (a.line ?? 0) - (b.line ?? 0));
  const rejectedFile = folder === undefined ? undefined : join(folder, 'rejected.jsonl');
  if (rejectedFile !== undefined) {
    const records = badWithLines.map(({ file, line, column, reason, rows }) => ({
      file: file.name,
      line,
      column,
      reason,
      rows,
    }));
    write(rejectedFile, folder!, records.map((record) => `${JSON.stringify(record)}\n`).join(''));
  }
  // Each part of `split = files(…)` is an entry of its own.
  const entries = staged.flatMap(({ files, broken }) =>
    [...new Set(files.map(({ file }) => file.described))].map((described) => ({ described, files, broken })),
  );
  const excesses = entries.flatMap(({ described, files, broken }) => {
    const isOfEntry = ({ file }: Pick<BadRow, 'file'>): boolean => file.described === described;
    const badCount = countBadRows(bad.filter(isOfEntry));
    const entryTotal =
      files.filter(isOfEntry).reduce((sum, { rows }) => sum + rows, 0) +
      countBadRows(broken.filter((row) => isOfEntry(row) && isRecord(row)));
    if (badCount <= description.reject * entryTotal) return [];
    const { file, line, column, reason } = badWithLines.find(isOfEntry)!;
    const position = `${file.name}${line === undefined ? '' : `:${line}`}`;
    const first = `${position}: ${column === undefined ? '' : `\`${column}\`: `}${reason}`;
    const totals = { count: badCount, total: entryTotal, limit: description.reject };
    const rejectFacts = { path: described.path, ...totals, first, file: rejectedFile };
    return [diagnose('too-many-rejected', described.span, rejectFacts)];
  });
  if (excesses.length > 0) throw new Failure(excesses);
  return { count: countBadRows(bad), total: recordTotal, file: rejectedFile };
}

/** True for records that are not rows of the table. Blank JSON rows were in the table and have a row id. */
const isRecord = ({ at }: BadRow): boolean => !('record' in at);

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function write(path: string, folder: string, text: string): void {
  try {
    makeFoldersSync(folder);
    // A symbolic link or pipe of that name is replaced and not followed.
    rmSync(path, { force: true });
    writeFileSync(path, text, { flag: 'wx' });
  } catch (error) {
    throw failure('cannot-write', { path, reason: describeError(error) });
  }
}

/** Finds the line of each row's record, from 1, by reading the files again. Rows of Parquet have no lines; their index in the file counts from 1. */
async function linesOf(bad: readonly BadRow[], staged: readonly Staged[]): Promise<readonly (number | undefined)[]> {
  const lines = bad.map(({ at }) => ('line' in at ? at.line : undefined));
  const unplaced = [...lines.keys()].filter((index) => lines[index] === undefined);
  const indexesOfFile = groupBy(unplaced, (index) => `${bad[index]!.role} ${bad[index]!.file.path}`);
  for (const stagedSource of staged) {
    for (const stagedFile of stagedSource.files) {
      const indexes = indexesOfFile.get(`${stagedSource.source.role} ${stagedFile.file.path}`);
      if (indexes) await fill(lines, bad, indexes, stagedSource, stagedFile);
    }
  }
  return lines;
}

async function fill(
  lines: (number | undefined)[],
  bad: readonly BadRow[],
  indexes: readonly number[],
  { source }: Staged,
  { file, skippedLines }: StagedFile,
): Promise<void> {
  const recordOf = (index: number): number => (bad[index]!.at as { readonly record: number }).record;
  const scanner = source.opened.get(file.path)!.scanner?.();
  if (scanner === undefined) {
    for (const index of indexes) lines[index] = recordOf(index) + 1;
    return;
  }
  const byRecord = [...indexes].sort((a, b) => recordOf(a) - recordOf(b));
  const brokenLines = new Set(skippedLines);
  let nextRow = 0;
  let record = 0;
  await eachGood(file, scanner, (line) => {
    if (brokenLines.has(line)) return;
    while (nextRow < byRecord.length && recordOf(byRecord[nextRow]!) === record) lines[byRecord[nextRow++]!] = line;
    record++;
  });
}
