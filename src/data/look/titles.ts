/** Lines above the names of a table: the title and the date that a spreadsheet writes there. */
import { dialectOf, isHeader, split } from './dialect.ts';

const MOST = 20;

/** How many lines of a text come before its names; 0 where it begins with them, or has none. */
export function titleLines(text: string): number {
  const dialect = dialectOf(text);
  if (dialect === undefined || dialect === 'lines' || dialect.separator === 'blanks') return 0;
  const lines = text.split(/\r\n|\r|\n/).slice(0, 400);
  const values = lines.map((line) => split(line, dialect.separator));
  const filled = values.map((row) => row.filter((value) => value !== '').length);
  const usual = mostFrequent(filled.filter((count) => count > 0));
  const names = filled.findIndex((count) => count > usual / 2);
  if (usual < 2 || names < 1 || names > MOST) return 0;
  const rest = values.slice(names + 1).filter((_, at) => filled[names + 1 + at]! > 0);
  return rest.length > 0 && isHeader(values[names]!, rest) ? names : 0;
}

/** A text without its first lines. */
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

function mostFrequent(counts: readonly number[]): number {
  const often = new Map<number, number>();
  for (const count of counts) often.set(count, (often.get(count) ?? 0) + 1);
  return [...often].reduce((best, one) => (one[1] > best[1] ? one : best), [0, 0])[0];
}
