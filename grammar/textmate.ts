/**
 * The TextMate grammar, for editors that colour a text before a language server has read it. Words of the grammar come from the
 * tokens; kinds are handed in, as the grammar knows nothing of them.
 */
import type { TokenType } from 'chevrotain';
import * as t from './tokens.ts';

/** Kinds by what they are of, such as `blocks: ['mlp', …]`, and words that arguments take, such as `relu`. */
export interface Vocabulary {
  readonly kinds: readonly string[];
  readonly words: readonly string[];
}

const declarations: readonly TokenType[] = [
  ...[t.Use, t.Let, t.Model, t.Features, t.Labels, t.Group, t.Block, t.Shared, t.Tower],
  ...[t.Task, t.Objective, t.Retrieve, t.Train, t.Search, t.Data, t.Columns, t.Channel],
];

const image = (token: TokenType): string => String(token.PATTERN);
const anyOf = (words: readonly string[]): string => `\\b(?:${[...new Set(words)].sort().join('|')})\\b`;

/** The whole of `tower.tmLanguage.json`. */
export function textMate({ kinds, words }: Vocabulary): string {
  const named = (token: TokenType): string => image(token);
  const name = '[A-Za-z_][A-Za-z0-9_]*';
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
          {
            // A declaration and its name: `tower user`, `channel main`. A word that a sign follows is a name itself.
            match: `(?:^\\s*)?\\b(${[t.Let, t.Model, t.Group, t.Block, t.Tower, t.Task, t.Data, t.Channel].map(named).join('|')})\\s+(${name})`,
            captures: { 1: { name: 'keyword.declaration.tower' }, 2: { name: 'entity.name.tower' } },
          },
          {
            match: `^\\s*(${declarations.map(named).join('|')})\\b(?!\\s*:)`,
            captures: { 1: { name: 'keyword.declaration.tower' } },
          },
          {
            match: `\\b(${named(t.Keyed)})\\s+(${named(t.By)})\\b`,
            captures: { 1: { name: 'keyword.other.tower' }, 2: { name: 'keyword.other.tower' } },
          },
          { match: `(?<=")\\s+(${named(t.By)})\\b`, captures: { 1: { name: 'keyword.other.tower' } } },
          {
            // `a, b : category`, on a line of their own.
            match: `^\\s*(${name}(?:\\s*,\\s*${name})+)(?=\\s*:)`,
            captures: {
              1: {
                patterns: [
                  { name: 'variable.parameter.tower', match: name },
                  { name: 'punctuation.separator.tower', match: ',' },
                ],
              },
            },
          },
          { match: `\\b(${name})(?=\\s*=)`, captures: { 1: { name: 'variable.other.tower' } } },
        ],
      },
      values: {
        patterns: [
          { match: `\\b(${name})(?=\\s*:)`, captures: { 1: { name: 'variable.parameter.tower' } } },
          { name: 'keyword.operator.arrow.tower', match: image(t.Arrow) },
          { name: 'constant.numeric.tower', match: (t.NumberToken.PATTERN as RegExp).source },
          { name: 'support.function.tower', match: anyOf(kinds) },
          { name: 'constant.language.tower', match: anyOf(['true', 'false', ...words]) },
          { name: 'keyword.operator.arithmetic.tower', match: '[+*/-]' },
          { name: 'punctuation.separator.tower', match: '[,.:=]' },
          { name: 'variable.other.tower', match: `\\b${name}\\b` },
        ],
      },
    },
  };
  return `${JSON.stringify(grammar, null, 2)}\n`;
}
