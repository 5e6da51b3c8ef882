/** Formats `.tower` files, and the fences with Tower in Markdown pages. */
import type { Outcome } from '../../base/diagnostics/diagnostic.ts';
import { makeSource, type Source } from '../../base/text/source.ts';
import { formatFences, formatSource, respelled } from '../../compiler/format/format.ts';
import type { FormatLayout } from '../../compiler/format/layout.ts';
import { filesAt, readSource } from './check.ts';

export type FormatOptions = Partial<FormatLayout>;

/** Formats a text. There is no output if it has syntax errors. The ending of `name` distinguishes Markdown (`.md`) from Tower. */
export function format(text: string, name = '<text>', options: FormatOptions = {}): Outcome<string | undefined> {
  return formatted(makeSource(name, text), options);
}

export interface FormattedFile extends Outcome<string | undefined> {
  readonly path: string;
  readonly source: Source;
}

/**
 * Reads and formats a file; writes nothing.
 * @param isRespelled whether words of the version before become those of today
 * @throws Failure `cannot-read`
 */
export function formatFile(path: string, isRespelled = false): FormattedFile {
  const source = readSource(path);
  return { path, source, ...formatted(isRespelled && path.endsWith('.tower') ? respelled(source) : source, {}) };
}

const formatted = (source: Source, options: FormatOptions): Outcome<string | undefined> =>
  (source.name.endsWith('.md') ? formatFences : formatSource)(source, options);

/** @throws Failure `cannot-read` for a folder without such files */
export const filesToFormat = (paths: readonly string[]): string[] => filesAt(paths, ['.tower', '.md']);
