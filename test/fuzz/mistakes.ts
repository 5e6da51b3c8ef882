/** Single mistakes as hands make them, each in a program that is valid: the same seed gives the same. */
import { lex } from '../../grammar/lexer.ts';
import type { Random } from '../../src/base/random/random.ts';
import { pick } from './edits.ts';

export interface Mistake {
  readonly kind: string;
  readonly text: string;
  /** Lines that it touches, from 1. */
  readonly lines: readonly [first: number, last: number];
}

const keywords =
  /^(?:model|features|labels|group|block|shared|tower|keyed|by|channel|task|let|use|train|search|data|columns)$/;
const otherBracket: Readonly<Record<string, string>> = { '(': '[', ')': ']', '[': '(', ']': ')', '{': '(', '}': ')' };

/** A word with one letter doubled, left out, or in the place of the next. */
function misspelt(word: string, random: Random): string {
  const at = random.integer(word.length - 1);
  const ways = [
    `${word.slice(0, at)}${word[at]}${word.slice(at)}`,
    `${word.slice(0, at)}${word.slice(at + 1)}`,
    `${word.slice(0, at)}${word[at + 1]}${word[at]}${word.slice(at + 2)}`,
  ];
  return pick(random, ways);
}

/** What each kind of mistake makes of a token: its text, and what is in its place. */
const inTokens: Readonly<
  Record<string, { readonly of: RegExp; readonly to: (image: string, random: Random) => string }>
> = {
  'missing brace': { of: /^[{}]$/, to: () => '' },
  'missing bracket': { of: /^[()[\]]$/, to: () => '' },
  'wrong bracket': { of: /^[(){}[\]]$/, to: (image) => otherBracket[image]! },
  'bracket too many': { of: /^[)}\]]$/, to: (image) => image + image },
  'missing colon': { of: /^:$/, to: () => '' },
  'missing equals sign': { of: /^=$/, to: () => '' },
  'missing comma': { of: /^,$/, to: () => '' },
  'missing arrow': { of: /^->$/, to: () => '' },
  'other sign': {
    of: /^(?::|=|,|->)$/,
    to: (image, random) =>
      pick(
        random,
        [':', '=', ',', '->', ';', '|'].filter((sign) => sign !== image),
      ),
  },
  'sign too many': { of: /^(?::|=|,|->)$/, to: (image) => `${image} ${image}` },
  'misspelt keyword': { of: keywords, to: misspelt },
  'missing keyword': { of: keywords, to: () => '' },
  'word too many': { of: /^\w{2,}$/, to: (image, random) => `${image} ${pick(random, ['the', 'new', image, '64'])}` },
  'missing word': { of: /^\w+$/, to: () => '' },
  'unclosed text': { of: /^".*"$/, to: (image) => image.slice(0, -1) },
};

const inLines: Readonly<Record<string, (lines: readonly string[], at: number, random: Random) => readonly string[]>> = {
  'pasted line': (lines, at, random) =>
    lines.toSpliced(
      at,
      0,
      pick(random, ['import tensorflow as tf', 'dim = 64', '- name: age', 'x = Dense(64)(x)', 'TODO']),
    ),
  'half a line': (lines, at) => lines.toSpliced(at, 1, lines[at]!.slice(0, Math.ceil(lines[at]!.length / 2))),
};

export const mistakeKinds = [...Object.keys(inTokens), ...Object.keys(inLines)];

/** One mistake of a kind; nothing where the program has no place for it. */
export function mistake(text: string, kind: string, random: Random): Mistake | undefined {
  const inToken = inTokens[kind];
  if (inToken) {
    const tokens = lex(text).tokens.filter(({ image }) => inToken.of.test(image));
    if (tokens.length === 0) return undefined;
    const { startOffset, endOffset, image, startLine } = pick(random, tokens);
    const changed = inToken.to(image, random);
    return {
      kind,
      text: text.slice(0, startOffset) + changed + text.slice(endOffset! + 1),
      lines: [startLine!, startLine!],
    };
  }
  const lines = text.split('\n');
  const written = lines.flatMap((line, at) => (/^\s*[\w}]/.test(line) ? [at] : []));
  if (written.length === 0) return undefined;
  const at = pick(random, written);
  return { kind, text: inLines[kind]!(lines, at, random).join('\n'), lines: [at + 1, at + 1] };
}
