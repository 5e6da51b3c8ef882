/** Finds columns of the events that are keys of other files, by shared values in both directions and by names. */
import { endingChoice } from '../files/formats/table.ts';
import type { ColumnProfile, TableProfile } from './column_profile.ts';
import { meansOf, wordsOf } from './column_words.ts';
import { isKeyLike, isNameless } from './guesses/key_guesses.ts';

export interface Join {
  readonly table: TableProfile;
  readonly key: ColumnProfile;
  readonly column: ColumnProfile;
  /** Share of the values in the events that are also in the file. */
  readonly overlap: number;
  /** True if the names agree, or if there are no names. */
  readonly isNamed: boolean;
  /** Confidence that the values are these keys, from 0 to 1. */
  readonly score: number;
}

/** True if each value identifies one row. Bad rows may repeat a value. */
export const isUnique = ({ present, distinct, rows }: ColumnProfile): boolean =>
  present > 1 && distinct >= present * 0.995 && present >= rows * 0.99;

/** Returns all possible joins of other files with the events. A file or a column may occur in several, among which `rolesOf` decides. */
export function joinsOf(events: TableProfile, tables: readonly TableProfile[]): readonly Join[] {
  const columns = events.columns.filter(isKeyLike);
  return tables.flatMap((table) => {
    if (table === events) return [];
    const areSampled = !table.isWhole || !events.isWhole;
    return table.columns
      .filter((key) => isUnique(key) && isKeyLike(key))
      .flatMap((key) =>
        columns.flatMap((column): Join[] => {
          const overlap = overlapOf(column, key);
          const likeness = likenessOf(column, key, table.path);
          const coverage = overlap > 0 ? overlapOf(key, column) : 0;
          // Small integers occur in every file that numbers its rows.
          const isEnough = overlap > (likeness > 0 ? 0.3 : 0.6) || (likeness >= 0.8 && (areSampled || overlap > 0.02));
          const score = 0.5 * overlap + 0.25 * coverage + 0.25 * likeness + (key.place === 0 ? 0.02 : 0);
          const isNamed = likeness > 0 || isNameless(column) || events.kind === 'lines';
          return isEnough && score >= 0.3 ? [{ table, key, column, overlap, isNamed, score }] : [];
        }),
      );
  });
}

/** Maximum number of values to compare: more would take time without changing the result. */
const maxCompared = 3000;

function overlapOf({ values }: ColumnProfile, key: ColumnProfile): number {
  let [commonValues, all] = [0, 0];
  for (const value of values) {
    if (++all > maxCompared) break;
    if (key.values.has(value)) commonValues++;
  }
  return commonValues / Math.max(1, Math.min(all, maxCompared));
}

/** Returns 1 for names with the same words. The column `id` of `films.csv` matches `film_id` of the events. */
function likenessOf(column: ColumnProfile, key: ColumnProfile, path: string): number {
  if (column.words.join(' ') === key.words.join(' ')) return 1;
  const withoutIdWords = (words: readonly string[]): string =>
    words.filter((word) => meansOf(word, 'id') === undefined).join(' ');
  const [ownKey, other] = [withoutIdWords(column.words), withoutIdWords(key.words)];
  if (ownKey !== '' && ownKey === other) return 0.95;
  if (other === '' && ownKey !== '' && wordsOf(stemOf(path)).some((word) => singular(word) === singular(ownKey)))
    return 0.9;
  for (const meaning of ['user', 'item'] as const) {
    const fits = meansOf(column.name, meaning) !== undefined;
    if (fits && (meansOf(key.name, meaning) !== undefined || isOf(path, meaning))) return 0.6;
  }
  return 0;
}

/** Rates the contents of a file by its name and columns, from −1 (things) to 1 (persons). */
export function personsOf({ path, columns }: TableProfile): number {
  const name = Number(isOf(path, 'user')) - Number(isOf(path, 'item'));
  if (name !== 0) return name;
  const isPerson = columns.some(
    (column) =>
      meansOf(column.name, 'person') !== undefined ||
      /^(m,f|f,m|male,female|female,male)$/i.test([...column.values].join()),
  );
  const isThing = columns.some(
    ({ name, meanWords }) =>
      meansOf(name, 'thing') !== undefined || (meansOf(name, 'title') !== undefined && meanWords >= 2.5),
  );
  return (Number(isPerson) - Number(isThing)) * 0.7;
}

export const baseOf = (path: string): string => path.replace(/^.*[/\\]/, '');

/** Returns a file name without its directories and the endings of tables; `u.item` keeps its ending. */
export const stemOf = (path: string): string =>
  baseOf(path).replace(new RegExp(`(\\.(${endingChoice}|dat|data|inter|gz))+$`, 'i'), '');

const isOf = (path: string, meaning: 'user' | 'item'): boolean => meansOf(stemOf(path), meaning) !== undefined;

const singular = (word: string): string => word.replace(/ies$/, 'y').replace(/s$/, '');

/** Groups the rows by their key: how many there are, and whether all have the same value in a column. */
export function groupsByKey(key: ColumnProfile, column: ColumnProfile) {
  const groups = new Map<string, { readonly first: string; rows: number; isConstant: boolean }>();
  for (const [row, cell] of key.cells.entries()) {
    const ownKey = String(cell ?? '');
    const value = JSON.stringify(column.cells[row] ?? '');
    const group = groups.get(ownKey);
    if (group === undefined) groups.set(ownKey, { first: value, rows: 1, isConstant: true });
    else {
      group.rows++;
      group.isConstant &&= group.first === value;
    }
  }
  return [...groups.values()];
}

/** Returns the share of repeated keys whose rows all have the same value in a column. */
export function dependence(key: ColumnProfile, column: ColumnProfile): number {
  const repeated = groupsByKey(key, column).filter(({ rows }) => rows > 1);
  return repeated.length < 3 ? 0 : repeated.filter(({ isConstant }) => isConstant).length / repeated.length;
}
