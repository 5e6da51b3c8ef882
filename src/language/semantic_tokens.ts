/** What each word is, for semantic highlighting: the same word may be a feature here and a kind there. */
import * as t from '../../grammar/tokens.ts';
import { endOf, firstFrom, is } from '../syntax/token.ts';
import type { Span } from '../text/source.ts';
import type { FileAnalysis } from './file_analysis.ts';
import { isKeyword } from './keywords.ts';
import type { Occurrence } from './occurrences/occurrence.ts';
import type { SymbolKind } from './symbols.ts';

/** In the order of the legend. */
export const tokenTypes = [
  'keyword',
  'type',
  'class',
  'function',
  'variable',
  'property',
  'parameter',
  'enumMember',
  'namespace',
  'number',
  'string',
  'comment',
  'operator',
] as const;

export type TokenType = (typeof tokenTypes)[number];

export const tokenModifiers = ['declaration', 'readonly', 'documentation', 'defaultLibrary'] as const;

export interface SemanticToken {
  readonly span: Span;
  readonly type: TokenType;
  readonly modifiers: readonly (typeof tokenModifiers)[number][];
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
  const add = (from: number, to: number, type: TokenType, modifiers: SemanticToken['modifiers'] = none): void => {
    if (to > start && from < end) colours.push({ span: { source, start: from, end: to }, type, modifiers });
  };
  // Tokens, comments and meanings are in the order of their places: each is passed once.
  let comment = Math.max(0, firstFrom(comments, start) - 1);
  const addComments = (before: number): void => {
    for (; comment < comments.length && comments[comment]!.startOffset < before; comment++) {
      const { startOffset, image } = comments[comment]!;
      add(startOffset, endOf(comments[comment]!), 'comment', image.startsWith('///') ? documentation : none);
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
    const meaning = meaningAt(from);
    if (is(token, t.Text)) add(from, to, 'string');
    else if (is(token, t.NumberToken)) add(from, to, 'number');
    else if (is(token, t.Arrow)) add(from, to, 'operator');
    else if (meaning) add(from, to, ...look(meaning));
    else if (isKeyword(tokens, at)) add(from, to, 'keyword');
    else if (is(token, t.Name)) add(from, to, 'variable');
  }
  addComments(end);
  return colours;
}

const none: SemanticToken['modifiers'] = [];
const documentation: SemanticToken['modifiers'] = ['documentation'];

const ofSymbol: Readonly<Record<SymbolKind, TokenType>> = {
  model: 'namespace',
  data: 'namespace',
  constant: 'variable',
  feature: 'property',
  label: 'property',
  column: 'property',
  group: 'variable',
  block: 'function',
  parameter: 'parameter',
  tower: 'class',
  channel: 'variable',
  step: 'variable',
  task: 'class',
};

function look(occurrence: Occurrence): [TokenType, SemanticToken['modifiers']] {
  switch (occurrence.is) {
    case 'symbol': {
      const { symbol, declares } = occurrence;
      const modifiers: SemanticToken['modifiers'] = [
        ...(declares ? (['declaration'] as const) : []),
        ...(symbol.kind === 'constant' ? (['readonly'] as const) : []),
      ];
      return [ofSymbol[symbol.kind], modifiers];
    }
    case 'kind':
      return [occurrence.what === 'kind of feature' ? 'type' : 'function', ['defaultLibrary']];
    case 'label type':
      return ['type', ['defaultLibrary']];
    case 'parameter':
      return ['parameter', []];
    case 'word':
      return ['enumMember', []];
    case 'entry':
      return ['property', ['defaultLibrary']];
  }
}
