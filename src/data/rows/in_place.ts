/**
 * Parquet files that the database reads where they are: the table of a role is a view over them. Rows past memory would lie in the
 * database's temporary files otherwise, several times as large as the Parquet.
 */
import { Failure } from '../../diagnostics/failure.ts';
import { quoteName, quotePath } from '../files/duckdb.ts';
import type { DescribedFile } from '../files/files.ts';
import { unreadable } from '../files/source.ts';
import { type Loading, recordsOfParquet, selectParquet, settleRows } from './load.ts';
import type { RowRange, StagedFile, StagedTable } from './staged.ts';

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
  const files: StagedFile[] = [];
  let rows = 0;
  for (const file of loading.source.files) {
    files.push({ file, first: rows, rows: await readToEnd(loading, file) });
    rows += files.at(-1)!.rows;
  }
  const out: number[] = [];
  const all = { first: 0, count: rows };
  const focus = (range: RowRange = all): Promise<void> => loading.database.run(viewOf(loading, files, range, out));
  const leaveOut = (ids: readonly number[]): Promise<void> => {
    out.push(...ids);
    return focus();
  };
  await focus();
  const atOnce = Math.max(2048, Math.floor(room / groupedBytes));
  return { files, rows, inPlace: { atOnce, focus }, leaveOut };
}

async function readToEnd(loading: Loading, file: DescribedFile): Promise<number> {
  const { database, types } = loading;
  try {
    const records = await recordsOfParquet(database, file);
    // A count would be answered without a look at the values.
    const looks = [...types.keys()].map((name) => `, bit_xor(hash(${quoteName(name)}))`);
    const [read] = await database.rows(
      `SELECT count(*) AS rows${looks.join('')} FROM (${selectParquet(loading, file)})`,
    );
    settleRows(file, Number(read!.rows), records);
    return records;
  } catch (error) {
    database.passOn(error);
    throw new Failure([unreadable(error, file)]);
  }
}

/** A filter on row ids would read all files: the database skips row groups by places in a file. */
function viewOf(loading: Loading, files: readonly StagedFile[], range: RowRange, out: readonly number[]): string {
  const selects = files.flatMap(({ file, first, rows }) => {
    const from = Math.max(0, range.first - first);
    const to = Math.min(rows, range.first + range.count - first);
    if (from >= to) return [];
    const select = selectParquet(loading, file, `${place} + CAST(${first} AS BIGINT) AS rowid`);
    return [from > 0 || to < rows ? `${select} WHERE ${place} >= ${from} AND ${place} < ${to}` : select];
  });
  const kept = out.length > 0 ? ` WHERE rowid NOT IN (${out.join(', ')})` : '';
  const view = `CREATE OR REPLACE TEMP VIEW ${loading.source.role} AS`;
  return `${view} SELECT * FROM (${selects.join(' UNION ALL ')})${kept}`;
}
