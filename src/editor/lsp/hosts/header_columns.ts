/** Columns that the headers of CSV files name. Other kinds of files would need the database, which the editor never loads. */
import { dirname, isAbsolute, resolve } from 'node:path';
import { isWithin, kindAt, reachOf } from '../../../data/files/access.ts';
import { sampleCsv } from '../../../data/files/csv.ts';
import { formatOf, isCompressed } from '../../../data/files/file_kind.ts';
import { findFiles } from '../../../data/files/files.ts';
import { lineColumns } from '../../../data/files/records/lines.ts';
import type { FileAnalysis } from '../../language/file_analysis.ts';
import { linksOf } from '../../language/links.ts';

/** Of the data blocks of a file, valid or not, and of those it uses. */
export async function headerColumns({ checked, source }: FileAnalysis): Promise<readonly string[]> {
  // Nothing lies around a document that is in no folder yet.
  if (!isAbsolute(source.name)) return [];
  const columns: string[] = [];
  const used = checked.dataDescriptions.flatMap((description) => findFiles(description).output);
  const own = linksOf(checked.file).filter(({ to }) => to === 'data');
  const folder = dirname(source.name);
  const reach = reachOf(folder);
  const paths = new Set([
    ...own.map(({ path }) => resolve(folder, path)).filter((path) => isWithin(path, reach) && isFile(path)),
    ...used.flatMap(({ files }) => files.slice(0, 1).map(({ path }) => path)),
  ]);
  const lines = new Set(
    used.flatMap(({ files }) => files.flatMap(({ path, kind }) => (kind === 'lines' ? [path] : []))),
  );
  if (lines.size > 0) for (const { name } of lineColumns) columns.push(name);
  for (const path of paths) {
    if (lines.has(path)) continue;
    if (formatOf(path) !== 'csv') continue;
    try {
      const file = { path, name: path, kind: 'csv', compressed: isCompressed(path) } as const;
      for (const { name } of (await sampleCsv(file)).columns) columns.push(name);
    } catch {
      // A file that cannot be read has no columns to offer; `tower check` says why.
    }
  }
  return columns;
}

function isFile(path: string): boolean {
  try {
    return kindAt(path) === 'file';
  } catch {
    return false;
  }
}
