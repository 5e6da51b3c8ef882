/** Writes the expression of a data block for a column, by the guesses about its values; undefined where the column is read as it is. */
import { sqlName, sqlText } from '../../base/text/sql.ts';
import type { ColumnProfile, TableProfile } from './profile.ts';

export function unmarkedName({ name, mark }: ColumnProfile): string {
  return mark === undefined ? sqlName(name) : `nullif(${sqlName(name)}, ${sqlText(mark)})`;
}

export function numberSql(column: ColumnProfile, { kind }: Pick<TableProfile, 'kind'>): string | undefined {
  const { name, mark, number } = column;
  if (number) return number.sql(name);
  // Broken values are then missing ones, not broken rows.
  return mark !== undefined || kind === 'json' ? `TRY_CAST(${sqlName(name)} AS DOUBLE)` : undefined;
}

export function listSql(column: ColumnProfile): string | undefined {
  const { name, separator } = column;
  if (separator === undefined) return undefined;
  if (separator === 'json' || separator === 'python') {
    return `TRY_CAST(${sqlName(name)} AS ${column.kind === 'vector' ? 'FLOAT[]' : 'VARCHAR[]'})`;
  }
  const sign = sqlText(separator.trim());
  if (separator === ' ') return `string_split(${unmarkedName(column)}, ' ')`;
  if (separator === '|' || separator === ';') return `string_split(${unmarkedName(column)}, ${sign})`;
  return `[trim(part) FOR part IN string_split(${unmarkedName(column)}, ${sign})]`;
}

export function timeSql(column: ColumnProfile, { kind }: Pick<TableProfile, 'kind'>): string {
  const { name, time, type } = column;
  if (time === undefined || /^(DATE|TIMESTAMP)/.test(type ?? '')) return name;
  if (time.within && [...column.values].some((text) => isNumber.test(text) && !time.fits(text)))
    return time.within(name);
  const isPlain = time.name === 'iso' && [...column.values].every((text) => plainIso.test(text));
  if (kind === 'csv' && isPlain && column.mark === undefined) return name;
  if (kind === 'json' && time.name === 'seconds') return `TRY_CAST(${sqlName(name)} AS DOUBLE)`;
  return time.sql(name);
}

const isNumber = /^[+-]?(\.?\d|inf)/i;

const plainIso = /^\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d(\.\d+)?)?Z?)?$/;
