/** Lines of bad rows: files are read again, only when there are some. */
import type { BadRow } from '../files/bad_row.ts';
import { shapeOf } from '../files/csv.ts';
import { CsvScanner } from '../files/records/csv.ts';
import { LinesScanner } from '../files/records/lines.ts';
import { eachGood } from '../files/records/scan.ts';
import { jsonScanner } from '../files/source.ts';
import type { Staged, StagedFile } from './staged.ts';

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
  for (const { source, files } of staged) {
    for (const file of files) {
      const places = (ofFile.get(`${source.role} ${file.file.path}`) ?? []).filter((at) => lines[at] === undefined);
      if (places.length > 0) await fill(lines, bad, places, source, file);
    }
  }
  return lines;
}

async function fill(
  lines: (number | undefined)[],
  bad: readonly BadRow[],
  places: readonly number[],
  source: Staged['source'],
  { file, copied }: StagedFile,
): Promise<void> {
  const bytes: { readonly at: number; readonly byte: number }[] = [];
  const records: { readonly at: number; readonly record: number }[] = [];
  for (const at of places) {
    const where = bad[at]!.at;
    if ('byte' in where) bytes.push({ at, byte: where.byte });
    else if ('record' in where) records.push({ at, record: where.record });
  }
  if (file.kind === 'parquet') {
    for (const { at, record } of records) lines[at] = record + 1;
    return;
  }
  bytes.sort((a, b) => a.byte - b.byte);
  records.sort((a, b) => a.record - b.record);
  const scanner =
    file.kind === 'csv'
      ? new CsvScanner(shapeOf(source.looks.get(file.path)!))
      : file.kind === 'lines'
        ? new LinesScanner()
        : jsonScanner(source.jsons.get(file.path)!.format);
  let nextByte = 0;
  let nextRecord = 0;
  let record = 0;
  await eachGood(file, scanner, (line, end, endOfCopy) => {
    // Positions point at the record, or at the line end before it.
    const past = copied ? endOfCopy : end;
    const broken = nextByte < bytes.length && bytes[nextByte]!.byte < past;
    while (nextByte < bytes.length && bytes[nextByte]!.byte < past) lines[bytes[nextByte++]!.at] = line;
    if (broken) return;
    while (nextRecord < records.length && records[nextRecord]!.record === record)
      lines[records[nextRecord++]!.at] = line;
    record++;
  });
}
