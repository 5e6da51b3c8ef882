/** Which files describe the users and items of the events: by names and by values that both have. */
import { isKeyLike } from './guesses/keys.ts';
import type { ColumnProfile, TableProfile } from './profile.ts';
import { meansOf, wordsOf } from './words.ts';

export interface Join {
  readonly table: TableProfile;
  readonly key: ColumnProfile;
  /** The column of the events. */
  readonly column: ColumnProfile;
  readonly score: number;
  /** The share of values of the events that the file has. */
  readonly overlap: number;
}

/** Each value names one row. Bad rows may hold one twice. */
export const isUnique = ({ present, distinct, rows }: ColumnProfile): boolean =>
  present > 1 && distinct >= present * 0.995 && present >= rows * 0.99;

/** The best join of a file with the events; nothing where it has none. */
export function joinOf(table: TableProfile, events: TableProfile): Join | undefined {
  let best: Join | undefined;
  for (const key of table.columns) {
    if (!isUnique(key) || !isKeyLike(key)) continue;
    for (const column of events.columns) {
      if (!isKeyLike(column)) continue;
      const overlap = overlapOf(column, key);
      const likeness = likenessOf(column, key, table.path);
      const areSampled = !table.isWhole || !events.isWhole;
      const score = 0.6 * overlap + 0.4 * likeness + (key.place === 0 ? 0.02 : 0);
      const isEnough = overlap > 0.3 || (likeness >= 0.8 && (areSampled || overlap > 0.02));
      if (isEnough && score >= 0.4 && score > (best?.score ?? 0)) best = { table, key, column, score, overlap };
    }
  }
  return best;
}

function overlapOf(column: ColumnProfile, key: ColumnProfile): number {
  if (column.values.size === 0) return 0;
  let both = 0;
  for (const value of column.values) if (key.values.has(value)) both++;
  return both / column.values.size;
}

/** 1 for names with the same words. `id` in `films.csv` is the `film_id` of the events. */
function likenessOf(column: ColumnProfile, key: ColumnProfile, path: string): number {
  if (column.words.join(' ') === key.words.join(' ')) return 1;
  const strip = (words: readonly string[]): string =>
    words.filter((word) => meansOf(word, 'id') === undefined).join(' ');
  const [own, other] = [strip(column.words), strip(key.words)];
  if (own !== '' && own === other) return 0.95;
  if (other === '' && fileWords(path).some((word) => own !== '' && singular(word) === singular(own))) return 0.9;
  for (const meaning of ['user', 'item'] as const) {
    const fits = meansOf(column.name, meaning) !== undefined;
    if (fits && (meansOf(key.name, meaning) !== undefined || isOf(path, meaning))) return 0.6;
  }
  return 0;
}

export const fileWords = (path: string): readonly string[] => wordsOf(stemOf(path));

export const stemOf = (path: string): string => path.replace(/^.*[/\\]/, '').replace(/(\.[A-Za-z]{1,8}){1,2}$/, '');

/** Whether the name of a file has a meaning. */
export const isOf = (path: string, meaning: 'user' | 'item'): boolean => meansOf(stemOf(path), meaning) !== undefined;

const singular = (word: string): string => word.replace(/ies$/, 'y').replace(/s$/, '');

/** The share of keys with several rows whose rows agree about a column. */
export function dependence(table: TableProfile, key: ColumnProfile, column: ColumnProfile): number {
  const first = new Map<string, string>();
  const several = new Set<string>();
  const differing = new Set<string>();
  for (const row of table.rows) {
    const [own, value] = [String(row[key.place] ?? ''), JSON.stringify(row[column.place] ?? '')];
    const before = first.get(own);
    if (before === undefined) first.set(own, value);
    else {
      several.add(own);
      if (before !== value) differing.add(own);
    }
  }
  return several.size < 3 ? 0 : 1 - differing.size / several.size;
}
