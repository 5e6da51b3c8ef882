/** What `tower check` accepts is lowered. `TOWER_FUZZ=10000` tries as many programs of each kind. */
import { describe, expect, test } from 'vitest';
import { makeSource } from '../../src/base/text/source.ts';
import { compileSource } from '../../src/compiler/pipeline.ts';
import fc from '../fast_check.ts';
import type { Choose } from './random_arguments.ts';
import { randomModel, randomSequenceModel } from './random_model.ts';

const count = Number(process.env.TOWER_FUZZ ?? 200);

describe.each([
  ['models', randomModel],
  ['models with a block for sequences in both towers', randomSequenceModel],
] as const)('random %s', (_, make) => {
  test('are lowered where they have no error, and most have none', { timeout: 10_000 + 200 * count }, () => {
    let accepted = 0;
    const choices = fc.array(fc.nat(1_000_000), { minLength: 250, maxLength: 250 });
    const texts = fc.sample(choices, { numRuns: count, seed: 7 }).map((numbers) => {
      let at = 0;
      const choose: Choose = (below) => (numbers[at++] ?? 0) % below;
      return make(choose);
    });
    for (const text of texts) {
      try {
        const { lowered, diagnostics } = compileSource(makeSource('random.tower', text));
        if (diagnostics.every(({ severity }) => severity !== 'error')) {
          expect(lowered).toBeDefined();
          accepted++;
        }
      } catch (error) {
        throw new Error(`${(error as Error).message}\n${text}`, { cause: error });
      }
    }
    expect(accepted / texts.length).toBeGreaterThan(0.7);
  });
});
