import { splitRecord } from '../../src/data/csv/csv_records.ts';

/** Returns rows by the names of the header. `wrong` is called with the error of a line. */
export function readCsv(text: string, wrong: (reason: string) => never): Record<string, string>[] {
  const [headerLine = '', ...lines] = text.trimEnd().split('\n');
  const names = splitRecord(headerLine, ',');
  return lines.map((line, index) => {
    const fields = splitRecord(line, ',');
    if (fields.length !== names.length) wrong(`line ${index + 2} has ${fields.length} fields, not ${names.length}`);
    return Object.fromEntries(names.map((name, column) => [name, fields[column]!]));
  });
}
