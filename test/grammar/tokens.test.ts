import { Lexer, type TokenType } from 'chevrotain';
import { expect, test } from 'vitest';
import { TowerParser } from '../../grammar/parser.ts';
import { tokens } from '../../grammar/tokens.ts';
import fc from '../fast_check.ts';

const lexer = new Lexer([...tokens], { ensureOptimizations: true });
const names = (text: string) => lexer.tokenize(text).tokens.map((token) => `${token.tokenType.name} ${token.image}`);

test("the tokens pass Chevrotain's own checks", () => {
  expect(lexer.lexerDefinitionErrors).toEqual([]);
});

test('each token is tried at the characters that its pattern can begin with', () => {
  interface Insides {
    readonly charCodeToPatternIdxToConfig: { readonly defaultMode: { readonly tokenType: TokenType }[][] };
  }
  const tried = (given: readonly TokenType[]) => {
    const { defaultMode } = (new Lexer([...given]) as unknown as Insides).charCodeToPatternIdxToConfig;
    return Array.from(defaultMode, (found = []) => [...new Set(found.map(({ tokenType }) => tokenType.name))]);
  };
  // Without what the tokens say themselves, Chevrotain reads the patterns.
  const unsaid = tokens.map(({ START_CHARS_HINT: begins, LONGER_ALT: _, ...token }) => {
    const isReadable = typeof token.PATTERN === 'string' || token.PATTERN instanceof RegExp;
    return { ...token, ...(isReadable ? {} : { START_CHARS_HINT: begins }) } as TokenType;
  });
  expect(tried(tokens)).toEqual(tried(unsaid));
});

test("the grammar passes Chevrotain's own checks", () => {
  expect(() => new TowerParser()).not.toThrow();
});

test('no text is refused: every character is part of some token', () => {
  const unit = fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code));
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 100 }), (text) => {
      expect(lexer.tokenize(text).errors).toEqual([]);
    }),
  );
  const all = Array.from({ length: 0x10000 }, (_, code) => String.fromCharCode(code)).join('');
  expect(lexer.tokenize(all).errors).toEqual([]);
});

test('numbers are one token', () => {
  expect(names('64 30_000 0.05 1e-3 2.5E+2 10%')).toEqual([
    'Number 64',
    'Number 30_000',
    'Number 0.05',
    'Number 1e-3',
    'Number 2.5E+2',
    'Number 10%',
  ]);
});

test('what only looks like a number is one token too', () => {
  expect(names('1_ 1__0 64px 1.2.3 2.')).toEqual([
    'MalformedNumber 1_',
    'MalformedNumber 1__0',
    'MalformedNumber 64px',
    'MalformedNumber 1.2.3',
    'MalformedNumber 2.',
  ]);
});

test('a word is a word only when it is alone', () => {
  expect(names('tower towers tower_ _tower Tower by by_time')).toEqual([
    'Tower tower',
    'Identifier towers',
    'Identifier tower_',
    'Identifier _tower',
    'Identifier Tower',
    'By by',
    'Identifier by_time',
  ]);
});

test('names in other alphabets are one token', () => {
  expect(names('größe 用户id x_ß by_ü')).toEqual([
    'ForeignName größe',
    'ForeignName 用户id',
    'ForeignName x_ß',
    'ForeignName by_ü',
  ]);
});

test('a text ends at its quote, or before the brackets that end its line', () => {
  expect(names(String.raw`"a" "b\"c" "" 'd' “e”`)).toEqual([
    'Text "a"',
    String.raw`Text "b\"c"`,
    'Text ""',
    "ForeignText 'd'",
    'ForeignText “e”',
  ]);
  expect(names('f("a b)\n}')).toEqual([
    'Identifier f',
    'LeftParenthesis (',
    'UnclosedText "a b',
    'RightParenthesis )',
    'RightBrace }',
  ]);
});

test('an arrow is not a minus', () => {
  expect(names('a->b - c')).toEqual(['Identifier a', 'Arrow ->', 'Identifier b', 'Minus -', 'Identifier c']);
  expect(names('b - > c')).toEqual(['Identifier b', 'ForeignArrow - >', 'Identifier c']);
});
