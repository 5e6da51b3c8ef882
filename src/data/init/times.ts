/** Lists the formats of times in files, with SQL that reads each. */
import { quoteSqlName } from '../../base/text/sql.ts';

export interface TimeForm {
  readonly name: string;
  /** The description in messages. */
  readonly doc: string;
  readonly fits: (text: string) => boolean;
  readonly sql: (column: string) => string;
  /** Returns the expression without numbers that are not times, such as `inf`, −1 or the year 5000, which would become the first or the last events. */
  readonly within?: (column: string) => string;
}

/** Makes a format of numbers that are times between 1985 and 2100 in some unit. */
const numberForm = (name: string, doc: string, scale: number, form = /^\d{9,19}(\.\d+)?$/): TimeForm => ({
  name,
  doc,
  fits: (text) => {
    if (!form.test(text)) return false;
    const seconds = Number(text) / scale;
    return seconds > 4.7e8 && seconds < 4.1e9;
  },
  sql: (column) => (scale === 1 ? column : `${quoteSqlName(column)} / ${scaleOf(scale)}`),
  within: (column) => {
    const number = `TRY_CAST(${quoteSqlName(column)} AS DOUBLE)`;
    return `CASE WHEN ${number} BETWEEN ${scaleOf(4.7e8 * scale)} AND ${scaleOf(4.1e9 * scale)} THEN ${scale === 1 ? number : `${number} / ${scaleOf(scale)}`} END`;
  },
});

const scaleOf = (scale: number): string => scale.toLocaleString('en').replaceAll(',', '');

/** The parts of a date: an example, its sign in a format of DuckDB, and what texts may have there. */
const dateParts: Readonly<Record<string, readonly [string, string, string]>> = {
  MONTH: ['August', '%B', '[A-Za-z]{3,9}'],
  MON: ['May', '%b', '[A-Za-z]{3}'],
  GMT: ['GMT', 'GMT', 'GMT'],
  pm: ['PM', '%p', '[AaPp][Mm]'],
  WD: ['Fri', '%a', '[A-Z][a-z]{2}'],
  D: ['31', '%d', '(?:0?[1-9]|[12]\\d|3[01])'],
  M: ['05', '%m', '(?:0?[1-9]|1[0-2])'],
  Y: ['2024', '%Y', '(?:19|20)\\d\\d'],
  y: ['24', '%y', '\\d\\d'],
  h: ['06', '%H', '\\d{1,2}'],
  m: ['30', '%M', '\\d\\d'],
  s: ['05', '%S', '\\d\\d'],
  z: ['+0000', '%z', '[+-]\\d{4}'],
};

/** Writes each part of a form such as `D.M.Y` by a column of the table: `31.05.2024`, `%d.%m.%Y`, or a pattern. */
const writtenBy = (form: string, column: 0 | 1 | 2): string =>
  form.replaceAll(new RegExp(Object.keys(dateParts).join('|'), 'g'), (part) => dateParts[part]![column]);

const textForm = (name: string, doc: string, format: string, shape: RegExp): TimeForm => ({
  name,
  doc,
  fits: (text) => shape.test(text),
  sql: (column) => `try_strptime(CAST(${quoteSqlName(column)} AS VARCHAR), '${format}')`,
});

function dateForm(form: string, name = form, doc = `dates of the form ${writtenBy(form, 0)}`): TimeForm {
  const format = writtenBy(form, 1);
  const shape = new RegExp(`^${writtenBy(form.replaceAll('.', '\\.'), 2)}$`);
  return textForm(name, doc, format.includes('%p') ? format.replace('%H', '%I') : format, shape);
}

/** Dates, each with the clocks that may follow it. Of two forms that fit the same texts the first is taken. */
const datesAndClocks: readonly (readonly [string, ...string[]])[] = [
  ['Y/M/D', ' h:m:s', ' h:m', ''],
  ['D.M.Y', ' h:m:s', ' h:m', ''],
  ['D.M.y', ' h:m', ''],
  ['M/D/Y', ' h:m:s', ' h:m', '', ' h:m:s pm', ' h:m pm'],
  ['M/D/y', '', ' h:m'],
  ['D/M/Y', ' h:m:s', ' h:m', '', ' h:m:s pm', ' h:m pm'],
  ['D/M/y', '', ' h:m'],
  ['D-M-Y', ' h:m:s', ''],
  ['M D, Y', ''],
  ['MON D, Y', ' h:m pm', ' h:m:s pm', ''],
  ['MONTH D, Y', ''],
  ['D MON Y', '', ' h:m:s'],
  ['D-MON-Y', ''],
  ['D-MON-y', ''],
];

const day = '(?:19|20)\\d\\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\\d|3[01])';
const hour = '[ T]\\d\\d:\\d\\d(?::\\d\\d(?:\\.\\d+)?)?';
const iso = new RegExp(`^${day}(?:${hour}(?:Z| ?UTC)?)?$`);
const isoOffset = new RegExp(`^${day}${hour}(?:Z| ?[+-]\\d\\d(?::?\\d\\d)?)$`);

/** The first format that fits nearly all values is used. */
export const timeForms: readonly TimeForm[] = [
  numberForm('seconds', 'seconds since 1970', 1),
  numberForm('milliseconds', 'milliseconds since 1970', 1e3),
  numberForm('microseconds', 'microseconds since 1970', 1e6),
  // Nineteen digits are usually an id; times in nanoseconds mostly end in zeros.
  numberForm('nanoseconds', 'nanoseconds since 1970', 1e9, /^\d{16}000$/),
  {
    name: 'iso',
    doc: 'dates of the form 2024-05-31',
    fits: (text) => iso.test(text),
    sql: (column) => `TRY_CAST(replace(CAST(${quoteSqlName(column)} AS VARCHAR), ' UTC', '') AS TIMESTAMP)`,
  },
  {
    name: 'iso, other zones',
    doc: 'times of the form 2024-05-31T18:30+02:00',
    fits: (text) => isoOffset.test(text),
    sql: (column) =>
      `epoch(TRY_CAST(regexp_replace(CAST(${quoteSqlName(column)} AS VARCHAR), ' ?([+-]\\d\\d):?(\\d\\d)$', '\\1:\\2') AS TIMESTAMPTZ))`,
  },
  textForm('compact', 'dates of the form 20240531', '%Y%m%d', /^(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])$/),
  textForm(
    'compact time',
    'times of the form 20240531235959',
    '%Y%m%d%H%M%S',
    /^(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])\d{6}$/,
  ),
  ...datesAndClocks.flatMap(([date, ...clocks]) => clocks.map((clock) => dateForm(date + clock))),
  dateForm('D/MON/Y:h:m:s', 'log', 'times of the form 31/May/2024:18:30:05'),
  dateForm('WD, D MON Y h:m:s GMT', 'mail', 'times of the form Fri, 31 May 2024 18:30:05 GMT'),
  dateForm('WD MON D h:m:s z Y', 'twitter', 'times of the form Fri May 31 18:30:05 +0000 2024'),
];

/** Formats of plain numbers, which only the column's name identifies as times. */
const namedForms: readonly TimeForm[] = [
  numberForm('nanoseconds', 'nanoseconds since 1970', 1e9),
  {
    name: 'mixed units',
    doc: 'seconds and milliseconds since 1970, mixed',
    fits: (text) => timeForms[0]!.fits(text) || timeForms[1]!.fits(text),
    sql: (column) => {
      const number = `TRY_CAST(${quoteSqlName(column)} AS DOUBLE)`;
      return `CASE WHEN ${number} > 1e11 THEN ${number} / 1000 ELSE ${number} END`;
    },
  },
  {
    name: 'days of a spreadsheet',
    doc: 'days since 1900, as a spreadsheet counts them',
    // Covers 1970 to 2064.
    fits: (text) => /^\d{5}(\.\d+)?$/.test(text) && Number(text) > 25_569 && Number(text) < 60_000,
    sql: (column) => `(TRY_CAST(${quoteSqlName(column)} AS DOUBLE) - 25569) * 86400`,
  },
];

/** True for a form whose day and month may be swapped, as in `03/04/2024`. */
export const isDoubtful = ({ name }: TimeForm): boolean => name.startsWith('M/D/');

/** Maximum share of values that do not fit the format of a column of times. */
const maxWrongShare = 0.03;
const maxWrongNamed = 0.25;

/** Returns the format of nearly all texts. In a column named as a time more texts may differ, such as `inf`. */
export function timeFormOf(texts: readonly string[], isNamed = false): TimeForm | undefined {
  if (texts.length === 0) return undefined;
  const fitsNearlyAll = (form: TimeForm, share: number): boolean => {
    const maxMisses = Math.max(texts.length * share, texts.length < 20 ? 0 : 1);
    let misses = 0;
    for (const text of texts) if (!form.fits(text) && ++misses > maxMisses) return false;
    return true;
  };
  const allForms = [...timeForms, ...(isNamed ? namedForms : [])];
  return (
    allForms.find((form) => fitsNearlyAll(form, maxWrongShare)) ??
    (isNamed ? allForms.find((form) => fitsNearlyAll(form, maxWrongNamed)) : undefined)
  );
}
