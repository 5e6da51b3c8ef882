/** Types of the database, by their names. */

export const isNumber = (type: string): boolean =>
  /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|DECIMAL)\b/.test(type) && !isList(type);

export const isList = (type: string): boolean => type.endsWith(']');

export const elementOf = (listType: string): string => listType.slice(0, listType.lastIndexOf('['));

/** Writes a column as text: a whole number that is stored with a fraction is the same key as one that is not. */
export function columnAsText(column: string, type: string): string {
  const limit = largestWhole(type);
  const fraction = /^DECIMAL\(\d+,0\)$/.test(type) ? undefined : /^DECIMAL/.exec(type);
  if (limit === undefined && !fraction) return `CAST(${column} AS VARCHAR)`;
  const isWhole = `${column} = floor(${column})${limit === undefined ? '' : ` AND abs(${column}) < ${limit}`}`;
  return `CASE WHEN ${isWhole} THEN CAST(CAST(${column} AS HUGEINT) AS VARCHAR) ELSE CAST(${column} AS VARCHAR) END`;
}

/** Returns the limit from which on a type of fractions does not hold each whole number; undefined for other types. */
export function largestWhole(type: string): number | undefined {
  return type === 'DOUBLE' ? 2 ** 53 : type === 'FLOAT' ? 2 ** 24 : undefined;
}
