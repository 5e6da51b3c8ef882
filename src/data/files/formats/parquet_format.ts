/** Reads Parquet with the database, and compares the number of rows with the metadata of the file. */
import { type Database, quotePath } from '../duckdb.ts';
import type { DescribedFile, InputFile } from '../find_files.ts';
import { columnsOfRelation, type FileReader, insert, selectFrom, settleRows } from './reader.ts';

const relation = (path: string): string => `read_parquet([${quotePath(path)}], hive_partitioning = false)`;

export const parquet: FileReader = {
  async open(file, { database }) {
    await refuseRepeated(database, file);
    return {
      columns: await columnsOfRelation(database, relation(file.path)),
      async load(input, fileIndex) {
        const rows = await insert(input, fileIndex, selectFrom(relation, input, file));
        settleRows(file, rows, await recordsOfParquet(input.database, file));
        return { rows, broken: [] };
      },
    };
  },
  relation,
  inPlace: {
    rowNumber: 'file_row_number',
    count: recordsOfParquet,
    select: (...input) => selectFrom(relation, ...input),
  },
};

/** Refuses columns whose names differ only in case: the database would number the second, and it would be unclear which one is read. */
async function refuseRepeated(database: Database, file: InputFile): Promise<void> {
  const schema = await database.rows(`SELECT name, num_children FROM parquet_schema([${quotePath(file.path)}])`);
  const seenNames = new Set<string>();
  // The schema is listed depth first: the table, and each column followed by its children.
  let openChildren = 0;
  for (const { name, num_children: children } of schema.slice(1)) {
    if (openChildren === 0) {
      const nameKey = String(name).toLowerCase();
      if (seenNames.has(nameKey)) throw new Error(`it has two columns with the name \`${name}\``);
      seenNames.add(nameKey);
    } else openChildren--;
    openChildren += Number(children ?? 0);
  }
}

/** Returns the number of rows in a file's metadata. @throws Failure if the row groups have another number */
async function recordsOfParquet(database: Database, file: DescribedFile): Promise<number> {
  const quotedPath = quotePath(file.path);
  const [metadata] = await database.rows(
    `SELECT num_rows AS rows, (SELECT coalesce(sum(of_group), 0) FROM
       (SELECT any_value(row_group_num_rows) AS of_group FROM parquet_metadata([${quotedPath}]) GROUP BY row_group_id)) AS in_groups
     FROM parquet_file_metadata([${quotedPath}])`,
  );
  settleRows(file, Number(metadata!.in_groups), Number(metadata!.rows));
  return Number(metadata!.rows);
}
