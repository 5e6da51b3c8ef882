/**
 * Reads tokens that only look like the language: letters and punctuation of other alphabets, grouped digits. Each is read as what was meant and keeps the
 * original text as its payload, for the report. All functions look at a single line only.
 */
import type { IToken, TokenType } from 'chevrotain';
import { isIdentifier, withPlainLetters } from '../src/base/text/names.ts';
import * as t from './tokens.ts';

/** Maps Cyrillic and Greek letters to the Latin ones that look the same. */
const twins: Readonly<Record<string, string>> = Object.fromEntries(
  [
    ...['аa', 'еe', 'оo', 'рp', 'сc', 'хx', 'уy', 'іi', 'јj', 'ѕs', 'һh', 'ԁd', 'ԛq', 'ԝw', 'кk', 'мm', 'тt', 'ѵv'],
    ...['АA', 'ВB', 'ЕE', 'КK', 'МM', 'НH', 'ОO', 'РP', 'СC', 'ТT', 'ХX', 'УY', 'ІI', 'ЈJ', 'ЅS'],
    ...['οo', 'αa', 'νv', 'ρp', 'ιi', 'κk', 'τt', 'υu', 'χx', 'γy'],
    ...['ΑA', 'ΒB', 'ΕE', 'ΖZ', 'ΗH', 'ΙI', 'ΚK', 'ΜM', 'ΝN', 'ΟO', 'ΡP', 'ΤT', 'ΥY', 'ΧX', 'ıi'],
  ].map((pair) => [pair[0]!, pair[1]!]),
);

/** Maps punctuation to the token type that looks the same. */
const signs: Readonly<Record<string, TokenType>> = {
  '×': t.Times,
  '÷': t.Over,
  '−': t.Minus,
  '–': t.Minus,
  '—': t.Minus,
  '‐': t.Minus,
  '‑': t.Minus,
  '‒': t.Minus,
  '―': t.Minus,
  '∗': t.Times,
  '∕': t.Over,
  '⁄': t.Over,
  '、': t.Comma,
  '，': t.Comma,
  '：': t.Colon,
  '∶': t.Colon,
  '＝': t.Equals,
  '．': t.Dot,
  '＋': t.Plus,
  '－': t.Minus,
  '＊': t.Times,
  '／': t.Over,
  '（': t.LeftParenthesis,
  '）': t.RightParenthesis,
  '［': t.LeftBracket,
  '］': t.RightBracket,
  '｛': t.LeftBrace,
  '｝': t.RightBrace,
};

const words = new Map(t.tokens.flatMap((type) => (typeof type.PATTERN === 'string' ? [[type.PATTERN, type]] : [])));

/** Returns the name that a text with look-alike letters was meant to be, or the text itself if it is a name; undefined if there is none. */
export function plainName(image: string): string | undefined {
  const seen = withPlainLetters(image);
  if (seen === '' || isIdentifier(seen)) return seen;
  const name = inLatin(seen);
  return isIdentifier(name) ? name : undefined;
}

const inLatin = (name: string): string => name.replace(/\P{ASCII}/gu, (letter) => twins[letter] ?? letter);

/** Returns the tokens as they were meant, and those that cannot be read. */
export function readForeign(tokens: readonly IToken[]): { tokens: IToken[]; unknown: IToken[] } {
  const read: IToken[] = [];
  const unknown: IToken[] = [];
  const latinNames = new Set(tokens.flatMap(({ tokenType, image }) => (tokenType === t.Identifier ? [image] : [])));
  const isKnown = (name: string): boolean => words.has(name) || latinNames.has(name);
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at]!;
    switch (token.tokenType) {
      case t.ForeignSign: {
        const type = signs[token.image]!;
        read.push(readAs(token, type, type.PATTERN as string));
        break;
      }
      case t.ForeignName: {
        let name = plainName(token.image);
        // A word entirely in another alphabet is a name of its own, unless it looks like one of this file.
        if (name !== undefined && isKnown(inLatin(name))) name = inLatin(name);
        if (name === undefined) read.push(token);
        else if (name === '') unknown.push(token);
        else if (name === token.image) read.push(retyped(token, t.Identifier));
        else read.push(readAs(token, words.get(name) ?? t.Identifier, name));
        break;
      }
      case t.MalformedNumber:
        if (isBrokenExponent(tokens, at)) {
          const written = tokens.slice(at, at + 3);
          const number = joined(written);
          read.push(readAs(number, t.NumberToken, number.image.replace(tokens[at + 1]!.image, '-')));
          at += 2;
        } else read.push(meansName(token, tokens[at + 1]) ? retyped(token, t.ForeignName) : token);
        break;
      default: {
        const groups = groupsFrom(tokens, at);
        read.push(groups > 0 ? joined(tokens.slice(at, at + 2 * groups + 1)) : token);
        at += 2 * groups;
      }
    }
  }
  return { tokens: read, unknown };
}

/** True for `1e−3`, whose minus is a different character. */
function isBrokenExponent(tokens: readonly IToken[], at: number): boolean {
  const [base, sign, digits] = tokens.slice(at, at + 3);
  if (!/^[0-9.]+[eE]$/.test(base!.image) || sign?.tokenType !== t.ForeignSign || signs[sign.image] !== t.Minus)
    return false;
  return (
    sign.startOffset === base!.endOffset! + 1 &&
    digits?.startOffset === sign.endOffset! + 1 &&
    /^[0-9]+$/.test(digits.image)
  );
}

/** True for `2nd_x` and `3d_conv`, and if `:` or `=` follows: these are names, not numbers with a unit. */
function meansName({ image, endOffset, startLine }: IToken, next: IToken | undefined): boolean {
  if (!/^[0-9][A-Za-z0-9_]*[A-Za-z][A-Za-z0-9_]*$/.test(image)) return false;
  if (/_[0-9]*[A-Za-z]|[A-Za-z]{3}/.test(image)) return true;
  const follows = next !== undefined && next.startLine === startLine && next.startOffset <= endOffset! + 20;
  return follows && (next.tokenType === t.Colon || next.tokenType === t.Equals);
}

/** Larger numbers would not be safe integers. */
const mostGroups = 5;

/** Counts the groups of three digits that follow a number, as in `10,000`, without blanks after the commas. */
function groupsFrom(tokens: readonly IToken[], at: number): number {
  const first = tokens[at]!;
  if (first.tokenType !== t.NumberToken || !/^[0-9]{1,3}$/.test(first.image)) return 0;
  if (isDecimal(tokens, at)) return 1;
  let groups = 0;
  for (let comma = at + 1; groups < mostGroups; comma += 2) {
    const [sign, digits] = [tokens[comma], tokens[comma + 1]];
    const near = sign?.tokenType === t.Comma && sign.startOffset === tokens[comma - 1]!.endOffset! + 1;
    if (!near || digits?.startOffset !== sign.startOffset + 1 || !/^[0-9]{3}$/.test(digits.image)) break;
    groups++;
  }
  if (groups === 0) return 0;
  // `mlp(256,128)` has two numbers, but a group that starts with 0 is not a number, and after `=` or `:` there is a single value.
  const zero = Array.from({ length: groups }, (_, n) => tokens[at + 2 * n + 2]!.image).some(
    (image) => image[0] === '0',
  );
  const before = tokens[at - 1];
  const signed = before?.startLine === first.startLine && [t.Equals, t.Colon].includes(before!.tokenType);
  return zero || signed ? groups : 0;
}

/** True for a decimal comma: `0,05`, `1,05`; for `0,5` only if it is the single value after `=` or `:`. */
function isDecimal(tokens: readonly IToken[], at: number): boolean {
  const [before, first, comma, digits, after, next] = Array.from({ length: 6 }, (_, n) => tokens[at - 1 + n]);
  if (comma?.tokenType !== t.Comma || comma.startOffset !== first!.endOffset! + 1) return false;
  if (digits?.startOffset !== comma.startOffset + 1) return false;
  if (/^0(?:[0-9]|[0-9]{3,})$/.test(digits.image)) return true;
  const alone = after?.tokenType !== t.Comma || next?.tokenType !== t.NumberToken;
  const signed = before?.tokenType === t.Equals || before?.tokenType === t.Colon;
  return first!.image === '0' && /^[0-9]+$/.test(digits.image) && signed && alone;
}

function joined(parts: readonly IToken[]): IToken {
  const [first, last] = [parts[0]!, parts.at(-1)!];
  return {
    ...retyped(first, t.MalformedNumber),
    image: parts.map(({ image }) => image).join(''),
    endOffset: last.endOffset!,
    endLine: last.endLine!,
    endColumn: last.endColumn!,
  };
}

const retyped = (token: IToken, type: TokenType): IToken => ({
  ...token,
  tokenType: type,
  tokenTypeIdx: type.tokenTypeIdx!,
});

const readAs = (token: IToken, type: TokenType, image: string): IToken => ({
  ...retyped(token, type),
  image,
  payload: token.image,
});
