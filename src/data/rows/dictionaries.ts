/** The distinct texts of columns that share a numbering, as tables in the database and as lists. */
import type { ColumnRequests } from '../binding/column_requests.ts';
import type { Layout } from '../binding/layout.ts';
import type { Database } from '../files/duckdb.ts';
import type { Role } from '../files/files.ts';
import type { StagedTable } from './staged.ts';
import { computedQuery, elementOf, tableOf, textOf } from './staged_tables.ts';

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
  for (const [name, sources] of await textsOfAll(database, wanted, layout)) {
    await gather(database, name, sources, staged);
    dictionaries.set(name, await valuesOf(database, name));
  }
  return dictionaries;
}

/** What selects the texts of one column. */
interface Texts {
  readonly role: Role;
  readonly select: string;
}

async function textsOfAll(
  database: Database,
  wanted: ColumnRequests,
  layout: Layout,
): Promise<ReadonlyMap<string, readonly Texts[]>> {
  const found = new Map<string, Texts[]>();
  for (const [role, columns] of wanted.columns) {
    const { sql, types } = await computedQuery(database, role, columns, layout);
    for (const [at, { dictionary, form }] of columns.entries()) {
      if (dictionary === undefined) continue;
      const type = types[at]!;
      const select =
        form === 'code'
          ? `SELECT ${textOf(`c${at}`, type)} AS value FROM (${sql})`
          : `SELECT ${textOf('element', elementOf(type))} AS value FROM (SELECT unnest(c${at}) AS element FROM (${sql}))`;
      found.set(dictionary, [...(found.get(dictionary) ?? []), { role, select }]);
    }
  }
  return found;
}

/**
 * Each part adds the texts that are new. To group all rows past memory would put them into temporary files, since few texts repeat within
 * what the database looks at together.
 */
async function gather(
  database: Database,
  name: string,
  sources: readonly Texts[],
  staged: ReadonlyMap<Role, StagedTable>,
): Promise<void> {
  await database.run(`CREATE OR REPLACE TEMP TABLE ${parts} (value VARCHAR)`);
  for (const { role, select } of sources) {
    const add = (): Promise<void> =>
      database.run(
        `INSERT INTO ${parts} SELECT value FROM (SELECT value FROM (${select}) WHERE value <> '' GROUP BY value) AS part
         ANTI JOIN ${parts} USING (value)`,
      );
    await inParts(staged.get(role)!, add);
  }
  await database.run(`CREATE OR REPLACE TEMP TABLE ${tableOf(name)} AS SELECT value FROM ${parts} ORDER BY value`);
  await database.run(`DROP TABLE ${parts}`);
}

const parts = '"texts of all parts"';

async function inParts({ rows, inPlace }: StagedTable, each: () => Promise<void>): Promise<void> {
  if (inPlace === undefined) return each();
  const { atOnce: count, focus } = inPlace;
  for (let first = 0; first < rows; first += count) {
    await focus({ first, count });
    await each();
  }
  await focus();
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
