/**
 * Where declarations and entries begin, seen from the outside: what a person who skims the page would say. Consulted
 * when the grammar found a mistake, so that the mistake stays where it is, and to read again only what changed.
 */
import type { IToken, TokenType } from 'chevrotain';
import * as t from '../../grammar/tokens.ts';
import { beginsLine, depthOf, endsValue, is, isAny, isUnfinished } from './token.ts';

/** What follows the first word of each declaration. */
const declarations: ReadonlyMap<TokenType, readonly TokenType[]> = new Map([
  [t.Use, [t.Text]],
  [t.Let, [t.Name, t.Equals]],
  [t.Model, [t.Name]],
  [t.Features, [t.LeftBrace]],
  [t.Labels, [t.LeftBrace]],
  [t.Group, [t.Name, t.Equals]],
  [t.Shared, [t.Block, t.Name]],
  [t.Block, [t.Name, t.Equals]],
  [t.Tower, [t.Name, t.LeftParenthesis]],
  [t.Task, [t.Name, t.LeftBrace]],
  [t.Objective, [t.Equals]],
  [t.Retrieve, [t.Equals]],
  [t.Train, [t.LeftBrace]],
  [t.Data, [t.Name, t.LeftBrace]],
]);

const entries: readonly (readonly TokenType[])[] = [
  [t.Channel, t.Name, t.Equals],
  [t.Columns, t.LeftBrace],
  [t.Name, t.Equals],
  [t.Name, t.Colon],
];

/** The words that begin a declaration. */
export const declarationWords: readonly TokenType[] = [...declarations.keys()];

export function looksLikeDeclaration(tokens: readonly IToken[], index: number): boolean {
  const first = tokens[index];
  const rest = first && declarations.get(first.tokenType);
  return rest !== undefined && matches(tokens, index + 1, rest);
}

/** `objective =` and `retrieve =` may also be entries of a body. */
export function looksLikeEntry(tokens: readonly IToken[], index: number): boolean {
  for (const pattern of entries) if (matches(tokens, index, pattern)) return true;
  return false;
}

function matches(tokens: readonly IToken[], index: number, pattern: readonly TokenType[]): boolean {
  for (let at = 0; at < pattern.length; at++) if (!is(tokens[index + at], pattern[at]!)) return false;
  return true;
}

/** A stretch of tokens: the index of the first, and the one past the last. */
export type Range = readonly [start: number, end: number];

/** Cut balanced tokens into declarations, each with the mistakes that may be in it. */
export function splitDeclarations(tokens: readonly IToken[]): IToken[][] {
  return declarationRanges(tokens).map(([start, end]) => tokens.slice(start, end));
}

export function declarationRanges(tokens: readonly IToken[]): Range[] {
  let column = 1;
  return split(tokens, [0, tokens.length], (index) => {
    const token = tokens[index]!;
    const previous = tokens[index - 1];
    const first = beginsLine(tokens, index);
    // A name that another sign follows is no value: what stands before it has ended, even after `=`.
    const clear =
      looksLikeDeclaration(tokens, index) &&
      (first ? !is(previous, t.Shared) : is(previous, t.RightBrace) || (endsValue(previous) && !is(previous, t.Name)));
    const begins =
      first &&
      is(token, t.Name) &&
      !isUnfinished(previous) &&
      !is(previous, t.Comma) &&
      (isAny(token, declarationWords) || (token.startColumn ?? 1) <= column);
    if (begins || clear) column = token.startColumn ?? 1;
    return begins || clear;
  });
}

/** Cut the balanced tokens of a body into entries; a comma between two belongs to the first. */
export function splitEntries(tokens: readonly IToken[]): IToken[][] {
  return entryRanges(tokens, [0, tokens.length]).map(([start, end]) => tokens.slice(start, end));
}

export function entryRanges(tokens: readonly IToken[], body: Range): Range[] {
  return split(tokens, body, (index, length) => {
    const token = tokens[index]!;
    const previous = tokens[index - 1];
    // A misspelt `channel` before its name.
    if (length === 1 && is(previous, t.Name) && !beginsLine(tokens, index)) return false;
    if (!beginsLine(tokens, index) && is(previous, t.Channel) && looksLikeEntry(tokens, index - 1)) return false;
    const first = (beginsLine(tokens, index) || is(previous, t.Comma)) && is(token, t.Name);
    // On a new line `name =` begins an entry even where a value is missing; on the same line something else may be wrong.
    return looksLikeEntry(tokens, index) ? first || !isUnfinished(previous) : first && !isUnfinished(previous);
  });
}

function split(
  tokens: readonly IToken[],
  [from, to]: Range,
  beginsPart: (index: number, length: number) => boolean,
): Range[] {
  const parts: Range[] = [];
  let start = from;
  let depth = 0;
  for (let index = from; index < to; index++) {
    const deeper = depthOf(tokens[index]!);
    if (deeper < 0) depth--;
    if (index > from && depth === 0 && beginsPart(index, index - start)) {
      parts.push([start, index]);
      start = index;
    }
    if (deeper > 0) depth++;
  }
  if (to > from) parts.push([start, to]);
  return parts;
}

/** Where the header of a declaration with a body ends: the index past it. */
export function headerEnd(tokens: readonly IToken[], start: number): number | undefined {
  const first = tokens[start];
  if (isAny(first, [t.Features, t.Labels, t.Train, t.Columns])) return start + 1;
  if (isAny(first, [t.Task, t.Data]) && is(tokens[start + 1], t.Name)) return start + 2;
  if (!matches(tokens, start, [t.Tower, t.Name, t.LeftParenthesis])) return undefined;
  let at = start + 3;
  while (isAny(tokens[at], [t.Name, t.Comma])) at++;
  if (!is(tokens[at], t.RightParenthesis)) return undefined;
  return matches(tokens, at + 1, [t.Keyed, t.By, t.Name]) ? at + 4 : at + 1;
}
