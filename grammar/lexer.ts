import { type IToken, Lexer } from 'chevrotain';
import { readForeign } from './foreign.ts';
import { tokens } from './tokens.ts';

export interface LexedText {
  readonly tokens: readonly IToken[];
  /** Comments `//` and `///` in order. */
  readonly comments: readonly IToken[];
  /** Comments in the style of other languages, in order. */
  readonly foreignComments: readonly IToken[];
  /** Characters that are not part of the language, in order. */
  readonly unknown: readonly IToken[];
}

/** Matches texts that `readForeign` may change. Most texts do not match. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: all that is not ASCII
const looksForeign = /[^\x00-\x7f]|\b[0-9][0-9_]*(?![eE][+-]?[0-9]+\b)[A-Za-z]/;

const byPlace = (a: IToken, b: IToken): number => a.startOffset - b.startOffset;

let lexer: Lexer | undefined;

/** Splits a text into tokens. Never fails: characters that are not part of the language are returned separately. */
export function lex(text: string): LexedText {
  // Tests run Chevrotain's own checks of the tokens, which would only slow down each start here.
  lexer ??= new Lexer([...tokens], { skipValidations: true });
  const result = lexer.tokenize(text);
  const unknown = result.groups.unknown ?? [];
  const read = looksForeign.test(text) ? readForeign(result.tokens) : { tokens: result.tokens, unknown: [] };
  return {
    tokens: read.tokens,
    comments: result.groups.comments ?? [],
    foreignComments: result.groups.foreign ?? [],
    unknown: read.unknown.length === 0 ? unknown : [...unknown, ...read.unknown].sort(byPlace),
  };
}
