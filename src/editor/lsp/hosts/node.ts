/** The files of this machine. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { makeSource, type Source } from '../../../base/text/source.ts';
import { isWithin, kindAt, resolved } from '../../../data/files/access.ts';
import type { Host } from '../host.ts';
import { headerColumns } from './header_columns.ts';

interface OnDisk {
  readonly source: Source;
  readonly modified: number;
  readonly size: number;
}

export function nodeHost(): Host {
  const known = new Map<string, OnDisk>();
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
      // What a document without a folder uses would be looked for where the server was started.
      if (!isAbsolute(path)) return undefined;
      try {
        const { mtimeMs, size } = statSync(path);
        // Reading a pipe or a device would hold up the editor.
        if (kindAt(path) !== 'file') return undefined;
        const before = known.get(path);
        if (before && before.modified === mtimeMs && before.size === size) return before.source;
        const source = makeSource(path, readFileSync(path, 'utf8'));
        known.set(path, { source, modified: mtimeMs, size });
        return source;
      } catch {
        known.delete(path);
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
    isWithin: (path, folders) => isWithin(path, { folders: folders.map(resolved) }),
    headerColumns,
  };
}
