/** Reads a wide matrix as events: a row for each user and a column for each item becomes a row for each value. */
import { countValues } from '../../base/util/objects.ts';
import { type MeltedFile, unusedName } from '../look/looked_table.ts';
import { byFrequency, type ColumnProfile, type TableProfile, tableProfile, textOf } from './column_profile.ts';
import { choicesOf } from './init_questions.ts';
import { isUnique } from './joins.ts';
import type { InitAnswers, InitQuestion, Proposal } from './proposal.ts';

export interface WideMatrix {
  readonly table: TableProfile;
  /** A value that probably stands for no rating, such as 0 or 99, and its share of all cells. */
  readonly mark?: { readonly value: string; readonly share: number } | undefined;
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
  const columns = numbers.filter((column) => column !== key);
  const places = table.rows.flatMap((_, index) => columns.map(({ cells }) => textOf(cells[index])));
  const texts = places.filter((text) => text !== '');
  const counts = countValues(texts);
  if (counts.size === 0 || counts.size > maxValues) return undefined;
  const values = [...counts.keys()].map(Number);
  const [markText, markCount] = byFrequency(counts)[0]!;
  const isExtreme =
    values.every((value) => value >= Number(markText)) || values.every((value) => value <= Number(markText));
  const isMark = isExtreme && markCount >= places.length * minEmpty && counts.size > 1;
  const mark = isMark ? { value: markText, share: markCount / places.length } : undefined;
  const leftOut = isMark && answers.no_value !== 'none' ? markText : undefined;
  const isRating = values.every((value) => (isMark && value === Number(markText)) || (value >= -100 && value <= 100));
  // The first column may count the ratings of a user. It is no item: its values are not on the scale of the others.
  const items = columns.filter((column, index) => index > 0 || isOnScale(column, columns, mark?.value));
  const present = texts.length - (isMark ? markCount : 0);
  const isWide =
    items.length >= minItems && table.columns.filter(({ kind }) => kind !== 'empty').length - items.length <= 2;
  if (!isWide || !isRating || present > places.length * (1 - minEmpty)) return undefined;
  const usedNames = new Set(key ? [key.name.toLowerCase()] : []);
  const [itemName, ratingName, userName] = ['item', 'rating', 'user'].map((name) => unusedName(name, usedNames));
  const rows = table.rows.flatMap((_, index) =>
    items.flatMap(({ cells, name }) => {
      const value = textOf(cells[index]);
      return value === '' || value === leftOut ? [] : [[key ? key.cells[index]! : String(index + 1), name, value]];
    }),
  );
  const melted = {
    items: items.map(({ name }) => name),
    columns: [key?.name ?? userName!, itemName!, ratingName!],
    mark: leftOut,
    names: table.columns.map(({ name }) => name),
    key: key?.name,
  };
  const { path, kind, isWhole, bad, separator = ',', rewrite } = table;
  const count = Math.round((present / table.rows.length) * table.count);
  const events = { path, kind, columns: melted.columns, rows: rows.slice(0, 40_000), count, isWhole, bad, separator };
  return { table: tableProfile({ ...events, melted, rewrite }), mark };
}

/** True if the values of the first column are within those of the others, and have fractions if those have. */
function isOnScale(first: ColumnProfile, columns: readonly ColumnProfile[], mark: string | undefined): boolean {
  const otherValues = new Set(columns.filter((column) => column !== first).flatMap(({ values }) => [...values]));
  const numbers = [...otherValues].filter((value) => value !== mark).map(Number);
  const ownValues = [...first.values].filter((value) => value !== mark);
  const haveFractions = numbers.some((value) => !Number.isInteger(value));
  const isWithin = ownValues.every((value) => {
    const number = Number(value);
    return numbers.some((other) => other >= number) && numbers.some((other) => other <= number);
  });
  return isWithin && (!haveFractions || ownValues.some((value) => !Number.isInteger(Number(value))));
}

/** Says where the columns of a melted matrix come from. Their names were made up here, so reasons that are guessed from names would be wrong. */
export function reasonOfMelted({ items, columns, key }: MeltedFile, reason: Proposal['reasons'][number]) {
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
  choices: choicesOf({ yes: 'yes, leave it out', none: 'no, it is a value' }),
});
