import { type IToken, Lexer } from 'chevrotain';
import { readForeign } from './foreign.ts';
import { tokens } from './tokens.ts';

export interface LexedText {
  readonly tokens: readonly IToken[];
  /** `//` and `///`, in order. */
  readonly comments: readonly IToken[];
  /** Comments that begin as in other languages, in order. */
  readonly foreignComments: readonly IToken[];
  /** Characters that are no part of the language, in order. */
  readonly unknown: readonly IToken[];
}

/** Most texts have nothing in them that `readForeign` would change. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: all that is not ASCII
const looksForeign = /[^\x00-\x7f]|[0-9],[0-9]{3}|[0-9],0[0-9]|\b0,[0-9]|\b[0-9][0-9_]*(?![eE][+-]?[0-9]+\b)[A-Za-z]/;

const byPlace = (a: IToken, b: IToken): number => a.startOffset - b.startOffset;

let lexer: Lexer | undefined;

/** Never fails: what is no part of the language comes back as such. */
export function lex(text: string): LexedText {
  // The tests hold the tokens to Chevrotain's own checks; here they would only cost time at every start.
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
