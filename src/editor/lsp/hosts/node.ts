/** Reads the files of this machine, and the columns in the headers of CSV files. Other kinds of files would need the database, which the editor never loads. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, isAbsolute, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { makeSource, type Source } from '../../../base/text/source.ts';
import { isReadable, pathKind, reachOf, realPath } from '../../../data/files/access.ts';
import { findFiles } from '../../../data/files/find_files.ts';
import { formatOf, isCompressed } from '../../../data/files/formats/table.ts';
import { sampleCsv } from '../../../data/files/formats/text_formats.ts';
import { lineColumns } from '../../../data/files/records/line_records.ts';
import { type FileAnalysis, linksOf } from '../../language/file_analysis.ts';
import type { Host } from '../session.ts';

export function nodeHost(): Host {
  const cachedFiles = new Map<string, { readonly source: Source; readonly modified: number; readonly size: number }>();
  return {
    pathOf(uri) {
      if (!uri.startsWith('file:')) return uri;
      try {
        return fileURLToPath(uri);
      } catch {
        return uri;
      }
    },
    uriOf: (path) => (isAbsolute(path) ? pathToFileURL(path).href : path),
    source(path) {
      // A relative path, as used by a document without a folder, would be searched in the working folder of the server.
      if (!isAbsolute(path)) return undefined;
      try {
        const { mtimeMs, size } = statSync(path);
        // Reading a pipe or a device would block the editor.
        if (pathKind(path) !== 'file') return undefined;
        const cachedFile = cachedFiles.get(path);
        if (cachedFile && cachedFile.modified === mtimeMs && cachedFile.size === size) return cachedFile.source;
        const source = makeSource(path, readFileSync(path, 'utf8'));
        cachedFiles.set(path, { source, modified: mtimeMs, size });
        return source;
      } catch {
        cachedFiles.delete(path);
        return undefined;
      }
    },
    exists: existsSync,
    entries(folder) {
      try {
        return readdirSync(folder, { withFileTypes: true }).map((entry) => ({
          ...{ name: entry.name, isFile: entry.isFile(), isFolder: entry.isDirectory() },
        }));
      } catch {
        return [];
      }
    },
    isWithin: (path, folders) => isReadable(path, { folders: folders.map(realPath) }),
    headerColumns,
  };
}

/** Reads the headers for the data blocks of a file, valid or not, and of the files that it uses. */
async function headerColumns({ checked, source }: FileAnalysis): Promise<readonly string[]> {
  // An unsaved document has no folder, so it has no neighbouring files.
  if (!isAbsolute(source.name)) return [];
  const columns: string[] = [];
  const usedData = checked.dataDescriptions.flatMap((description) => findFiles(description).output);
  const ownLinks = linksOf(checked.file).filter(({ to }) => to === 'data');
  const folder = dirname(source.name);
  const reach = reachOf(folder);
  const paths = new Set([
    ...ownLinks.map(({ path }) => resolve(folder, path)).filter((path) => isReadable(path, reach) && isFile(path)),
    ...usedData.flatMap(({ files }) => files.slice(0, 1).map(({ path }) => path)),
  ]);
  const lineFiles = new Set(
    usedData.flatMap(({ files }) => files.flatMap(({ path, kind }) => (kind === 'lines' ? [path] : []))),
  );
  if (lineFiles.size > 0) for (const { name } of lineColumns) columns.push(name);
  for (const path of paths) {
    if (lineFiles.has(path)) continue;
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
    return pathKind(path) === 'file';
  } catch {
    return false;
  }
}
