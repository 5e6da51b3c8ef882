/** The best rows of a table for a query vector, as one statement. */
import { escapeIdentifier } from 'pg';
import type { Condition } from '../serve/filter/check.ts';
import { filterSql, type NameOf, SqlParameters } from './filter_sql.ts';

export interface TableColumns {
  readonly table: string;
  readonly width: number;
  readonly half: boolean;
  readonly nameOf: NameOf;
}

export interface TopQuery {
  readonly vectors: readonly ArrayLike<number>[];
  readonly k: number;
  readonly condition?: Condition;
  readonly without: readonly number[];
  /** Compares every row, without the graph. */
  readonly isExact: boolean;
}

export interface SqlStatement {
  readonly text: string;
  readonly values: readonly unknown[];
}

/** A row that was found: `distance` is the inner product with the other sign. */
export interface FoundRow {
  readonly row: number;
  readonly distance: number;
}

/** For several vectors the best rows of each; a row may then come several times. */
export function topSql(place: TableColumns, { vectors, k, condition, without, isExact }: TopQuery): SqlStatement {
  const parameters = new SqlParameters();
  const where = [
    ...(condition ? [filterSql(condition, place.nameOf, parameters)] : []),
    // `<> ALL` of a constant list is looked up in a hash table from PostgreSQL 15 on.
    ...(without.length > 0 ? [`row <> ALL(${parameters.add(without, 'integer[]')})`] : []),
  ];
  const limit = parameters.add(k, 'bigint');
  const from = `FROM ${escapeIdentifier(place.table)}${where.length > 0 ? ` WHERE ${where.join(' AND ')}` : ''}`;
  const selects = vectors.map((vector) => {
    const query = parameters.add(`[${Array.from(vector, Math.fround).join(',')}]`, 'vector');
    const distance = `vector <#> ${query}`;
    const near = place.half ? `vector::halfvec(${place.width}) <#> ${query}::halfvec(${place.width})` : distance;
    // A sum is no order that the graph knows.
    const order = isExact ? `(${distance}) + 0, row` : near;
    return `(SELECT row, ${distance} AS distance ${from} ORDER BY ${order} LIMIT ${limit})`;
  });
  return { text: selects.join(' UNION ALL '), values: parameters.values };
}

/** Query vectors whose largest number is 1, and what their scores are then multiplied with: no weight of an objective leaves the range of float32. */
export function unitsOf(vectors: readonly ArrayLike<number>[]): {
  readonly vectors: Float32Array[];
  readonly scale: number;
} {
  let largest = 0;
  for (const vector of vectors) {
    for (let i = 0; i < vector.length; i++) largest = Math.max(largest, Math.abs(vector[i]!));
  }
  const scale = largest === 0 ? 1 : largest;
  return { vectors: vectors.map((vector) => Float32Array.from(vector, (each) => each / scale)), scale };
}
