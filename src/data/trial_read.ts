/** Reads a sample of the events of a data block as a training reads all of them, so that what cannot be read is known within seconds. */

import { statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, extname } from 'node:path';
import { quoteText } from '../base/text/sql.ts';
import type { DataDescription } from '../graph/plan/data_description.ts';
import type { Needs } from './binding/data_layout.ts';
import { Copies, failIfUnwritable, openDatabase } from './files/duckdb.ts';
import { findFiles, type InputFile } from './files/find_files.ts';
import { readers } from './files/formats/readers.ts';
import { sampleBytes } from './files/records/scan_file.ts';
import { type DatasetReadOptions, readDataset } from './read_dataset.ts';

/** Files up to this many bytes are read completely. */
const smallBytes = 4 << 20;
const maxRows = 40_000;

/** @throws Failure as `readDataset` */
export async function tryReading(
  description: DataDescription,
  needs: Needs,
  options: DatasetReadOptions = {},
): Promise<void> {
  const { access, signal } = options;
  const files = findFiles(description, access).output.find(({ role }) => role === 'events')?.files ?? [];
  const bytes = files.reduce((sum, { path }) => sum + statSync(path).size, 0);
  const copies = new Copies();
  try {
    const path = bytes > smallBytes ? await sampleIn(copies, files[0]!, signal) : undefined;
    if (path === undefined) await readDataset(description, needs, options);
    else
      await readDataset({ ...description, events: { ...description.events, path } }, needs, {
        ...options,
        access: { ...access, allow: [...(access?.allow ?? []), dirname(path)] },
      });
  } finally {
    copies.discard();
  }
}

/** Writes a sample of a file, and returns its path; undefined for an array of JSON, which has no pieces. */
async function sampleIn(copies: Copies, file: InputFile, signal?: AbortSignal): Promise<string | undefined> {
  const to = copies.pathOfCopy(file.path, extname(file.path.replace(/\.gz$/i, '')));
  const relation = file.kind === 'parquet' ? readers.parquet.relation : undefined;
  if (relation) {
    const database = await openDatabase(signal);
    try {
      const select = `SELECT * FROM ${relation(file.path)} LIMIT ${maxRows}`;
      await failIfUnwritable(to, () => database.run(`COPY (${select}) TO ${quoteText(to)} (FORMAT PARQUET)`));
    } finally {
      database.close();
    }
    return to;
  }
  const { pieces } = await sampleBytes(file);
  if (pieces[0]!.toString('latin1', 0, 64).trimStart().startsWith('[')) return undefined;
  const wholeLines = pieces.map((piece, index) => {
    const start = index === 0 ? 0 : piece.indexOf('\n') + 1;
    return piece.subarray(start, Math.max(start, piece.lastIndexOf('\n') + 1));
  });
  await failIfUnwritable(to, () => writeFile(to, wholeLines));
  return to;
}
