/**
 * Computes columns of written rows without the database, if each is a column of the file, and each text is one that the database can read in one way only: for
 * a few events a query takes longer than all other work. Anything else is left to the database.
 */
import type { ColumnRequest } from '../binding/data_layout.ts';
import type { TextRow } from './fields.ts';

/** By request: its value in each row, as a query gives it. */
type PlainColumns = readonly (readonly (string | number | null)[])[];

/** Returns the value of a text; undefined if the database has to read it. */
type TextReader = (text: string) => string | number | undefined;

/** The most digits with which every whole number is in the type, and is the same text again. */
const mostDigits: Readonly<Record<string, number>> = {
  TINYINT: 2,
  SMALLINT: 4,
  INTEGER: 9,
  BIGINT: 15,
  HUGEINT: 15,
  DOUBLE: 15,
};
const isMoment = (type: string): boolean => type === 'TIMESTAMP' || type === 'TIMESTAMP WITH TIME ZONE';

function textReader(type: string, { form, column: { kind } }: Pick<ColumnRequest, 'form' | 'column'>) {
  if (type === 'VARCHAR') return form === 'code' ? (text: string) => text : undefined;
  if (isMoment(type)) {
    if (form !== 'number' || (kind !== 'time' && kind !== 'moment')) return undefined;
    // Microseconds or seconds, as the database gives them.
    const timeOf = (text: string): number => (kind === 'time' ? Date.parse(text) * 1000 : Date.parse(text) / 1000);
    return (text: string) => (isExactMoment(text) ? timeOf(text) : undefined);
  }
  const digits = mostDigits[type];
  if (digits === undefined) return undefined;
  const integerPattern = new RegExp(`^(0|-?[1-9]\\d{0,${digits - 1}})$`);
  if (form === 'code') return (text: string) => (integerPattern.test(text) ? text : undefined);
  if (form !== 'number') return undefined;
  const number = type === 'DOUBLE' ? /^-?\d{1,15}(\.\d{1,17})?$/ : integerPattern;
  return (text: string) => (number.test(text) ? Number(text) : undefined);
}

/** True for `2026-11-30T10:15:00Z` and `2026-11-30T10:15:00.250Z`, if there is such a day. */
function isExactMoment(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z$/.test(text)) return false;
  const time = Date.parse(text);
  return !Number.isNaN(time) && new Date(time).toISOString().slice(0, 19) === text.slice(0, 19);
}

/**
 * @param types of all columns of the rows
 * @returns undefined if some request always needs the database. The function that it returns gives undefined if some row does
 */
export function plainReader(
  requests: readonly ColumnRequest[],
  types: ReadonlyMap<string, string>,
): ((rows: readonly TextRow[]) => PlainColumns | undefined) | undefined {
  const readers: { readonly name: string; readonly read: TextReader }[] = [];
  for (const request of requests) {
    const { bare: name = '' } = request.column;
    const read = textReader(types.get(name) ?? '', request);
    if (read === undefined) return undefined;
    readers.push({ name, read });
  }
  const readNames = new Set(readers.map(({ name }) => name));
  const unreadNames = [...types.keys()].filter((name) => types.get(name) !== 'VARCHAR' && !readNames.has(name));
  return (rows) => {
    // The database finds values that are not of the type of their column.
    if (rows.some((row) => unreadNames.some((name) => (row.get(name) ?? null) !== null))) return undefined;
    const columns = readers.map(({ name, read }) =>
      rows.map((row) => {
        const text = row.get(name) ?? null;
        return typeof text === 'string' ? read(text) : text === null ? null : undefined;
      }),
    );
    return columns.some((values) => values.includes(undefined)) ? undefined : (columns as PlainColumns);
  };
}
