/** Describes punctuation and words that are wrong, surplus or missing, with a fix. */
import type { IToken, TokenType } from 'chevrotain';
import * as t from '../../../grammar/tokens.ts';
import { type Diagnostic, diagnose } from '../../base/diagnostics/diagnostic.ts';
import type { Source } from '../../base/text/source.ts';
import type { ParseError } from './parsers.ts';
import { after, endOf, expected, found, imageOf, is, quote, signed, spanOf, writing } from './token.ts';

/** The position where parsing stopped, with the surrounding tokens. */
export interface ParseStop extends ParseError {
  readonly source: Source;
  readonly tokens: readonly IToken[];
  readonly here: IToken | undefined;
  readonly previous: IToken | undefined;
}

/** The tokens after a correction. */
export interface CorrectedTokens {
  /** Absent if the intended text is uncertain, so that only the parser's own error is reported. */
  readonly diagnostic?: Diagnostic;
  readonly tokens: IToken[];
}

export function needless(source: Source, token: IToken): Diagnostic {
  const tokenSpan = spanOf(source, token);
  return diagnose('needless-sign', tokenSpan, { sign: quote(token.image) }, writing(tokenSpan, ''));
}

export function swapped(source: Source, one: IToken, other: IToken): Diagnostic {
  const pairSpan = { source, start: one.startOffset, end: endOf(other) };
  const textBetween = source.text.slice(endOf(one), other.startOffset);
  const facts = { first: quote(other.image), second: quote(one.image) };
  return diagnose('swapped-words', pairSpan, facts, writing(pairSpan, `${other.image}${textBetween}${one.image}`));
}

const follows: ReadonlyMap<TokenType, string> = new Map([
  [t.Arrow, 'the next step'],
  [t.Comma, 'the next item'],
]);

/** @param what follows the punctuation, if the rule does not determine it */
export function wrongSign(source: Source, token: IToken, type: TokenType, rule: string, what?: string): Diagnostic {
  const tokenSpan = spanOf(source, token);
  const image = imageOf(type);
  const follower = what ?? follows.get(type) ?? signed[rule] ?? 'this';
  const signFacts = { what: follower, sign: quote(image), found: quote(token.image) };
  const blank = type === t.Arrow && /\S$/.test(source.text.slice(0, tokenSpan.start)) ? ' ' : '';
  return diagnose('wrong-sign', tokenSpan, signFacts, writing(tokenSpan, `${blank}${image}`));
}

/** Describes a missing name or value that was made up for parsing. */
export function missingPart(
  { source, tokens, rule, expected: wanted }: ParseStop,
  index: number,
): Diagnostic | undefined {
  const [here, previous] = [tokens[index], tokens[index - 1]];
  if (previous === undefined) {
    const nameFacts = { expected: expected(t.Name, rule), found: found(here, undefined) };
    return diagnose('unexpected-text', spanOf(source, here!), nameFacts);
  }
  const expectedWords = is(previous, t.Arrow) ? 'a step' : wanted === t.Name ? expected(t.Name, rule) : 'a value';
  return diagnose('missing-part', spanOf(source, previous), { what: expectedWords, after: quote(previous.image) });
}

/** Punctuation that directly follows the preceding token. */
const close = [t.Comma, t.Colon, t.Dot];

export function missingSign({ source, here, previous, rule }: ParseStop, type: TokenType, text?: string): Diagnostic {
  const image = imageOf(type);
  const insertionPoint = { source, start: here!.startOffset, end: here!.startOffset };
  const isJoined = close.includes(type) && text === undefined;
  const editSpan = isJoined || type === t.Comma ? after(source, previous!) : insertionPoint;
  const blank = source.text.slice(endOf(previous!), here!.startOffset) === '' && type !== t.Dot ? ' ' : '';
  const writtenSign = type === t.Comma ? `,${blank}` : isJoined ? `${image}${blank}` : (text ?? `${image} `);
  const signFacts = { sign: expected(type, rule), before: quote(here!.image) };
  return diagnose('missing-sign', spanOf(source, here!), signFacts, writing(editSpan, writtenSign));
}
