/** What the server needs of where it runs: a machine with Node.js, or a worker of a browser. */
import type { Source } from '../../base/text/source.ts';
import type { FileAnalysis } from '../language/file_analysis.ts';

export interface Host {
  /** Absolute path of what a URI names; the URI itself where it is no file, or none that can be read here. */
  pathOf(uri: string): string;
  uriOf(path: string): string;
  /** What a file holds; the same object while the file stays as it is. Absent where there is no file. */
  source(path: string): Source | undefined;
  exists(path: string): boolean;
  /** Of a folder; none where it cannot be read. */
  entries(folder: string): readonly Entry[];
  /** Whether a path, its links followed, lies in one of the folders. */
  isWithin(path: string, folders: readonly string[]): boolean;
  /** Columns that the headers of data files name, of the data blocks of a file and of those it uses. */
  headerColumns(facts: FileAnalysis): Promise<readonly string[]>;
  /** What the editor says as it starts the server. */
  begin?(options: unknown): void;
}

export interface Entry {
  readonly name: string;
  readonly isFile: boolean;
  readonly isFolder: boolean;
}
