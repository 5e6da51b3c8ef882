/** Reads and writes small CSV files as text: RFC 4180. Missing values are empty. */

export function writeCsv(header: readonly string[], rows: Iterable<readonly (string | number | undefined)[]>): string {
  const lines = [header.join(',')];
  for (const row of rows) lines.push(row.map((value) => quoted(value === undefined ? '' : String(value))).join(','));
  return `${lines.join('\n')}\n`;
}

export function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Splits one line without line ends in its quotes. */
export function splitLine(line: string): string[] {
  if (!line.includes('"')) return line.split(',');
  const fields: string[] = [];
  for (const [, inQuotes, plain] of line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)) {
    fields.push(inQuotes?.replaceAll('""', '"') ?? plain ?? '');
  }
  return fields;
}

/** Returns rows by the names of the header. `wrong` is called with the error of a line. */
export function readCsv(text: string, wrong: (reason: string) => never): Record<string, string>[] {
  const [headerLine = '', ...lines] = text.trimEnd().split('\n');
  const names = splitLine(headerLine);
  return lines.map((line, index) => {
    const fields = splitLine(line);
    if (fields.length !== names.length) wrong(`line ${index + 2} has ${fields.length} fields, not ${names.length}`);
    return Object.fromEntries(names.map((name, column) => [name, fields[column]!]));
  });
}
