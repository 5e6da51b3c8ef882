/** Small CSV files as text: RFC 4180. */

/** A header and rows; missing values are empty. */
export function writeCsv(header: readonly string[], rows: Iterable<readonly (string | number | undefined)[]>): string {
  const lines = [header.join(',')];
  for (const row of rows) lines.push(row.map((value) => quoted(value === undefined ? '' : String(value))).join(','));
  return `${lines.join('\n')}\n`;
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Fields of one line without line ends in its quotes. */
export function splitLine(line: string): string[] {
  if (!line.includes('"')) return line.split(',');
  const fields: string[] = [];
  for (const [, inQuotes, plain] of line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)) {
    fields.push(inQuotes?.replaceAll('""', '"') ?? plain ?? '');
  }
  return fields;
}

/** Rows of a small file by the names of its header. `reason` is called with what is wrong with a line. */
export function readCsv(text: string, wrong: (reason: string) => never): Record<string, string>[] {
  const [head = '', ...lines] = text.trimEnd().split('\n');
  const names = splitLine(head);
  return lines.map((line, at) => {
    const fields = splitLine(line);
    if (fields.length !== names.length) wrong(`line ${at + 2} has ${fields.length} fields, not ${names.length}`);
    return Object.fromEntries(names.map((name, column) => [name, fields[column]!]));
  });
}
