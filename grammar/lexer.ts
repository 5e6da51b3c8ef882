import { type IToken, Lexer } from 'chevrotain';
import { tokens } from './tokens.ts';

export interface Lexed {
  readonly tokens: readonly IToken[];
  /** `//` and `///`, in order. */
  readonly comments: readonly IToken[];
  /** Comments that begin as in other languages, in order. */
  readonly foreignComments: readonly IToken[];
  /** Characters that are no part of the language, in order. */
  readonly unknown: readonly IToken[];
}

let lexer: Lexer | undefined;

/** Never fails: what is no part of the language comes back as such. */
export function lex(text: string): Lexed {
  // The tests hold the tokens to Chevrotain's own checks; here they would only cost time at every start.
  lexer ??= new Lexer([...tokens], { skipValidations: true });
  const result = lexer.tokenize(text);
  return {
    tokens: result.tokens,
    comments: result.groups.comments ?? [],
    foreignComments: result.groups.foreign ?? [],
    unknown: result.groups.unknown ?? [],
  };
}
