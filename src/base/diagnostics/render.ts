/** Renders the first diagnostics of a run for the terminal, and a last line that counts all of them. */
import type { createColors } from 'picocolors';
import pc from 'picocolors';
import { toPrintable } from '../text/display.ts';
import { lineAt, positionAt, type Span } from '../text/source.ts';
import { type Diagnostic, sortDiagnostics } from './diagnostic.ts';

/** Renders the first diagnostics in a stable order, with an empty line between them, and a last line that counts all of them. Empty without diagnostics. */
export function renderDiagnostics(diagnostics: readonly Diagnostic[], options: RenderOptions = {}): string {
  if (diagnostics.length === 0) return '';
  const { shown } = selectShown(diagnostics);
  const rendered = shown.map((diagnostic) => renderDiagnostic(diagnostic, options));
  return `${rendered.join('\n\n')}\n\n${countSummary(diagnostics)}\n`;
}

/** `2 errors, 1 warning`, `61 errors, of which the first 50 are shown` */
function countSummary(diagnostics: readonly Diagnostic[]): string {
  const { errors } = selectShown(diagnostics);
  const warnings = diagnostics.filter(({ severity }) => severity === 'warning').length;
  const moreThan = diagnostics.some(({ code }) => code === 'too-many-mistakes') ? 'more than ' : '';
  const shownOnly = errors > maxErrors ? `, of which the first ${maxErrors} are shown` : '';
  const countTexts = [];
  if (errors > 0) countTexts.push(errors === 1 ? '1 error' : `${moreThan}${errors} errors${shownOnly}`);
  if (warnings > 0) countTexts.push(warnings === 1 ? '1 warning' : `${warnings} warnings`);
  return countTexts.join(', ');
}

/** Maximum number of errors that are reported. */
export const maxErrors = 50;

/** Returns the diagnostics to show, in order: all warnings, and the first errors. `errors` counts all errors. */
export function selectShown(diagnostics: readonly Diagnostic[]): { shown: Diagnostic[]; errors: number } {
  let errors = 0;
  const shown = sortDiagnostics(diagnostics).filter(
    (diagnostic) => !isCountedError(diagnostic) || ++errors <= maxErrors,
  );
  return { shown, errors };
}

/** True for an error. `too-many-mistakes` only says that there are more errors, so it is not counted itself. */
const isCountedError = ({ severity, code }: Diagnostic): boolean =>
  severity === 'error' && code !== 'too-many-mistakes';

export interface RenderOptions {
  /** Default: off, because only the caller knows whether it writes to a terminal. */
  readonly colour?: boolean;
  /** Width of the terminal in cells. A longer line of a file is cut: if the terminal wrapped it, the carets would stand under another text. */
  readonly columns?: number | undefined;
}

/** Renders one diagnostic (position, message, source lines with an underline, notes, hint), without a newline at the end. */
export function renderDiagnostic(diagnostic: Diagnostic, options: RenderOptions = {}): string {
  const paint = pc.createColors(options.colour ?? false);
  const paintSeverity = diagnostic.severity === 'error' ? paint.red : paint.yellow;
  const positionText = diagnostic.at ? `${paint.bold(formatPosition(diagnostic.at))}: ` : '';
  const headline = `${paintSeverity(paint.bold(diagnostic.severity))}: ${paint.bold(toPrintable(diagnostic.message).text)}`;
  const lines = [`${positionText}${headline} ${paint.dim(`[${diagnostic.code}]`)}`];
  const gutterWidth = gutterWidthOf(diagnostic);
  // The five cells are ` │ `, and a `…` at each end of a line that is cut.
  const maxLength = Math.min(maxLineCharacters, (options.columns ?? Number.POSITIVE_INFINITY) - gutterWidth - 5);
  const style = { width: gutterWidth, maxLength, paint };
  if (diagnostic.at) for (const line of renderFrame(diagnostic.at, { ...style, paintSeverity })) lines.push(line);
  for (const note of diagnostic.notes) {
    lines.push(`${' '.repeat(gutterWidth)} ${paint.cyan(formatPosition(note.at))}: ${toPrintable(note.message).text}`);
    for (const line of renderFrame(note.at, { ...style, paintSeverity: paint.cyan })) lines.push(line);
  }
  if (diagnostic.hint !== undefined) {
    lines.push(`${' '.repeat(gutterWidth)} ${paint.green('hint')}: ${toPrintable(diagnostic.hint).text}`);
  }
  return lines.join('\n');
}

/** `models/two_tower.tower:12:26` */
function formatPosition(at: Span): string {
  const { line, column } = positionAt(at.source, at.start);
  return `${toPrintable(at.source.name).text}:${line}:${column}`;
}

/** Returns one width for all frames of a diagnostic, so that their gutters align. */
function gutterWidthOf(diagnostic: Diagnostic): number {
  const spans = [diagnostic.at, ...diagnostic.notes.map((note) => note.at)].filter((at) => at !== undefined);
  const lastLine = spans.reduce((last, at) => Math.max(last, positionAt(at.source, at.end).line), 0);
  return Math.max(3, String(lastLine).length + 1);
}

interface FrameStyle {
  /** Terminal cells of the gutter, which has the line numbers. */
  readonly width: number;
  /** Characters shown of a line. A longer line is cut around the marked position. */
  readonly maxLength: number;
  readonly paintSeverity: (text: string) => string;
  readonly paint: ReturnType<typeof createColors>;
}

/** Maximum characters shown of a line at any width, so that a line of a megabyte stays readable. */
const maxLineCharacters = 120;

/** Returns the first line of a span, and the last if that is a different line, with carets under the part in the span. */
function renderFrame(at: Span, style: FrameStyle): string[] {
  const start = positionAt(at.source, at.start);
  const end = positionAt(at.source, Math.max(at.start, at.end));
  if (start.line === end.line) return renderMarkedLine(at, start.line, start.column, end.column, style);
  const firstText = lineAt(at.source, start.line);
  const lines = renderMarkedLine(at, start.line, start.column, firstText.length + 1, style);
  // A span that ends with its line's newline shows that line alone.
  if (end.column === 1 && end.line === start.line + 1) return lines;
  const lastText = lineAt(at.source, end.line);
  const indent = lastText.length - lastText.trimStart().length;
  if (end.line > start.line + 1) lines.push(`${' '.repeat(style.width)} ${style.paint.dim('┆')}`);
  return [...lines, ...renderMarkedLine(at, end.line, Math.min(indent + 1, end.column), end.column, style)];
}

function renderMarkedLine(
  at: Span,
  line: number,
  from: number,
  to: number,
  { width, maxLength, paintSeverity, paint }: FrameStyle,
): string[] {
  const lineText = lineAt(at.source, line);
  const cutStart = lineText.length > maxLength && from > (5 / 6) * maxLength ? from - Math.floor(maxLength / 3) : 0;
  const visibleText = lineText.slice(cutStart, cutStart + maxLength);
  const leadingDots = toPrintable(cutStart > 0 ? '…' : '');
  const textBefore = toPrintable(visibleText.slice(0, from - 1 - cutStart), leadingDots.width);
  const markedText = toPrintable(
    visibleText.slice(from - 1 - cutStart, to - 1 - cutStart),
    leadingDots.width + textBefore.width,
  );
  const textAfter = toPrintable(
    visibleText.slice(to - 1 - cutStart),
    leadingDots.width + textBefore.width + markedText.width,
  );
  const trailingDots = cutStart + maxLength < lineText.length ? '…' : '';
  const shown = `${leadingDots.text}${textBefore.text}${markedText.text}${textAfter.text}${trailingDots}`.trimEnd();
  const bar = paint.dim('│');
  return [
    `${paint.dim(String(line).padStart(width))} ${bar} ${shown}`.trimEnd(),
    `${' '.repeat(width)} ${bar} ${' '.repeat(leadingDots.width + textBefore.width)}${paintSeverity('^'.repeat(Math.max(1, markedText.width)))}`,
  ];
}
