/** Numbers the distinct texts of columns that share a dictionary, as tables in the database and as lists. */
import { failure } from '../../base/diagnostics/failure.ts';
import { mostBytes, type Texts, TextsWriter } from '../../base/text/texts.ts';
import type { ReadPlan } from '../binding/layout.ts';
import type { Database } from '../files/duckdb.ts';
import { columnAsText, elementOf } from '../files/duckdb.ts';
import type { Role } from '../files/files.ts';
import type { Dictionaries, StagedTable } from './raw.ts';
import { addBlobs, type BoundTables, computedQuery, dictionaryTable } from './staged_tables.ts';

/**
 * Numbers the distinct texts of every dictionary, in the order of their bytes.
 * @throws Failure `dictionary-too-large`
 */
export async function makeDictionaries(computing: StagedColumns): Promise<Dictionaries> {
  const { database, staged } = computing;
  const dictionaries = new Map<string, Texts>();
  for (const [name, sources] of await textsOfAll(computing)) {
    await fillTable(database, name, sources, staged);
    dictionaries.set(name, await valuesOf(database, name));
  }
  return dictionaries;
}

interface StagedColumns extends BoundTables {
  readonly readPlan: ReadPlan;
  readonly staged: ReadonlyMap<Role, StagedTable>;
}

interface TextQuery {
  readonly role: Role;
  readonly select: string;
}

async function textsOfAll(computing: StagedColumns): Promise<ReadonlyMap<string, readonly TextQuery[]>> {
  const queriesByDictionary = new Map<string, TextQuery[]>();
  for (const [role, columns] of computing.readPlan.columns) {
    const { sql, types } = await computedQuery(computing, role, columns);
    for (const [index, { dictionary, form }] of columns.entries()) {
      if (dictionary === undefined) continue;
      const type = types[index]!;
      const select =
        form === 'code'
          ? `SELECT ${columnAsText(`c${index}`, type)} AS value FROM (${sql})`
          : `SELECT ${columnAsText('element', elementOf(type))} AS value FROM (SELECT unnest(c${index}) AS element FROM (${sql}))`;
      queriesByDictionary.set(dictionary, [...(queriesByDictionary.get(dictionary) ?? []), { role, select }]);
    }
  }
  return queriesByDictionary;
}

/**
 * Adds the new texts of each part. To group all rows past memory would put them into temporary files, since few texts repeat within what the
 * database holds at a time.
 */
async function fillTable(
  database: Database,
  name: string,
  sources: readonly TextQuery[],
  staged: ReadonlyMap<Role, StagedTable>,
): Promise<void> {
  await database.run(`CREATE OR REPLACE TEMP TABLE ${partsTable} (value VARCHAR)`);
  for (const { role, select } of sources) {
    const add = (): Promise<void> =>
      database.run(
        `INSERT INTO ${partsTable} SELECT value FROM (SELECT value FROM (${select}) WHERE value <> '' GROUP BY value) AS part
         ANTI JOIN ${partsTable} USING (value)`,
      );
    await inParts(staged.get(role)!, add);
  }
  await database.run(
    `CREATE OR REPLACE TEMP TABLE ${dictionaryTable(name)} AS SELECT value FROM ${partsTable} ORDER BY value`,
  );
  await database.run(`DROP TABLE ${partsTable}`);
}

const partsTable = '"texts of all parts"';

async function inParts({ rows, inPlace }: StagedTable, each: () => Promise<void>): Promise<void> {
  if (inPlace === undefined) return each();
  const { atOnce: count, focus } = inPlace;
  for (let first = 0; first < rows; first += count) {
    await focus({ first, count });
    await each();
  }
  await focus();
}

/** Returns the texts as bytes, as the database has them: tens of millions of texts would be as many objects. */
async function valuesOf(database: Database, name: string): Promise<Texts> {
  const sizeSql = `SELECT CAST(count(*) AS DOUBLE) AS texts, CAST(coalesce(sum(strlen(value)), 0) AS DOUBLE) AS bytes`;
  const [row] = await database.rows(`${sizeSql} FROM ${dictionaryTable(name)}`);
  const { texts, bytes } = row as { readonly texts: number; readonly bytes: number };
  const maxBytes = mostBytes();
  if (bytes > maxBytes) throw failure('dictionary-too-large', { name, bytes, most: maxBytes });
  const textsWriter = new TextsWriter(texts + 1, bytes);
  textsWriter.add('');
  await database.stream(`SELECT encode(value) FROM ${dictionaryTable(name)} ORDER BY rowid`, (chunk) =>
    addBlobs(chunk, 0, textsWriter),
  );
  return textsWriter.texts();
}
