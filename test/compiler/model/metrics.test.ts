import { describe, expect, test } from 'vitest';
import { measureOf } from '../../../src/compiler/lower/lower.ts';
import { readMetrics } from '../../../src/compiler/model/resolve/resolve_entries.ts';
import { labelOf } from '../../../src/training/evaluation/figures.ts';

const codesOf = (text: string): string[] => readMetrics('--metrics', text).diagnostics.map(({ code }) => code);

describe('metrics given outside of a file', () => {
  test('are read as those of `train`', () => {
    const { output, diagnostics } = readMetrics('--metrics', 'recall(20), ndcg(10), mrr');
    expect(diagnostics).toEqual([]);
    expect(output!.map(({ kind, arguments: { k } }) => [kind, k])).toEqual([
      ['recall', 20],
      ['ndcg', 10],
      ['mrr', undefined],
    ]);
  });

  test('may name a column of the items, also with `column:`', () => {
    const { output, diagnostics } = readMetrics(
      '--metrics',
      'diversity(genres, 5), calibration(k: 20, column: country)',
    );
    expect(diagnostics).toEqual([]);
    expect(output!.map((call) => labelOf(measureOf(call)))).toEqual(['diversity(genres)@5', 'calibration(country)@20']);
    expect(codesOf('diversity(10)')).toEqual(['missing-argument']);
  });

  test.each(['recall(20) batch = 3', 'recall(20) } let a = 1 train { seed = 1'])('nothing else is: %j', (text) => {
    expect(codesOf(text)).toEqual(['unexpected-text']);
    expect(readMetrics('--metrics', text).output).toEqual([]);
  });

  test('a misspelt one is reported', () => {
    expect(codesOf('recal(20)')).toEqual(['unknown-kind']);
  });
});
