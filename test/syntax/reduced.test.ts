/** A text with mistakes is read around these alone, and says what it says when all of it is read. */
import { describe, expect, it } from 'vitest';
import { toJson } from '../../src/diagnostics/json.ts';
import { parse } from '../../src/syntax/parse.ts';
import { IncrementalParser } from '../../src/syntax/parse_cache.ts';
import { reduce } from '../../src/syntax/reduced.ts';
import { makeSource } from '../../src/text/source.ts';
import { edit, editLines, pick, randomOf } from '../fuzz/edits.ts';

const times = <T>(count: number, make: (at: number) => T): readonly T[] =>
  Array.from({ length: count }, (_, at) => make(at));

const feature = (at: number): string =>
  `${at % 9 === 0 ? '  /// What it is.\n' : ''}  f${at} : list(id(dim: ${at}), max: 5)\n`;
const steps = times(20, (at) => `  s${at} = g${at} -> senet\n  channel c${at} = s${at} -> flatten -> mlp(4)\n`).join(
  '',
);

/** Long enough that most of it is far from any place. */
const text = [
  `let w = 1\nfeatures {\n${times(60, feature).join('')}}`,
  'labels { clicked: binary }',
  times(20, (at) => `group g${at} = f${at}, f${at + 1}`).join('\n'),
  `tower user(g1, g2) keyed by f1 {\n${steps}}`,
  `tower item(g3) keyed by f2 {\n${steps}}`,
  times(12, (at) => `task t${at} {\n  score = cosine(user.c${at}, item.c${at})\n  loss = bce\n}`).join('\n\n'),
  'train {\n  batch = 16\n  epochs = 2\n}\n',
].join('\n');

const said = (memory: IncrementalParser | undefined, text: string): string => {
  const source = makeSource('m.tower', text);
  const { output, diagnostics } = memory ? memory.parse(source) : parse(source);
  const tree = JSON.stringify(output, (key, value) => (key === 'source' ? undefined : value));
  return `${tree}\n${JSON.stringify(toJson(diagnostics))}`;
};

describe('a long text with mistakes', () => {
  it.each([22, 24])('says what it says when all of it is read, whatever is edited: seed %i', (seed) => {
    const random = randomOf(seed);
    const memory = new IncrementalParser();
    let now = text;
    for (let step = 0; step < 24; step++) {
      // Mistakes add up, and go again.
      now = step % 6 === 0 ? text : random.next() < 0.5 ? editLines(now, random) : edit(now, random);
      expect(said(memory, now), JSON.stringify(now)).toBe(said(undefined, now));
    }
  });

  const places = ['  f30 :', '  s9 =', 'group g7', 'task t5', '  channel c3', 'labels {', 'train {'];
  it.each(['{', '}', '(', ')', '[', '"', '/*', 'tower ', 'x : list('])('says so with `%s` put anywhere', (piece) => {
    const memory = new IncrementalParser();
    for (const place of pick(randomOf(piece.length), [places.slice(0, 4), places.slice(3)])) {
      const at = text.indexOf(place);
      for (const length of [0, place.length]) {
        const broken = text.slice(0, at + length) + piece + text.slice(at + length);
        said(memory, text);
        expect(said(memory, broken), JSON.stringify([place, piece])).toBe(said(undefined, broken));
        const more = broken.replace('dim: 12)', 'dim: 120)');
        expect(said(memory, more), JSON.stringify([place, piece])).toBe(said(undefined, more));
      }
    }
  });

  it('is read around them', () => {
    const random = randomOf(1);
    const memory = new IncrementalParser();
    for (const place of places.slice(0, 4)) {
      said(memory, text);
      const broken = text.replace(place, `${place} ${pick(random, ['(', '['])}`);
      const { tokens } = memory.relexer.lex(broken);
      const elements = memory.elements.again(memory.relexer, memory.pieces.last)!;
      const reduced = reduce(tokens, elements, () => false)!;
      expect(reduced.tokens.length).toBeLessThan(tokens.length / 3);
      const left = new Set(reduced.left.flatMap(({ start, end }) => tokens.slice(start, end)));
      expect(tokens.filter((token) => !left.has(token))).toEqual(reduced.tokens);
      memory.pieces.last = undefined;
    }
  });
});
