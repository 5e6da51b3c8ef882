/** Lists the formats of times in files, with SQL that reads each. */
import { sqlName } from '../../base/text/sql.ts';

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
  sql: (column) => (scale === 1 ? column : `${sqlName(column)} / ${scaleOf(scale)}`),
  within: (column) => {
    const number = `TRY_CAST(${sqlName(column)} AS DOUBLE)`;
    return `CASE WHEN ${number} BETWEEN ${scaleOf(4.7e8 * scale)} AND ${scaleOf(4.1e9 * scale)} THEN ${scale === 1 ? number : `${number} / ${scaleOf(scale)}`} END`;
  },
});

const scaleOf = (scale: number): string => scale.toLocaleString('en').replaceAll(',', '');

const patternRegex = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern
      .replaceAll(/[.\\]/g, '\\$&')
      .replaceAll('YYYY', '(?:19|20)\\d\\d')
      .replaceAll('YY', '\\d\\d')
      .replaceAll('MONTH', '[A-Za-z]{3,9}')
      .replaceAll('MON', '[A-Za-z]{3}')
      .replaceAll('MM', '(?:0?[1-9]|1[0-2])')
      .replaceAll('DD', '(?:0?[1-9]|[12]\\d|3[01])')
      .replaceAll('hh:mm', '\\d{1,2}:\\d\\d')
      .replaceAll('pm', '[AaPp][Mm]')
      .replaceAll(':ss', ':\\d\\d')}$`,
  );

const exampleParts: Readonly<Record<string, string>> = {
  MONTH: 'August',
  MON: 'May',
  D: '31',
  M: '05',
  Y: '2024',
  y: '24',
  h: '06',
  m: '30',
  s: '05',
  pm: 'PM',
};

/** Describes `D.M.Y` by an example: `31.05.2024`. */
const exampleWords = (name: string): string =>
  `dates of the form ${name.replaceAll(/MONTH|MON|pm|[DMYyhms]/g, (sign) => exampleParts[sign]!)}`;

const textForm = (name: string, format: string, pattern: string, doc = exampleWords(name)): TimeForm => {
  const shape = patternRegex(pattern);
  return {
    name,
    doc,
    fits: (text) => shape.test(text),
    sql: (column) => `try_strptime(CAST(${sqlName(column)} AS VARCHAR), '${format}')`,
  };
};

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
    sql: (column) => `TRY_CAST(replace(CAST(${sqlName(column)} AS VARCHAR), ' UTC', '') AS TIMESTAMP)`,
  },
  {
    name: 'iso, other zones',
    doc: 'times of the form 2024-05-31T18:30+02:00',
    fits: (text) => isoOffset.test(text),
    sql: (column) =>
      `epoch(TRY_CAST(regexp_replace(CAST(${sqlName(column)} AS VARCHAR), ' ?([+-]\\d\\d):?(\\d\\d)$', '\\1:\\2') AS TIMESTAMPTZ))`,
  },
  textForm(
    'compact',
    '%Y%m%d',
    'YYYY(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\\d|3[01])'.replaceAll('\\d', '[0-9]'),
    'dates of the form 20240531',
  ),
  textForm(
    'compact time',
    '%Y%m%d%H%M%S',
    'YYYY(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{6}',
    'times of the form 20240531235959',
  ),
  textForm('Y/M/D h:m:s', '%Y/%m/%d %H:%M:%S', 'YYYY/MM/DD hh:mm:ss'),
  textForm('Y/M/D h:m', '%Y/%m/%d %H:%M', 'YYYY/MM/DD hh:mm'),
  textForm('Y/M/D', '%Y/%m/%d', 'YYYY/MM/DD'),
  textForm('D.M.Y h:m:s', '%d.%m.%Y %H:%M:%S', 'DD.MM.YYYY hh:mm:ss'),
  textForm('D.M.Y h:m', '%d.%m.%Y %H:%M', 'DD.MM.YYYY hh:mm'),
  textForm('D.M.Y', '%d.%m.%Y', 'DD.MM.YYYY'),
  textForm('D.M.y h:m', '%d.%m.%y %H:%M', 'DD.MM.YY hh:mm'),
  textForm('D.M.y', '%d.%m.%y', 'DD.MM.YY'),
  textForm('M/D/Y h:m:s', '%m/%d/%Y %H:%M:%S', 'MM/DD/YYYY hh:mm:ss'),
  textForm('M/D/Y h:m', '%m/%d/%Y %H:%M', 'MM/DD/YYYY hh:mm'),
  textForm('M/D/Y', '%m/%d/%Y', 'MM/DD/YYYY'),
  textForm('M/D/Y h:m:s pm', '%m/%d/%Y %I:%M:%S %p', 'MM/DD/YYYY hh:mm:ss pm'),
  textForm('M/D/Y h:m pm', '%m/%d/%Y %I:%M %p', 'MM/DD/YYYY hh:mm pm'),
  textForm('M/D/y', '%m/%d/%y', 'MM/DD/YY'),
  textForm('M/D/y h:m', '%m/%d/%y %H:%M', 'MM/DD/YY hh:mm'),
  textForm('D/M/Y h:m:s', '%d/%m/%Y %H:%M:%S', 'DD/MM/YYYY hh:mm:ss'),
  textForm('D/M/Y h:m', '%d/%m/%Y %H:%M', 'DD/MM/YYYY hh:mm'),
  textForm('D/M/Y', '%d/%m/%Y', 'DD/MM/YYYY'),
  textForm('D/M/Y h:m:s pm', '%d/%m/%Y %I:%M:%S %p', 'DD/MM/YYYY hh:mm:ss pm'),
  textForm('D/M/Y h:m pm', '%d/%m/%Y %I:%M %p', 'DD/MM/YYYY hh:mm pm'),
  textForm('D/M/y', '%d/%m/%y', 'DD/MM/YY'),
  textForm('D/M/y h:m', '%d/%m/%y %H:%M', 'DD/MM/YY hh:mm'),
  textForm('D-M-Y h:m:s', '%d-%m-%Y %H:%M:%S', 'DD-MM-YYYY hh:mm:ss'),
  textForm('D-M-Y', '%d-%m-%Y', 'DD-MM-YYYY'),
  textForm('M D, Y', '%m %d, %Y', 'MM DD, YYYY'),
  textForm('MON D, Y h:m pm', '%b %d, %Y %I:%M %p', 'MON DD, YYYY hh:mm pm'),
  textForm('MON D, Y h:m:s pm', '%b %d, %Y %I:%M:%S %p', 'MON DD, YYYY hh:mm:ss pm'),
  textForm('MON D, Y', '%b %d, %Y', 'MON DD, YYYY'),
  textForm('MONTH D, Y', '%B %d, %Y', 'MONTH DD, YYYY'),
  textForm('D MON Y', '%d %b %Y', 'DD MON YYYY'),
  textForm('D MON Y h:m:s', '%d %b %Y %H:%M:%S', 'DD MON YYYY hh:mm:ss'),
  textForm('D-MON-Y', '%d-%b-%Y', 'DD-MON-YYYY'),
  textForm('D-MON-y', '%d-%b-%y', 'DD-MON-YY'),
  textForm('log', '%d/%b/%Y:%H:%M:%S', 'DD/MON/YYYY:hh:mm:ss', 'times of the form 31/May/2024:18:30:05'),
  textForm(
    'mail',
    '%a, %d %b %Y %H:%M:%S GMT',
    '[A-Z][a-z]{2}, DD MON YYYY hh:mm:ss GMT',
    'times of the form Fri, 31 May 2024 18:30:05 GMT',
  ),
  textForm(
    'twitter',
    '%a %b %d %H:%M:%S %z %Y',
    '[A-Z][a-z]{2} MON DD hh:mm:ss [+-][0-9]{4} YYYY',
    'times of the form Fri May 31 18:30:05 +0000 2024',
  ),
];

/** Formats of plain numbers, which only the column's name identifies as times. */
const namedForms: readonly TimeForm[] = [
  numberForm('nanoseconds', 'nanoseconds since 1970', 1e9),
  {
    name: 'mixed units',
    doc: 'seconds and milliseconds since 1970, mixed',
    fits: (text) => timeForms[0]!.fits(text) || timeForms[1]!.fits(text),
    sql: (column) => {
      const number = `TRY_CAST(${sqlName(column)} AS DOUBLE)`;
      return `CASE WHEN ${number} > 1e11 THEN ${number} / 1000 ELSE ${number} END`;
    },
  },
  {
    name: 'days of a spreadsheet',
    doc: 'days since 1900, as a spreadsheet counts them',
    // Covers 1970 to 2064.
    fits: (text) => /^\d{5}(\.\d+)?$/.test(text) && Number(text) > 25_569 && Number(text) < 60_000,
    sql: (column) => `(TRY_CAST(${sqlName(column)} AS DOUBLE) - 25569) * 86400`,
  },
];

/** Formats in which day and month may be swapped, as in `03/04/2024`. */
export const doubtfulForms: ReadonlyMap<string, string> = new Map([
  ['M/D/Y', 'D/M/Y'],
  ['M/D/Y h:m', 'D/M/Y h:m'],
  ['M/D/Y h:m:s', 'D/M/Y h:m:s'],
  ['M/D/Y h:m pm', 'D/M/Y h:m pm'],
  ['M/D/Y h:m:s pm', 'D/M/Y h:m:s pm'],
  ['M/D/y', 'D/M/y'],
  ['M/D/y h:m', 'D/M/y h:m'],
]);

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
