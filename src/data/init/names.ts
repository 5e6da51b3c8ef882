/** Makes names of the language for columns: the letters a to z, digits and `_`. */
import { unusedName } from '../look/looked_table.ts';
import { wordsOf } from './words.ts';

export interface ColumnNames {
  /** Returns the name of a column, the same for the same column; another one where it is used. */
  of(column: string, otherwise: string): string;
}

/** Names with another use in the starter. */
const reserved: ReadonlySet<string> = new Set(
  'history recent strength asked offered shared main choose liked'.split(' '),
);

const identifier = /^[A-Za-z_][A-Za-z0-9_]*$/;

export function slug(text: string, otherwise: string): string {
  const plainWords = wordsOf(text.replaceAll('ß', 'ss'))
    .filter((word) => /^[a-z0-9]+$/.test(word))
    .join('_');
  if (plainWords === '') return otherwise;
  return /^[a-z_]/.test(plainWords) ? plainWords : `${otherwise}_${plainWords}`;
}

/** @param columns of all files, whose names no other column gets */
export function makeNames(columns: readonly string[]): ColumnNames {
  const namesByColumn = new Map<string, string>();
  const usedNames = new Set(columns.filter((name) => identifier.test(name)).map((name) => name.toLowerCase()));
  for (const reservedName of reserved) usedNames.add(reservedName);
  return {
    of(column, otherwise) {
      if (identifier.test(column) && !reserved.has(column.toLowerCase())) return column;
      const earlierName = namesByColumn.get(column.toLowerCase());
      if (earlierName !== undefined) return earlierName;
      const name = unusedName(slug(column, otherwise), usedNames);
      namesByColumn.set(column.toLowerCase(), name);
      return name;
    },
  };
}
