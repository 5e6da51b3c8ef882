/** Lines of bad rows: files are read again, only when there are some. */
import type { BadRow } from '../files/bad_row.ts';
import { shapeOf } from '../files/csv.ts';
import type { DescribedFile } from '../files/files.ts';
import { CsvScanner } from '../files/records/csv.ts';
import { LinesScanner } from '../files/records/lines.ts';
import { eachGood } from '../files/records/scan.ts';
import { jsonScanner } from '../files/source.ts';
import type { Staged } from './staged.ts';

/** The line of each row, from 1: where its record begins. Rows of Parquet have none; their place among the rows counts from 1. */
export async function linesOf(
  bad: readonly BadRow[],
  staged: readonly Staged[],
): Promise<readonly (number | undefined)[]> {
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
