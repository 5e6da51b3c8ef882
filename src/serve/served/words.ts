/** The words of a column, made of their bytes when they are asked for: one by one, or all of them once a filter compares each. */
import { type KeyParts, keyTableOf } from '../../text/key_table.ts';
import type { ItemColumn, ItemColumns, Words } from '../filter/columns.ts';
import type { ServedColumn } from './served.ts';

function wordsOf(parts: KeyParts): Words {
  const table = keyTableOf(parts);
  let made: string[] | undefined;
  const all = (): string[] => (made ??= Array.from({ length: table.size }, (_, row) => table.keyAt(row)));
  return {
    length: table.size,
    at: (place) => (place < table.size ? (made?.[place] ?? table.keyAt(place)) : undefined),
    slice(from, to) {
      const last = Math.min(to, table.size);
      return Array.from({ length: Math.max(0, last - from) }, (_, at) => table.keyAt(from + at));
    },
    map: (each) => all().map((word) => each(word)),
    [Symbol.iterator]: () => all().values(),
  };
}

export const columnsOf = (columns: ReadonlyMap<string, ServedColumn>): ItemColumns =>
  new Map([...columns].map(([name, column]) => [name, columnOf(column)]));

function columnOf(column: ServedColumn): ItemColumn {
  if (column.kind === 'number' || column.kind === 'truth') return column;
  return { ...column, words: wordsOf(column.words) } as ItemColumn;
}
