/** Lines of bad rows: files are read again, only when there are some. */
import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import type { BadRow } from './bad_row.ts';
import type { InputFile } from './files.ts';

/** The line of each row, from 1: where its record begins. Rows of Parquet have none; their place among the rows counts from 1. */
export async function linesOf(
  bad: readonly BadRow[],
  delimiters: ReadonlyMap<string, string>,
): Promise<readonly (number | undefined)[]> {
  const lines: (number | undefined)[] = bad.map(() => undefined);
  for (const file of new Set(bad.map((row) => row.file))) {
    const places = bad.flatMap((row, at) => (row.file === file ? [{ at, where: row.at }] : []));
    const bytes = places.flatMap(({ at, where }) => ('byte' in where ? [{ at, byte: where.byte }] : []));
    const records = places.flatMap(({ at, where }) => ('record' in where ? [{ at, record: where.record }] : []));
    if (file.kind === 'parquet') {
      for (const { at, record } of records) lines[at] = record + 1;
      continue;
    }
    bytes.sort((a, b) => a.byte - b.byte);
    records.sort((a, b) => a.record - b.record);
    let nextByte = 0;
    let nextRecord = 0;
    let record = file.kind === 'csv' ? -1 : 0;
    // Positions point at the record, or at the line end before it.
    await eachRecord(file, delimiters.get(file.path), ({ line, end }) => {
      const broken = nextByte < bytes.length && bytes[nextByte]!.byte < end;
      while (nextByte < bytes.length && bytes[nextByte]!.byte < end) lines[bytes[nextByte++]!.at] = line;
      if (broken) return;
      while (nextRecord < records.length && records[nextRecord]!.record === record)
        lines[records[nextRecord++]!.at] = line;
      record++;
    });
  }
  return lines;
}

interface RecordPlace {
  readonly line: number;
  /** Bytes of the unpacked file before its line end. */
  readonly end: number;
}

/**
 * Records of a CSV file, whose quoted values may hold line ends, or lines of JSON; blank lines are none. A quote opens a value only
 * at its beginning.
 */
async function eachRecord(
  file: InputFile,
  delimiter: string | undefined,
  each: (record: RecordPlace) => void,
): Promise<void> {
  const [newline, carriageReturn] = [0x0a, 0x0d];
  const quote = delimiter === undefined ? -1 : 0x22;
  const separator = delimiter?.charCodeAt(0) ?? -1;
  const raw = createReadStream(file.path);
  let offset = 0;
  let line = 1;
  let startLine = 1;
  let quoted = false;
  let opens = true;
  let blank = true;
  for await (const chunk of file.compressed ? raw.pipe(createGunzip()) : raw) {
    const bytes = chunk as Buffer;
    for (let i = 0; i < bytes.length; i++) {
      const byte = bytes[i]!;
      if (byte === newline) {
        line++;
        if (quoted) continue;
        if (!blank) each({ line: startLine, end: offset + i });
        startLine = line;
        blank = true;
        opens = true;
        continue;
      }
      if (byte !== carriageReturn) blank = false;
      // A doubled quote closes and opens again.
      if (byte === quote) quoted = quoted ? false : opens;
      opens = byte === separator || (byte === quote && !quoted);
    }
    offset += bytes.length;
  }
  if (!blank) each({ line: startLine, end: offset });
}
