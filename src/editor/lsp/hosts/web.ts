/**
 * Serves the files that an editor in a browser has sent, because the server cannot read files there. Headers of data files are not sent, so only the columns
 * that a data block itself names are known.
 */
import { makeSource, type Source } from '../../../base/text/source.ts';
import type { FolderEntry, Host } from '../session.ts';

interface GivenFile {
  readonly uri: string;
  /** The text of a `.tower` file; absent for other files. `null`: the file is gone. */
  readonly text?: string | null;
}

export interface WebHost extends Host {
  /** Adds or removes files. Ignores values that do not have the form of `GivenFile`. */
  take(files: unknown): void;
}

export function webHost(): WebHost {
  const files = new Map<string, { readonly uri: string; readonly source: Source | undefined }>();
  /** Entries of each folder, by its path. */
  let folders = new Map<string, Map<string, FolderEntry>>();

  const index = (): void => {
    folders = new Map();
    for (const path of files.keys()) {
      const pathParts = path.split('/').slice(1);
      for (let depth = 1; depth <= pathParts.length; depth++) {
        const folder = `/${pathParts.slice(0, depth - 1).join('/')}`;
        const [name, isFile] = [pathParts[depth - 1]!, depth === pathParts.length];
        const entries = folders.get(folder) ?? new Map<string, FolderEntry>();
        folders.set(folder, entries.set(name, { name, isFile, isFolder: !isFile }));
      }
    }
  };
  const host: WebHost = {
    pathOf,
    uriOf: (path) => files.get(path)?.uri ?? uriOf(path),
    source: (path) => files.get(path)?.source,
    exists: (path) => files.has(path),
    entries: (folder) => [...(folders.get(folder)?.values() ?? [])],
    isWithin: (path, all) => all.some((folder) => path === folder || path.startsWith(`${folder}/`)),
    headerColumns: async () => [],
    begin: (options) => host.take((options as { readonly files?: unknown } | undefined)?.files),
    take(given) {
      for (const { uri, text } of Array.isArray(given) ? given.filter(isGiven) : []) {
        const filePath = pathOf(uri);
        if (text === null) files.delete(filePath);
        else files.set(filePath, { uri, source: text === undefined ? undefined : makeSource(filePath, text) });
      }
      index();
    },
  };
  return host;
}

function isGiven(value: unknown): value is GivenFile {
  const { uri, text } = (value ?? {}) as Record<string, unknown>;
  return typeof uri === 'string' && (text === undefined || text === null || typeof text === 'string');
}

/**
 * `vscode-vfs://github/a/b.tower` → `/vscode-vfs:github/a/b.tower`: a path that all parts of the compiler can handle. Some file systems
 * have no authority (`memfs:/a.tower`), and the folder of some is the root (`memfs://files/`).
 */
function pathOf(uri: string): string {
  const [, scheme, authority = '', path] = /^([a-z][\w+.-]*):(?:\/\/([^/?#]*))?(\/[^?#]*)/i.exec(uri) ?? [];
  if (scheme === undefined) return uri;
  try {
    return `/${scheme}:${authority}${decodeURIComponent(path!)}`.replace(/\/+$/, '');
  } catch {
    return uri;
  }
}

function uriOf(path: string): string {
  const [, scheme, authority, rest] = /^\/([^/:]+):([^/]*)(\/.*)$/.exec(path) ?? [];
  return scheme === undefined ? path : `${scheme}://${authority}${rest!.split('/').map(encodeURIComponent).join('/')}`;
}
