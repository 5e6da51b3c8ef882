/** Reads words with other letters than a to z: names, names that have an invisible character or an ornate letter, and what is no name. */
import type { IToken, TokenType } from 'chevrotain';
import { isIdentifier, normalizeName } from '../src/base/text/names.ts';
import * as t from './tokens.ts';

const words = new Map(t.tokens.flatMap((type) => (typeof type.PATTERN === 'string' ? [[type.PATTERN, type]] : [])));

/** Returns the tokens as they were meant, and those that cannot be read. A token that was meant otherwise keeps its text as its payload, for the report. */
export function readForeign(tokens: readonly IToken[]): { tokens: IToken[]; unknown: IToken[] } {
  const read: IToken[] = [];
  const unknown: IToken[] = [];
  for (const [index, token] of tokens.entries()) {
    const { tokenType, image } = token;
    const name = tokenType === t.ForeignName ? normalizeName(image) : undefined;
    if (name === '') unknown.push(token);
    else if (name !== undefined && isIdentifier(name)) {
      const nameToken = retyped(token, words.get(name) ?? t.Identifier);
      read.push(name === image ? nameToken : { ...nameToken, image: name, payload: image });
    } else if (tokenType === t.MalformedNumber && meansName(token, tokens[index + 1])) {
      read.push(retyped(token, t.ForeignName));
    } else read.push(token);
  }
  return { tokens: read, unknown };
}

/** True for `2nd_x` and `3d_conv`, and if `:` or `=` follows: these are names, not numbers with a unit. */
function meansName({ image, endOffset, startLine }: IToken, next: IToken | undefined): boolean {
  if (!/^[0-9][A-Za-z0-9_]*[A-Za-z][A-Za-z0-9_]*$/.test(image)) return false;
  if (/_[0-9]*[A-Za-z]|[A-Za-z]{3}/.test(image)) return true;
  const follows = next !== undefined && next.startLine === startLine && next.startOffset <= endOffset! + 20;
  return follows && (next.tokenType === t.Colon || next.tokenType === t.Equals);
}

const retyped = (token: IToken, type: TokenType): IToken => ({
  ...token,
  tokenType: type,
  tokenTypeIdx: type.tokenTypeIdx!,
});
