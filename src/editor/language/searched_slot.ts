/** What an entry of `search` at the cursor names. */
import type { IToken } from 'chevrotain';
import * as t from '../../../grammar/tokens.ts';
import { findSlot } from '../../compiler/model/settings/find_slot.ts';
import type { Slot } from '../../compiler/model/settings/slot.ts';
import { is } from '../../compiler/syntax/token.ts';
import type { Cursor } from './cursor.ts';
import type { FileAnalysis } from './file_analysis.ts';

/** What the entry at the cursor names. */
export function searchedSlot(facts: FileAnalysis, { before }: Pick<Cursor, 'before'>): Slot | undefined {
  const sign = before.findLastIndex((token, at) => is(token, t.Colon) && isPathEnd(before, at - 1));
  return sign === -1 ? undefined : slotAt(facts, pathEndingAt(before, sign));
}

/** A colon within a call is of an argument. */
function isPathEnd(tokens: readonly IToken[], at: number): boolean {
  let start = at;
  while (is(tokens[start - 1], t.Dot)) start -= 2;
  return !is(tokens[start - 1], t.LeftParenthesis) && is(tokens[at], t.Name);
}

/** The parts of the path that ends before a token. */
export function pathEndingAt(tokens: readonly IToken[], end: number): string[] {
  const parts: string[] = [];
  for (let at = end - 1; is(tokens[at], t.Name); at -= 2) {
    parts.unshift(tokens[at]!.image);
    if (!is(tokens[at - 1], t.Dot)) break;
  }
  return parts;
}

export function slotAt(facts: FileAnalysis, parts: readonly string[]): Slot | undefined {
  const { files, library } = facts.checked.resolution;
  return findSlot({ files, library, report: () => {} }, { parts, at: facts.checked.file.span });
}
