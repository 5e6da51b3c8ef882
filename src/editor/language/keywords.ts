/** What the words of the grammar mean, in one line each. */
import type { IToken } from 'chevrotain';
import * as t from '../../../grammar/tokens.ts';
import { data } from '../../compiler/library/declarations/data.ts';
import { search } from '../../compiler/library/declarations/search.ts';
import { declarations } from '../../compiler/library/declarations/table.ts';
import { tower } from '../../compiler/library/declarations/tower.ts';
import { declarationWords, looksLikeDeclaration } from '../../compiler/syntax/layout.ts';
import { is, isAny } from '../../compiler/syntax/token.ts';

export const keywordDocs = {
  channel: tower.words.channel.brief,
  columns: data.words.columns.brief,
  keyed: tower.words.keyed.brief,
  by: tower.words.by.brief,
  one: search.words.one.brief,
  of: search.words.of.brief,
  log: search.words.log.brief,
} as const;

/** A word of the grammar where it is not a name. */
export function isKeyword(tokens: readonly IToken[], at: number): boolean {
  const token = tokens[at];
  const next = tokens[at + 1];
  if (isAny(token, declarationWords)) return looksLikeDeclaration(tokens, at) || !isAny(next, [t.Equals, t.Colon]);
  if (is(token, t.Columns)) return is(next, t.LeftBrace);
  if (is(token, t.Channel)) return is(next, t.Name);
  if (is(token, t.One)) return is(next, t.Of);
  if (is(token, t.Of)) return is(tokens[at - 1], t.One);
  if (is(token, t.Log)) return is(tokens[at - 1], t.Colon) && isAny(next, [t.NumberToken, t.Minus, t.Name]);
  return isAny(token, [t.Keyed, t.By]);
}

/** What the word of the grammar at an index means; nothing if it is a name. */
export function keywordDocAt(tokens: readonly IToken[], at: number): string | undefined {
  if (!isKeyword(tokens, at)) return undefined;
  const isKey = is(tokens[at], t.By) && is(tokens[at - 1], t.Keyed);
  const word = isKey ? 'keyed' : tokens[at]!.image;
  if (Object.hasOwn(keywordDocs, word)) return keywordDocs[word as keyof typeof keywordDocs];
  // `shared block` says what the two mean.
  const declaration = is(tokens[at - 1], t.Shared) ? 'shared' : word;
  return isDeclaration(declaration) ? declarations[declaration].brief : undefined;
}

const isDeclaration = (word: string): word is keyof typeof declarations => Object.hasOwn(declarations, word);
