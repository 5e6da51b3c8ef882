/** The formats of files of rows: what their names end with, and what is known of their values. `readers.ts` has the reader of each. */

interface FileFormat {
  readonly title: string;
  /** What names of its files end with, the usual one first. None: a data block names the format. */
  readonly endings: readonly string[];
  /** True if a name may end in `.gz` besides. */
  readonly isPackable: boolean;
  /** The first bytes of each of its files, in hexadecimal digits; absent where files begin in several ways. */
  readonly magic?: string;
  /** What says the types of columns: a `sample`, all `values`, which may be missing or of several types, or the `file` itself. */
  readonly types: 'sample' | 'values' | 'file';
}

const rows = {
  csv: { title: 'CSV', endings: ['csv', 'tsv', 'txt'], isPackable: true, types: 'sample' },
  parquet: { title: 'Parquet', endings: ['parquet'], isPackable: false, magic: '50415231', types: 'file' },
  json: { title: 'JSON', endings: ['jsonl', 'ndjson', 'json'], isPackable: true, types: 'values' },
  lines: { title: 'lines', endings: [], isPackable: true, types: 'file' },
} as const satisfies Readonly<Record<string, FileFormat>>;

export type FileKind = keyof typeof rows;

export const formats: Readonly<Record<FileKind, FileFormat>> = rows;
export const fileKinds = Object.keys(rows) as readonly FileKind[];

/** All endings, as a choice of a regular expression: `csv|tsv|…`. */
export const endingChoice = fileKinds.flatMap((kind) => formats[kind].endings).join('|');

/** True if one of these files has columns whose types are those of a sample: a text that is empty has no value then. */
export const hasSampledTypes = (files: readonly { readonly kind: FileKind }[]): boolean =>
  files.some(({ kind }) => formats[kind].types === 'sample');

/** Undefined for an ending that nothing reads. */
export function formatOf(path: string): FileKind | undefined {
  const [, ending, packed] = /\.(\w+)(\.gz)?$/i.exec(path) ?? [];
  const kind = fileKinds.find((each) => formats[each].endings.includes(ending?.toLowerCase() ?? ''));
  return kind === undefined || (packed !== undefined && !formats[kind].isPackable) ? undefined : kind;
}

/** Any file of text may hold lines, whatever its ending; what says to be another format does not. */
export function linesKind(path: string): 'lines' | undefined {
  const kind = formatOf(path);
  return kind === undefined || kind === 'csv' ? 'lines' : undefined;
}

export const isCompressed = (path: string): boolean => path.toLowerCase().endsWith('.gz');

/** Returns all endings that say what is in a file: `.csv.gz` of `views.csv.gz`. */
export const endingOf = (path: string): string => /(\.[a-z]{2,8})?(\.gz)?$/i.exec(path)![0];
