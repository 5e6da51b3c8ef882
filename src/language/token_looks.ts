/** What a word looks like in an editor, by what it means. */
import type { IToken } from 'chevrotain';
import * as t from '../../grammar/tokens.ts';
import { is } from '../syntax/token.ts';
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

type Modifiers = readonly (typeof tokenModifiers)[number][];

const none: Modifiers = [];
const documentation: Modifiers = ['documentation'];

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

export type Look = readonly [type: TokenType, modifiers: Modifiers];

/** What the token at an index looks like, by what it means; nothing where it has no look of its own. */
export function lookOf(tokens: readonly IToken[], at: number, meaning: Occurrence | undefined): Look | undefined {
  const token = tokens[at];
  if (is(token, t.Text)) return ['string', none];
  if (is(token, t.NumberToken)) return ['number', none];
  if (is(token, t.Arrow)) return ['operator', none];
  if (meaning) return look(meaning);
  if (isKeyword(tokens, at)) return ['keyword', none];
  return is(token, t.Name) ? ['variable', none] : undefined;
}

export const commentLook = ({ image }: IToken): Look => ['comment', image.startsWith('///') ? documentation : none];

function look(occurrence: Occurrence): Look {
  switch (occurrence.is) {
    case 'symbol': {
      const { symbol, declares } = occurrence;
      const modifiers: Modifiers = [
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
