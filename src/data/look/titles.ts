/** Finds the lines above the names of a table: the title and the date that a spreadsheet writes there. */
import { dialectOf, isHeader, mostFrequent, split } from './dialect.ts';

const maxTitles = 20;

/** Counts the lines of a text before its names; 0 where it begins with them, or has none. */
export function titleLines(text: string): number {
  const dialect = dialectOf(text);
  if (dialect === undefined || dialect === 'lines' || dialect.separator === 'blanks') return 0;
  const lines = text.split(/\r\n|\r|\n/).slice(0, 400);
  const values = lines.map((line) => split(line, dialect.separator));
  const valueCounts = values.map((row) => row.filter((value) => value !== '').length);
  const usualCount = mostFrequent(valueCounts.filter((count) => count > 0))[0];
  const namesLine = valueCounts.findIndex((count) => count > usualCount / 2);
  if (usualCount < 2 || namesLine < 1 || namesLine > maxTitles) return 0;
  const rowsBelow = values.slice(namesLine + 1).filter((_, at) => valueCounts[namesLine + 1 + at]! > 0);
  return rowsBelow.length > 0 && isHeader(values[namesLine]!, rowsBelow) ? namesLine : 0;
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
