/** Columns that filters read, of items that are added one after the other. What is given away stays as it is: later values lie past its end. */
import { makeKeyIndex } from '../../text/key_index.ts';
import type { ItemColumn, ItemColumns } from '../filter/columns.ts';

/** What one item has of the columns, by name. A value that is left out, null or an empty text is missing. */
export type ItemValuesByName = ReadonlyMap<string, unknown>;

export interface GrowingColumns {
  /** Items so far. */
  readonly rows: number;
  add(values: ItemValuesByName): void;
  view(): ItemColumns;
}

interface GrowingColumn {
  add(value: unknown): void;
  view(): ItemColumn;
}

/** @param like names and kinds of the columns */
export function makeGrowingColumns(like: ItemColumns): GrowingColumns {
  const columns = new Map([...like].map(([name, { kind }]) => [name, makers[kind]()] as const));
  let rows = 0;
  let view: ItemColumns | undefined;
  return {
    get rows() {
      return rows;
    },
    add(values) {
      for (const [name, column] of columns) column.add(values.get(name) ?? undefined);
      rows++;
      view = undefined;
    },
    view: () => (view ??= new Map([...columns].map(([name, column]) => [name, column.view()]))),
  };
}

const makers: Readonly<Record<ItemColumn['kind'], () => GrowingColumn>> = {
  number() {
    const values = growing(Float64Array);
    return {
      add: (value) => values.push(typeof value === 'number' ? value : Number.NaN),
      view: () => ({ kind: 'number', values: values.view() }),
    };
  },
  text() {
    const codes = growing(Int32Array);
    const { codeOf, words } = makeWords();
    return {
      // A column of whole numbers is one of texts where some have many digits.
      add: (value) => codes.push(codeOf(typeof value === 'number' ? String(value) : value)),
      view: () => ({ kind: 'text', codes: codes.view(), words }),
    };
  },
  texts() {
    const [starts, ends, codes] = [growing(Int32Array), growing(Int32Array), growing(Int32Array)];
    const { codeOf, words } = makeWords();
    return {
      add(value) {
        const isList = Array.isArray(value);
        starts.push(isList ? codes.length : -1);
        if (isList) for (const each of value) codes.push(codeOf(each));
        ends.push(isList ? codes.length : -1);
      },
      view: () => ({ kind: 'texts', starts: starts.view(), ends: ends.view(), codes: codes.view(), words }),
    };
  },
  truth() {
    const values = growing(Int8Array);
    return {
      add: (value) => values.push(value === undefined ? -1 : Number(value)),
      view: () => ({ kind: 'truth', values: values.view() }),
    };
  },
};

/** Texts and their places: more may come, and the places stay. */
function makeWords() {
  const words: string[] = [];
  const places = makeKeyIndex((place) => words[place]!);
  const codeOf = (text: unknown): number => {
    if (typeof text !== 'string' || text === '') return -1;
    const known = places.placeOf(text);
    if (known >= 0) return known;
    places.set(text, words.push(text) - 1);
    return words.length - 1;
  };
  return { words, codeOf };
}

type Numbers = Int8Array | Int32Array | Float64Array;

function growing<T extends Numbers>(make: new (length: number) => T) {
  let array = new make(64);
  let length = 0;
  return {
    get length() {
      return length;
    },
    push(value: number): void {
      if (length === array.length) {
        const larger = new make(2 * length);
        larger.set(array);
        array = larger;
      }
      array[length++] = value;
    },
    view: (): T => array.subarray(0, length) as T,
  };
}
