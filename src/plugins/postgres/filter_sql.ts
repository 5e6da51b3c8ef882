/**
 * Converts a checked filter to a condition of SQL, true for the same items as in the scan. Values are parameters, and columns are quoted names that the index
 * chose, so no text of a request becomes part of the statement. Texts are compared by the collation "C", which orders by code points, as the scan does.
 */
import { escapeIdentifier } from 'pg';
import type { Comparison } from '../../../grammar/filter.ts';
import type { Condition, FilterValue, TextValue } from '../../retrieval/filter/check_filter.ts';
import { compareTexts, numberComparisons } from '../../retrieval/filter/filter.ts';
import type { ItemColumn } from '../../retrieval/filter/filter_columns.ts';

export class SqlParameters {
  readonly values: unknown[] = [];

  /** Returns the placeholder of a value. @param type SQL type that the value is read as */
  add(value: unknown, type: string): string {
    this.values.push(value);
    return `$${this.values.length}::${type}`;
  }
}

export type NameOf = (column: ItemColumn) => string;

export function filterSql(condition: Condition, nameOf: NameOf, parameters: SqlParameters): string {
  const termSql = (of: Condition): string => filterSql(of, nameOf, parameters);
  const operandSql = (value: FilterValue<ItemColumn['kind'], unknown>, type: string): string =>
    'column' in value ? nameOf(value.column) : parameters.add(value.value, type);

  switch (condition.kind) {
    case 'and':
    case 'or':
      return `(${condition.terms.map(termSql).join(condition.kind === 'and' ? ' AND ' : ' OR ')})`;
    case 'not':
      return `(NOT ${termSql(condition.term)})`;
    case 'numbers': {
      const { by, left, right } = condition;
      if (!('column' in left) && !('column' in right)) return truth(numberComparisons[by](left.value, right.value));
      return `(${operandSql(left, 'float8')} ${signOf(by)} ${operandSql(right, 'float8')})`;
    }
    case 'texts':
      return textsSql(condition, nameOf, parameters);
    case 'truths':
      return `(${operandSql(condition.left, 'boolean')} ${condition.isSame ? '=' : '<>'} ${operandSql(condition.right, 'boolean')})`;
    case 'number in': {
      const { left, values } = condition;
      if (!('column' in left)) return truth(values.has(left.value));
      return `(${nameOf(left.column)} = ANY(${parameters.add([...values], 'float8[]')}))`;
    }
    case 'text in': {
      const { left, values } = condition;
      if (!('column' in left)) return truth(values.has(left.value));
      const storableValues = [...values].filter((value) => unstorableAt(value) < 0);
      const name = nameOf(left.column);
      return storableValues.length === 0 ? never(name) : `(${name} = ANY(${parameters.add(storableValues, 'text[]')}))`;
    }
    case 'text of':
      return listSql(condition.left, nameOf(condition.list), nameOf, parameters);
    case 'missing':
      return `(${nameOf(condition.column)} IS NULL)`;
    case 'truth':
      return operandSql(condition.value, 'boolean');
  }
}

const signOf = (by: Comparison): string => (by === '!=' ? '<>' : by);
/** Returns the comparison of the exchanged sides: `>=` for `<=`. */
const mirrored = (by: Comparison): Comparison => by.replace(/[<>]/, (sign) => (sign === '<' ? '>' : '<')) as Comparison;

const truth = (is: boolean): string => (is ? 'TRUE' : 'FALSE');
/** False, or unknown if there is no value. `always`: true, or unknown if there is no value. */
const never = (name: string): string => `(${name} <> ${name})`;
const always = (name: string): string => `(${name} = ${name})`;

function textsSql(
  { by, left, right }: Extract<Condition, { kind: 'texts' }>,
  nameOf: NameOf,
  parameters: SqlParameters,
): string {
  if ('column' in left && 'column' in right) return `(${nameOf(left.column)} ${signOf(by)} ${nameOf(right.column)})`;
  if ('column' in left)
    return textSql(nameOf(left.column), by, (right as { readonly value: string }).value, parameters);
  if ('column' in right) return textSql(nameOf(right.column), mirrored(by), left.value, parameters);
  return truth(compareTexts(by, left.value, right.value));
}

/**
 * Compares a column with a text. If the text has a unit that cannot be stored, no stored text equals it, and the result is the same as with the text up to this
 * unit followed by the next code point that can be stored: no stored text lies between the two.
 */
function textSql(name: string, by: Comparison, text: string, parameters: SqlParameters): string {
  const badIndex = unstorableAt(text);
  if (badIndex < 0) return `(${name} ${signOf(by)} ${parameters.add(text, 'text')})`;
  if (by === '=') return never(name);
  if (by === '!=') return always(name);
  const nextText = text[badIndex] === '\0' ? '\u0001' : '\ue000';
  return `(${name} ${by.startsWith('<') ? '<' : '>='} ${parameters.add(text.slice(0, badIndex) + nextText, 'text')})`;
}

function listSql(left: TextValue, list: string, nameOf: NameOf, parameters: SqlParameters): string {
  if ('column' in left) {
    const name = nameOf(left.column);
    // For PostgreSQL, nothing is in an empty list. Here the result for a missing value is unknown, even for an empty list.
    return `(CASE WHEN ${name} IS NOT NULL THEN ${name} = ANY(${list}) END)`;
  }
  return unstorableAt(left.value) >= 0 ? never(list) : `(${parameters.add(left.value, 'text')} = ANY(${list}))`;
}

// PostgreSQL can store all texts except those with U+0000 or an unpaired surrogate.

/** Returns the index of the first unit that cannot be stored; −1 if there is none. */
export function unstorableAt(text: string): number {
  const badIndices = [text.indexOf('\0'), text.search(/\p{Surrogate}/u)].filter((index) => index >= 0);
  return badIndices.length === 0 ? -1 : badIndices.reduce((least, index) => Math.min(least, index));
}

/** Makes the statement that finds the best rows of a table for query vectors. */
export interface TableColumns {
  readonly table: string;
  readonly width: number;
  readonly half: boolean;
  readonly nameOf: NameOf;
}

interface TopQuery {
  readonly vectors: readonly ArrayLike<number>[];
  readonly k: number;
  /** `holds`: false for the items for which the condition is not true. */
  readonly conditions: readonly { readonly condition: Condition; readonly holds: boolean }[];
  readonly without: readonly number[];
  /** Compares every row, without the graph. */
  readonly isExact: boolean;
}

export interface SqlStatement {
  readonly text: string;
  readonly values: readonly unknown[];
}

/** A row that was found. `distance` is the negated inner product. */
export interface FoundRow {
  readonly row: number;
  readonly distance: number;
}

/** Makes a query for the best rows of each vector. The same row may occur several times. */
export function topSql(
  place: TableColumns,
  { vectors, k, conditions: required, without, isExact }: TopQuery,
): SqlStatement {
  const parameters = new SqlParameters();
  const conditions = [
    ...required.map(({ condition, holds }) => {
      const sql = filterSql(condition, place.nameOf, parameters);
      return holds ? sql : `(${sql}) IS NOT TRUE`;
    }),
    // From PostgreSQL 15 on, `<> ALL` of a constant list uses a hash table.
    ...(without.length > 0 ? [`row <> ALL(${parameters.add(without, 'integer[]')})`] : []),
  ];
  const limitSql = parameters.add(k, 'bigint');
  const fromSql = `FROM ${escapeIdentifier(place.table)}${conditions.length > 0 ? ` WHERE ${conditions.join(' AND ')}` : ''}`;
  const selects = vectors.map((vector) => {
    const query = parameters.add(`[${Array.from(vector, Math.fround).join(',')}]`, 'vector');
    const distance = `vector <#> ${query}`;
    const near = place.half ? `vector::halfvec(${place.width}) <#> ${query}::halfvec(${place.width})` : distance;
    // The index cannot order by a sum, so every row is compared.
    const orderSql = isExact ? `(${distance}) + 0, row` : near;
    return `(SELECT row, ${distance} AS distance ${fromSql} ORDER BY ${orderSql} LIMIT ${limitSql})`;
  });
  return { text: selects.join(' UNION ALL '), values: parameters.values };
}

/** Scales query vectors so that their largest number is 1. `scale` is the factor for their scores. So no weight of an objective leaves the range of float32. */
export function unitsOf(vectors: readonly ArrayLike<number>[]): {
  readonly vectors: Float32Array[];
  readonly scale: number;
} {
  let largestNumber = 0;
  for (const vector of vectors) {
    for (let i = 0; i < vector.length; i++) largestNumber = Math.max(largestNumber, Math.abs(vector[i]!));
  }
  const scale = largestNumber === 0 ? 1 : largestNumber;
  return { vectors: vectors.map((vector) => Float32Array.from(vector, (number) => number / scale)), scale };
}
