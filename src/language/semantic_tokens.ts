/** What each word is, for semantic highlighting: the same word may be a feature here and a kind there. */
import * as t from '../../grammar/tokens.ts';
import { is } from '../syntax/token.ts';
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
  const meanings = new Map<number, Occurrence>();
  for (const occurrence of facts.occurrences) {
    if (occurrence.span.source === source) meanings.set(occurrence.span.start, occurrence);
  }
  const colours: SemanticToken[] = [];
  const add = (from: number, to: number, type: TokenType, modifiers: SemanticToken['modifiers'] = []): void => {
    if (to > start && from < end) colours.push({ span: { source, start: from, end: to }, type, modifiers });
  };
  for (const [at, token] of lexed.tokens.entries()) {
    const from = token.startOffset;
    const to = (token.endOffset ?? from) + 1;
    const meaning = meanings.get(from);
    if (is(token, t.Text)) add(from, to, 'string');
    else if (is(token, t.NumberToken)) add(from, to, 'number');
    else if (is(token, t.Arrow)) add(from, to, 'operator');
    else if (meaning) add(from, to, ...look(meaning));
    else if (isKeyword(lexed.tokens, at)) add(from, to, 'keyword');
    else if (is(token, t.Name)) add(from, to, 'variable');
  }
  for (const { startOffset, endOffset, image } of lexed.comments) {
    add(startOffset, (endOffset ?? startOffset) + 1, 'comment', image.startsWith('///') ? ['documentation'] : []);
  }
  return colours.sort((a, b) => a.span.start - b.span.start);
}

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
