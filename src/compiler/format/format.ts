/** Formats a file in the standard format of Tower. Each comment stays between the same two words. */
import { printer } from 'prettier/doc';
import { lex } from '../../../grammar/lexer.ts';
import type { Diagnostic, Outcome } from '../../base/diagnostics/diagnostic.ts';
import { makeSource, type Source } from '../../base/text/source.ts';
import type { FileNode } from '../syntax/ast.ts';
import { parse } from '../syntax/parse.ts';
import { Cursor } from './cursor.ts';
import { printFile } from './declarations.ts';
import type { Doc } from './doc.ts';
import { gapsBetween } from './gaps.ts';
import { defaultLayout, type Layout } from './layout.ts';

/**
 * The text formatted; nothing where it has mistakes of syntax, which the diagnostics are. Synchronous, so that an editor can
 * ask for it at any time; the prettier plugin gives the same. Line ends stay what the first one is, and a byte order mark stays.
 */
export function format(source: Source, layout: Partial<Layout> = {}): Outcome<string | undefined> {
  const mark = source.text.startsWith('\uFEFF') ? '\uFEFF' : '';
  const ends = /\r?\n/.exec(source.text)?.[0] === '\r\n' ? '\r\n' : '\n';
  const text = source.text.slice(mark.length).replace(/\r\n?/g, '\n');
  const changed = text !== source.text;
  const read = readForFormat(changed ? makeSource(source.name, text) : source);
  if (read.output === undefined) {
    // Reported at the places of the original text.
    const diagnostics = changed ? syntaxMistakes(parse(source).diagnostics) : read.diagnostics;
    return { output: undefined, diagnostics };
  }
  const whole = { ...defaultLayout, ...layout };
  const doc = printTree(read.output, text, whole);
  const { formatted } = printer.printDocToString(doc, { ...whole, endOfLine: 'lf' } as never);
  return { output: mark + (ends === '\n' ? formatted : formatted.replaceAll('\n', ends)), diagnostics: [] };
}

/** The tree of a text that can be formatted; else its mistakes of syntax. */
export function readForFormat(source: Source): Outcome<FileNode | undefined> {
  const { output, diagnostics } = parse(source);
  const mistakes = syntaxMistakes(diagnostics);
  return mistakes.length > 0 ? { output: undefined, diagnostics: mistakes } : { output, diagnostics: [] };
}

/** A file that declares nothing may still hold comments. */
const syntaxMistakes = (diagnostics: readonly Diagnostic[]): readonly Diagnostic[] =>
  diagnostics.filter(({ severity, code }) => severity === 'error' && code !== 'empty-file');

export function printTree(file: FileNode, text: string, layout: Layout): Doc {
  const { tokens, comments } = lex(text);
  return printFile(file, new Cursor(tokens, gapsBetween(tokens, comments), text), layout);
}
