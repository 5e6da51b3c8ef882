/** Finds the dialect of a text table (its separator, and whether it has a header), cleans its rows, and writes records. */
import { countValues } from '../../base/util/objects.ts';
import { splitRecord } from './csv_records.ts';

export type Separator = ',' | ';' | '\t' | '|' | '::' | 'blanks';

/** What a copy of a text table changes in its rows. */
export interface Cleaning {
  /** The separators in the file and in the copy. `blanks` stands for one or more spaces. */
  readonly from: Separator;
  readonly to: string;
  /** True if quotes within values are escaped by a backslash instead of a second quote. */
  readonly isEscaped?: boolean | undefined;
  readonly isPadded?: boolean | undefined;
  /** True if some rows have no values, which the copy omits. */
  readonly hasFiller?: boolean | undefined;
}

/** Converts quotes after a backslash to the doubled quotes of CSV. */
const unescapeQuotes = (text: string): string =>
  text.replaceAll(/\\(["\\])/g, (_, character) => (character === '"' ? '""' : '\\'));

/** Separates values by tabs. Such files contain no quotes. */
function rewriteWithTabs(text: string, separator: Separator): string {
  const lines = text.split(/\r\n|\r|\n/).map((line) => {
    const values = line.trim() === '' ? [] : splitLine(line, separator);
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
export function isPadded(text: string, separator: string): boolean {
  const lines = firstLines(text).map((line) => line.replaceAll(/"[^"]*"/g, '""'));
  const paddedLines = lines.filter((line) => line.includes(` ${separator}`) || line.includes(`${separator} `));
  return lines.length > 1 && paddedLines.length * 2 >= lines.length;
}

/** Removes blanks around values, but not within quotes. */
function trimBlanks(text: string, separator: string): string {
  const isBlank = (index: number): boolean => text[index] === ' ' || (text[index] === '\t' && separator !== '\t');
  const skipBlanks = (index: number): number => {
    let end = index;
    while (isBlank(end)) end++;
    return end;
  };
  const valueEnd = new RegExp(`[${separator === '|' ? '\\|' : separator}\\r\\n]`, 'g');
  const outputParts: string[] = [];
  for (let index = 0; index < text.length; ) {
    const start = skipBlanks(index);
    const quotedEnd = text[start] === '"' ? skipQuoted(text, start) : start;
    // Characters after the last quote are an error of the file, which is not repaired.
    const searchStart = isValueEnd(text, skipBlanks(quotedEnd), separator) ? quotedEnd : start;
    valueEnd.lastIndex = searchStart;
    const end = valueEnd.exec(text)?.index ?? text.length;
    outputParts.push(text.slice(start, end).trimEnd(), text.slice(end, end + 1));
    index = end + 1;
  }
  return outputParts.join('');
}

const isValueEnd = (text: string, index: number, separator: string): boolean =>
  index >= text.length || text[index] === separator || text[index] === '\n' || text[index] === '\r';

/** Returns the offset after a quoted value; its start if the quote never closes. */
function skipQuoted(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end >= 0 && text[end + 1] === '"') end = text.indexOf('"', end + 2);
  return end < 0 ? start : end + 1;
}

/** Maximum number of lines above the header, such as the title and the date in the export of a spreadsheet. */
const maxTitles = 20;

/** Counts the lines of a text above its header; 0 if it starts with the header or has none. */
export function countTitleLines(text: string): number {
  const dialect = detectDialect(text);
  if (dialect === undefined || dialect === 'lines' || dialect.separator === 'blanks') return 0;
  const values = text
    .split(/\r\n|\r|\n/)
    .slice(0, 400)
    .map((line) => splitLine(line, dialect.separator));
  const valueCounts = values.map((row) => row.filter((value) => value !== '').length);
  const usualCount = mostFrequent(valueCounts.filter((count) => count > 0))[0];
  const rowsBelow = (index: number): readonly string[][] =>
    values.slice(index + 1).filter((row) => row.some((value) => value !== ''));
  // Lines such as `users,943` may stand above the names. They have fewer values than the rows.
  const namesLine = valueCounts.findIndex(
    (count, index) =>
      count > usualCount / 2 && rowsBelow(index).length > 0 && isHeader(values[index]!, rowsBelow(index)),
  );
  const isTitle = (count: number): boolean => count < usualCount && count <= Math.max(2, usualCount / 2);
  const areTitles = namesLine > 0 && namesLine <= maxTitles && valueCounts.slice(0, namesLine).every(isTitle);
  return usualCount >= 2 && areTitles ? namesLine : 0;
}

export function dropLines(text: string, count: number): string {
  let offset = 0;
  for (let line = 0; line < count; line++) {
    const lineEnd = /\r\n|\r|\n/g;
    lineEnd.lastIndex = offset;
    if (lineEnd.exec(text) === null) return '';
    offset = lineEnd.lastIndex;
  }
  return text.slice(offset);
}

/** The separators in order of preference, for the case that two fit equally well. */
const separators: readonly Separator[] = ['\t', ';', '|', ',', '::', 'blanks'];

/** Returns `lines` for lines `user item item …`; undefined for a text that is not a table. */
export function detectDialect(text: string) {
  const lines = firstLines(text);
  if (lines.length === 0) return undefined;
  if (areItemLists(lines)) return 'lines';
  const unquotedLines = lines.map((line) => line.replaceAll(/"[^"]*("|$)/g, '""'));
  const ratings = separators.map((candidate) => ({
    separator: candidate,
    fit: rateSeparator(unquotedLines, candidate),
  }));
  const [best] = ratings.filter(({ fit }) => fit > 0).sort((a, b) => b.fit - a.fit);
  // The text has a single column: any separator will do.
  const separator = best?.separator ?? ',';
  const [firstRow, ...rows] = lines.map((line) => splitLine(line, separator));
  return { separator, hasHeader: isHeader(firstRow!, rows) };
}

/** Rates a separator by the share of lines that have the usual number of values. The rating is higher if the first line has it too, and 0 if the usual number is 1. */
function rateSeparator(lines: readonly string[], separator: Separator): number {
  const counts = lines.map((line) => splitLine(line, separator).length);
  const [usualCount, usualLines] = mostFrequent(counts);
  if (usualCount < 2) return 0;
  const share = usualLines / lines.length;
  // Words of sentences are separated by blanks too.
  if (separator === 'blanks') return share > 0.95 && counts[0] === usualCount ? share * 0.5 : 0;
  return share < 0.5 ? share * 0.2 : share * (counts[0] === usualCount ? 1.5 : 1);
}

/** Returns the first of the most frequent counts, and its frequency. */
const mostFrequent = (counts: readonly number[]): readonly [number, number] =>
  [...countValues(counts)].sort((a, b) => b[1] - a[1])[0] ?? [0, 0];

function splitLine(line: string, separator: Separator): string[] {
  if (separator === 'blanks') return line.trim().split(/\s+/);
  return line.split(separator).map((value) => value.trim().replaceAll(/^"|"$/g, ''));
}

const number = /^[+-]?\d[\d.,]*(e[+-]?\d+)?$/i;
const date = /^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}\b/;
const isValue = (text: string): boolean => number.test(text) || date.test(text);

/** True if the first line is a header: it contains no numbers or dates and, if all columns are texts, none of its values occurs again below. */
function isHeader(firstRow: readonly string[], rows: readonly (readonly string[])[]): boolean {
  if (firstRow.some(isValue)) return false;
  if (rows.length === 0) return true;
  const hasTypes = firstRow.some(
    (_, index) => rows.filter((row) => isValue(row[index] ?? '')).length * 2 > rows.length,
  );
  if (hasTypes) return true;
  const repeatedNames = firstRow.filter((name, index) => name !== '' && rows.some((row) => row[index] === name)).length;
  return repeatedNames === 0 && firstRow.filter((name) => name === '').length <= 1;
}

/** True for lines `user item item …`: lines of ids, of different lengths, where an id contains a digit. */
function areItemLists(lines: readonly string[]): boolean {
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

/** Cleans the rows for a copy: rows without values are removed, escaped quotes doubled, the separator replaced, and blanks around values trimmed. */
export function cleanRows(text: string, rewrite: Cleaning): string {
  const { from, to, hasFiller, isEscaped, isPadded: hasBlanks } = rewrite;
  const withoutEmptyRows = hasFiller ? withoutFiller(text, from) : text;
  const unescapedText = isEscaped ? unescapeQuotes(withoutEmptyRows) : withoutEmptyRows;
  if (from !== to) return rewriteWithTabs(unescapedText, from);
  return hasBlanks ? trimBlanks(unescapedText, to) : unescapedText;
}

/** Returns the values of the first line that is not blank, and the offset after it. */
export function firstRecord(text: string, separator: string): { readonly values: string[]; readonly end: number } {
  const start = text.length - dropBlankLines(text).length;
  let end = start;
  for (let isQuoted = false; end < text.length; end++) {
    if (text[end] === '"') isQuoted = !isQuoted;
    else if (!isQuoted && (text[end] === '\n' || text[end] === '\r')) break;
  }
  return {
    values: splitRecord(text.slice(start, end), separator),
    end: text[end] === '\r' && text[end + 1] === '\n' ? end + 2 : end + 1,
  };
}

/** Removes the byte order mark of UTF-8, which in another encoding is read as three letters. */
export const dropMark = (text: string): string => text.replace(/^(?:\uFEFF|\u00EF\u00BB\u00BF)/, '');

/** Removes rows of separators alone, which a spreadsheet writes below a table. */
export const withoutFiller = (text: string, separator: string): string =>
  text.replaceAll(new RegExp(`^ *[${separator}][ ${separator}]*(\\r\\n|\\r|\\n|$)`, 'gm'), '');

export const dropBlankLines = (text: string): string => text.replace(/^(?:[ \t]*(?:\r\n|\r|\n))+/, '');

/** Returns a record of CSV (RFC 4180). Values that contain any of `separators`, which a reader could take for more than one, are quoted. */
export function formatRecord(
  values: readonly (string | null)[],
  separator: string,
  separators: readonly string[] = [',', ';', '|', '\t'],
): string {
  const isAmbiguous = (text: string): boolean =>
    /["\r\n]/.test(text) || separators.some((candidate) => text.includes(candidate));
  const texts = values.map((value) => (value && isAmbiguous(value) ? `"${value.replaceAll('"', '""')}"` : value));
  return `${texts.join(separator)}\n`;
}
