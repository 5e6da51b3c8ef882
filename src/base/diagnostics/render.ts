/** Renders the first diagnostics of a run for the terminal, and a last line that counts all of them. */
import type { createColors } from 'picocolors';
import pc from 'picocolors';
import { show } from '../text/display.ts';
import { lineAt, positionAt, type Span } from '../text/source.ts';
import { inOrder } from './diagnose.ts';
import type { Diagnostic } from './diagnostic.ts';

/** Renders the first diagnostics in a stable order, with an empty line between them, and a last line that counts all of them. Empty without diagnostics. */
export function render(diagnostics: readonly Diagnostic[], options: RenderOptions = {}): string {
  if (diagnostics.length === 0) return '';
  const { shown } = firstOf(diagnostics);
  const rendered = shown.map((diagnostic) => renderOne(diagnostic, options));
  return `${rendered.join('\n\n')}\n\n${count(diagnostics)}\n`;
}

/** `2 errors, 1 warning`, `61 errors, of which the first 50 are shown` */
function count(diagnostics: readonly Diagnostic[]): string {
  const { errors } = firstOf(diagnostics);
  const warnings = diagnostics.filter(({ severity }) => severity === 'warning').length;
  const moreThan = diagnostics.some(({ code }) => code === 'too-many-mistakes') ? 'more than ' : '';
  const shownOnly = errors > mostErrors ? `, of which the first ${mostErrors} are shown` : '';
  const countTexts = [];
  if (errors > 0) countTexts.push(errors === 1 ? '1 error' : `${moreThan}${errors} errors${shownOnly}`);
  if (warnings > 0) countTexts.push(warnings === 1 ? '1 warning' : `${warnings} warnings`);
  return countTexts.join(', ');
}

/** Maximum number of errors that are reported. */
export const mostErrors = 50;

/** Returns the diagnostics to show, in order: all warnings, and the first errors. `errors` counts all errors. */
export function firstOf(diagnostics: readonly Diagnostic[]): { shown: Diagnostic[]; errors: number } {
  let errors = 0;
  const shown = inOrder(diagnostics).filter((one) => !isCounted(one) || ++errors <= mostErrors);
  return { shown, errors };
}

/** True for an error. `too-many-mistakes` only says that there are more errors, so it is not counted itself. */
const isCounted = ({ severity, code }: Diagnostic): boolean => severity === 'error' && code !== 'too-many-mistakes';

export interface RenderOptions {
  /** Default: off, because only the caller knows whether it writes to a terminal. */
  readonly colour?: boolean;
  /** Width of the terminal in cells. A longer line of a file is cut: if the terminal wrapped it, the carets would stand under another text. */
  readonly columns?: number | undefined;
}

/** Renders one diagnostic (position, message, source lines with an underline, notes, hint), without a newline at the end. */
export function renderOne(diagnostic: Diagnostic, options: RenderOptions = {}): string {
  const paint = pc.createColors(options.colour ?? false);
  const mark = diagnostic.severity === 'error' ? paint.red : paint.yellow;
  const positionText = diagnostic.at ? `${paint.bold(place(diagnostic.at))}: ` : '';
  const headline = `${mark(paint.bold(diagnostic.severity))}: ${paint.bold(show(diagnostic.message).text)}`;
  const lines = [`${positionText}${headline} ${paint.dim(`[${diagnostic.code}]`)}`];
  const gutterWidth = gutter(diagnostic);
  // The five cells are ` │ `, and a `…` at each end of a line that is cut.
  const longest = Math.min(mostCharacters, (options.columns ?? Number.POSITIVE_INFINITY) - gutterWidth - 5);
  const style = { width: gutterWidth, longest, paint };
  if (diagnostic.at) for (const line of frame(diagnostic.at, { ...style, mark })) lines.push(line);
  for (const note of diagnostic.notes) {
    lines.push(`${' '.repeat(gutterWidth)} ${paint.cyan(place(note.at))}: ${show(note.message).text}`);
    for (const line of frame(note.at, { ...style, mark: paint.cyan })) lines.push(line);
  }
  if (diagnostic.hint !== undefined) {
    lines.push(`${' '.repeat(gutterWidth)} ${paint.green('hint')}: ${show(diagnostic.hint).text}`);
  }
  return lines.join('\n');
}

/** `models/two_tower.tower:12:26` */
function place(at: Span): string {
  const { line, column } = positionAt(at.source, at.start);
  return `${show(at.source.name).text}:${line}:${column}`;
}

/** Returns one width for all frames of a diagnostic, so that their gutters align. */
function gutter(diagnostic: Diagnostic): number {
  const spans = [diagnostic.at, ...diagnostic.notes.map((note) => note.at)].filter((at) => at !== undefined);
  const lastLine = spans.reduce((last, at) => Math.max(last, positionAt(at.source, at.end).line), 0);
  return Math.max(3, String(lastLine).length + 1);
}

interface FrameStyle {
  /** Terminal cells of the gutter, which has the line numbers. */
  readonly width: number;
  /** Characters shown of a line. A longer line is cut around the marked position. */
  readonly longest: number;
  readonly mark: (text: string) => string;
  readonly paint: ReturnType<typeof createColors>;
}

/** Maximum characters shown of a line at any width, so that a line of a megabyte stays readable. */
const mostCharacters = 120;

/** Returns the first line of a span, and the last if that is a different line, with carets under the part in the span. */
function frame(at: Span, style: FrameStyle): string[] {
  const start = positionAt(at.source, at.start);
  const end = positionAt(at.source, Math.max(at.start, at.end));
  if (start.line === end.line) return marked(at, start.line, start.column, end.column, style);
  const firstText = lineAt(at.source, start.line);
  const lines = marked(at, start.line, start.column, firstText.length + 1, style);
  // A span that ends with its line's newline shows that line alone.
  if (end.column === 1 && end.line === start.line + 1) return lines;
  const lastText = lineAt(at.source, end.line);
  const indent = lastText.length - lastText.trimStart().length;
  if (end.line > start.line + 1) lines.push(`${' '.repeat(style.width)} ${style.paint.dim('┆')}`);
  return [...lines, ...marked(at, end.line, Math.min(indent + 1, end.column), end.column, style)];
}

function marked(
  at: Span,
  line: number,
  from: number,
  to: number,
  { width, longest, mark, paint }: FrameStyle,
): string[] {
  const lineText = lineAt(at.source, line);
  const cutAt = lineText.length > longest && from > (5 / 6) * longest ? from - Math.floor(longest / 3) : 0;
  const visibleText = lineText.slice(cutAt, cutAt + longest);
  const leadingDots = show(cutAt > 0 ? '…' : '');
  const textBefore = show(visibleText.slice(0, from - 1 - cutAt), leadingDots.width);
  const markedText = show(visibleText.slice(from - 1 - cutAt, to - 1 - cutAt), leadingDots.width + textBefore.width);
  const textAfter = show(visibleText.slice(to - 1 - cutAt), leadingDots.width + textBefore.width + markedText.width);
  const trailingDots = cutAt + longest < lineText.length ? '…' : '';
  const shown = `${leadingDots.text}${textBefore.text}${markedText.text}${textAfter.text}${trailingDots}`.trimEnd();
  const bar = paint.dim('│');
  return [
    `${paint.dim(String(line).padStart(width))} ${bar} ${shown}`.trimEnd(),
    `${' '.repeat(width)} ${bar} ${' '.repeat(leadingDots.width + textBefore.width)}${mark('^'.repeat(Math.max(1, markedText.width)))}`,
  ];
}
