/** What is said of a sign or a word that is wrong or too much, with its fix. */
import type { IToken, TokenType } from 'chevrotain';
import * as t from '../../grammar/tokens.ts';
import { diagnose } from '../diagnostics/diagnose.ts';
import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import type { Source } from '../text/source.ts';
import { endOf, spanOf } from './token.ts';
import { quote, signed } from './words.ts';

/** Tokens as they were meant. */
export interface Corrected {
  /** Absent where it is not certain what was meant: the complaint of the parser is then all that can be said. */
  readonly diagnostic?: Diagnostic;
  readonly tokens: IToken[];
}

export function needless(source: Source, token: IToken): Diagnostic {
  const at = spanOf(source, token);
  return diagnose('needless-sign', at, { sign: quote(token.image) }, { fixes: [[{ at, text: '' }]] });
}

export function swapped(source: Source, one: IToken, other: IToken): Diagnostic {
  const at = { source, start: one.startOffset, end: endOf(other) };
  const between = source.text.slice(endOf(one), other.startOffset);
  const text = `${other.image}${between}${one.image}`;
  return diagnose(
    'swapped-words',
    at,
    { first: quote(other.image), second: quote(one.image) },
    { fixes: [[{ at, text }]] },
  );
}

const follows: ReadonlyMap<TokenType, string> = new Map([
  [t.Arrow, 'the next step'],
  [t.Comma, 'the next item'],
]);

/** @param what follows the sign, where the rule does not say it */
export function wrongSign(source: Source, token: IToken, type: TokenType, rule: string, what?: string): Diagnostic {
  const at = spanOf(source, token);
  const image = type.PATTERN as string;
  const facts = {
    what: what ?? follows.get(type) ?? signed[rule] ?? 'this',
    sign: quote(image),
    found: quote(token.image),
  };
  const blank = type === t.Arrow && /\S$/.test(source.text.slice(0, at.start)) ? ' ' : '';
  return diagnose('wrong-sign', at, facts, { fixes: [[{ at, text: `${blank}${image}` }]] });
}
