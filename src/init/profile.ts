/** What the values of a column show, before anything is guessed from them. */
import type { Cell, LookedTable } from '../data/look/looked_table.ts';
import { sqlName } from '../text/sql.ts';
import { type TimeForm, timeFormOf } from './times.ts';
import { meansOf, wordsOf } from './words.ts';

/** The ways in which files write numbers, besides those that a data block reads by itself, and the SQL that reads each. */
interface NumberForm {
  readonly name: string;
  /** Whether all of the texts are of the form. */
  readonly fits: (texts: readonly string[]) => boolean;
  readonly value: (text: string) => number;
  readonly sql: (column: string) => string;
}

/** One text in twenty may be something else. */
const nearlyAll = (texts: readonly string[], form: RegExp): boolean =>
  texts.filter((text) => form.test(text)).length > texts.length * 0.95;

const money = '[€$£¥₹₩₺₽]|EUR|USD|GBP|CHF|CNY|JPY|INR|SEK|NOK|DKK|PLN|kr\\.?|zł|%';
const before = new RegExp(`^([+-]?)\\s*(?:${money})\\s*`);
const after = new RegExp(`\\s*(?:${money})$`);

/** Without a currency, and without blanks or apostrophes between groups of three digits. */
const bare = (text: string): string =>
  text
    .replace(before, '$1')
    .replace(after, '')
    .replaceAll(/(\d)[ \u00a0\u202f'’](?=\d{3}(?!\d))/g, '$1');

const comma = /^[+-]?(\d{1,3}(\.\d{3})*|\d+)(,\d+)?$/;
const point = /^[+-]?(\d{1,3}(,\d{3})*|\d+)(\.\d+)?$/;

const fromComma = (text: string): number => Number(bare(text).replaceAll('.', '').replace(',', '.'));
const fromPoint = (text: string): number => Number(bare(text).replaceAll(',', ''));

/** `1,234` has two readings. It is a group of three where some numbers have no comma, two of them or a point, and few digits in front. */
function hasGroups(texts: readonly string[]): boolean {
  const having = texts.filter((text) => text.includes(','));
  if (having.length === 0) return false;
  if (texts.some((text) => /\d,\d+\.\d/.test(text))) return true;
  const short = having.filter((text) => /^\D*\d{1,2},/.test(text)).length;
  const isClear = having.length < texts.length || having.some((text) => /,\d{3},/.test(text));
  return isClear && short * 5 >= having.length;
}

export const numberForms: readonly NumberForm[] = [
  {
    name: 'groups of three by a comma',
    fits: (texts) => nearlyAll(texts.map(bare), point) && (hasGroups(texts.map(bare)) || isDressed(texts)),
    value: fromPoint,
    sql: (column) => `TRY_CAST(regexp_replace(${sqlName(column)}, '[^0-9.+-]', '', 'g') AS DOUBLE)`,
  },
  {
    name: 'a comma before the fraction',
    fits: (texts) => nearlyAll(texts, comma),
    value: fromComma,
    sql: (column) => `TRY_CAST(replace(replace(${sqlName(column)}, '.', ''), ',', '.') AS DOUBLE)`,
  },
  {
    name: 'a comma before the fraction, and a currency',
    fits: (texts) => nearlyAll(texts.map(bare), comma),
    value: fromComma,
    sql: (column) => `TRY_CAST(replace(regexp_replace(${sqlName(column)}, '[^0-9,+-]', '', 'g'), ',', '.') AS DOUBLE)`,
  },
];

/** A currency, or blanks in the number, and no comma that could be a fraction: `€ 12.50`, `1 200`. */
function isDressed(texts: readonly string[]): boolean {
  return texts.every((text) => !text.includes(',')) && nearlyAll(texts.map(bare), /^[+-]?\d+(\.\d+)?$/);
}

/** The form of texts that are no plain numbers. */
export const numberFormOf = (texts: readonly string[]): NumberForm | undefined =>
  numberForms.find(({ fits }) => fits(texts));

type Kind = 'empty' | 'integer' | 'decimal' | 'boolean' | 'text' | 'list' | 'vector' | 'object';

export interface ColumnProfile {
  readonly name: string;
  readonly words: readonly string[];
  /** The first is 0. */
  readonly place: number;
  readonly kind: Kind;
  /** DuckDB's type, where the file has one. */
  readonly type?: string;
  /** Rows of the sample, and those with a value. */
  readonly rows: number;
  readonly present: number;
  /** A text for a missing value, such as `?` or `NA`. */
  readonly mark?: string;
  readonly distinct: number;
  /** Each value of the sample once. */
  readonly values: ReadonlySet<string>;
  /** The most frequent first, at most 30, with their rows. */
  readonly top: readonly (readonly [string, number])[];
  /** Of numbers. */
  readonly min: number;
  readonly max: number;
  /** Numbers are written in a form that a data block does not read by itself. */
  readonly number?: NumberForm;
  readonly meanLength: number;
  readonly meanWords: number;
  /** What separates the elements, where values are texts that hold lists. */
  readonly separator?: ListForm;
  readonly time?: TimeForm;
  /** Numbers of a vector. */
  readonly width?: number;
}

type ListForm = '|' | ';' | ',' | ', ' | ' ' | 'json' | 'python';

export interface TableProfile extends Omit<LookedTable, 'columns' | 'types'> {
  readonly columns: readonly ColumnProfile[];
}

const marks: ReadonlySet<string> = new Set(['?', 'na', 'n/a', 'nan', 'null', '-', '--', '\\n', '#n/a', 'nil']);

export function profileOf(table: LookedTable): TableProfile {
  const columns = table.columns.map((name, place) =>
    columnProfile(
      name,
      place,
      table.rows.map((row) => row[place] ?? null),
      table.types?.[place],
    ),
  );
  return { ...table, columns };
}

function columnProfile(name: string, place: number, cells: readonly Cell[], type: string | undefined): ColumnProfile {
  const lists = cells.filter((cell) => Array.isArray(cell)) as (readonly Cell[])[];
  const shown = cells.map((cell) =>
    typeof cell === 'string' ? cell.trim() : cell === null ? '' : JSON.stringify(cell),
  );
  const mark = markOf(shown);
  const texts = shown.filter((text) => text !== '' && text !== mark);
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  const base = {
    name,
    place,
    words: wordsOf(name),
    rows: cells.length,
    present: texts.length,
    distinct: counts.size,
    values: new Set(counts.keys()),
    top: [...counts].sort((a, b) => b[1] - a[1]).slice(0, 30),
    min: Number.NaN,
    max: Number.NaN,
    meanLength: mean(texts, (text) => text.length),
    meanWords: mean(texts, (text) => text.split(/\s+/).length),
    ...(mark === undefined ? {} : { mark }),
    ...(type === undefined ? {} : { type }),
  };
  if (texts.length === 0) return { ...base, kind: 'empty' };
  if (lists.length * 10 >= texts.length * 9) return { ...base, ...listKind(lists) };
  const some = texts.slice(0, 5000);
  const share = (test: (text: string) => boolean): number => some.filter(test).length / some.length;
  if (share((text) => text.startsWith('{')) > 0.9) return { ...base, kind: 'object' };
  const areDigits = share((text) => /^\d+$/.test(text)) > 0.95;
  const isTime = meansOf(name, 'time') !== undefined;
  // The name of a key outranks digits that could be a moment.
  const time = areDigits && !isTime && isKeyName(name) ? undefined : timeFormOf(some, isTime);
  const timed = time ? { time } : {};
  if (share((text) => /^(true|false|t|f|yes|no|y|n|ja|nein)$/i.test(text)) > 0.97 && counts.size <= 4)
    return { ...base, kind: 'boolean' };
  // `01067` is a code: a data block reads a column of such values as text.
  const areCodes = type === undefined && texts.some((text) => /^-?0\d/.test(text));
  // So many digits are an id, which a number would round.
  if (areDigits && !time && share((text) => text.length > 15) > 0.05) return { ...base, kind: 'text' };
  if (share(isInteger) > 0.95 && !areCodes) return { ...base, ...range(texts), ...timed, kind: 'integer' };
  if (share(isNumber) > 0.95 && !areCodes) return { ...base, ...range(texts), ...timed, kind: 'decimal' };
  const number = time || areCodes ? undefined : numberFormOf(some);
  if (number) return { ...base, ...range(texts.map(number.value)), kind: 'decimal', number };
  const separator = time ? undefined : listFormOf(some);
  const vector = separator === 'json' ? vectorOf(some) : undefined;
  if (vector !== undefined) return { ...base, kind: 'vector', width: vector, separator: 'json' };
  return { ...base, kind: 'text', ...timed, ...(separator === undefined ? {} : { separator }) };
}

const isKeyName = (name: string): boolean =>
  (['user', 'item', 'id'] as const).some((meaning) => meansOf(name, meaning) !== undefined);

/** Tables with missing values write `5.0`. */
const isInteger = (text: string): boolean => /^-?\d{1,19}(\.0)?$/.test(text);
const isNumber = (text: string): boolean => /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text);

function range(numbers: readonly (string | number)[]): { readonly min: number; readonly max: number } {
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const number of numbers) {
    const value = Number(number);
    if (Number.isNaN(value)) continue;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return { min, max };
}

function mean(texts: readonly string[], of: (text: string) => number): number {
  return texts.length === 0 ? 0 : texts.reduce((sum, text) => sum + of(text), 0) / texts.length;
}

/** The mark of a missing value, where one is frequent. */
function markOf(texts: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const text of texts)
    if (text.length <= 7 && marks.has(text.toLowerCase())) counts.set(text, (counts.get(text) ?? 0) + 1);
  const [best] = [...counts].sort((a, b) => b[1] - a[1]);
  // A column of nothing but `none` holds a value.
  return best && best[1] < texts.length && best[1] >= Math.min(2, texts.length * 0.001) ? best[0] : undefined;
}

function listKind(lists: readonly (readonly Cell[])[]): Pick<ColumnProfile, 'kind' | 'width'> {
  const isNested = lists.some((list) => list.some((each) => typeof each !== 'string' && each !== null));
  const areObjects = lists.some((list) => list.some((each) => typeof each === 'string' && each.startsWith('{"')));
  if (isNested || areObjects) return { kind: 'object' };
  const width = lists[0]!.length;
  const areNumbers = lists
    .slice(0, 200)
    .every((list) => list.every((each) => typeof each === 'string' && isNumber(each)));
  return width >= 8 && areNumbers && lists.every(({ length }) => length === width)
    ? { kind: 'vector', width }
    : { kind: 'list' };
}

function vectorOf(texts: readonly string[]): number | undefined {
  const lists = texts.slice(0, 200).map((text) => text.slice(1, -1).split(','));
  const width = lists[0]!.length;
  const fits = lists.every((list) => list.length === width && list.every((each) => isNumber(each.trim())));
  return width >= 8 && fits ? width : undefined;
}

/** What separates elements. A sentence has commas too: an element of a list is short, and comes up again. */
function listFormOf(texts: readonly string[]): ListForm | undefined {
  const bracketed = texts.filter((text) => /^\[.*\]$/s.test(text)).length;
  if (bracketed > texts.length * 0.9) {
    const several = texts.filter((text) => text !== '[]');
    if (several.length === 0) return undefined;
    return several.filter((text) => isJson(text)).length > several.length * 0.9 ? 'json' : 'python';
  }
  for (const sign of ['|', ';', ','] as const) {
    const having = texts.filter((text) => text.includes(sign));
    if (having.length < texts.length * 0.15) continue;
    const parts = texts.flatMap((text) => text.split(sign).map((part) => part.trim())).filter((part) => part !== '');
    const distinct = new Set(parts).size;
    const words = parts.reduce((sum, part) => sum + part.split(/\s+/).length, 0) / parts.length;
    const again = parts.length / distinct;
    if (words < (sign === ',' ? 2.2 : 4) && again > (sign === ',' ? 2.5 : 1.5)) {
      return sign === ',' && having.every((text) => /, /.test(text)) ? ', ' : sign;
    }
  }
  return areBlankLists(texts) ? ' ' : undefined;
}

/** `N4 N17 N3`: ids with digits, more in one text than in the next, and no words of a sentence. */
function areBlankLists(texts: readonly string[]): boolean {
  const lists = texts.map((text) => text.split(' '));
  const elements = lists.flat();
  const ids = elements.filter((each) => /^[A-Za-z_-]*\d[\w:-]*$/.test(each)).length;
  const areUneven = lists.some(({ length }) => length !== lists[0]!.length);
  return areUneven && elements.length > texts.length * 2 && ids > elements.length * 0.9;
}

function isJson(text: string): boolean {
  try {
    return Array.isArray(JSON.parse(text));
  } catch {
    return false;
  }
}
