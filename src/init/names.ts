/** Names of the language for columns: the letters a to z, digits and `_`. */
import { wordsOf } from './words.ts';

export interface Names {
  /** The name of a column, the same for the same column; another one where it is taken. */
  of(column: string, otherwise: string): string;
}

/** Names that the starter gives to something else. */
const reserved: ReadonlySet<string> = new Set([
  'history',
  'recent',
  'strength',
  'asked',
  'offered',
  'shared',
  'main',
  'choose',
  'liked',
]);

const identifier = /^[A-Za-z_][A-Za-z0-9_]*$/;

export function slug(text: string, otherwise: string): string {
  const plain = wordsOf(text.replaceAll('ß', 'ss'))
    .filter((word) => /^[a-z0-9]+$/.test(word))
    .join('_');
  if (plain === '') return otherwise;
  return /^[a-z_]/.test(plain) ? plain : `${otherwise}_${plain}`;
}

/** `columns`: of all files, whose names no other column takes. */
export function makeNames(columns: readonly string[]): Names {
  const known = new Map<string, string>();
  const taken = new Set(columns.filter((name) => identifier.test(name)).map((name) => name.toLowerCase()));
  for (const own of reserved) taken.add(own);
  return {
    of(column, otherwise) {
      if (identifier.test(column) && !reserved.has(column.toLowerCase())) return column;
      const before = known.get(column.toLowerCase());
      if (before !== undefined) return before;
      const base = slug(column, otherwise);
      let name = base;
      for (let number = 2; taken.has(name); number++) name = `${base}_${number}`;
      taken.add(name);
      known.set(column.toLowerCase(), name);
      return name;
    },
  };
}
