/**
 * Parquet files that the database reads where they are: the table of a role is a view over them. Rows past memory would lie in the
 * database's temporary files otherwise, several times as large as the Parquet. A query for some row ids skips files and row groups.
 */
import { Failure } from '../../diagnostics/failure.ts';
import { quoteName, quotePath } from '../files/duckdb.ts';
import { unreadable } from '../files/source.ts';
import { type Loading, recordsOfParquet, selectParquet, settleRows } from './load.ts';
import type { StagedFile, StagedTable } from './staged.ts';

/** Bytes that the database keeps for a value, about: of a short text, with what points to it. */
const valueBytes = 20;

/** Bytes that the database needs to bring a row together with others, about: four times a text with its hash, of each thread. */
const groupedBytes = 200;

/** Each query opens all files. */
const mostFiles = 2000;

/** What the database gives the place of a row in its file as. */
const place = 'file_row_number';

/**
 * Whether the table of the source would be larger than `room`, and need not be one.
 * @param room bytes that the database keeps in memory
 */
export async function staysInPlace({ database, source, types }: Loading, room: number): Promise<boolean> {
  const { files, columns } = source;
  if (files.length > mostFiles || files.some(({ kind }) => kind !== 'parquet')) return false;
  if (columns.some(({ name }) => name.toLowerCase() === place)) return false;
  let rows = 0;
  for (const file of files) {
    const [said] = await database.rows(`SELECT num_rows AS rows FROM parquet_file_metadata([${quotePath(file.path)}])`);
    rows += Number(said!.rows);
  }
  return rows * types.size * valueBytes > room;
}

/** Makes the view, after each file was read once, to its end. @throws Failure for a damaged file */
export async function stageInPlace(loading: Loading, room: number): Promise<Omit<StagedTable, 'source' | 'broken'>> {
  const { database, source, types } = loading;
  const files: StagedFile[] = [];
  const selects: string[] = [];
  let rows = 0;
  for (const file of source.files) {
    try {
      const records = await recordsOfParquet(database, file);
      // A count would be answered without a look at the values.
      const looks = [...types.keys()].map((name) => `, bit_xor(hash(${quoteName(name)}))`);
      const [read] = await database.rows(
        `SELECT count(*) AS rows${looks.join('')} FROM (${selectParquet(loading, file)})`,
      );
      settleRows(file, Number(read!.rows), records);
      files.push({ file, first: rows, rows: records, copied: false });
      selects.push(selectParquet(loading, file, `${place} + CAST(${rows} AS BIGINT) AS rowid`));
      rows += records;
    } catch (error) {
      database.passOn(error);
      throw new Failure([unreadable(error, file)]);
    }
  }
  const all = selects.join(' UNION ALL ');
  const out: number[] = [];
  const view = `CREATE OR REPLACE TEMP VIEW ${source.role} AS`;
  await database.run(`${view} ${all}`);
  const leaveOut = (ids: readonly number[]): Promise<void> => {
    out.push(...ids);
    return database.run(`${view} SELECT * FROM (${all}) WHERE rowid NOT IN (${out.join(', ')})`);
  };
  const atOnce = Math.max(2048, Math.floor(room / groupedBytes));
  return { files, rows, inPlace: { atOnce }, leaveOut };
}
