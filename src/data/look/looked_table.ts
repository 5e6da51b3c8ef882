/** The result of inspecting a file: a sample of its rows, and the changes that a data block needs to read it. */
import type { Cleaning } from '../csv/dialect.ts';
import type { FileKind } from '../files/formats/table.ts';

/** A value as text; a list as a list; an object as its JSON. */
export type Cell = string | null | readonly Cell[];

export interface LookedTable {
  readonly path: string;
  readonly kind: FileKind;
  readonly columns: readonly string[];
  /** DuckDB's types, if the file has types. */
  readonly types?: readonly string[] | undefined;
  readonly rows: readonly (readonly Cell[])[];
  /** Number of rows in the file: counted if the sample is the whole file, otherwise estimated. */
  readonly count: number;
  readonly isWhole: boolean;
  readonly bad: number;
  readonly separator?: string | undefined;
  /** The changes for the copy that a data block reads. Absent if it reads the file itself. */
  readonly rewrite?: Rewrite | undefined;
  /** The files that the rows are joined with, which needs a copy. */
  readonly joined?: readonly JoinedFile[] | undefined;
  /** Set if each row is a value of a wide matrix, which needs a copy. */
  readonly melted?: MeltedFile | undefined;
  /** The same rows with the fields of nested objects as columns, which needs a copy. Absent if rows contain no objects. */
  readonly flat?: Omit<LookedTable, 'path'> | undefined;
}

/** A file whose columns a copy of the events has beside their own. */
export interface JoinedFile extends Pick<LookedTable, 'path' | 'kind' | 'separator' | 'rewrite'> {
  readonly names: readonly string[];
  /** The column that identifies its rows, and the column of the copy that has these keys. */
  readonly key: string;
  readonly column: string;
  readonly columns: readonly { readonly name: string; readonly as: string }[];
  /** Share of the keys in the events that have a row. */
  readonly overlap: number;
}

/** A file with a row for each user and a column for each item. */
export interface MeltedFile {
  readonly names: readonly string[];
  /** The column that identifies its rows; absent if only their numbers do. */
  readonly key?: string | undefined;
  readonly items: readonly string[];
  /** The columns of the copy: the user, the item, the value. */
  readonly columns: readonly string[];
  /** A value that says that there is none. */
  readonly mark?: string | undefined;
}

export interface FlatColumn {
  readonly name: string;
  readonly path: readonly string[];
}

export interface Rewrite extends Cleaning {
  /** Reasons, worded to follow "because". */
  readonly because: readonly string[];
  readonly encoding: TextEncoding;
  readonly header: readonly string[];
  /** True if the first line of the file is a header, which the new one replaces. */
  readonly hasHeader: boolean;
  /** Number of lines above the header, which the copy omits. */
  readonly titles?: number | undefined;
  /** The columns of the copy, if they are fields of nested objects. */
  readonly fields?: readonly FlatColumn[] | undefined;
  /** True for a JSON object in which each key becomes a row. */
  readonly isMap?: boolean | undefined;
  /** How rows are made of those of the file and of others. `own`: how the file itself is rewritten before. */
  readonly derived?: (Pick<LookedTable, 'joined' | 'melted'> & { readonly own?: Rewrite | undefined }) | undefined;
}

export type TextEncoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252';

export const unknownEnding = 'the ending of its name is unknown to a data block';

export const objectsBecause = 'its columns hold objects, whose fields become columns';

/** Parses JSON with long integers as texts, because a JavaScript number would round a 64-bit id. */
export function exactJson(text: string): unknown {
  if (!/\d{16}/.test(text)) return JSON.parse(text);
  const parts = /"(?:[^"\\]|\\.)*"|(?<![\d.])-?\d{16,}(?![\d.eE])/g;
  return JSON.parse(text.replaceAll(parts, (part) => (part.startsWith('"') ? part : `"${part}"`)));
}

export function cellOf(value: unknown): Cell {
  if (value === null || value === undefined) return null;
  if (Array.isArray(value)) return value.map(cellOf);
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** Returns `base`, or `base` with a number if that name is used (ignoring case), and marks it as used. */
export function unusedName(base: string, usedNames: Set<string>): string {
  let name = base;
  for (let number = 2; usedNames.has(name.toLowerCase()); number++) name = `${base}_${number}`;
  usedNames.add(name.toLowerCase());
  return name;
}
