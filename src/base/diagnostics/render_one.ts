/** One diagnostic for people: where, what, the lines in question with a mark under the place, and how to fix it. */
import pc from 'picocolors';
import { show } from '../text/display.ts';
import { positionAt, type Span } from '../text/source.ts';
import type { Diagnostic } from './diagnostic.ts';
import { frame } from './frame.ts';

export interface RenderOptions {
  /** Off unless said: the caller knows whether it writes to a terminal. */
  readonly colour?: boolean;
}

/** One diagnostic, without a newline at its end. */
export function renderOne(diagnostic: Diagnostic, options: RenderOptions = {}): string {
  const paint = pc.createColors(options.colour ?? false);
  const mark = diagnostic.severity === 'error' ? paint.red : paint.yellow;
  const where = diagnostic.at ? `${paint.bold(place(diagnostic.at))}: ` : '';
  const what = `${mark(paint.bold(diagnostic.severity))}: ${paint.bold(show(diagnostic.message).text)}`;
  const lines = [`${where}${what} ${paint.dim(`[${diagnostic.code}]`)}`];
  const width = gutter(diagnostic);
  if (diagnostic.at) lines.push(...frame(diagnostic.at, { width, mark, paint }));
  for (const note of diagnostic.notes) {
    lines.push(`${' '.repeat(width)} ${paint.cyan(place(note.at))}: ${show(note.message).text}`);
    lines.push(...frame(note.at, { width, mark: paint.cyan, paint }));
  }
  if (diagnostic.hint !== undefined) {
    lines.push(`${' '.repeat(width)} ${paint.green('hint')}: ${show(diagnostic.hint).text}`);
  }
  return lines.join('\n');
}

/** `models/two_tower.tower:12:26` */
function place(at: Span): string {
  const { line, column } = positionAt(at.source, at.start);
  return `${show(at.source.name).text}:${line}:${column}`;
}

/** One width for all the frames of a diagnostic, so that their gutters align. */
function gutter(diagnostic: Diagnostic): number {
  const spans = [diagnostic.at, ...diagnostic.notes.map((note) => note.at)].filter((at) => at !== undefined);
  const last = Math.max(0, ...spans.map((at) => positionAt(at.source, at.end).line));
  return Math.max(3, String(last).length + 1);
}
