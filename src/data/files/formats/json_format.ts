/** Reads JSON, one object in each line or one array of objects: Tower counts the records, and the database reads the good ones. */
import { quoteName, quoteText } from '../../../base/text/sql.ts';
import { FileShapeError } from '../../csv/csv_records.ts';
import { failIfUnwritable, quotePath } from '../duckdb.ts';
import { JsonArrayScanner, JsonLinesScanner } from '../records/line_records.ts';
import { copyGood, type JsonScanner, readBeginning, scanFile } from '../records/scan_file.ts';
import { columnsOfRelation, type FileReader, insert, settleRows } from './reader.ts';
import { NUMBER_TEXT, UNWRAPPED } from './table.ts';

export const json: FileReader = {
  async open(file, { database, copies, signal }) {
    const { bytes } = await readBeginning(file, 1024);
    const isArray = /^\s*\[/.test(bytes.toString('utf8'));
    const scanner = (): JsonScanner => (isArray ? new JsonArrayScanner() : new JsonLinesScanner());
    const { good, bad, plain } = await scanFile(file, scanner(), signal);
    const [firstBad] = bad;
    if (firstBad !== undefined && good === 0)
      throw new FileShapeError(firstBad.line, `${firstBad.problem.reason}, nor is what follows`);
    const path = plain ? file.path : copies.pathOfCopy(file.path);
    if (!plain) await failIfUnwritable(path, () => copyGood(file, scanner(), path, signal));
    const format = isArray && plain ? "format = 'array'" : "format = 'newline_delimited', ignore_errors = true";
    const relation = (settings: string): string =>
      `read_json([${quotePath(path)}], ${format}, ${settings}, hive_partitioning = false)`;
    return {
      columns: await columnsOfRelation(database, relation('records = true, sample_size = -1')),
      async load(input, fileIndex) {
        const columns = [...input.types].map(([name, type]) => {
          const column = quoteName(name);
          const ownType = type === UNWRAPPED ? 'JSON' : type === NUMBER_TEXT ? 'VARCHAR' : type;
          const value = type === UNWRAPPED ? `${column} ->> '$' AS ${column}` : column;
          return { value, typed: `${quoteText(name)}: ${quoteText(ownType)}` };
        });
        const from = relation(`columns = {${columns.map(({ typed }) => typed).join(', ')}}`);
        const rows = await insert(
          input,
          fileIndex,
          `SELECT ${columns.map(({ value }) => value).join(', ')} FROM ${from}`,
        );
        settleRows(file, rows, good);
        const { role } = input.source;
        return { rows, broken: bad.map(({ line, problem }) => ({ role, file, at: { line }, ...problem })) };
      },
      scanner,
    };
  },
  relation: (path) => `read_json([${quotePath(path)}], hive_partitioning = false)`,
};
