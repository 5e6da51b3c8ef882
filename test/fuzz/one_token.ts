/** Texts that differ from a program in one token: deleted, doubled, swapped with the next, or replaced by another of the file. */
import { lex } from '../../grammar/lexer.ts';
import type { Random } from '../../src/base/random/random.ts';

export interface OneToken {
  readonly text: string;
  readonly what: string;
  /** Lines that the change touches, from 1. */
  readonly lines: readonly [first: number, last: number];
}

export type Change = 'delete' | 'double' | 'swap' | 'replace';

/** Every change of one kind. */
export function* changes(text: string, change: Change, random: Random): Generator<OneToken> {
  const { tokens } = lex(text);
  for (const [at, token] of tokens.entries()) {
    const [start, end] = [token.startOffset, token.endOffset! + 1];
    const next = tokens[at + 1];
    const lines = [token.startLine!, change === 'swap' ? (next?.startLine ?? 0) : token.startLine!] as const;
    const made = (changed: string, what: string): OneToken => ({ text: changed, what: `${change} ${what}`, lines });
    if (change === 'delete') yield made(text.slice(0, start) + text.slice(end), token.image);
    else if (change === 'double') yield made(`${text.slice(0, end)} ${text.slice(start)}`, token.image);
    else if (change === 'swap') {
      if (!next || next.image === token.image) continue;
      const between = text.slice(end, next.startOffset) || ' ';
      const rest = text.slice(next.endOffset! + 1);
      yield made(
        `${text.slice(0, start)}${next.image}${between}${token.image} ${rest}`,
        `${token.image} ${next.image}`,
      );
    } else {
      const other = tokens[random.integer(tokens.length)]!.image;
      if (other === token.image) continue;
      yield made(`${text.slice(0, start)} ${other} ${text.slice(end)}`, `${token.image} by ${other}`);
    }
  }
}

/** The words and signs of a text but for commas, which often may be there or not. */
export const wordsOf = (text: string): string =>
  lex(text)
    .tokens.map(({ image }) => image)
    .filter((image) => image !== ',')
    .join(' ');

/** Whether every word and sign of one text, but for commas, is in another, in the same order. */
export function keeps(text: string, other: string): boolean {
  const own = lex(text).tokens.filter(({ image }) => image !== ',');
  const all = lex(other).tokens;
  let at = 0;
  for (const { image } of all) if (image === own[at]?.image) at++;
  return at === own.length;
}
