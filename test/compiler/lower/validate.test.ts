/** `steps` and `validate` of `train`: what they give, and what is wrong with them. */
import { describe, expect, test } from 'vitest';
import { planOf } from '../library/support.ts';
import { checkText, found, model } from '../model/check_text.ts';

const trainOf = (entries: string) => planOf(model({ after: `train { ${entries} }` })).train;

test.each([
  ['validate = every(5)', { epochs: 5 }],
  ['validate = every(steps: 1000), sample(2000)', { steps: 1000, sample: 2000 }],
  ['validate = sample(50)', { sample: 50 }],
])('%s', (entries, plan) => {
  expect(trainOf(entries).validate).toEqual(plan);
});

test('`steps` is in place of `epochs`, in a file and for one run', () => {
  expect(trainOf('steps = 20_000').steps).toBe(20_000);
  expect(trainOf('epochs = 3').steps).toBeUndefined();
  const set = (settings: Record<string, number>, entries = '') =>
    checkText(model({ after: `train { ${entries} }` }), { settings });
  expect(set({ steps: 5 }).model?.train).toMatchObject({ steps: 5 });
  expect(set({ epochs: 5 }, 'steps = 9').model?.train.steps).toBeUndefined();
  expect(set({ steps: 5 }, 'epochs = 9').model?.train.steps).toBe(5);
  expect(set({ epochs: 5, steps: 9 }).diagnostics.map(({ code }) => code)).toEqual(['arguments-conflict']);
});

describe('what is wrong', () => {
  test.each([
    ['epochs = 3, steps = 9', ['arguments-conflict: steps = 9']],
    ['steps = 0', ['out-of-range: 0']],
    ['validate = every', ['arguments-conflict: every']],
    ['validate = every(0)', ['out-of-range: 0']],
    ['validate = every(2, steps: 3)', ['arguments-conflict: every(2, steps: 3)']],
    ['validate = every(2), every(3)', ['arguments-conflict: every(3)']],
    ['validate = sample', ['missing-argument: sample']],
    ['validate = evry(2)', ['unknown-kind: evry']],
  ])('%s', (entries, codes) => {
    expect(found(checkText(model({ after: `train { ${entries} }` })))).toEqual(codes);
  });
});
