/** The result of a look at a file: a sample of its rows, and the changes that a data block needs to read it. */
import type { FileKind } from '../files/formats/table.ts';

/** A value as text; a list as a list. An object is its JSON. */
export type Cell = string | null | readonly Cell[];

export interface LookedTable {
  readonly path: string;
  readonly kind: FileKind;
  readonly columns: readonly string[];
  /** DuckDB's types, where the file has types of its own. */
  readonly types?: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  /** Rows of the file: counted where the sample is whole, else estimated. */
  readonly count: number;
  readonly isWhole: boolean;
  readonly bad: number;
  readonly separator?: string;
  /** A data block reads a copy; absent where it reads the file itself. */
  readonly rewrite?: Rewrite;
  /** The same rows with the fields of their objects as columns, where rows have objects. It needs a copy. */
  readonly flat?: Omit<LookedTable, 'path'>;
}

export interface FlatColumn {
  readonly name: string;
  readonly path: readonly string[];
}

export interface Rewrite {
  /** Its reasons, in words that follow "because". */
  readonly because: readonly string[];
  readonly encoding: TextEncoding;
  /** The separators of the file, and of the copy. `blanks`: one or more spaces. */
  readonly from: Separator;
  readonly to: string;
  readonly header: readonly string[];
  /** The file's own first line is a header, which the new one replaces. */
  readonly hasHeader: boolean;
  /** Lines before the names, which the copy does not have. */
  readonly titles?: number;
  /** A backslash, and not a second quote, comes before a quote in a value. */
  readonly isEscaped?: boolean;
  readonly isPadded?: boolean;
  /** The columns of the copy, where they are fields of objects. */
  readonly fields?: readonly FlatColumn[];
  /** A JSON object of keys: each becomes a row. */
  readonly isMap?: boolean;
}

export type TextEncoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252';

export type Separator = ',' | ';' | '\t' | '|' | '::' | 'blanks';

export const unknownEnding = 'the ending of its name is unknown to a data block';

export const objectsBecause = 'its columns hold objects, whose fields become columns';

/** JSON whose long whole numbers are texts: a number of JavaScript would round an id of 64 bits. */
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

/** Returns a name that is not used in lower case, with a number where `base` is, and marks it as used. */
export function unusedName(base: string, usedNames: Set<string>): string {
  let name = base;
  for (let number = 2; usedNames.has(name.toLowerCase()); number++) name = `${base}_${number}`;
  usedNames.add(name.toLowerCase());
  return name;
}
