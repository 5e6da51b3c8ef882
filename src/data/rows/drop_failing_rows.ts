/** Rows for which an expression cannot be computed are bad rows: found, set apart, and the rest read without them. */
import { Failure } from '../../diagnostics/failure.ts';
import type { DataDescription } from '../../model/model.ts';
import type { Span } from '../../text/source.ts';
import { sqlFails } from '../binding/binder.ts';
import { type BoundColumn, columnsOfLayout, type Layout } from '../binding/layout.ts';
import type { BadRow } from '../files/bad_row.ts';
import { type Database, enclose } from '../files/duckdb.ts';
import type { Role } from '../files/files.ts';
import { badRow } from './rejects.ts';
import type { StagedTable } from './staged.ts';
import { relationOf, whereOf } from './staged_tables.ts';

/** How many rows of one expression are asked why, one by one. */
const ASKED = 100;

/**
 * Deletes the rows on which some expression fails, and reports them. Throws Failure when `problem`, the reason for looking, is not
 * to be found in any row, or an expression cannot be asked row by row.
 */
export async function dropFailingRows(
  database: Database,
  layout: Layout,
  staged: ReadonlyMap<Role, StagedTable>,
  description: DataDescription,
  problem: unknown,
): Promise<BadRow[]> {
  const bad: BadRow[] = [];
  const untried: BoundColumn[] = [];
  const where = layout.where;
  // What `where` leaves out need not be computed; `where` itself comes first.
  const columns = columnsOfLayout(layout).filter(({ bare }) => bare === undefined);
  for (const column of where === undefined ? columns : [where, ...columns.filter((other) => other !== where)]) {
    const role = column.at;
    const relation = await relationOf(column.over, layout, database);
    const filtered = role === 'events' && where !== undefined && where !== column;
    const from = `${relation.sql}${filtered ? await whereOf(column.over, relation.row, layout, database) : ''}`;
    // TRY gives NULL where its argument fails; a struct around it distinguishes a failure from a NULL value.
    const failing = `SELECT row FROM (SELECT ${relation.row} AS row, TRY({'value': ${enclose(column.sql)}}) AS tried FROM ${from}) WHERE tried IS NULL`;
    const rows = await database.rows(failing).then(
      (found) => found.map(({ row }) => Number(row)),
      (error: unknown) => {
        database.passOn(error);
        // TRY takes no function that may give another value each time, such as `error` or `random`.
        untried.push(column);
        return [];
      },
    );
    for (const [at, row] of rows.entries()) {
      const one = `SELECT ${enclose(column.sql)} FROM ${relation.sql} WHERE ${relation.row} = ${row}`;
      const reason = at < ASKED ? await messageOf(database, one) : 'its SQL cannot be computed';
      bad.push(badRow(staged.get(role)!, row, column.name, reason));
    }
    if (rows.length > 0) await staged.get(role)!.leaveOut(rows);
  }
  if (bad.length === 0) throw new Failure([sqlFails(problem, placeOf(untried[0], description), layout.sources)]);
  return bad;
}

function placeOf(column: BoundColumn | undefined, { columns, where, time, span }: DataDescription): Span {
  const entry = columns.find(({ name }) => name === column?.name);
  return entry?.span ?? { where, time }[column?.name ?? '']?.span ?? span;
}

async function messageOf(database: Database, query: string): Promise<string> {
  try {
    await database.rows(query);
    return 'its SQL cannot be computed';
  } catch (error) {
    database.passOn(error);
    return (error as Error).message
      .split('\n')[0]!
      .replace(/^[A-Z]\w+( \w+)? Error: /, '')
      .replace(/ when casting from source column .*/, '');
  }
}
