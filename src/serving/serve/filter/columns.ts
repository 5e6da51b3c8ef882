/** Columns of items that a filter may read: one value an item, in typed arrays. */
import { makeKeyTable } from '../../../base/text/key_table.ts';
import type { ItemValues } from '../../../data/dataset.ts';

export type ItemColumn =
  /** NaN where there is no value. */
  | { readonly kind: 'number'; readonly values: Float64Array }
  /** Places among the words; −1 where there is no value. */
  | { readonly kind: 'text'; readonly codes: Int32Array; readonly words: Words }
  /** Item i has the words `codes[starts[i] … ends[i])`, perhaps none; `starts[i]` is −1 where there is no list. */
  | {
      readonly kind: 'texts';
      readonly starts: Int32Array;
      readonly ends: Int32Array;
      readonly codes: Int32Array;
      readonly words: Words;
    }
  /** 1, 0, or −1 where there is no value. */
  | { readonly kind: 'truth'; readonly values: Int8Array };

/** Different texts: an array, or texts that are made of their bytes when they are asked for. */
export interface Words extends Iterable<string> {
  readonly length: number;
  /** @param place from 0 on */
  at(place: number): string | undefined;
  slice(from: number, to: number): readonly string[];
  map<T>(each: (word: string) => T): T[];
}

/** Undefined for −1. */
export const wordOf = (words: Words, code: number): string | undefined => (code < 0 ? undefined : words.at(code));

export type ItemColumns = ReadonlyMap<string, ItemColumn>;

/** Texts as a column; undefined, null and empty text are missing. */
export function textColumn(texts: readonly (string | null | undefined)[]): ItemColumn {
  const words: string[] = [];
  const placeOf = texts.length <= mostOfMap ? wordIndexInMap(words) : wordIndexInTable(words, texts);
  const codes = new Int32Array(texts.length);
  texts.forEach((text, row) => {
    codes[row] = text === undefined || text === null || text === '' ? -1 : placeOf(text);
  });
  return { kind: 'text', codes, words };
}

/** Entries that a Map of V8 takes. */
const mostOfMap = 2 ** 24 - 1;

/** Returns the index of a text among the words, and adds a new one. */
type WordIndexOf = (text: string) => number;

function wordIndexInMap(words: string[]): WordIndexOf {
  const indexOfWord = new Map<string, number>();
  return (text) => {
    const knownIndex = indexOfWord.get(text);
    if (knownIndex !== undefined) return knownIndex;
    indexOfWord.set(text, words.length);
    return words.push(text) - 1;
  };
}

function wordIndexInTable(words: string[], texts: readonly (string | null | undefined)[]): WordIndexOf {
  const rows = makeKeyTable(
    texts.map((text) => text ?? ''),
    texts.length,
  );
  /** By one row of each text. */
  const indexOfRow = new Int32Array(texts.length).fill(-1);
  return (text) => {
    const row = rows.rowOf(text);
    if (indexOfRow[row]! < 0) indexOfRow[row] = words.push(text) - 1;
    return indexOfRow[row]!;
  };
}

/** Lists of texts as a column; undefined and null are missing, which an empty list is not. Lists keep no empty text, which is a missing one. */
export function textsColumn(given: readonly (readonly string[] | null | undefined)[]): ItemColumn {
  const nonEmptyTexts = given.map((list) => list?.filter((text) => text !== ''));
  const allTexts = nonEmptyTexts.flatMap((list) => list ?? []);
  const { codes, words } = textColumn(allTexts) as Extract<ItemColumn, { kind: 'text' }>;
  const starts = new Int32Array(nonEmptyTexts.length);
  const ends = new Int32Array(nonEmptyTexts.length);
  let firstCode = 0;
  nonEmptyTexts.forEach((list, row) => {
    starts[row] = list ? firstCode : -1;
    firstCode += list?.length ?? 0;
    ends[row] = list ? firstCode : -1;
  });
  return { kind: 'texts', starts, ends, codes, words };
}

export function columnsFrom(values: ReadonlyMap<string, ItemValues>): ItemColumns {
  return new Map([...values].map(([name, column]) => [name, columnFrom(column)]));
}

function columnFrom({ kind, values }: ItemValues): ItemColumn {
  switch (kind) {
    case 'number':
      return { kind, values: Float64Array.from(values, (value) => value ?? Number.NaN) };
    case 'text':
      return textColumn(values);
    case 'texts':
      return textsColumn(values);
    case 'truth':
      return { kind, values: Int8Array.from(values, (value) => (value === undefined ? -1 : Number(value))) };
  }
}

/** JSON; null where there is no value. */
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
