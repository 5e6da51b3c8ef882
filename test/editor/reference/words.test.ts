/** Every word of the grammar and every entry has an answer of `tower explain`. */
import { describe, expect, it } from 'vitest';
import { tokens } from '../../../grammar/tokens.ts';
import { makeSource } from '../../../src/base/text/source.ts';
import { entryTables } from '../../../src/compiler/library/declarations/table.ts';
import { parse } from '../../../src/compiler/syntax/parse.ts';
import { words, wordsNamed, wordText } from '../../../src/editor/reference/reference_page.ts';

const grammar = tokens.flatMap(({ PATTERN }) =>
  typeof PATTERN === 'string' && /^[a-z]+$/.test(PATTERN) ? [PATTERN] : [],
);
const entries = Object.values(entryTables).flatMap((table) => Object.keys(table));

describe('words', () => {
  it.each([...grammar, ...entries])('%s is explained', (word) => {
    const found = wordsNamed(word);
    expect(found.length).toBeGreaterThan(0);
    for (const one of found) {
      expect(one.doc).toMatch(/\.$/);
      expect(one.example).not.toContain('…');
      expect(wordText(one)).toContain(word);
    }
  });
  it('have examples that are read', () => {
    for (const { word, what, example } of words) {
      const entry = /^(?:entry of|block of) `(\w+)`/.exec(what)?.[1] ?? (word === 'by' ? 'data' : undefined);
      const within = entry === undefined ? 'tower t(a)' : entry === 'train' ? 'train' : `${entry} x`;
      const text = entry !== undefined || word === 'channel' ? `${within} {\n${example}\n}\n` : `${example}\n`;
      expect(parse(makeSource('a.tower', text)).diagnostics, text).toEqual([]);
    }
  });
  it('answer to plain words too', () => {
    expect(wordsNamed('feature').map(({ word }) => word)).toEqual(['features']);
    expect(wordsNamed('constructor')).toEqual([]);
  });
});
