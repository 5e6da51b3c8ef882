/** Lists the file formats: the endings of their names, and the source of column types. `readers.ts` has the reader of each. */

interface FileFormat {
  readonly title: string;
  /** Endings of the names of its files, the usual one first. If there are none, a data block must name the format. */
  readonly endings: readonly string[];
  /** True if the name may also end in `.gz`. */
  readonly isPackable: boolean;
  /** The first bytes of each file, in hexadecimal digits. Absent if files may begin in different ways. */
  readonly magic?: string;
  /** The source of column types: a `sample`; all `values`, some of which may be missing or of another type; or the `file` itself. */
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

/** All endings as alternatives of a regular expression: `csv|tsv|…`. */
export const endingChoice = fileKinds.flatMap((kind) => formats[kind].endings).join('|');

/** True if the column types of one of these files come from a sample. An empty text is then a missing value. */
export const hasSampledTypes = (files: readonly { readonly kind: FileKind }[]): boolean =>
  files.some(({ kind }) => formats[kind].types === 'sample');

/** Returns undefined for an unknown ending. */
export function formatOf(path: string): FileKind | undefined {
  const [, ending, packed] = /\.(\w+)(\.gz)?$/i.exec(path) ?? [];
  const kind = fileKinds.find((candidate) => formats[candidate].endings.includes(ending?.toLowerCase() ?? ''));
  return kind === undefined || (packed !== undefined && !formats[kind].isPackable) ? undefined : kind;
}

/** Returns `lines` for a file with any ending but that of another format, because lines have no ending of their own. */
export function linesKind(path: string): 'lines' | undefined {
  const kind = formatOf(path);
  return kind === undefined || kind === 'csv' ? 'lines' : undefined;
}

/** Two types to read a column as, which are none of the database: a number that stays the text it is written as, and a JSON value of any type as the text in it. */
export const NUMBER_TEXT = 'text of a number';
export const UNWRAPPED = 'JSON value';

export const isCompressed = (path: string): boolean => path.toLowerCase().endsWith('.gz');

/** Returns the endings that describe the content of a file: `.csv.gz` for `views.csv.gz`. */
export const endingOf = (path: string): string => /(\.[a-z]{2,8})?(\.gz)?$/i.exec(path)![0];
