/**
 * Defines what the server needs of where it runs, a machine with Node.js or a worker of a browser, and finds what
 * lies around a file.
 */
import { dirname, isAbsolute, join } from 'node:path';
import type { Source } from '../../base/text/source.ts';
import type { CompletionSurroundings } from '../language/completion/context.ts';
import type { FileAnalysis } from '../language/file_analysis.ts';

export interface Host {
  /** Absolute path of what a URI names; the URI itself where it is no file, or none that can be read here. */
  pathOf(uri: string): string;
  uriOf(path: string): string;
  /** The text of a file; the same object while the file stays as it is. Absent where there is no file. */
  source(path: string): Source | undefined;
  exists(path: string): boolean;
  /** The entries of a folder; none where it cannot be read. */
  entries(folder: string): readonly FolderEntry[];
  /** True if a path, its links followed, lies in one of the folders. */
  isWithin(path: string, folders: readonly string[]): boolean;
  /** Columns that the headers of data files name, of the data blocks of a file and of those it uses. */
  headerColumns(facts: FileAnalysis): Promise<readonly string[]>;
  /** Takes the options that the editor starts the server with. */
  begin?(options: unknown): void;
}

export interface FolderEntry {
  readonly name: string;
  readonly isFile: boolean;
  readonly isFolder: boolean;
}

const dataEnding = /\.(csv|tsv|txt|parquet|json|jsonl|ndjson|gz)$/;

export async function surroundingsOf(facts: FileAnalysis, host: Host): Promise<CompletionSurroundings> {
  const { name } = facts.source;
  const folder = dirname(name);
  // Nothing lies around a document that is in no folder yet.
  const files = isAbsolute(name) ? filesIn(folder, host) : [];
  const columns = new Set<string>();
  for (const { columns: named, histories } of facts.checked.dataDescriptions) {
    for (const each of [...named, ...histories]) columns.add(each.name);
  }
  for (const column of await host.headerColumns(facts)) columns.add(column);
  return {
    towerFiles: files.filter((file) => file.endsWith('.tower') && join(folder, file) !== name),
    dataFiles: files.filter((file) => dataEnding.test(file)),
    columns: [...columns],
  };
}

/** Lists the folder and the folders right below it. */
const filesIn = (folder: string, host: Host): string[] =>
  host
    .entries(folder)
    .flatMap(({ name, isFolder }) =>
      isFolder && !name.startsWith('.') && name !== 'node_modules'
        ? host.entries(join(folder, name)).flatMap((inner) => (inner.isFile ? [`${name}/${inner.name}`] : []))
        : [name],
    )
    .sort();
