/** What each word is, for semantic highlighting: the same word may be a feature here and a kind there. */
import { endOf, firstFrom } from '../syntax/token.ts';
import type { Span } from '../text/source.ts';
import type { FileAnalysis } from './file_analysis.ts';
import type { Occurrence } from './occurrences/occurrence.ts';
import { commentLook, type Look, lookOf, type TokenType } from './token_looks.ts';

export interface SemanticToken {
  readonly span: Span;
  readonly type: TokenType;
  readonly modifiers: Look[1];
}

/** In the order of their places; none overlaps another, none goes over a line's end. */
export function semanticTokensOf(
  facts: FileAnalysis,
  start = 0,
  end = Number.POSITIVE_INFINITY,
): readonly SemanticToken[] {
  const { source, lexed } = facts;
  const { tokens, comments } = lexed;
  const meanings = end === Number.POSITIVE_INFINITY ? facts.occurrences : facts.occurrencesIn(start, end);
  const colours: SemanticToken[] = [];
  const add = (from: number, to: number, type: TokenType, modifiers: SemanticToken['modifiers']): void => {
    if (to > start && from < end) colours.push({ span: { source, start: from, end: to }, type, modifiers });
  };
  // Tokens, comments and meanings are in the order of their places: each is passed once.
  let comment = Math.max(0, firstFrom(comments, start) - 1);
  const addComments = (before: number): void => {
    for (; comment < comments.length && comments[comment]!.startOffset < before; comment++) {
      add(comments[comment]!.startOffset, endOf(comments[comment]!), ...commentLook(comments[comment]!));
    }
  };
  let next = 0;
  const meaningAt = (place: number): Occurrence | undefined => {
    let found: Occurrence | undefined;
    for (; next < meanings.length && meanings[next]!.span.start <= place; next++) {
      const { span } = meanings[next]!;
      if (span.start === place && span.source === source) found = meanings[next];
    }
    return found;
  };
  const past = firstFrom(tokens, end);
  for (let at = Math.max(0, firstFrom(tokens, start) - 1); at < past; at++) {
    const token = tokens[at]!;
    const from = token.startOffset;
    const to = endOf(token);
    addComments(from);
    const look = lookOf(tokens, at, meaningAt(from));
    if (look) add(from, to, ...look);
  }
  addComments(end);
  return colours;
}
