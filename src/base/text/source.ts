/** Defines a named text and positions in it, to which every later stage refers. */

export interface Source {
  /** The name in messages: a path relative to the working folder, or `<text>`. */
  readonly name: string;
  readonly text: string;
  /** Offset of the first character of each line. In the first line that is after a byte order mark. */
  readonly lineStarts: readonly number[];
}

/** Half-open range of UTF-16 offsets in one source. */
export interface Span {
  readonly source: Source;
  readonly start: number;
  readonly end: number;
}

/** Line and column, both from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

export const makeSource = (name: string, text: string): Source => ({ name, text, lineStarts: lineStartsOf(text) });

function lineStartsOf(text: string): readonly number[] {
  const lineStarts = [text.startsWith('\uFEFF') ? 1 : 0];
  for (let index = text.indexOf('\n'); index !== -1; index = text.indexOf('\n', index + 1)) lineStarts.push(index + 1);
  return lineStarts;
}

export function positionAt(source: Source, offset: number): Position {
  let low = 0;
  let high = source.lineStarts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (source.lineStarts[middle]! <= offset) low = middle;
    else high = middle - 1;
  }
  return { line: low + 1, column: Math.max(0, offset - source.lineStarts[low]!) + 1 };
}

/** Returns the offset of a line and column, clamped to the text. The inverse of `positionAt`. */
export function offsetAt(source: Source, { line, column }: Position): number {
  const lineStart = source.lineStarts[Math.min(line, source.lineStarts.length) - 1] ?? 0;
  return Math.min(lineStart + column - 1, source.text.length);
}

/** Returns a line without its line end. Lines count from 1. */
export function lineAt(source: Source, line: number): string {
  const lineStart = source.lineStarts[line - 1] ?? source.text.length;
  const lineEnd = source.lineStarts[line] ?? source.text.length;
  return source.text.slice(lineStart, lineEnd).replace(/\r?\n$/, '');
}

/** Returns a text with the line ends of a source, so that all lines of a Windows file end alike. */
export const withLineEndingsOf = ({ text }: Source, writtenText: string): string =>
  /\r?\n/.exec(text)?.[0] === '\r\n' ? writtenText.replaceAll(/\r?\n/g, '\r\n') : writtenText;

/** Returns the blanks at the beginning of a line. */
export const indentationOf = (source: Source, line: number): string => /^[ \t]*/.exec(lineAt(source, line))![0];

export const spanText = (span: Span): string => span.source.text.slice(span.start, span.end);
