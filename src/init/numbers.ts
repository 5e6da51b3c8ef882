/** The ways in which files write numbers, besides those that a data block reads by itself, and the SQL that reads each. */
import { sqlName } from '../text/sql.ts';

export interface NumberForm {
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
