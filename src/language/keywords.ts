/** What the words of the grammar mean, in one line each. */
import type { IToken } from 'chevrotain';
import * as t from '../../grammar/tokens.ts';
import { declarationWords, looksLikeDeclaration } from '../syntax/layout.ts';
import { is, isAny } from '../syntax/token.ts';
import { snippets } from './snippets.ts';

export const keywordDocs = {
  channel: 'An output of the tower.',
  columns: 'Columns whose name differs, or that are computed: DuckDB SQL.',
  keyed: 'The feature that tells one from another.',
  by: 'The column that it is joined by.',
} as const;

const declarationDocs: ReadonlyMap<string, string> = new Map(
  snippets.map(({ prefix, doc }) => [prefix === 'shared block' ? 'shared' : prefix, doc]),
);

/** A word of the grammar where it is not a name. */
export function isKeyword(tokens: readonly IToken[], at: number): boolean {
  const token = tokens[at];
  const next = tokens[at + 1];
  if (isAny(token, declarationWords)) return looksLikeDeclaration(tokens, at) || !isAny(next, [t.Equals, t.Colon]);
  if (is(token, t.Columns)) return is(next, t.LeftBrace);
  if (is(token, t.Channel)) return is(next, t.Name);
  return isAny(token, [t.Keyed, t.By]);
}

/** What the word of the grammar at an index means; nothing where a name stands there. */
export function keywordDocAt(tokens: readonly IToken[], at: number): string | undefined {
  if (!isKeyword(tokens, at)) return undefined;
  const isKey = is(tokens[at], t.By) && is(tokens[at - 1], t.Keyed);
  const word = isKey ? 'keyed' : tokens[at]!.image;
  if (Object.hasOwn(keywordDocs, word)) return keywordDocs[word as keyof typeof keywordDocs];
  // `shared block` says what the two mean.
  return declarationDocs.get(is(tokens[at - 1], t.Shared) ? 'shared' : word);
}
