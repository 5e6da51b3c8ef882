/** Whether the type of a column suits what a model makes of it. */
import type { Facts } from '../../diagnostics/codes.ts';
import { quoteName } from '../files/duckdb.ts';
import { type DataSource, isList, isNumber } from '../files/source.ts';
import type { BoundColumn } from './layout.ts';

/** The facts of a `column-type` diagnostic, or nothing where the type suits. `source` is given for a file's own column. */
export function wrongType(column: BoundColumn, source: DataSource | undefined): Facts<'column-type'> | undefined {
  const { type, name, kind } = column;
  const own = quoteName(column.bare ?? column.name);
  const wrong = (needs: string, hint?: string): Facts<'column-type'> => ({ name, needs, found: described(type), hint });
  // A JSON value holds anything, and a CSV column whose sample is empty may.
  const open = type === 'JSON' || (type === 'VARCHAR' && source !== undefined && isUnknown(column, source));
  switch (kind) {
    case 'text':
      if (isList(type)) return wrong('one value a row', 'declare the feature as `list(…)`');
      return isNested(type) ? wrong('one value a row', `take a part of it: ${own}.part`) : undefined;
    case 'number':
      if (isNumber(type) || type === 'BOOLEAN' || open) return undefined;
      if (isTime(type)) return wrong('a number', `take seconds: epoch(${own})`);
      return wrong(
        'a number',
        type === 'VARCHAR' ? `if its values are numbers, convert them: TRY_CAST(${own} AS DOUBLE)` : undefined,
      );
    case 'binary':
      if (isNumber(type) || type === 'BOOLEAN' || open) return undefined;
      return wrong('0 and 1, or true and false', `compare it: ${own} = '…'`);
    case 'moment':
      if (isNumber(type) || isTime(type) || open) return undefined;
      return wrong('a date, a time, or seconds since 1970', `read it as one: strptime(${own}, '%d/%m/%Y')`);
    case 'time':
      if (isNumber(type) || isTime(type) || open) return undefined;
      return wrong('a number, a date or a time', `read it as one: strptime(${own}, '%d/%m/%Y')`);
    case 'texts':
    case 'numbers': {
      const list = isList(type) && !isList(elementOf(type)) && !isNested(elementOf(type));
      if (!list) return wrong('a list', type === 'VARCHAR' ? `split it: string_split(${own}, '|')` : undefined);
      return kind === 'numbers' && !isNumber(elementOf(type)) ? wrong('a list of numbers') : undefined;
    }
    case 'vector':
      return isList(type) && isNumber(elementOf(type)) ? undefined : wrong('a list of numbers');
    case 'any':
      return undefined;
    case 'condition':
      return type === 'BOOLEAN' || isNumber(type) ? undefined : wrong('true or false');
  }
}

function isUnknown(column: BoundColumn, source: DataSource): boolean {
  return source.columns.some((own) => own.name === column.bare && own.unknown === true);
}

function elementOf(listType: string): string {
  return listType.slice(0, listType.lastIndexOf('['));
}

function isNested(type: string): boolean {
  return /^(STRUCT|MAP|UNION)\b/.test(type);
}

function isTime(type: string): boolean {
  return /^(DATE|TIMESTAMP)/.test(type);
}

/** A type in the words of people who write data blocks. */
function described(type: string): string {
  if (isList(type)) return `a list (${type})`;
  if (isNumber(type)) return `a number (${type})`;
  if (isTime(type)) return `a time (${type})`;
  if (type === 'VARCHAR') return 'text';
  return type;
}
