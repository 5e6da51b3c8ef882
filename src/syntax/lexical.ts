/** Mistakes within one word or sign. Each is read as what it was most likely meant to be. */
import type { IToken } from 'chevrotain';
import type { Lexed } from '../../grammar/lexer.ts';
import * as t from '../../grammar/tokens.ts';
import { type Diagnostic, diagnose } from '../diagnostics/diagnostic.ts';
import { indentOf, positionAt, type Source } from '../text/source.ts';
import { readText } from './literals.ts';
import { byType, endOf, spanOf } from './token.ts';
import { quote } from './words.ts';

type Report = (diagnostic: Diagnostic) => void;

/** Report every mistake that can be seen in a token alone. */
export function lexicalMistakes(source: Source, lexed: Lexed, report: Report): void {
  for (const token of lexed.tokens) mistakes[token.tokenTypeIdx]?.(source, token, report);
  for (const token of lexed.foreignComments) foreignComment(source, token, report);
  for (const run of runs(lexed.unknown)) unknown(source, run, report);
}

const mistakeIn: Readonly<Record<string, (source: Source, token: IToken, report: Report) => void>> = {
  [t.ForeignArrow.name]: (source, token, report) => {
    const at = spanOf(source, token);
    report(diagnose('foreign-arrow', at, { found: token.image }, { fixes: [[{ at, text: '->' }]] }));
  },
  [t.MalformedNumber.name]: (source, token, report) => {
    report(diagnose('malformed-number', spanOf(source, token), { number: token.image }));
  },
  [t.ForeignName.name]: (source, token, report) => {
    report(diagnose('malformed-name', spanOf(source, token), { name: token.image }));
  },
  [t.ForeignText.name]: (source, token, report) => {
    const at = spanOf(source, token);
    const text = `"${token.image.slice(1, -1).replace(/(?<!\\)"/g, '\\"')}"`;
    report(diagnose('foreign-quotes', at, { text }, { fixes: [[{ at, text }]] }));
  },
  [t.UnclosedText.name]: (source, token, report) => {
    const at = { source, start: token.startOffset, end: endOf(token) };
    const edits = [{ at: { source, start: at.end, end: at.end }, text: '"' }];
    if (token.image[0] !== '"') edits.unshift({ at: { source, start: at.start, end: at.start + 1 }, text: '"' });
    report(diagnose('unclosed-text', at, {}, { fixes: [edits] }));
  },
  [t.Text.name]: (source, token, report) => {
    for (const { at: offset, image } of readText(token.image).badEscapes) {
      const start = token.startOffset + offset;
      const at = { source, start, end: start + image.length };
      report(diagnose('unknown-escape', at, { escape: image }, { fixes: [[{ at, text: `\\${image}` }]] }));
    }
  },
};

const mistakes = byType(({ name }) => mistakeIn[name]);

function foreignComment(source: Source, token: IToken, report: Report): void {
  const sign = token.image[0] === '#' ? '#' : '/*';
  const at = spanOf(source, token);
  const inner = sign === '#' ? token.image.slice(1) : token.image.slice(2).replace(/\*\/$/, '');
  const lines = inner.split('\n').map((line) => `//${line.replace(/^\s*\*? ?/, ' ').trimEnd()}`);
  const next = codeAfter(source, at.end);
  // What follows on its line would become a part of it.
  const broken = next === at.end ? '' : `\n${indentOf(source, positionAt(source, at.start).line)}`;
  const edit = { at: { ...at, end: next }, text: `${lines.join('\n')}${broken}` };
  report(diagnose('foreign-comment', at, { sign }, { fixes: [[edit]] }));
}

/** Where more than blanks and a comment follows on the line of an offset; else the offset. */
function codeAfter({ text }: Source, offset: number): number {
  const [blanks] = /^[ \t]*(?=[^\s/]|\/[^/])/.exec(text.slice(offset)) ?? [];
  return blanks === undefined ? offset : offset + blanks.length;
}

/** Characters of one kind side by side are one mistake. */
function runs(unknown: readonly IToken[]): IToken[][] {
  const found: IToken[][] = [];
  for (const token of unknown) {
    const last = found.at(-1)?.at(-1);
    if (last !== undefined && endOf(last) === token.startOffset) found.at(-1)!.push(token);
    else found.push([token]);
  }
  return found;
}

function unknown(source: Source, run: readonly IToken[], report: Report): void {
  const at = { source, start: run[0]!.startOffset, end: endOf(run.at(-1)!) };
  const image = source.text.slice(at.start, at.end);
  const semicolon = /^;+$/.test(image);
  const hint = semicolon ? 'entries need no sign between them: remove it' : undefined;
  const fixes = semicolon ? [[{ at, text: '' }]] : [];
  report(diagnose('unexpected-character', at, { found: quote(image), hint }, { fixes }));
}
