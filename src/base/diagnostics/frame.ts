import type { createColors } from 'picocolors';
import { show } from '../text/display.ts';
import { lineAt, positionAt, type Span } from '../text/source.ts';

export interface FrameStyle {
  /** Cells of the gutter that holds line numbers. */
  readonly width: number;
  readonly mark: (text: string) => string;
  readonly paint: ReturnType<typeof createColors>;
}

/** Longer lines are cut around the place, so that one line of a megabyte stays readable. */
const longest = 120;

/** The first and, where it is another, the last line of a span, with carets under what belongs to it. */
export function frame(at: Span, style: FrameStyle): string[] {
  const start = positionAt(at.source, at.start);
  const end = positionAt(at.source, Math.max(at.start, at.end));
  if (start.line === end.line) return marked(at, start.line, start.column, end.column, style);
  const first = lineAt(at.source, start.line);
  const lines = marked(at, start.line, start.column, first.length + 1, style);
  // A span that ends with its line's newline shows that line alone.
  if (end.column === 1 && end.line === start.line + 1) return lines;
  const last = lineAt(at.source, end.line);
  const indent = last.length - last.trimStart().length;
  if (end.line > start.line + 1) lines.push(`${' '.repeat(style.width)} ${style.paint.dim('┆')}`);
  return [...lines, ...marked(at, end.line, Math.min(indent + 1, end.column), end.column, style)];
}

function marked(at: Span, line: number, from: number, to: number, { width, mark, paint }: FrameStyle): string[] {
  const text = lineAt(at.source, line);
  const skip = from > longest - 20 ? from - 40 : 0;
  const cut = text.slice(skip, skip + longest);
  const head = show(skip > 0 ? '…' : '');
  const before = show(cut.slice(0, from - 1 - skip), head.width);
  const inside = show(cut.slice(from - 1 - skip, to - 1 - skip), head.width + before.width);
  const after = show(cut.slice(to - 1 - skip), head.width + before.width + inside.width);
  const tail = skip + longest < text.length ? '…' : '';
  const shown = `${head.text}${before.text}${inside.text}${after.text}${tail}`.trimEnd();
  const bar = paint.dim('│');
  return [
    `${paint.dim(String(line).padStart(width))} ${bar} ${shown}`.trimEnd(),
    `${' '.repeat(width)} ${bar} ${' '.repeat(head.width + before.width)}${mark('^'.repeat(Math.max(1, inside.width)))}`,
  ];
}
