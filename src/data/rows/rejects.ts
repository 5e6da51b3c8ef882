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
import type { Database } from '../files/duckdb.ts';
import { linesOf } from './lines.ts';
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
