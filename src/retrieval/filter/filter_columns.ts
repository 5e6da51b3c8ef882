/** Stores the columns of items that a filter may read, with one value per item, in typed arrays. */
import { makeKeyIndex } from '../../base/text/key_table.ts';
import type { ItemValues } from '../../data/dataset.ts';

export type ItemColumn =
  /** A missing value is NaN. */
  | { readonly kind: 'number'; readonly values: Float64Array }
  /** Codes are indexes into `words`; a missing value is −1. */
  | { readonly kind: 'text'; readonly codes: Int32Array; readonly words: Words }
  /** Item i has the words `codes[starts[i] … ends[i])`, perhaps none; if its list is missing, `starts[i]` is −1. */
  | {
      readonly kind: 'texts';
      readonly starts: Int32Array;
      readonly ends: Int32Array;
      readonly codes: Int32Array;
      readonly words: Words;
    }
  /** 1, 0, or −1 for a missing value. */
  | { readonly kind: 'truth'; readonly values: Int8Array };

/** Distinct texts: an array, or texts that are decoded on access. */
export interface Words extends Iterable<string> {
  readonly length: number;
  /** @param code from 0 on */
  at(code: number): string | undefined;
  slice(from: number, to: number): readonly string[];
  map<T>(transform: (word: string) => T): T[];
}

/** Returns the text with this code; undefined for −1. */
export const wordOf = (words: Words, code: number): string | undefined => (code < 0 ? undefined : words.at(code));

export type ItemColumns = ReadonlyMap<string, ItemColumn>;

/** Makes a column of texts; undefined, null and empty texts count as missing. */
export const textColumn = (texts: readonly (string | null | undefined)[]): ItemColumn => columnOf('text', texts);

/** Makes a column of lists of texts; undefined and null count as missing, an empty list does not. */
export const textsColumn = (lists: readonly (readonly string[] | null | undefined)[]): ItemColumn =>
  columnOf('texts', lists);

export const columnsFrom = (columns: ReadonlyMap<string, ItemValues>): ItemColumns =>
  new Map([...columns].map(([name, { kind, values }]) => [name, columnOf(kind, values)]));

function columnOf(kind: ItemColumn['kind'], values: readonly unknown[]): ItemColumn {
  const newColumn = makeGrowingColumn(kind, values.length);
  for (const value of values) newColumn.add(value);
  return newColumn.view();
}

/** A column that can grow. A `view` is immutable, because later values are beyond its end. */
interface GrowingColumn {
  /** Undefined, null and an empty text count as a missing value. */
  add(value: unknown): void;
  view(): ItemColumn;
}

/** @param expected number of rows to reserve memory for */
export function makeGrowingColumn(kind: ItemColumn['kind'], expected = 0): GrowingColumn {
  switch (kind) {
    case 'number': {
      const values = growing(Float64Array, expected);
      return {
        add: (value) => values.push(typeof value === 'number' ? value : Number.NaN),
        view: () => ({ kind, values: values.view() }),
      };
    }
    case 'text': {
      const codes = growing(Int32Array, expected);
      const { codeOf, words } = makeWords();
      return {
        // A column of whole numbers is stored as text if some have too many digits for a number.
        add: (value) => codes.push(codeOf(typeof value === 'number' ? String(value) : value)),
        view: () => ({ kind, codes: codes.view(), words }),
      };
    }
    case 'texts': {
      const [starts, ends] = [growing(Int32Array, expected), growing(Int32Array, expected)];
      const codes = growing(Int32Array, expected);
      const { codeOf, words } = makeWords();
      return {
        add(value) {
          const isList = Array.isArray(value);
          starts.push(isList ? codes.length : -1);
          // An empty text counts as missing.
          if (isList) for (const text of value) if (text !== '') codes.push(codeOf(text));
          ends.push(isList ? codes.length : -1);
        },
        view: () => ({ kind, starts: starts.view(), ends: ends.view(), codes: codes.view(), words }),
      };
    }
    case 'truth': {
      const values = growing(Int8Array, expected);
      return {
        add: (value) => values.push(typeof value === 'boolean' ? Number(value) : -1),
        view: () => ({ kind, values: values.view() }),
      };
    }
  }
}

function makeWords() {
  const words: string[] = [];
  const wordIndices = makeKeyIndex((index) => words[index]!);
  const codeOf = (text: unknown): number => {
    if (typeof text !== 'string' || text === '') return -1;
    const knownIndex = wordIndices.indexOf(text);
    if (knownIndex >= 0) return knownIndex;
    wordIndices.set(text, words.push(text) - 1);
    return words.length - 1;
  };
  return { words, codeOf };
}

function growing<T extends Int8Array | Int32Array | Float64Array>(make: new (length: number) => T, expected: number) {
  let array = new make(expected);
  let length = 0;
  return {
    get length() {
      return length;
    },
    push(value: number): void {
      if (length === array.length) {
        const largerArray = new make(Math.max(64, 2 * length));
        largerArray.set(array);
        array = largerArray;
      }
      array[length++] = value;
    },
    view: (): T => array.subarray(0, length) as T,
  };
}

/** Returns a value for JSON; null if it is missing. */
export function valueAt(column: ItemColumn, row: number): unknown {
  switch (column.kind) {
    case 'number':
      return Number.isNaN(column.values[row]) ? null : column.values[row];
    case 'text':
      return wordOf(column.words, column.codes[row]!) ?? null;
    case 'texts': {
      const [from, to] = [column.starts[row]!, column.ends[row]!];
      return from < 0 ? null : Array.from(column.codes.subarray(from, to), (code) => wordOf(column.words, code)!);
    }
    case 'truth':
      return column.values[row]! < 0 ? null : column.values[row] === 1;
  }
}
