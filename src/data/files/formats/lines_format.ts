/** Reads lines that have a user and items. Each item of a line is a record. */
import { FileShapeError, type Problem } from '../../csv/csv_records.ts';
import { type EachGoodLine, LinesScanner, lineColumns } from '../records/line_records.ts';
import { readBeginning, shortSample } from '../records/scan_file.ts';
import { type FileReader, loadTexts } from './reader.ts';

export const lines: FileReader = {
  /** Throws if all of the first lines are bad, because the file then has another format. */
  async open(file) {
    const { bytes, whole } = await readBeginning(file, shortSample);
    let goodCount = 0;
    const bad: { readonly line: number; readonly problem: Problem }[] = [];
    new LinesScanner().take(bytes, whole, (line, _from, _to, problem) => {
      if (problem === undefined) goodCount++;
      else bad.push({ line, problem });
    });
    const [firstBad] = bad;
    if (firstBad !== undefined && goodCount === 0)
      throw new FileShapeError(firstBad.line, `${firstBad.problem.reason}: a line is \`user item item …\``);
    if (whole && goodCount === 0) throw new Error('it is empty, and each of its lines should be `user item item …`');
    return {
      columns: lineColumns,
      load(input, at) {
        const scanner = new LinesScanner();
        const columnIndexes = [...input.types.keys()].map((name) =>
          lineColumns.findIndex((column) => column.name === name),
        );
        return loadTexts(input, file, at, (records) => (bytes, final) => {
          const takeLine: EachGoodLine = (line, from, to, items) => {
            for (const [itemIndex, [start, end]] of items.entries()) {
              const position = Buffer.from(String(itemIndex + 1));
              for (const [column, lineColumn] of columnIndexes.entries()) {
                if (lineColumn === 2) records.set(column, position, 0, position.length);
                else records.set(column, bytes, lineColumn === 0 ? from : start, lineColumn === 0 ? to : end);
              }
              records.endRow(line);
            }
          };
          return scanner.read(bytes, final, takeLine, (line, _from, _to, problem) => records.reject(line, problem!));
        });
      },
      scanner: () => new LinesScanner(),
    };
  },
};
