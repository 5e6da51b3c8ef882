/** Samples rows of a text table after detecting its dialect: the separator, and whether the first line is a header. */
import { countsOf } from '../../base/util/objects.ts';
import { CsvScanner, valuesOf } from '../files/records/csv_records.ts';
import type { FileSample } from '../files/records/scan_file.ts';
import {
  type LookedTable,
  type Rewrite,
  type Separator,
  type TextEncoding,
  unknownEnding,
  unusedName,
} from './looked_table.ts';

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
  pieceTexts[0] = withoutBlankLines(pieceTexts[0]!);
  const titles = titleLines(pieceTexts[0].slice(0, 256 << 10));
  const texts = [withoutLines(pieceTexts[0], titles), ...pieceTexts.slice(1)];
  const dialect = dialectOf(texts[0]!.slice(0, 256 << 10));
  if (dialect === undefined) return { reason: 'it has no lines' };
  if (dialect === 'lines') return linesTable(texts, sample);
  const { separator, hasHeader } = dialect;
  const to = separator === '::' || separator === 'blanks' ? '\t' : separator;
  const isPaddedText = to === separator && isPadded(texts[0]!.slice(0, 256 << 10), separator);
  const hasFiller = to === separator && withoutFiller(texts[0]!, separator) !== texts[0];
  const cleaning = { isPadded: isPaddedText || undefined, hasFiller: hasFiller || undefined };
  const readTexts = (isEscaped: boolean) => {
    const cleanTexts = texts.map((text) => cleaned(text, { from: separator, to, ...cleaning, isEscaped }));
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
export const countIn = ({ isWhole, size }: FileSample, found: number, bytes: number): number =>
  isWhole ? found : Math.round((found / bytes) * (size ?? bytes));

/** Cleans rows as a copy has them: without rows of separators, escapes, other separators and blanks around values. */
export function cleaned(text: string, rewrite: Omit<Rewrite, 'because' | 'encoding' | 'header' | 'hasHeader'>): string {
  const { from, to, hasFiller, isEscaped, isPadded: hasBlanks } = rewrite;
  const filled = hasFiller ? withoutFiller(text, from) : text;
  const unescapedText = isEscaped ? unescaped(filled) : filled;
  if (from !== to) return separated(unescapedText, from);
  return hasBlanks ? unpadded(unescapedText, to) : unescapedText;
}

/** Returns the rows, the names in the first line, which are `given`, and those that the columns get. */
function readRows(texts: readonly string[], separator: string, hasHeader: boolean) {
  const first = firstRecord(texts[0]!, separator);
  const given = hasHeader ? first.values.map((name) => name.trim()) : first.values.map(() => '');
  const columns = namesFor(given);
  const headerLine = `${columns.map((_, index) => `c${index}`).join(separator)}\n`;
  const rows: string[][] = [];
  let records = 0;
  let bad = 0;
  for (const [index, text] of texts.entries()) {
    const own = index === 0 && hasHeader ? text.slice(first.end) : text;
    const bytes = Buffer.from(`${headerLine}${own}`);
    const scanner = new CsvScanner({ delimiter: separator, columns: columns.map((name) => ({ name })) });
    scanner.take(bytes, true, (_line, from, end, problem) => {
      records++;
      if (problem !== undefined) bad++;
      else if (rows.length < (maxRows * (index + 1)) / texts.length)
        rows.push(valuesOf(bytes.toString('utf8', from, end), separator));
    });
  }
  return { given, columns, rows, records, bad };
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

/** Returns the values of the first line that is not blank, and the offset after it. */
export function firstRecord(text: string, separator: string): { readonly values: string[]; readonly end: number } {
  const start = text.length - withoutBlankLines(text).length;
  let end = start;
  for (let isQuoted = false; end < text.length; end++) {
    if (text[end] === '"') isQuoted = !isQuoted;
    else if (!isQuoted && (text[end] === '\n' || text[end] === '\r')) break;
  }
  const record = text.slice(start, end);
  return { values: valuesOf(record, separator), end: text[end] === '\r' && text[end + 1] === '\n' ? end + 2 : end + 1 };
}

/** Decodes without the byte order mark. Node.js 20 needs `stream` to decode Windows-1252 correctly, and a piece may end within a character. */
export function decode(bytes: Buffer, encoding: TextEncoding): string {
  return withoutMark(new TextDecoder(encoding).decode(bytes, { stream: true }));
}

/** Removes the byte order mark of UTF-8, which in another encoding is read as three letters. */
export const withoutMark = (text: string): string => text.replace(/^(?:\uFEFF|\u00EF\u00BB\u00BF)/, '');

/** Removes rows of separators alone, which a spreadsheet writes below a table. */
const withoutFiller = (text: string, separator: string): string =>
  text.replaceAll(new RegExp(`^ *[${separator}][ ${separator}]*(\\r\\n|\\r|\\n|$)`, 'gm'), '');

export const withoutBlankLines = (text: string): string => text.replace(/^(?:[ \t]*(?:\r\n|\r|\n))+/, '');

function wholeLines(text: string, isCutBefore: boolean, isEnd: boolean): string {
  const start = isCutBefore ? text.indexOf('\n') + 1 : 0;
  const end = isEnd ? text.length : text.lastIndexOf('\n') + 1;
  return text.slice(start, Math.max(start, end || text.length));
}

/** Converts quotes after a backslash to the doubled quotes of CSV. */
const unescaped = (text: string): string => text.replaceAll(/\\(["\\])/g, (_, sign) => (sign === '"' ? '""' : '\\'));

/** Separates values by tabs. Such files contain no quotes. */
function separated(text: string, separator: Separator): string {
  const lines = text.split(/\r\n|\r|\n/).map((line) => {
    const values = line.trim() === '' ? [] : split(line, separator);
    return values.map((value) => value.replaceAll('\t', ' ')).join('\t');
  });
  return lines.join('\n');
}

/** Returns the first lines of a text that are not blank. */
function firstLines(text: string): string[] {
  const lines = text.split(/\r\n|\r|\n/).filter((line) => line.trim() !== '');
  return lines.slice(0, 400);
}

/** True if at least half of the lines have blanks around the separator. */
function isPadded(text: string, separator: string): boolean {
  const lines = firstLines(text).map((line) => line.replaceAll(/"[^"]*"/g, '""'));
  const paddedLines = lines.filter((line) => line.includes(` ${separator}`) || line.includes(`${separator} `));
  return lines.length > 1 && paddedLines.length * 2 >= lines.length;
}

/** Removes blanks around values, but not within quotes. */
function unpadded(text: string, separator: string): string {
  const isBlank = (at: number): boolean => text[at] === ' ' || (text[at] === '\t' && separator !== '\t');
  const skipBlanks = (at: number): number => {
    let end = at;
    while (isBlank(end)) end++;
    return end;
  };
  const valueEnd = new RegExp(`[${separator === '|' ? '\\|' : separator}\\r\\n]`, 'g');
  const outputParts: string[] = [];
  for (let index = 0; index < text.length; ) {
    const start = skipBlanks(index);
    const quoted = text[start] === '"' ? pastQuoted(text, start) : start;
    // Characters after the last quote are an error of the file, which is not repaired.
    const from = isEnd(text, skipBlanks(quoted), separator) ? quoted : start;
    valueEnd.lastIndex = from;
    const end = valueEnd.exec(text)?.index ?? text.length;
    outputParts.push(text.slice(start, end).trimEnd(), text.slice(end, end + 1));
    index = end + 1;
  }
  return outputParts.join('');
}

const isEnd = (text: string, at: number, separator: string): boolean =>
  at >= text.length || text[at] === separator || text[at] === '\n' || text[at] === '\r';

/** Returns the offset after a quoted value; its start if the quote never closes. */
function pastQuoted(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end >= 0 && text[end + 1] === '"') end = text.indexOf('"', end + 2);
  return end < 0 ? start : end + 1;
}

/** Maximum number of lines above the header, such as the title and the date in the export of a spreadsheet. */
const maxTitles = 20;

/** Counts the lines of a text above its header; 0 if it starts with the header or has none. */
function titleLines(text: string): number {
  const dialect = dialectOf(text);
  if (dialect === undefined || dialect === 'lines' || dialect.separator === 'blanks') return 0;
  const lines = text.split(/\r\n|\r|\n/).slice(0, 400);
  const values = lines.map((line) => split(line, dialect.separator));
  const valueCounts = values.map((row) => row.filter((value) => value !== '').length);
  const usualCount = mostFrequent(valueCounts.filter((count) => count > 0))[0];
  const below = (at: number): readonly string[][] =>
    values.slice(at + 1).filter((row) => row.some((value) => value !== ''));
  // Counts above the names, such as `users,943`, are rows of few values.
  const namesLine = valueCounts.findIndex(
    (count, index) => count > usualCount / 2 && below(index).length > 0 && isHeader(values[index]!, below(index)),
  );
  const isTitle = (count: number): boolean => count < usualCount && count <= Math.max(2, usualCount / 2);
  const areTitles = namesLine > 0 && namesLine <= maxTitles && valueCounts.slice(0, namesLine).every(isTitle);
  return usualCount >= 2 && areTitles ? namesLine : 0;
}

export function withoutLines(text: string, count: number): string {
  let at = 0;
  for (let line = 0; line < count; line++) {
    const end = /\r\n|\r|\n/g;
    end.lastIndex = at;
    if (end.exec(text) === null) return '';
    at = end.lastIndex;
  }
  return text.slice(at);
}

/** The separators in order of preference, for the case that two fit equally well. */
const separators: readonly Separator[] = ['\t', ';', '|', ',', '::', 'blanks'];

/** Returns `lines` for lines `user item item …`; undefined for a text that is not a table. */
function dialectOf(text: string) {
  const lines = firstLines(text);
  if (lines.length === 0) return undefined;
  if (areLines(lines)) return 'lines';
  const unquotedLines = lines.map((line) => line.replaceAll(/"[^"]*("|$)/g, '""'));
  const fits = separators.map((each) => ({ separator: each, fit: fitOf(unquotedLines, each) }));
  const [best] = fits.filter(({ fit }) => fit > 0).sort((a, b) => b.fit - a.fit);
  // The text has a single column: any separator will do.
  const separator = best?.separator ?? ',';
  const [first, ...rest] = lines.map((line) => split(line, separator));
  return { separator, hasHeader: isHeader(first!, rest) };
}

/** Rates a separator by the share of lines with the most frequent number of values, higher if the first line is one of them; 0 if that number is 1. */
function fitOf(lines: readonly string[], separator: Separator): number {
  const counts = lines.map((line) => split(line, separator).length);
  const [usualCount, usualLines] = mostFrequent(counts);
  if (usualCount < 2) return 0;
  const share = usualLines / lines.length;
  // Words of sentences are separated by blanks too.
  if (separator === 'blanks') return share > 0.95 && counts[0] === usualCount ? share * 0.5 : 0;
  return share < 0.5 ? share * 0.2 : share * (counts[0] === usualCount ? 1.5 : 1);
}

/** Returns the first of the most frequent counts, and its frequency. */
const mostFrequent = (counts: readonly number[]): readonly [number, number] =>
  [...countsOf(counts)].sort((a, b) => b[1] - a[1])[0] ?? [0, 0];

function split(line: string, separator: Separator): string[] {
  if (separator === 'blanks') return line.trim().split(/\s+/);
  return line.split(separator).map((value) => value.trim().replaceAll(/^"|"$/g, ''));
}

const number = /^[+-]?\d[\d.,]*(e[+-]?\d+)?$/i;
const date = /^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}\b/;
const isValue = (text: string): boolean => number.test(text) || date.test(text);

/** True if the first line is a header: it contains no numbers or dates and, if all columns are texts, none of its values occurs again below. */
function isHeader(first: readonly string[], rest: readonly (readonly string[])[]): boolean {
  if (first.some(isValue)) return false;
  if (rest.length === 0) return true;
  const hasTypes = first.some((_, index) => rest.filter((row) => isValue(row[index] ?? '')).length * 2 > rest.length);
  if (hasTypes) return true;
  const repeatedNames = first.filter((name, index) => name !== '' && rest.some((row) => row[index] === name)).length;
  return repeatedNames === 0 && first.filter((name) => name === '').length <= 1;
}

/** True for lines `user item item …`: ids with digits in varying numbers. */
function areLines(lines: readonly string[]): boolean {
  if (lines.length < 3 || lines.some((line) => /[,;|"]|::/.test(line))) return false;
  const words = lines.map((line) => line.trim().split(/[ \t]+/));
  const counts = words.map(({ length }) => length);
  // A table may have empty values, but has as many tabs in each line.
  const tabs = new Set(lines.map((line) => line.split('\t').length));
  if (tabs.size === 1 && !tabs.has(1) && !tabs.has(2)) return false;
  const allWords = words.flat();
  const idWords = allWords.filter((word) => /^[\w.:-]{1,40}$/.test(word) && /\d/.test(word)).length;
  const unevenLines = counts.filter((count) => count !== counts[0]).length;
  const meanWords = allWords.length / lines.length;
  const areUneven = unevenLines >= lines.length * 0.02 && new Set(counts).size >= 3;
  return meanWords >= 2.5 && areUneven && idWords >= allWords.length * 0.9;
}
