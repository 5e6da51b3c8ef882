/** What is said of a sign or a part that is missing, with its fix. */
import type { IToken, TokenType } from 'chevrotain';
import * as t from '../../grammar/tokens.ts';
import { diagnose } from '../diagnostics/diagnose.ts';
import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import type { Source } from '../text/source.ts';
import type { Complaint } from './parsers.ts';
import { after, endOf, is, spanOf } from './token.ts';
import { expected, found, quote } from './words.ts';

/** Where reading stopped, with the tokens around it. */
export interface Place extends Complaint {
  readonly source: Source;
  readonly tokens: readonly IToken[];
  readonly here: IToken | undefined;
  readonly previous: IToken | undefined;
}

/** Where a name or value had to be made up. */
export function missingPart({ source, tokens, rule, expected: wanted }: Place, index: number): Diagnostic | undefined {
  const [here, previous] = [tokens[index], tokens[index - 1]];
  if (previous === undefined) {
    const facts = { expected: expected(t.Name, rule), found: found(here, undefined) };
    return diagnose('unexpected-text', spanOf(source, here!), facts);
  }
  const what = is(previous, t.Arrow) ? 'a step' : wanted === t.Name ? expected(t.Name, rule) : 'a value';
  return diagnose('missing-part', spanOf(source, previous), { what, after: quote(previous.image) });
}

/** Signs that come directly after what they follow. */
const close = [t.Comma, t.Colon, t.Dot];

export function missingSign({ source, here, previous, rule }: Place, type: TokenType, text?: string): Diagnostic {
  const image = type.PATTERN as string;
  const at = { source, start: here!.startOffset, end: here!.startOffset };
  const joined = close.includes(type) && text === undefined;
  const edit = joined || type === t.Comma ? after(source, previous!) : at;
  const blank = source.text.slice(endOf(previous!), here!.startOffset) === '' && type !== t.Dot ? ' ' : '';
  const written = type === t.Comma ? `,${blank}` : joined ? `${image}${blank}` : (text ?? `${image} `);
  const facts = { sign: expected(type, rule), before: quote(here!.image) };
  return diagnose('missing-sign', spanOf(source, here!), facts, { fixes: [[{ at: edit, text: written }]] });
}
