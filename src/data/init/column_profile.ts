/** Profiles the values of a column for later guesses, and writes SQL that reads such values. */
import { quoteSqlName, quoteText } from '../../base/text/sql.ts';
import { countValues } from '../../base/util/objects.ts';
import type { FileKind } from '../files/formats/table.ts';
import type { Cell, LookedTable } from '../look/looked_table.ts';
import { meansOf, wordsOf } from './column_words.ts';
import { type TimeForm, timeFormOf } from './times.ts';

/** Returns SQL of the values without the mark of missing ones; undefined if there is no mark. */
export const unmarkedSql = ({ name, mark }: ColumnProfile): string | undefined =>
  mark === undefined ? undefined : `nullif(${quoteSqlName(name)}, ${quoteText(mark)})`;

export function numberSql({ name, mark, number, file }: ColumnProfile): string | undefined {
  if (number) return number.sql(name);
  // Invalid values then become missing values, and their rows stay valid.
  return mark !== undefined || file.kind === 'json' ? `TRY_CAST(${quoteSqlName(name)} AS DOUBLE)` : undefined;
}

export function listSql(column: ColumnProfile): string | undefined {
  const { name, kind, separator } = column;
  if (separator === undefined) return undefined;
  if (separator === 'json' || separator === 'python')
    return `TRY_CAST(${quoteSqlName(name)} AS ${kind === 'vector' ? 'FLOAT[]' : 'VARCHAR[]'})`;
  const parts = `string_split(${unmarkedSql(column) ?? quoteSqlName(name)}, ${quoteText(separator.trim() || ' ')})`;
  return separator.startsWith(',') ? `[trim(part) FOR part IN ${parts}]` : parts;
}

export function timeSql({ name, time, type, values, mark, file }: ColumnProfile): string {
  if (time === undefined || /^(DATE|TIMESTAMP)/.test(type ?? '')) return name;
  const texts = [...values];
  if (time.within && texts.some((text) => startsAsNumber.test(text) && !time.fits(text))) return time.within(name);
  const isPlain = time.name === 'iso' && texts.every((text) => plainIso.test(text));
  if (file.kind === 'csv' && isPlain && mark === undefined) return name;
  const number = `TRY_CAST(${quoteSqlName(name)} AS DOUBLE)`;
  if (file.kind === 'json' && time.name === 'seconds') return number;
  if (file.kind === 'json' && time.within) return time.sql(name).replace(quoteSqlName(name), () => number);
  return time.sql(name);
}

const startsAsNumber = /^[+-]?(\.?\d|inf)/i;

const plainIso = /^\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d(\.\d+)?)?Z?)?$/;

/** Number formats of files that a data block does not read by itself, with the SQL that reads each. */
interface NumberForm {
  readonly name: string;
  readonly fits: (texts: readonly string[]) => boolean;
  readonly value: (text: string) => number;
  readonly sql: (column: string) => string;
}

/** True if more than 95 % of the texts match the pattern. */
const nearlyAll = (texts: readonly string[], form: RegExp): boolean =>
  texts.filter((text) => form.test(text)).length > texts.length * 0.95;

const money = '[€$£¥₹₩₺₽]|EUR|USD|GBP|CHF|CNY|JPY|INR|SEK|NOK|DKK|PLN|kr\\.?|zł|%';
const currencyBefore = new RegExp(`^([+-]?)\\s*(?:${money})\\s*`);
const currencyAfter = new RegExp(`\\s*(?:${money})$`);

/** Removes a currency, and blanks or apostrophes between groups of three digits. */
const bareNumber = (text: string): string =>
  text
    .replace(currencyBefore, '$1')
    .replace(currencyAfter, '')
    .replaceAll(/(\d)[ \u00a0\u202f'’](?=\d{3}(?!\d))/g, '$1');

const comma = /^[+-]?(\d{1,3}(\.\d{3})*|\d+)(,\d+)?$/;
const point = /^[+-]?(\d{1,3}(,\d{3})*|\d+)(\.\d+)?$/;

const fromComma = (text: string): number => Number(bareNumber(text).replaceAll('.', '').replace(',', '.'));
const fromPoint = (text: string): number => Number(bareNumber(text).replaceAll(',', ''));

/** True if commas separate thousands, as in `1,234`: some numbers have no comma, two commas or a point, and many have few digits in front. */
function hasGroups(texts: readonly string[]): boolean {
  const textsWithComma = texts.filter((text) => text.includes(','));
  if (textsWithComma.length === 0) return false;
  if (texts.some((text) => /\d,\d+\.\d/.test(text))) return true;
  const shortPrefixes = textsWithComma.filter((text) => /^\D*\d{1,2},/.test(text)).length;
  const isClear = textsWithComma.length < texts.length || textsWithComma.some((text) => /,\d{3},/.test(text));
  return isClear && shortPrefixes * 5 >= textsWithComma.length;
}

export const numberForms: readonly NumberForm[] = [
  {
    name: 'groups of three by a comma',
    fits: (texts) => nearlyAll(texts.map(bareNumber), point) && (hasGroups(texts.map(bareNumber)) || isDressed(texts)),
    value: fromPoint,
    sql: (column) => `TRY_CAST(regexp_replace(${quoteSqlName(column)}, '[^0-9.+-]', '', 'g') AS DOUBLE)`,
  },
  {
    name: 'a comma before the fraction',
    fits: (texts) => nearlyAll(texts, comma),
    value: fromComma,
    sql: (column) => `TRY_CAST(replace(replace(${quoteSqlName(column)}, '.', ''), ',', '.') AS DOUBLE)`,
  },
  {
    name: 'a comma before the fraction, and a currency',
    fits: (texts) => nearlyAll(texts.map(bareNumber), comma),
    value: fromComma,
    sql: (column) =>
      `TRY_CAST(replace(regexp_replace(${quoteSqlName(column)}, '[^0-9,+-]', '', 'g'), ',', '.') AS DOUBLE)`,
  },
];

/** True for numbers with a currency or blanks but no comma, which could be a decimal one: `€ 12.50`, `1 200`. */
const isDressed = (texts: readonly string[]): boolean =>
  texts.every((text) => !text.includes(',')) && nearlyAll(texts.map(bareNumber), /^[+-]?\d+(\.\d+)?$/);

export const numberFormOf = (texts: readonly string[]): NumberForm | undefined =>
  numberForms.find(({ fits }) => fits(texts));

export interface ColumnProfile {
  readonly name: string;
  readonly words: readonly string[];
  /** Index of the column, from 0. */
  readonly place: number;
  readonly kind: 'empty' | 'integer' | 'decimal' | 'boolean' | 'text' | 'list' | 'vector' | 'object';
  /** The file that the column comes from, which for a joined column is not that of the events, and its name there. */
  readonly file: { readonly path: string; readonly name: string; readonly kind: FileKind };
  /** The values of the sample as they are, one for each row. */
  readonly cells: readonly Cell[];
  /** DuckDB's type, if the file has types. */
  readonly type?: string | undefined;
  /** Number of rows in the sample, and of those with a value. */
  readonly rows: number;
  readonly present: number;
  /** The text that marks a missing value, such as `?` or `NA`. */
  readonly mark?: string | undefined;
  readonly distinct: number;
  /** Distinct values of the sample. */
  readonly values: ReadonlySet<string>;
  /** The most frequent values and their numbers of rows, at most 30, in descending order. */
  readonly top: readonly (readonly [string, number])[];
  readonly min: number;
  readonly max: number;
  /** Set if numbers are written in a notation that a data block cannot read by itself. */
  readonly number?: NumberForm | undefined;
  readonly meanLength: number;
  readonly meanWords: number;
  /** The separator of elements, if values are texts that contain lists. */
  readonly separator?: ListForm | undefined;
  readonly time?: TimeForm | undefined;
  readonly width?: number | undefined;
}

type ListForm = '|' | ';' | ',' | ', ' | ' ' | 'json' | 'python';

export interface TableProfile extends Omit<LookedTable, 'columns' | 'types'> {
  readonly columns: readonly ColumnProfile[];
}

const missingMarks: ReadonlySet<string> = new Set(['?', 'na', 'n/a', 'nan', 'null', '-', '--', '\\n', '#n/a', 'nil']);

/** Returns the counts from the most frequent value to the least. */
export const byFrequency = <T>(counts: ReadonlyMap<T, number>): [T, number][] =>
  [...counts].sort((a, b) => b[1] - a[1]);

export const textOf = (cell: Cell | undefined): string => String(cell ?? '').trim();

export const tableProfile = (table: LookedTable): TableProfile => ({
  ...table,
  columns: table.columns.map((name, place) => columnProfile(table, name, place)),
});

function columnProfile(table: LookedTable, name: string, place: number): ColumnProfile {
  const cells = table.rows.map((row) => row[place] ?? null);
  const type = table.types?.[place];
  const lists = cells.filter((cell) => Array.isArray(cell)) as (readonly Cell[])[];
  const cellTexts = cells.map((cell) =>
    typeof cell === 'string' || cell === null ? textOf(cell) : JSON.stringify(cell),
  );
  const mark = markOf(cellTexts);
  const texts = cellTexts.filter((text) => text !== '' && text !== mark);
  const counts = countValues(texts);
  const baseProfile = {
    name,
    place,
    file: { path: table.path, name, kind: table.kind },
    cells,
    words: wordsOf(name),
    rows: cells.length,
    present: texts.length,
    distinct: counts.size,
    values: new Set(counts.keys()),
    top: byFrequency(counts).slice(0, 30),
    min: Number.NaN,
    max: Number.NaN,
    meanLength: mean(texts.map((text) => text.length)),
    meanWords: mean(texts.map((text) => text.split(/\s+/).length)),
    mark,
    type,
  };
  if (texts.length === 0) return { ...baseProfile, kind: 'empty' };
  if (lists.length * 10 >= texts.length * 9) return { ...baseProfile, ...listKind(lists) };
  const sampleTexts = texts.slice(0, 5000);
  const share = (test: (text: string) => boolean): number => sampleTexts.filter(test).length / sampleTexts.length;
  if (share((text) => text.startsWith('{')) > 0.9) return { ...baseProfile, kind: 'object' };
  const areDigits = share((text) => /^\d+$/.test(text)) > 0.95;
  const isTime = meansOf(name, 'time') !== undefined;
  // A column named like a key stays a key, even if its digits could be times.
  const time = areDigits && !isTime && isKeyName(name) ? undefined : timeFormOf(sampleTexts, isTime);
  if (share((text) => /^(true|false|t|f|yes|no|y|n|ja|nein)$/i.test(text)) > 0.97 && counts.size <= 4)
    return { ...baseProfile, kind: 'boolean' };
  // `01067` is a code, so a data block reads such columns as text.
  const areCodes = type === undefined && texts.some((text) => /^-?0\d/.test(text));
  // A value with this many digits is an id, which a number would round.
  const isLongId =
    share((text) => text.length > 15) > 0.05 && (areDigits || (isKeyName(name) && share(isNumber) > 0.95));
  if (isLongId && !time) return { ...baseProfile, kind: 'text' };
  if (share(isNumber) > 0.95 && !areCodes) {
    const kind = share(isInteger) > 0.95 ? 'integer' : 'decimal';
    return { ...baseProfile, ...range(texts.map(Number)), time, kind };
  }
  const number = time || areCodes ? undefined : numberFormOf(sampleTexts);
  if (number) return { ...baseProfile, ...range(texts.map(number.value)), kind: 'decimal', number };
  const separator = time ? undefined : listFormOf(sampleTexts);
  const firstArrays = sampleTexts.slice(0, 200).map((text) =>
    text
      .slice(1, -1)
      .trim()
      .split(/\s*,\s*/),
  );
  const width = separator === 'json' ? vectorWidth(firstArrays) : undefined;
  return { ...baseProfile, kind: width === undefined ? 'text' : 'vector', width, time, separator };
}

const isKeyName = (name: string): boolean =>
  (['user', 'item', 'id'] as const).some((meaning) => meansOf(name, meaning) !== undefined);

/** Matches `5.0` as well, because integers are written so in tables with missing values. */
const isInteger = (text: string): boolean => /^-?\d{1,19}(\.0)?$/.test(text);
const isNumber = (text: string): boolean => /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text);

function range(numbers: readonly number[]): { readonly min: number; readonly max: number } {
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const number of numbers) {
    if (number < min) min = number;
    if (number > max) max = number;
  }
  return { min, max };
}

const mean = (numbers: readonly number[]): number =>
  numbers.length === 0 ? 0 : numbers.reduce((sum, number) => sum + number, 0) / numbers.length;

function markOf(texts: readonly string[]): string | undefined {
  const marks = texts.filter((text) => text.length <= 7 && missingMarks.has(text.toLowerCase()));
  const [mark, count] = byFrequency(countValues(marks))[0] ?? ['', 0];
  // If all values are the mark, such as `none`, it is a value.
  return count > 0 && count < texts.length && count >= Math.min(2, texts.length * 0.001) ? mark : undefined;
}

function listKind(lists: readonly (readonly Cell[])[]): Pick<ColumnProfile, 'kind' | 'width'> {
  const isObject = (cell: Cell): boolean => cell !== null && (typeof cell !== 'string' || cell.startsWith('{"'));
  if (lists.some((list) => list.some(isObject))) return { kind: 'object' };
  const width = vectorWidth(lists);
  return { kind: width === undefined ? 'list' : 'vector', width };
}

/** Returns the length of vectors; undefined for lists of something else than numbers, or of different lengths. */
function vectorWidth(lists: readonly (readonly Cell[])[]): number | undefined {
  const width = lists[0]!.length;
  const areNumbers = lists
    .slice(0, 200)
    .every((list) => list.every((element) => typeof element === 'string' && isNumber(element)));
  return width >= 8 && areNumbers && lists.every(({ length }) => length === width) ? width : undefined;
}

/** Finds the separator of elements. Sentences contain commas too, but the elements of a list are short and occur repeatedly. */
function listFormOf(texts: readonly string[]): ListForm | undefined {
  const bracketedTexts = texts.filter((text) => /^\[.*\]$/s.test(text)).length;
  if (bracketedTexts > texts.length * 0.9) {
    const nonEmpty = texts.filter((text) => text !== '[]');
    if (nonEmpty.length === 0) return undefined;
    return nonEmpty.filter((text) => isJson(text)).length > nonEmpty.length * 0.9 ? 'json' : 'python';
  }
  for (const sign of ['|', ';', ','] as const) {
    const textsWithComma = texts.filter((text) => text.includes(sign));
    if (textsWithComma.length < texts.length * 0.15) continue;
    const parts = texts.flatMap((text) => text.split(sign).map((part) => part.trim())).filter((part) => part !== '');
    const distinct = new Set(parts).size;
    const wordsPerPart = mean(parts.map((part) => part.split(/\s+/).length));
    const repetition = parts.length / distinct;
    if (wordsPerPart < (sign === ',' ? 2.2 : 4) && repetition > (sign === ',' ? 2.5 : 1.5)) {
      return sign === ',' && textsWithComma.every((text) => /, /.test(text)) ? ', ' : sign;
    }
  }
  return areBlankLists(texts) ? ' ' : undefined;
}

/** True for texts such as `N4 N17 N3`: ids with digits in varying numbers, and no sentences. */
function areBlankLists(texts: readonly string[]): boolean {
  const lists = texts.map((text) => text.split(' '));
  const elements = lists.flat();
  const idCount = elements.filter((element) => /^[A-Za-z_-]*\d[\w:-]*$/.test(element)).length;
  const areUneven = lists.some(({ length }) => length !== lists[0]!.length);
  return areUneven && elements.length > texts.length * 2 && idCount > elements.length * 0.9;
}

function isJson(text: string): boolean {
  try {
    return Array.isArray(JSON.parse(text));
  } catch {
    return false;
  }
}
type FeatureRole = 'query' | 'list' | 'text' | 'vector' | 'number' | 'category';

export interface ColumnGuess {
  readonly role: 'user' | 'item' | 'time' | 'rating' | 'action' | 'count' | 'kind' | 'fold' | FeatureRole | 'left out';
  /** From 0 to 1. The guess with the highest score is taken. */
  readonly score: number;
  /** The reason, in words that follow "because". */
  readonly because: string;
}

export type Guesser = (column: ColumnProfile) => ColumnGuess | undefined;
