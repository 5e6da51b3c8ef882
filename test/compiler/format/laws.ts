/** What holds of every text that is formatted. */
import { expect } from 'vitest';
import { lex } from '../../../grammar/lexer.ts';
import { makeSource } from '../../../src/base/text/source.ts';
import { formatSource } from '../../../src/compiler/format/format.ts';
import type { FormatLayout } from '../../../src/compiler/format/layout.ts';
import { parse } from '../../../src/compiler/syntax/parse.ts';

/** Formats a text that has no mistake of syntax, and holds the result to every law. */
export function formatted(text: string, layout: Partial<FormatLayout> = {}): string {
  const { output, diagnostics } = formatSource(makeSource('a.tower', text), layout);
  if (output === undefined) throw new Error(diagnostics.map(({ message }) => message).join('\n'));
  expect(tree(output)).toBe(tree(text));
  expect(interleaved(output)).toEqual(interleaved(text));
  expect(formatSource(makeSource('a.tower', output), layout).output).toBe(output);
  const lines = output.replaceAll('\r\n', '\n');
  expect(lines).not.toMatch(/[ \t\r]\n|\n\n\n|^\n/);
  expect(lines === '' || /[^\n]\n$/.test(lines)).toBe(true);
  return output;
}

/** As `formatted`, where a part stays as it was written: blanks in it are its own. */
export function formattedInPart(text: string, layout: Partial<FormatLayout> = {}): string {
  const { output } = formatSource(makeSource('a.tower', text), layout);
  expect(tree(output!)).toBe(tree(text));
  expect(interleaved(output!)).toEqual(interleaved(text));
  expect(formatSource(makeSource('a.tower', output!), layout).output).toBe(output);
  return output!;
}

/** The tree without its places, descriptions included. */
export function tree(text: string): string {
  const { output } = parse(makeSource('a.tower', text));
  return JSON.stringify(output, (key, value) => (key === 'span' ? undefined : value));
}

/** Words, signs and comments in their order: nothing moves over anything. Commas may come and go. */
export function interleaved(text: string): string[] {
  const { tokens, comments } = lex(text);
  return [...tokens.filter(({ image }) => image !== ','), ...comments]
    .sort((a, b) => a.startOffset - b.startOffset)
    .map(({ image }) => image.trimEnd());
}
