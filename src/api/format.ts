/** `.tower` files, and the fences of Markdown pages, in the one form in which Tower is written. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Outcome } from '../diagnostics/diagnostic.ts';
import { formatFences } from '../format/fences.ts';
import { format as formatSource } from '../format/format.ts';
import type { Layout } from '../format/layout.ts';
import { makeSource, type Source } from '../text/source.ts';
import { readSource } from './files.ts';

export type FormatOptions = Partial<Layout>;

/** A text formatted; no output where it has mistakes of syntax. `name` tells Markdown (`.md`) from Tower. */
export function format(text: string, name = '<text>', options: FormatOptions = {}): Outcome<string | undefined> {
  return formatted(makeSource(name, text), options);
}

export interface FormattedFile extends Outcome<string | undefined> {
  readonly path: string;
  readonly source: Source;
}

/**
 * Reads and formats a file; writes nothing.
 * @throws Failure `cannot-read`
 */
export function formatFile(path: string, options: FormatOptions = {}): FormattedFile {
  const source = readSource(path);
  return { path, source, ...formatted(source, options) };
}

function formatted(source: Source, options: FormatOptions): Outcome<string | undefined> {
  return (source.name.endsWith('.md') ? formatFences : formatSource)(source, options);
}

/** Each file as it is; of each folder, every `.tower` and `.md` file in it. */
export function filesToFormat(paths: readonly string[]): string[] {
  return paths.flatMap((path) => (isFolder(path) ? within(path) : [path]));
}

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

function within(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap((entry) => {
    if (entry.name.startsWith('.') || entry.name === 'node_modules') return [];
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return within(path);
    return /\.(tower|md)$/.test(entry.name) ? [path] : [];
  });
}
