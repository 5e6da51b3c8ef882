/** `mix` by itself. PyTorch's numbers are in `test/fixtures/blocks/mix.json`. */
import { describe, expect, test } from 'vitest';
import { makeSource } from '../../../../src/base/text/source.ts';
import { checkSource } from '../../../../src/compiler/pipeline.ts';
import { planOf, smallModel } from '../support.ts';

const model = (flow: string): string =>
  smallModel({ steps: 'one = user_id -> dense(4)\n two = tried -> dense(4)\n', user: flow });

const codesOf = (flow: string): string[] =>
  checkSource(makeSource('m.tower', model(flow))).diagnostics.map(({ message }) => message);

describe('mix', () => {
  test('joins steps, in equal shares at first', () => {
    const { step } = planOf(model('mix(one, two)'));
    const shares = step.graph.parameters.filter(({ name }) => name.endsWith('mix/shares'));
    expect(shares).toMatchObject([{ name: 'user/main/mix/shares', initial: { kind: 'zeros' }, trainable: true }]);
  });

  test('has no weight of its own where the weights are given', () => {
    const { step } = planOf(model('mix(one, two, weights: [0.7, 0.3])'));
    expect(step.graph.parameters.filter(({ name }) => name.includes('mix'))).toEqual([]);
  });

  test('needs as many weights as it joins, of one width', () => {
    expect(codesOf('mix(one, two, weights: [1])').join()).toContain(
      'needs a weight for each of its 2 fields, but gets 1',
    );
    expect(codesOf('mix(one, user_id)').join()).toContain('width');
  });
});
