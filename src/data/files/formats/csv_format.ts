/** Reads CSV: Tower parses each record and passes the good ones to the database. */

import { CsvScanner } from '../../csv/csv_records.ts';
import { csvShape } from '../../csv/csv_shape.ts';
import { sampleCsv } from '../records/scan_file.ts';
import { type FileReader, loadTexts } from './reader.ts';

export const csv: FileReader = {
  async open(file) {
    const csvLayout = await sampleCsv(file);
    const { columns } = csvLayout;
    const scanner = () => new CsvScanner(csvShape(csvLayout));
    const headerNames = columns.map(({ name }) => name.toLowerCase());
    return {
      columns,
      load(input, at) {
        const csvScanner = scanner();
        const columnIndexes = [...input.types.keys()].map((name) => headerNames.indexOf(name.toLowerCase()));
        return loadTexts(input, file, at, (records) => {
          const setters = columnIndexes.map(
            (_, column) => (text: Buffer, from: number, to: number) => records.set(column, text, from, to),
          );
          return (bytes, final) =>
            csvScanner.take(bytes, final, (line, _from, _to, problem) => {
              if (problem !== undefined) return records.reject(line, problem);
              for (let column = 0; column < columnIndexes.length; column++)
                csvScanner.value(bytes, columnIndexes[column]!, setters[column]!);
              records.endRow(line);
            });
        });
      },
      scanner,
    };
  },
};
