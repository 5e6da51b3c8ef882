/** Classifies each word for semantic highlighting: the same word may be a feature here and a kind there. */
import type { IToken } from 'chevrotain';
import * as t from '../../../grammar/tokens.ts';
import type { Span } from '../../base/text/source.ts';
import type { Occurrence, SymbolKind } from '../../compiler/model/occurrences.ts';
import { endOf, firstFrom, is } from '../../compiler/syntax/token.ts';
import type { FileAnalysis } from './file_analysis.ts';
import { isKeyword } from './markdown.ts';

export interface SemanticToken {
  readonly span: Span;
  readonly type: TokenType;
  readonly modifiers: TokenStyle[1];
}

/** Returns tokens in text order, without overlaps, none across the end of a line. */
export function semanticTokensOf(
  facts: FileAnalysis,
  start = 0,
  end = Number.POSITIVE_INFINITY,
): readonly SemanticToken[] {
  const { source, lexed } = facts;
  const { tokens, comments } = lexed;
  const meanings = facts.occurrences;
  const semanticTokens: SemanticToken[] = [];
  const add = (from: number, to: number, type: TokenType, modifiers: SemanticToken['modifiers']): void => {
    if (to > start && from < end) semanticTokens.push({ span: { source, start: from, end: to }, type, modifiers });
  };
  // Tokens, comments and meanings are all in text order, so each list is passed once.
  let commentIndex = Math.max(0, firstFrom(comments, start) - 1);
  const addComments = (before: number): void => {
    for (; commentIndex < comments.length && comments[commentIndex]!.startOffset < before; commentIndex++) {
      add(comments[commentIndex]!.startOffset, endOf(comments[commentIndex]!), ...commentLook(comments[commentIndex]!));
    }
  };
  let nextMeaning = 0;
  const meaningAt = (place: number): Occurrence | undefined => {
    let lastMeaning: Occurrence | undefined;
    for (; nextMeaning < meanings.length && meanings[nextMeaning]!.span.start <= place; nextMeaning++) {
      const { span } = meanings[nextMeaning]!;
      if (span.start === place && span.source === source) lastMeaning = meanings[nextMeaning];
    }
    return lastMeaning;
  };
  const endIndex = firstFrom(tokens, end);
  for (let index = Math.max(0, firstFrom(tokens, start) - 1); index < endIndex; index++) {
    const token = tokens[index]!;
    const tokenStart = token.startOffset;
    const tokenEnd = endOf(token);
    addComments(tokenStart);
    const tokenStyle = lookOf(tokens, index, meaningAt(tokenStart));
    if (tokenStyle) add(tokenStart, tokenEnd, ...tokenStyle);
  }
  addComments(end);
  return semanticTokens;
}

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

type Modifiers = readonly (typeof tokenModifiers)[number][];

const none: Modifiers = [];
const documentation: Modifiers = ['documentation'];
const declaration: Modifiers = ['declaration'];
const readonly: Modifiers = ['readonly'];

const ofSymbol: Readonly<Record<SymbolKind, TokenType>> = {
  model: 'namespace',
  data: 'namespace',
  constant: 'variable',
  feature: 'property',
  label: 'property',
  column: 'property',
  group: 'variable',
  block: 'function',
  loss: 'function',
  parameter: 'parameter',
  value: 'variable',
  letter: 'enumMember',
  tower: 'class',
  channel: 'variable',
  step: 'variable',
  task: 'class',
};

type TokenStyle = readonly [type: TokenType, modifiers: Modifiers];

/** Returns the type and modifiers of the token at an index, by its meaning; undefined if it has none. */
function lookOf(tokens: readonly IToken[], at: number, meaning: Occurrence | undefined): TokenStyle | undefined {
  const token = tokens[at];
  if (is(token, t.Text)) return ['string', none];
  if (is(token, t.NumberToken)) return ['number', none];
  if (is(token, t.Arrow)) return ['operator', none];
  if (meaning) return look(meaning);
  if (isKeyword(tokens, at)) return ['keyword', none];
  return is(token, t.Name) ? ['variable', none] : undefined;
}

const commentLook = ({ image }: IToken): TokenStyle => ['comment', image.startsWith('///') ? documentation : none];

const library: Modifiers = ['defaultLibrary'];

const looks: Readonly<Record<Exclude<Occurrence['is'], 'symbol'>, TokenStyle>> = {
  kind: ['function', library],
  'label type': ['type', library],
  parameter: ['parameter', none],
  word: ['enumMember', none],
  entry: ['property', library],
  function: ['function', library],
};

function look(occurrence: Occurrence): TokenStyle {
  if (occurrence.is === 'symbol') {
    const { symbol, declares } = occurrence;
    const isConstant = symbol.kind === 'constant';
    return [ofSymbol[symbol.kind], [...(declares ? declaration : none), ...(isConstant ? readonly : none)]];
  }
  return occurrence.is === 'kind' && occurrence.what === 'kind of feature' ? ['type', library] : looks[occurrence.is];
}
