/** The distinct texts of columns that share a numbering, as tables in the database and as lists. */
import type { ColumnRequests } from '../binding/column_requests.ts';
import type { Layout } from '../binding/layout.ts';
import type { Database } from '../files/duckdb.ts';
import type { Role } from '../files/files.ts';
import type { StagedTable } from './staged.ts';
import { computedQuery, elementOf, tableOf, textOf, withinRange } from './staged_tables.ts';

/** The values of each dictionary; a code is a place in it, and 0 is the empty text, which represents a missing value. */
export type Dictionaries = ReadonlyMap<string, readonly string[]>;

/** Numbers the distinct texts of every dictionary, in the order of the texts. */
export async function makeDictionaries(
  database: Database,
  wanted: ColumnRequests,
  layout: Layout,
  staged: ReadonlyMap<Role, StagedTable>,
): Promise<Dictionaries> {
  const dictionaries = new Map<string, readonly string[]>();
  for (const [name, selects] of await textsOfAll(database, wanted, layout, staged)) {
    await gather(database, name, selects);
    dictionaries.set(name, await valuesOf(database, name));
  }
  return dictionaries;
}

/** For each dictionary, what selects its texts: a part at a time of what is past memory. */
async function textsOfAll(
  database: Database,
  wanted: ColumnRequests,
  layout: Layout,
  staged: ReadonlyMap<Role, StagedTable>,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = new Map<string, string[]>();
  for (const [role, columns] of wanted.columns) {
    const { sql, types } = await computedQuery(database, role, columns, layout);
    for (const [at, { dictionary, form }] of columns.entries()) {
      if (dictionary === undefined) continue;
      const type = types[at]!;
      const texts = (rows: string): string =>
        form === 'code'
          ? `SELECT ${textOf(`c${at}`, type)} AS value FROM (${rows})`
          : `SELECT ${textOf('element', elementOf(type))} AS value FROM (SELECT unnest(c${at}) AS element FROM (${rows}))`;
      const parts = partsOf(sql, staged.get(role)!).map(texts);
      found.set(dictionary, [...(found.get(dictionary) ?? []), ...parts]);
    }
  }
  return found;
}

function partsOf(sql: string, { rows, inPlace }: StagedTable): readonly string[] {
  if (inPlace === undefined) return [sql];
  const { atOnce: count } = inPlace;
  return Array.from({ length: Math.ceil(rows / count) }, (_, at) => withinRange(sql, { first: at * count, count }));
}

const gathered = '"texts of the parts"';

/**
 * To group all texts would put them all into temporary files, where few of them repeat within what the database looks at together. So
 * each part adds those that are new.
 */
async function gather(database: Database, name: string, selects: readonly string[]): Promise<void> {
  const distinct = (from: string): string => `SELECT value FROM (${from}) WHERE value <> '' GROUP BY value`;
  if (selects.every((select) => select === selects[0])) {
    return database.run(`CREATE OR REPLACE TEMP TABLE ${tableOf(name)} AS ${distinct(selects[0]!)} ORDER BY value`);
  }
  await database.run(`CREATE OR REPLACE TEMP TABLE ${gathered} (value VARCHAR)`);
  for (const select of selects) {
    await database.run(
      `INSERT INTO ${gathered} SELECT value FROM (${distinct(select)}) AS part ANTI JOIN ${gathered} USING (value)`,
    );
  }
  await database.run(`CREATE OR REPLACE TEMP TABLE ${tableOf(name)} AS SELECT value FROM ${gathered} ORDER BY value`);
  await database.run(`DROP TABLE ${gathered}`);
}

async function valuesOf(database: Database, name: string): Promise<readonly string[]> {
  const values = [''];
  await database.stream(`SELECT value FROM ${tableOf(name)} ORDER BY rowid`, (chunk) => {
    const vector = chunk.getColumnVector(0) as unknown as { getItem(at: number): string };
    for (let i = 0; i < chunk.rowCount; i++) values.push(vector.getItem(i));
  });
  // Taken for a byte order mark, the first character of some texts is lost on their way here: two texts would be one.
  const marked = `SELECT rowid AS row FROM ${tableOf(name)} WHERE starts_with(value, chr(65279))`;
  for (const { row } of await database.rows(marked)) values[Number(row) + 1] = `\uFEFF${values[Number(row) + 1]}`;
  return values;
}
