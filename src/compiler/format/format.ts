/** Formats a file in the standard format of Tower. Each comment stays between the same two tokens. */

import { printer } from 'prettier/doc';
import { lex } from '../../../grammar/lexer.ts';
import { type Diagnostic, type Edit, invariant, type Outcome } from '../../base/diagnostics/diagnostic.ts';
import { applyEdits } from '../../base/diagnostics/fixes.ts';
import { makeSource, type Source } from '../../base/text/source.ts';
import { withDefaults } from '../../base/util/objects.ts';
import type { FileNode } from '../syntax/ast.ts';
import { parse } from '../syntax/parse.ts';
import { gapsBetween, TokenCursor } from './cursor.ts';
import { printFile } from './declarations.ts';
import type { Doc } from './doc.ts';
import { defaultLayout, type FormatLayout } from './layout.ts';
import { spellings } from './spelling.ts';

/**
 * Formats a text. There is no output if it has syntax errors, which the diagnostics report. It is synchronous for use in editors; the prettier plugin
 * gives the same result. The first line end determines all line ends, and a byte order mark is kept.
 */
export function formatSource(source: Source, layout: Partial<FormatLayout> = {}): Outcome<string | undefined> {
  const byteOrderMark = source.text.startsWith('\uFEFF') ? '\uFEFF' : '';
  const lineEnd = /\r?\n/.exec(source.text)?.[0] === '\r\n' ? '\r\n' : '\n';
  const plainText = source.text.slice(byteOrderMark.length).replace(/\r\n?/g, '\n');
  const isChanged = plainText !== source.text;
  const readResult = readForFormat(isChanged ? makeSource(source.name, plainText) : source);
  if (readResult.output === undefined) {
    // Parses the original text again, for the right positions.
    const diagnostics = isChanged ? syntaxMistakes(parse(source).diagnostics) : readResult.diagnostics;
    return { output: undefined, diagnostics };
  }
  const wholeLayout = withDefaults(defaultLayout, layout);
  const doc = printTree(readResult.output, plainText, wholeLayout);
  const { formatted } = printer.printDocToString(doc, { ...wholeLayout, endOfLine: 'lf' } as never);
  return {
    output: byteOrderMark + (lineEnd === '\n' ? formatted : formatted.replaceAll('\n', lineEnd)),
    diagnostics: [],
  };
}

/** Returns the tree of a text, or its syntax errors. */
export function readForFormat(source: Source): Outcome<FileNode | undefined> {
  const { output, diagnostics } = parse(source);
  const mistakes = syntaxMistakes(diagnostics);
  return mistakes.length > 0 ? { output: undefined, diagnostics: mistakes } : { output, diagnostics: [] };
}

/** Returns a text in the words of today, for `tower format`. One with syntax errors, or with parts that the formatter leaves alone, stays. */
export function respelled(source: Source): Source {
  const { output } = readForFormat(source);
  const edits = output && !source.text.includes('prettier-ignore') ? spellings(output) : [];
  return edits.length > 0 ? makeSource(source.name, applyEdits(source, edits)) : source;
}

/** Returns the errors of syntax. `empty-file` is none, because a file of comments alone can be formatted. */
const syntaxMistakes = (diagnostics: readonly Diagnostic[]): readonly Diagnostic[] =>
  diagnostics.filter(({ severity, code }) => severity === 'error' && code !== 'empty-file');

export function printTree(file: FileNode, text: string, layout: FormatLayout): Doc {
  const { tokens, comments } = lex(text);
  return printFile(file, new TokenCursor(tokens, gapsBetween(tokens, comments), text), layout);
}

/**
 * Returns the edit that formats only the declarations between `start` and `end`. Undefined if the file has syntax errors or no declaration is in the
 * range.
 */
export function formatRange(
  source: Source,
  { start, end }: { readonly start: number; readonly end: number },
  layout: Partial<FormatLayout> = {},
): Edit | undefined {
  const { output: file } = readForFormat(source);
  const { output } = formatSource(source, layout);
  const touchedDeclarations = file?.declarations.filter(({ span }) => span.start <= end && start <= span.end) ?? [];
  const [first, last] = [touchedDeclarations[0], touchedDeclarations.at(-1)];
  if (output === undefined || !first || !last) return undefined;
  // Formatting keeps the order of all tokens except commas.
  const tokensBefore = tokensOf(source.text);
  const tokensAfter = tokensOf(output);
  invariant(tokensBefore.length === tokensAfter.length, 'formatting keeps every token');
  const firstIndex = tokensBefore.findIndex(({ startOffset }) => startOffset >= first.span.start);
  const lastIndex = tokensBefore.findLastIndex(({ endOffset }) => endOffset! < last.span.end);
  return {
    at: { source, start: tokensBefore[firstIndex]!.startOffset, end: tokensBefore[lastIndex]!.endOffset! + 1 },
    text: output.slice(tokensAfter[firstIndex]!.startOffset, tokensAfter[lastIndex]!.endOffset! + 1),
  };
}

const tokensOf = (text: string) => lex(text).tokens.filter(({ image }) => image !== ',');

/** Matches a fence in Markdown that starts with three backticks and only the word `tower`. */
const fence = /^(```tower[ \t]*\r?\n)([\s\S]*?)(?=^```[ \t]*\r?$)/gm;

/** Formats the fences of a page. There is no output if one has syntax errors. Positions in diagnostics refer to the page. */
export function formatFences(page: Source, layout: Partial<FormatLayout> = {}): Outcome<string | undefined> {
  const diagnostics: Diagnostic[] = [];
  const formattedPage = page.text.replace(fence, (whole, open: string, inner: string, at: number) => {
    const linesAbove = page.text.slice(0, at + open.length).split('\n').length - 1;
    const mistakes = formatSource(makeSource(page.name, '\n'.repeat(linesAbove) + inner), layout).diagnostics;
    diagnostics.push(...mistakes);
    const { output } = formatSource(makeSource(page.name, inner), layout);
    return output === undefined ? whole : open + output;
  });
  return { output: diagnostics.length > 0 ? undefined : formattedPage, diagnostics };
}
