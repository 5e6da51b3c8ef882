/** Chooses the features of towers: columns that describe a user, an item or the time of an event, with their kinds. */

import { type ColumnGuess, type ColumnProfile, listSql, numberSql, unmarkedSql } from './column_profile.ts';
import { type ColumnNames, meansOf } from './column_words.ts';
import { guessesOf } from './guesses/table.ts';
import type { StarterFeature } from './proposal.ts';

export interface DescribeContext {
  readonly side: StarterFeature['side'];
  readonly names: ColumnNames;
  /** True if texts become features, and not only suggestions. */
  readonly readsText: boolean;
  /** True if rows are keys of a file, and not events. */
  readonly isFile: boolean;
}

/** Returns the feature of a column, if it has one, with what the column is taken for and why. */
export function describe(column: ColumnProfile, to: DescribeContext) {
  const guesses = guessesOf(column);
  const first = guesses[0]!;
  // The mean rating of an item includes held-out events.
  if (to.isFile && ['rating', 'count'].includes(first.role) && meansOf(column.name, 'rating') !== undefined)
    return { taken: 'left out', because: `${first.because}: a mean over all events would hold the test part` };
  const leftOutGuess = guesses.find(({ role }) => role === 'left out')!;
  const describingGuess = guesses.find(({ role }) => role === 'left out' || role in featureMakers)!;
  const guess = leftOutGuess.score >= 0.6 ? leftOutGuess : describingGuess;
  const ownFeature = featureMakers[guess.role]?.(column, to);
  // A label with many values, such as a brand, gets an embedding for each value.
  const baseFeature =
    ownFeature ?? (guess.role === 'left out' && leftOutGuess.score < 0.3 ? manyValuesFeature(column, to) : undefined);
  if (baseFeature === undefined) return { taken: 'left out', because: guess.because };
  const name = to.names.of(column.name, to.side === 'item' ? 'item_part' : 'user_part');
  const sql = baseFeature.sql ?? (name === column.name ? undefined : column.name);
  const feature: StarterFeature = { ...baseFeature, sql, name, side: to.side };
  return {
    feature,
    taken: feature.kind,
    because: ownFeature ? guess.because : `${column.distinct} names that come up again`,
  };
}

type PlannedFeature = Omit<StarterFeature, 'name' | 'side'>;

const textFeature = (column: ColumnProfile, { readsText }: DescribeContext): PlannedFeature => ({
  kind: readsText ? 'text(words, hash: 30_000, dim: 64)' : 'text(dim: 32)',
  why: readsText ? 'its words, each with a vector' : 'try it: words help items that few events have',
  isIdea: !readsText,
  sql: unmarkedSql(column),
});

/** How a column becomes a feature, by what it is taken for. */
const featureMakers: {
  readonly [role in ColumnGuess['role']]?: (column: ColumnProfile, to: DescribeContext) => PlannedFeature;
} = {
  list: (column) => {
    const lists = [...column.values].slice(0, 2000).map((text) => elementsOfText(text, column));
    const lengths = lists.map(({ length }) => length).sort((a, b) => a - b);
    const max = Math.min(50, Math.max(2, lengths[Math.floor(lengths.length * 0.97)] ?? 2));
    const kind = `list(category(dim: ${widthOf(new Set(lists.flat()).size)}), max: ${max})`;
    return { kind, why: 'several values; their vectors are averaged', sql: listSql(column) };
  },
  vector: (column) => ({
    kind: `vector(${column.width}, dim: 32)`,
    why: 'numbers that were made elsewhere',
    sql: listSql(column),
  }),
  text: textFeature,
  query: textFeature,
  number: (column) => ({
    kind: `number(buckets: ${column.distinct > 40 ? 16 : 8}, dim: 4)`,
    why: 'cut into pieces that hold equally many rows',
    sql: numberSql(column),
  }),
  category: (column) => ({
    kind: `category(dim: ${widthOf(column.distinct)})`,
    why: `${column.distinct} values in the sample`,
    sql: unmarkedSql(column),
  }),
};

function manyValuesFeature(column: ColumnProfile, { isFile }: DescribeContext): PlannedFeature | undefined {
  const isVaried = column.distinct > column.present * (isFile ? 0.7 : 0.5);
  if (column.kind === 'list' || isVaried || column.meanWords > 6) return undefined;
  return { kind: 'id(dim: 16)', why: 'a vector for each value', sql: unmarkedSql(column) };
}

const widthOf = (distinct: number): number => (distinct <= 12 ? 4 : distinct <= 200 ? 8 : 16);

/** Returns the elements of a text that contains a list. */
export function elementsOfText(text: string, { separator }: Pick<ColumnProfile, 'separator'>): readonly string[] {
  const isSign = separator === '|' || separator === ';' || separator === ' ';
  const parts = isSign ? text.split(separator) : text.replaceAll(/^\[|\]$/g, '').split(',');
  return parts.map((part) => part.trim().replaceAll(/^["']|["']$/g, '')).filter((part) => part !== '');
}
