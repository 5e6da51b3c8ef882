/** Samples rows of a text table after detecting its dialect: the separator, and whether the first line is a header. */
import { CsvScanner, splitRecord } from '../csv/csv_records.ts';
import {
  cleanRows,
  countTitleLines,
  detectDialect,
  dropBlankLines,
  dropLines,
  dropMark,
  firstRecord,
  isPadded,
  type Separator,
  withoutFiller,
} from '../csv/dialect.ts';
import type { FileSample } from '../files/records/scan_file.ts';
import { type LookedTable, type Rewrite, type TextEncoding, unknownEnding, unusedName } from './looked_table.ts';

export type SampledTable = Omit<LookedTable, 'path'>;

/** Maximum number of rows in a sample: more would not change the result. */
const maxRows = 40_000;

export function lookAtText(
  sample: FileSample,
  encoding: TextEncoding,
  readable: 'csv' | 'tsv' | undefined,
): SampledTable | { readonly reason: string } {
  const pieceTexts = sample.pieces.map((piece, index) =>
    wholeLines(decode(piece, encoding), index > 0, index === 0 && sample.isWhole),
  );
  pieceTexts[0] = dropBlankLines(pieceTexts[0]!);
  const titles = countTitleLines(pieceTexts[0].slice(0, 256 << 10));
  const texts = [dropLines(pieceTexts[0], titles), ...pieceTexts.slice(1)];
  const dialect = detectDialect(texts[0]!.slice(0, 256 << 10));
  if (dialect === undefined) return { reason: 'it has no lines' };
  if (dialect === 'lines') return linesTable(texts, sample);
  const { separator, hasHeader } = dialect;
  const to = separator === '::' || separator === 'blanks' ? '\t' : separator;
  const isPaddedText = to === separator && isPadded(texts[0]!.slice(0, 256 << 10), separator);
  const hasFiller = to === separator && withoutFiller(texts[0]!, separator) !== texts[0];
  const cleaning = { isPadded: isPaddedText || undefined, hasFiller: hasFiller || undefined };
  const readTexts = (isEscaped: boolean) => {
    const cleanTexts = texts.map((text) => cleanRows(text, { from: separator, to, ...cleaning, isEscaped }));
    return readRows(cleanTexts, to, hasHeader);
  };
  const unescapedRows = readTexts(false);
  // A backslash is only an escape if rows are broken because of quotes after it.
  const isEscaped = unescapedRows.bad * 2 > unescapedRows.records && texts[0]!.includes('\\"');
  const { columns, given, rows, records, bad } = isEscaped ? readTexts(true) : unescapedRows;
  if (rows.length === 0)
    return { reason: hasHeader && records === 0 ? 'it has a header and no rows' : 'none of its lines is a row' };
  const values = columns.length === 1 ? 'one value' : `${columns.length} values`;
  if (bad * 2 > records) return { reason: `most of its lines do not have ${values}` };
  if (columns.length === 1) return { reason: 'its lines have one value each' };
  const rewrite: Omit<Rewrite, 'because'> = {
    encoding,
    from: separator,
    to,
    header: columns,
    hasHeader,
    titles: titles || undefined,
    ...cleaning,
    isEscaped: isEscaped || undefined,
  };
  const because = reasonsFor(rewrite, given, readable);
  const { isWhole, pieces } = sample;
  const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
  return {
    kind: 'csv',
    columns,
    rows,
    count: countIn(sample, records, bytes),
    isWhole,
    bad,
    separator: to,
    rewrite: because.length > 0 ? { because, ...rewrite } : undefined,
  };
}

/** Returns the number of rows in a file, of which so many were found in these bytes. */
export const countIn = ({ isWhole, size }: FileSample, foundCount: number, bytes: number): number =>
  isWhole ? foundCount : Math.round((foundCount / bytes) * (size ?? bytes));

/** Returns the rows, the names in the first line, which are `given`, and those that the columns get. */
function readRows(texts: readonly string[], separator: string, hasHeader: boolean) {
  const first = firstRecord(texts[0]!, separator);
  const headerNames = hasHeader ? first.values.map((name) => name.trim()) : first.values.map(() => '');
  const columns = namesFor(headerNames);
  const headerLine = `${columns.map((_, index) => `c${index}`).join(separator)}\n`;
  const rows: string[][] = [];
  let records = 0;
  let bad = 0;
  for (const [index, text] of texts.entries()) {
    const own = index === 0 && hasHeader ? text.slice(first.end) : text;
    const bytes = Buffer.from(`${headerLine}${own}`);
    const scanner = new CsvScanner({ delimiter: separator, columns: columns.map((name) => ({ name })) });
    scanner.scan(bytes, true, (_line, from, end, problem) => {
      records++;
      if (problem !== undefined) bad++;
      else if (rows.length < (maxRows * (index + 1)) / texts.length)
        rows.push(splitRecord(bytes.toString('utf8', from, end), separator));
    });
  }
  return { given: headerNames, columns, rows, records, bad };
}

function reasonsFor(
  rewrite: Omit<Rewrite, 'because'>,
  given: readonly string[],
  readable: 'csv' | 'tsv' | undefined,
): string[] {
  const { encoding, from: separator, to, hasHeader, titles = 0 } = rewrite;
  const lowerNames = given.map((name) => name.toLowerCase());
  const repeatedName = given.find((name, index) => name !== '' && lowerNames.indexOf(name.toLowerCase()) !== index);
  const isOtherSeparator = readable === 'tsv' && separator !== '\t';
  const reasons: readonly (readonly [boolean | undefined, string])[] = [
    [encoding !== 'utf-8', `it is text in ${encoding}, and a data block reads UTF-8`],
    [titles > 0, `${titles === 1 ? 'a line comes' : `${titles} lines come`} before its names`],
    [rewrite.isPadded, 'blanks are around its values'],
    [rewrite.hasFiller, 'some of its rows have separators and no values'],
    [rewrite.isEscaped, 'a backslash is before its quotes'],
    [!hasHeader, 'its first line is a row, and a data block needs names'],
    [separator !== to, `${separator === '::' ? '`::` separates' : 'blanks separate'} its values`],
    [repeatedName !== undefined, `it has two columns with the name \`${repeatedName}\``],
    [readable === undefined, unknownEnding],
    [isOtherSeparator, 'its ending says tabs, and something else separates its values'],
    [
      separator === to && hasHeader && otherIsMoreFrequent(given, separator),
      'another sign in its header would be taken for the separator',
    ],
  ];
  return reasons.flatMap(([isTrue, reason]) => (isTrue ? [reason] : []));
}

/** True if a data block would choose another separator, because that is more frequent in the header. */
function otherIsMoreFrequent(names: readonly string[], separator: Separator): boolean {
  const text = names.join(' ');
  return [',', '\t', ';', '|'].some((sign) => sign !== separator && text.split(sign).length > names.length);
}

/** Names columns: a missing name becomes an index, and a repeated one gets a number. */
function namesFor(given: readonly string[]): string[] {
  const usedNames = new Set<string>();
  return given.map((name, index) => unusedName(name === '' ? `column${index + 1}` : name, usedNames));
}

function linesTable(texts: readonly string[], sample: FileSample): SampledTable {
  const rows: string[][] = [];
  let words = 0;
  let bytes = 0;
  for (const text of texts) {
    for (const line of text.split('\n')) {
      const [user, ...items] = line.trim().split(/[ \t]+/);
      bytes += line.length + 1;
      words += items.length;
      if (rows.length < maxRows)
        for (const [index, item] of items.entries()) rows.push([user!, item, String(index + 1)]);
    }
  }
  const columns = ['user', 'item', 'position'];
  return { kind: 'lines', columns, rows, count: countIn(sample, words, bytes), isWhole: sample.isWhole, bad: 0 };
}

/** Decodes without the byte order mark. Node.js 20 needs `stream` to decode Windows-1252 correctly, and a piece may end within a character. */
export const decode = (bytes: Buffer, encoding: TextEncoding): string =>
  dropMark(new TextDecoder(encoding).decode(bytes, { stream: true }));

function wholeLines(text: string, isCutBefore: boolean, isEnd: boolean): string {
  const start = isCutBefore ? text.indexOf('\n') + 1 : 0;
  const end = isEnd ? text.length : text.lastIndexOf('\n') + 1;
  return text.slice(start, Math.max(start, end || text.length));
}
