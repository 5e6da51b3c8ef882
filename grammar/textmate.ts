/**
 * Writes the TextMate grammar for editors that colour a text before a language server has read it. Keywords come from the tokens; kinds are passed in, because
 * the grammar does not know them. The scopes are those to which VS Code maps semantic tokens, so a text keeps its colours when the server responds, and code in
 * hovers and Markdown looks like that in the editor.
 */

import type { TokenType } from 'chevrotain';
import { namePattern } from '../src/base/text/names.ts';
import * as t from './tokens.ts';

/** Words that the grammar does not contain. */
export interface Vocabulary {
  /** Kinds of features and labels, such as `id`. */
  readonly types: readonly string[];
  /** Other kinds, such as `mlp`. */
  readonly kinds: readonly string[];
  /** Values of arguments, such as `linear`. Some are also kinds. */
  readonly words: readonly string[];
}

const scope = {
  keyword: 'keyword.control.tower',
  class: 'entity.name.type.class.tower',
  namespace: 'entity.name.namespace.tower',
  function: 'entity.name.function.tower',
  variable: 'variable.other.readwrite.tower',
  property: 'variable.other.property.tower',
  parameter: 'variable.parameter.tower',
  choice: 'variable.other.enummember.tower',
};

/** The scope of the name after each keyword. */
const named: readonly (readonly [name: string, ...words: TokenType[]])[] = [
  [scope.class, t.Tower, t.Task],
  [scope.namespace, t.Model, t.Data],
  [scope.function, t.Block, t.Loss],
  [scope.variable, t.Let, t.Group, t.Channel],
];

const declarations: readonly TokenType[] = [
  ...[t.Use, t.Let, t.Model, t.Features, t.Labels, t.Group, t.Block, t.Shared, t.Tower],
  ...[t.Task, t.Objective, t.Retrieve, t.Train, t.Search, t.Data, t.Columns, t.Channel],
];

const image = (token: TokenType): string => String(token.PATTERN);
const anyOf = (words: readonly string[]): string => `\\b(?:${[...new Set(words)].sort().join('|')})\\b`;

/** Returns the text of `tower.tmLanguage.json`. */
export function textMate({ types, kinds, words }: Vocabulary): string {
  const name = namePattern.source.slice(1, -1);
  const grammar = {
    $schema: 'https://raw.githubusercontent.com/martinring/tmlanguage/master/tmlanguage.json',
    information_for_contributors: 'Written by `npm run generate` from grammar/textmate.ts: change that, not this.',
    name: 'Tower',
    scopeName: 'source.tower',
    fileTypes: ['tower'],
    patterns: [{ include: '#comments' }, { include: '#texts' }, { include: '#declarations' }, { include: '#values' }],
    repository: {
      comments: {
        patterns: [
          { name: 'comment.line.documentation.tower', match: '///.*$' },
          { name: 'comment.line.double-slash.tower', match: '//.*$' },
        ],
      },
      texts: {
        patterns: [
          {
            name: 'string.quoted.double.tower',
            begin: '"',
            end: '"|$',
            patterns: [{ name: 'constant.character.escape.tower', match: '\\\\(?:u\\{[0-9A-Fa-f]+\\}|.)' }],
          },
        ],
      },
      declarations: {
        patterns: [
          // A keyword and the declared name: `tower user`, `channel main`. A keyword that punctuation follows is a name itself.
          ...named.map(([is, ...tokens]) => ({
            match: `(?:^\\s*)?\\b(${tokens.map(image).join('|')})\\s+(${name})`,
            captures: { 1: { name: scope.keyword }, 2: { name: is } },
          })),
          {
            match: `^\\s*(${declarations.map(image).join('|')})\\b(?!\\s*:)`,
            captures: { 1: { name: scope.keyword } },
          },
          {
            match: `\\b(${image(t.Keyed)})\\s+(${image(t.By)})\\b`,
            captures: { 1: { name: scope.keyword }, 2: { name: scope.keyword } },
          },
          { match: `(?<=")\\s+(${image(t.By)})\\b`, captures: { 1: { name: scope.keyword } } },
          {
            // `a, b : category` and `a : id` on a line of their own.
            match: `^\\s*(${name}(?:\\s*,\\s*${name})*)(?=\\s*:)`,
            captures: {
              1: {
                patterns: [
                  { name: scope.property, match: name },
                  { name: 'punctuation.separator.tower', match: ',' },
                ],
              },
            },
          },
          { match: `\\b(${name})(?=\\s*=)`, captures: { 1: { name: scope.property } } },
        ],
      },
      values: {
        patterns: [
          {
            match: `(?<=:)\\s*(${image(t.Log)}|one\\s+of)(?=\\s)`,
            captures: { 1: { patterns: [{ name: scope.keyword, match: name }] } },
          },
          {
            // `pool: mean`, whose value is also a block.
            match: `\\b(${name})\\s*:\\s*(?!${image(t.Log)}\\s)(${anyOf(words)})(?!\\s*\\()`,
            captures: { 1: { name: scope.parameter }, 2: { name: scope.choice } },
          },
          { match: `\\b(${name})(?=\\s*:)`, captures: { 1: { name: scope.parameter } } },
          { name: 'keyword.operator.arrow.tower', match: image(t.Arrow) },
          { name: 'constant.numeric.tower', match: (t.NumberToken.PATTERN as RegExp).source },
          { match: `(?<=[:(])\\s*(${anyOf(types)})`, captures: { 1: { name: 'support.type.tower' } } },
          { name: 'support.function.tower', match: anyOf(kinds) },
          { name: scope.choice, match: anyOf(['true', 'false', ...words]) },
          { name: 'keyword.operator.arithmetic.tower', match: '[+*/-]' },
          { name: 'punctuation.separator.tower', match: '[,.:=]' },
          { name: scope.variable, match: `\\b${name}\\b` },
        ],
      },
    },
  };
  return `${JSON.stringify(grammar, null, 2)}\n`;
}
