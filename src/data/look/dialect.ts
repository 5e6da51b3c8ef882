/** Finds the dialect of a text: its separator, and whether the first line has names or lines are a user and items. */
import type { Separator } from './looked_table.ts';

export interface TextDialect {
  readonly separator: Separator;
  readonly hasHeader: boolean;
}

/** The separators, by preference where two fit alike. */
const separators: readonly Separator[] = ['\t', ';', '|', ',', '::', 'blanks'];

/** `lines` for lines `user item item …`; nothing for a text that is no table. */
export function dialectOf(text: string): TextDialect | 'lines' | undefined {
  const lines = text
    .split(/\r\n|\r|\n/)
    .filter((line) => line.trim() !== '')
    .slice(0, 400);
  if (lines.length === 0) return undefined;
  if (areLines(lines)) return 'lines';
  const unquotedLines = lines.map((line) => line.replaceAll(/"[^"]*("|$)/g, '""'));
  let best: { readonly separator: Separator; readonly fit: number } | undefined;
  for (const separator of separators) {
    const fit = fitOf(unquotedLines, separator);
    if (fit > (best?.fit ?? 0)) best = { separator, fit };
  }
  // A table of one column is of no use here.
  const separator = best?.separator ?? ',';
  const [first, ...rest] = lines.map((line) => split(line, separator));
  return { separator, hasHeader: isHeader(first!, rest) };
}

/** Returns the share of lines with the most frequent number of values, more where the first is one of them; 0 where that number is 1. */
function fitOf(lines: readonly string[], separator: Separator): number {
  const counts = lines.map((line) => split(line, separator).length);
  const [usualCount, usualLines] = mostFrequent(counts);
  if (usualCount < 2) return 0;
  const share = usualLines / lines.length;
  // Words of a sentence are separated by blanks too.
  if (separator === 'blanks') return share > 0.95 && counts[0] === usualCount ? share * 0.5 : 0;
  return share < 0.5 ? share * 0.2 : share * (counts[0] === usualCount ? 1.5 : 1);
}

/** Returns the first of the most frequent counts, and how often it occurs. */
export function mostFrequent(counts: readonly number[]): readonly [number, number] {
  const frequencies = new Map<number, number>();
  for (const count of counts) frequencies.set(count, (frequencies.get(count) ?? 0) + 1);
  return [...frequencies].reduce((best, candidate) => (candidate[1] > best[1] ? candidate : best), [0, 0]);
}

export function split(line: string, separator: Separator): string[] {
  if (separator === 'blanks') return line.trim().split(/\s+/);
  return line.split(separator).map((value) => value.trim().replaceAll(/^"|"$/g, ''));
}

const number = /^[+-]?\d[\d.,]*(e[+-]?\d+)?$/i;
const date = /^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}\b/;
const isValue = (text: string): boolean => number.test(text) || date.test(text);

/** True if a first line has names: no numbers and no dates. Where all columns are text, a value of the first line that comes up again is no name. */
export function isHeader(first: readonly string[], rest: readonly (readonly string[])[]): boolean {
  if (first.some(isValue)) return false;
  if (rest.length === 0) return true;
  const hasTypes = first.some((_, at) => rest.filter((row) => isValue(row[at] ?? '')).length * 2 > rest.length);
  if (hasTypes) return true;
  const repeatedNames = first.filter((name, at) => name !== '' && rest.some((row) => row[at] === name)).length;
  return repeatedNames === 0 && first.filter((name) => name === '').length <= 1;
}

/** `user item item …`: words with digits, more on one line than on the next. */
function areLines(lines: readonly string[]): boolean {
  if (lines.length < 3 || lines.some((line) => /[,;|"]|::/.test(line))) return false;
  const words = lines.map((line) => line.trim().split(/[ \t]+/));
  const counts = words.map(({ length }) => length);
  const allWords = words.flat();
  const idWords = allWords.filter((word) => /^[\w.:-]{1,40}$/.test(word) && /\d/.test(word)).length;
  const unevenLines = counts.filter((count) => count !== counts[0]).length;
  const meanWords = allWords.length / lines.length;
  const areUneven = unevenLines >= lines.length * 0.02 && new Set(counts).size >= 3;
  return meanWords >= 2.5 && areUneven && idWords >= allWords.length * 0.9;
}
