/** The distinct texts of columns that share a numbering, as tables in the database and as lists. */

import { failure } from '../../diagnostics/failure.ts';
import { mostBytes, type Texts, TextsWriter } from '../../text/texts.ts';
import type { ColumnRequests } from '../binding/column_requests.ts';
import type { Layout } from '../binding/layout.ts';
import type { Database } from '../files/duckdb.ts';
import type { Role } from '../files/files.ts';
import { addBlobs } from './chunk.ts';
import type { StagedTable } from './staged.ts';
import { computedQuery, elementOf, tableOf, textOf } from './staged_tables.ts';

/** The values of each dictionary; a code is a place in it, and 0 is the empty text, which represents a missing value. */
export type Dictionaries = ReadonlyMap<string, Texts>;

/**
 * Numbers the distinct texts of every dictionary, in the order of their bytes.
 * @throws Failure `dictionary-too-large`
 */
export async function makeDictionaries(
  database: Database,
  wanted: ColumnRequests,
  layout: Layout,
  staged: ReadonlyMap<Role, StagedTable>,
): Promise<Dictionaries> {
  const dictionaries = new Map<string, Texts>();
  for (const [name, sources] of await textsOfAll(database, wanted, layout)) {
    await gather(database, name, sources, staged);
    dictionaries.set(name, await valuesOf(database, name));
  }
  return dictionaries;
}

/** What selects the texts of one column. */
interface Source {
  readonly role: Role;
  readonly select: string;
}

async function textsOfAll(
  database: Database,
  wanted: ColumnRequests,
  layout: Layout,
): Promise<ReadonlyMap<string, readonly Source[]>> {
  const found = new Map<string, Source[]>();
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
  sources: readonly Source[],
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

/** As bytes: the database has them so, and tens of millions of texts would be as many objects. */
async function valuesOf(database: Database, name: string): Promise<Texts> {
  const size = `SELECT CAST(count(*) AS DOUBLE) AS texts, CAST(coalesce(sum(strlen(value)), 0) AS DOUBLE) AS bytes`;
  const [row] = await database.rows(`${size} FROM ${tableOf(name)}`);
  const { texts, bytes } = row as { readonly texts: number; readonly bytes: number };
  const most = mostBytes();
  if (bytes > most) throw failure('dictionary-too-large', { name, bytes, most });
  const values = new TextsWriter(texts + 1, bytes);
  values.add('');
  await database.stream(`SELECT encode(value) FROM ${tableOf(name)} ORDER BY rowid`, (chunk) =>
    addBlobs(chunk, 0, values),
  );
  return values.texts();
}
