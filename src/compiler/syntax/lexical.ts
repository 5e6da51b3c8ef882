/** Reports errors within a single token. The parser continues with the token that was most likely meant. */
import type { IToken } from 'chevrotain';
import type { LexedText } from '../../../grammar/lexer.ts';
import { readText } from '../../../grammar/literals.ts';
import * as t from '../../../grammar/tokens.ts';
import { type Diagnostic, diagnose, type Edit } from '../../base/diagnostics/diagnostic.ts';
import { notes } from '../../base/diagnostics/wording.ts';
import { indentationOf, positionAt, type Source, type Span, spanText } from '../../base/text/source.ts';
import { groupBy } from '../../base/util/objects.ts';
import { byType, endOf, quote, spanOf, writing } from './token.ts';

type ReportDiagnostic = (diagnostic: Diagnostic) => unknown;

/** True if the token alone may have an error. */
const isOdd = ({ tokenType, tokenTypeIdx, payload, image }: IToken): boolean =>
  payload !== undefined ||
  tokenType === t.ForeignName ||
  (errorsOfType[tokenTypeIdx] !== undefined && (tokenType !== t.Text || image.includes('\\')));

/** Reports every error that can be seen in a token alone. */
export function reportLexicalErrors(source: Source, lexed: LexedText, report: ReportDiagnostic): void {
  const oddTokens = lexed.tokens.filter(isOdd);
  const foreignQuotes: Diagnostic[] = [];
  const reportOrGather: ReportDiagnostic = (one) =>
    one.code === 'foreign-quotes' ? foreignQuotes.push(one) : report(one);
  for (const token of oddTokens) {
    errorsOfType[token.tokenTypeIdx]?.(spanOf(source, token), token.image).forEach(reportOrGather);
    if (token.payload !== undefined) report(lookAlike(source, token));
  }
  reportGroups(foreignQuotes, (one) => positionAt(source, one.at!.start).line, report);
  foreignNames(source, oddTokens, report);
  for (const token of lexed.foreignComments) foreignComment(source, token, report);
  reportGroups(
    runs(lexed.unknown).map((run) => unknown(source, run)),
    (one) => (one.code === 'markdown-fence' ? one.code : `${one.code} ${positionAt(source, one.at!.start).line}`),
    report,
  );
}

/** Returns the errors of a token of each type that may have some, from its span and its text. */
const errorsOfTokens: Readonly<Record<string, (at: Span, image: string) => readonly Diagnostic[]>> = {
  [t.ForeignArrow.name]: (at, found) => [diagnose('foreign-arrow', at, { found }, writing(at, '->'))],
  [t.MalformedNumber.name](at, number) {
    const proper = properNumber(number);
    return [diagnose('malformed-number', at, { number, proper }, proper === undefined ? {} : writing(at, proper))];
  },
  [t.ForeignText.name](at, image) {
    const text = `"${image.slice(1, -1).replace(/(?<!\\)"/g, '\\"')}"`;
    return [diagnose('foreign-quotes', at, { text }, writing(at, text))];
  },
  [t.UnclosedText.name](at, image) {
    const { source, start, end } = at;
    const edits = [{ at: { source, start: end, end }, text: '"' }];
    if (image[0] !== '"') edits.unshift({ at: { source, start, end: start + 1 }, text: '"' });
    // Within brackets the text may have been meant to end before any of its punctuation marks.
    const isWholeValue = /[=:]/.test(source.text.slice(0, start).trimEnd().at(-1) ?? '');
    return [
      diagnose('unclosed-text', at, {}, { fixes: [edits], doubtful: !isWholeValue && /[,:=(){}[\]]/.test(image) }),
    ];
  },
  [t.Text.name]: ({ source, start }, text) =>
    readText(text).badEscapes.map(({ at: offset, image }) => {
      const at = { source, start: start + offset, end: start + offset + image.length };
      return diagnose('unknown-escape', at, { escape: image }, writing(at, `\\${image}`));
    }),
};

/** Returns the number with the digit that is missing beside its point. */
function properNumber(image: string): string | undefined {
  if (/^\.[0-9]/.test(image)) return `0${image}`;
  return /^[0-9]+\.(?:[eE][+-]?[0-9]+)?$/.test(image) ? image.replace('.', '') : undefined;
}

/** Reports a name with characters that are not allowed once, with notes at its other occurrences. */
function foreignNames(source: Source, tokens: readonly IToken[], report: ReportDiagnostic): void {
  const foreignTokens = tokens.filter(({ tokenType }) => tokenType === t.ForeignName);
  for (const [name, [first, ...others]] of groupBy(foreignTokens, ({ image }) => image)) {
    const alsoNotes = others
      .slice(0, mostNotes)
      .map((token) => ({ message: notes.also(name), at: spanOf(source, token) }));
    report(diagnose('malformed-name', spanOf(source, first!), { name }, { notes: alsoNotes }));
  }
}

/** Describes a name with an invisible character, an ornate letter, or one that is made of parts. */
function lookAlike(source: Source, token: IToken): Diagnostic {
  const at = spanOf(source, token);
  const oddLetter = [...(token.payload as string)].find(
    (letter) => /\P{ASCII}/u.test(letter) && !token.image.includes(letter),
  )!;
  const isComposed = token.image === (token.payload as string).normalize('NFC');
  const isHidden = /^\p{Default_Ignorable_Code_Point}$/u.test(oddLetter);
  const oddKind = isHidden ? 'hidden' : 'letter';
  const letterFacts = { what: isComposed ? 'part' : oddKind, code: codeOf(oddLetter), text: token.image } as const;
  return diagnose('look-alike', at, letterFacts, writing(at, token.image));
}

/** Maximum number of notes at further occurrences of an error. */
const mostNotes = 20;

/** Merges diagnostics with the same key, such as the quotes of one line or the two marks of a fence, into the first one. Its fix repairs all of them. */
export function reportGroups(
  found: readonly Diagnostic[],
  inOne: (one: Diagnostic) => unknown,
  report: ReportDiagnostic,
): void {
  for (const [first, ...others] of groupBy(found, inOne).values()) {
    const alsoNotes = others
      .slice(0, mostNotes)
      .flatMap(({ at }) => (at ? [{ message: notes.also(spanText(at).trim()), at }] : []));
    const commonFix = [first!, ...others].flatMap(({ fixes }) => fixes[0] ?? []);
    report({ ...first!, notes: alsoNotes, fixes: commonFix.length > 0 ? [commonFix] : [] });
  }
}

const codeOf = (letter: string): string => `U+${letter.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`;

const errorsOfType = byType(({ name }) => errorsOfTokens[name]);

function foreignComment(source: Source, token: IToken, report: ReportDiagnostic): void {
  const [sign] = /^(?:#|\/\*|"""|''')/.exec(token.image)!;
  const at = spanOf(source, token);
  const commentText = token.image.slice(sign.length).replace(/(?:\*\/|"""|''')$/, '');
  const slashes = /["']/.test(sign) ? '///' : '//';
  const commentLines = commentText.split('\n').map((line) => `${slashes}${line.replace(/^\s*\*? ?/, ' ').trimEnd()}`);
  const codeOffset = codeAfter(source, at.end);
  // Code that follows on the same line would become part of the comment.
  const lineBreak = codeOffset === at.end ? '' : `\n${indentationOf(source, positionAt(source, at.start).line)}`;
  const edit = { at: { ...at, end: codeOffset }, text: `${commentLines.join('\n')}${lineBreak}` };
  report(diagnose('foreign-comment', at, { sign }, { fixes: [[edit]] }));
}

/** Returns the offset of the code that follows on the same line; otherwise `offset`. */
function codeAfter({ text }: Source, offset: number): number {
  const [blanks] = /^[ \t]*(?=[^\s/]|\/[^/])/.exec(text.slice(offset)) ?? [];
  return blanks === undefined ? offset : offset + blanks.length;
}

/** Groups adjacent unknown characters of one kind, which are reported as one error. */
function runs(unknown: readonly IToken[]): IToken[][] {
  const foundRuns: IToken[][] = [];
  for (const token of unknown) {
    const lastToken = foundRuns.at(-1)?.at(-1);
    const isAlike = lastToken !== undefined && charKind(lastToken.image) === charKind(token.image);
    if (isAlike && endOf(lastToken) === token.startOffset) foundRuns.at(-1)!.push(token);
    else foundRuns.push([token]);
  }
  return foundRuns;
}

type CharKind = 'fence' | 'semicolon' | 'blank' | 'hidden' | 'other';

function charKind(image: string): CharKind {
  if (/^(?:```|~~~)/.test(image)) return 'fence';
  if (/^[;；]$/.test(image)) return 'semicolon';
  if (/^[\p{Z}\u0085]+$/u.test(image)) return 'blank';
  return /^\p{Cf}+$/u.test(image) ? 'hidden' : 'other';
}

function unknown(source: Source, run: readonly IToken[]): Diagnostic {
  const at = { source, start: run[0]!.startOffset, end: endOf(run.at(-1)!) };
  const image = source.text.slice(at.start, at.end);
  const kind = charKind(run[0]!.image);
  if (kind === 'fence') return diagnose('markdown-fence', at, {}, { fixes: [[removal(at)]] });
  if (kind === 'semicolon') {
    const hint = 'entries need no sign between them: remove it';
    return diagnose('unexpected-character', at, { found: quote(image), hint }, { fixes: [[{ at, text: '' }]] });
  }
  if (image === '?') {
    const hint = 'any value may be missing: remove it';
    return diagnose('unexpected-character', at, { found: quote(image), hint }, { fixes: [[{ at, text: '' }]] });
  }
  if (kind === 'other') return diagnose('unexpected-character', at, { found: quote(image) });
  const text = kind === 'blank' ? ' ' : '';
  return diagnose('look-alike', at, { what: kind, code: codeOf(image), text }, { fixes: [[{ at, text }]] });
}

/** Removes the span, and its whole line if nothing else is on it. */
function removal(at: Span): Edit {
  const { text } = at.source;
  const start = text.lastIndexOf('\n', at.start - 1) + 1;
  const lineEnd = text.indexOf('\n', at.end);
  const alone =
    text.slice(start, at.start).trim() === '' && text.slice(at.end, lineEnd === -1 ? undefined : lineEnd).trim() === '';
  if (!alone) return { at, text: '' };
  return { at: { source: at.source, start, end: lineEnd === -1 ? text.length : lineEnd + 1 }, text: '' };
}
