/** What lies around a file: other models, data files, and the columns that their headers name. */
import { readdirSync } from 'node:fs';
import { dirname, extname, isAbsolute, join, resolve } from 'node:path';
import { isWithin, reachOf } from '../data/files/access.ts';
import { lookAtCsv } from '../data/files/csv.ts';
import { findFiles } from '../data/files/files.ts';
import { kindAt } from '../data/files/path_target.ts';
import { lineColumns } from '../data/files/records/lines.ts';
import type { Surroundings } from '../language/completion/context.ts';
import type { FileAnalysis } from '../language/file_analysis.ts';
import { linksOf } from '../language/links.ts';

const dataEndings = new Set(['.csv', '.tsv', '.txt', '.parquet', '.json', '.jsonl', '.ndjson', '.gz']);

export async function surroundingsOf(facts: FileAnalysis): Promise<Surroundings> {
  const folder = dirname(facts.source.name);
  const files = isSaved(facts) ? filesIn(folder) : [];
  return {
    towerFiles: files.filter((name) => name.endsWith('.tower') && join(folder, name) !== facts.source.name),
    dataFiles: files.filter((name) => dataEndings.has(extname(name))),
    columns: await columnsOf(facts),
  };
}

/** Nothing lies around a document that is in no folder yet. */
const isSaved = ({ source }: FileAnalysis): boolean => isAbsolute(source.name);

/** Of the folder and the folders right below it. */
function filesIn(folder: string): string[] {
  const read = (path: string) => {
    try {
      return readdirSync(path, { withFileTypes: true });
    } catch {
      return [];
    }
  };
  return read(folder)
    .flatMap((entry) =>
      entry.isDirectory() && !entry.name.startsWith('.') && entry.name !== 'node_modules'
        ? read(join(folder, entry.name)).flatMap((inner) => (inner.isFile() ? [`${entry.name}/${inner.name}`] : []))
        : [entry.name],
    )
    .sort();
}

/**
 * The columns that the headers of CSV files and the data's own `columns` name: of this file's data blocks, valid or not, and of
 * those it uses. Other kinds of files would need the database, which the editor never loads.
 */
async function columnsOf(facts: FileAnalysis): Promise<readonly string[]> {
  const { checked, source } = facts;
  const columns = new Set<string>();
  for (const { columns: named, histories } of checked.dataDescriptions) {
    for (const { name } of [...named, ...histories]) columns.add(name);
  }
  if (!isSaved(facts)) return [...columns];
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
  if (lines.size > 0) for (const { name } of lineColumns) columns.add(name);
  for (const path of paths) {
    if (lines.has(path)) continue;
    if (!/\.(csv|tsv|txt)(\.gz)?$/i.test(path)) continue;
    try {
      const file = { path, name: path, kind: 'csv', compressed: path.toLowerCase().endsWith('.gz') } as const;
      for (const { name } of (await lookAtCsv(file)).columns) columns.add(name);
    } catch {
      // A file that cannot be read has no columns to offer; `tower check` says why.
    }
  }
  return [...columns];
}

function isFile(path: string): boolean {
  try {
    return kindAt(path) === 'file';
  } catch {
    return false;
  }
}
