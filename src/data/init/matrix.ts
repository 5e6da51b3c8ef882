/** Reads a wide matrix as events: a row for each user and a column for each item becomes a row for each value. */
import { type MeltedFile, unusedName } from '../look/looked_table.ts';
import { isUnique } from './joins.ts';
import { type ColumnProfile, type TableProfile, tableProfile } from './profile.ts';
import type { ColumnReason, InitAnswers, InitQuestion } from './proposal.ts';

export interface WideMatrix {
  readonly table: TableProfile;
  /** A value that seems to say that there is none, and its share of all values. */
  readonly mark?: { readonly value: string; readonly share: number };
}

const minItems = 8;
/** A scale has fewer values than this. */
const maxValues = 5000;
/** With fewer empty places than this share every user has every item, so that nothing can be recommended. */
const minEmpty = 0.1;

/** Returns the events of a matrix; undefined for another table. */
export function matrixOf(table: TableProfile, answers: InitAnswers): WideMatrix | undefined {
  const numbers = table.columns.filter(({ kind, number }) => (kind === 'integer' || kind === 'decimal') && !number);
  const key = table.columns.find((column) => isUnique(column) && (column.kind === 'text' || column.place === 0));
  const cells = numbers.filter((column) => column !== key);
  const counts = new Map<string, number>();
  for (const row of table.rows)
    for (const { place } of cells) {
      const value = String(row[place] ?? '').trim();
      if (value !== '') counts.set(value, (counts.get(value) ?? 0) + 1);
    }
  if (counts.size === 0 || counts.size > maxValues) return undefined;
  const places = table.rows.length * cells.length;
  const values = [...counts.keys()].map(Number);
  const [mostFrequent = ['', 0]] = [...counts].sort((a, b) => b[1] - a[1]);
  const [markText, markCount] = mostFrequent;
  const isExtreme =
    values.every((value) => value >= Number(markText)) || values.every((value) => value <= Number(markText));
  const isMark = isExtreme && markCount >= places * minEmpty && counts.size > 1;
  const isLeftOut = isMark && answers.no_value !== 'none';
  const rest = values.filter((value) => !(isMark && value === Number(markText)));
  const isRating = rest.every((value) => value >= -100 && value <= 100);
  // A number of ratings before them is on no scale of theirs.
  const items = cells.filter((column, at) => at > 0 || isOnScale(column, cells, isMark ? markText : ''));
  const present = [...counts.values()].reduce((sum, count) => sum + count, 0) - (isMark ? markCount : 0);
  const isWide =
    items.length >= minItems && table.columns.filter(({ kind }) => kind !== 'empty').length - items.length <= 2;
  if (!isWide || !isRating || present > places * (1 - minEmpty)) return undefined;
  const usedNames = new Set(key ? [key.name.toLowerCase()] : []);
  const names = [...(key ? [] : ['user']), 'item', 'rating'].map((name) => unusedName(name, usedNames));
  const rows = table.rows.flatMap((row, at) =>
    items.flatMap(({ place, name }) => {
      const value = String(row[place] ?? '').trim();
      if (value === '' || (isLeftOut && value === markText)) return [];
      return [[key ? row[key.place]! : String(at + 1), name, value]];
    }),
  );
  const columns = [...(key ? [key.name] : []), ...names];
  const melted = {
    items: items.map(({ name }) => name),
    columns,
    ...(isLeftOut ? { mark: markText } : {}),
    names: table.columns.map(({ name }) => name),
    ...(key ? { key: key.name } : {}),
  };
  return {
    table: tableProfile({
      path: table.path,
      kind: table.kind,
      columns,
      rows: rows.slice(0, 40_000),
      count: Math.round((present / table.rows.length) * table.count),
      isWhole: table.isWhole,
      bad: table.bad,
      separator: table.separator ?? ',',
      melted,
      ...(table.rewrite ? { rewrite: table.rewrite } : {}),
    }),
    ...(isMark ? { mark: { value: markText, share: markCount / places } } : {}),
  };
}

/** True if the values of the first column are within those of the others, and have fractions if those have. */
function isOnScale(first: ColumnProfile, cells: readonly ColumnProfile[], mark: string): boolean {
  const others = new Set(cells.filter((each) => each !== first).flatMap(({ values }) => [...values]));
  const numbers = [...others].filter((value) => value !== mark).map(Number);
  const own = [...first.values].filter((value) => value !== mark);
  const haveFractions = numbers.some((value) => !Number.isInteger(value));
  const isWithin = own.every((value) => {
    const number = Number(value);
    return numbers.some((other) => other >= number) && numbers.some((other) => other <= number);
  });
  return isWithin && (!haveFractions || own.some((value) => !Number.isInteger(Number(value))));
}

/** Says where the columns of a melted matrix come from, in place of guesses about names that it was given. */
export function reasonOfMelted({ items, columns, key }: MeltedFile, reason: ColumnReason): ColumnReason {
  const [user, item, value] = columns;
  const because: Readonly<Record<string, string>> = {
    [item!]: `the names of ${items.length} columns, from \`${items[0]}\` to \`${items.at(-1)}\``,
    [value!]: 'the values of these columns',
    ...(key === undefined ? { [user!]: 'the number of the row, since no column names the users' } : {}),
  };
  return { ...reason, because: because[reason.column] ?? reason.because };
}

export const markQuestion = ({ value, share }: NonNullable<WideMatrix['mark']>): InitQuestion => ({
  id: 'no_value',
  text: `${Math.round(share * 100)} % of the values are \`${value}\`. Does it say that there is no value?`,
  choices: [
    { value: 'yes', text: 'yes, leave it out' },
    { value: 'none', text: 'no, it is a value' },
  ],
});
