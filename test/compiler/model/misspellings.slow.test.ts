/** A misspelt word of the library is restored by `--fix`, or left alone: never made another. */
import { describe, expect, it } from 'vitest';
import { applySafeFixes } from '../../../src/base/diagnostics/fixes.ts';
import { makeSource, type Source } from '../../../src/base/text/source.ts';
import { checkSource } from '../../../src/compiler/pipeline.ts';
import { misspellings, type Sample, samples } from './misspellings.ts';

const name = 'model.tower';
const errors = (source: Source) => checkSource(source).diagnostics.filter(({ severity }) => severity === 'error');
const fixed = (text: string): string =>
  applySafeFixes(
    makeSource(name, text),
    (source) => checkSource(source).diagnostics,
    (next) => makeSource(name, next),
  ).text;

const all = samples();
const words = new Set(all.map(({ word }) => word));
/** Of each word a few of its misspellings, others for each word. */
const perWord = 3;

function brokenBy({ word, text, start }: Sample, at: number): string[] {
  // `relu` is no misspelling of `prelu`.
  const ways = misspellings(word).filter((bad) => !words.has(bad));
  return Array.from({ length: perWord }, (_, turn) => ways[(at * 5 + turn * 11) % ways.length]!).map(
    (bad) => text.slice(0, start) + bad + text.slice(start + word.length),
  );
}

describe('a misspelt word of the library', () => {
  it('is one mistake, which a fix restores or leaves alone', () => {
    let restored = 0;
    let tried = 0;
    for (const [at, sample] of all.entries()) {
      for (const broken of brokenBy(sample, at)) {
        const where = `${sample.word}\n${broken}`;
        expect(errors(makeSource(name, broken)).length, where).toBe(1);
        const after = fixed(broken);
        expect([sample.text, broken], where).toContain(after);
        // A letter of three is too much to be sure what was meant.
        if (sample.word.length < 4) continue;
        tried++;
        if (after === sample.text) restored++;
      }
    }
    expect(all.length).toBeGreaterThan(150);
    expect(restored / tried).toBeGreaterThan(0.95);
  });
});
