import { expect, test } from 'vitest';
import { findNearest } from '../../../src/base/text/nearest.ts';
import fc from '../../fast_check.ts';

const kinds = ['mlp', 'senet', 'softmax', 'dense', 'layer_norm', 'cosine', 'temperature', 'id', 'text'];

test.each([
  ['softmx', 'softmax'],
  ['sofmtax', 'softmax'],
  ['softmaxx', 'softmax'],
  ['temprature', 'temperature'],
  ['densee', 'dense'],
  ['mlpp', 'mlp'],
  ['mpl', 'mlp'],
  ['LayerNorm', 'layer_norm'],
  ['layer-norm', 'layer_norm'],
  ['layernrom', 'layer_norm'],
])('%s is meant for %s', (name, meant) => {
  expect(findNearest(name, kinds)).toBe(meant);
});

test.each(['banana', 'x', '', 'relu', 'ab', 'tex_mex_food'])('nothing is near %s', (name) => {
  expect(findNearest(name, kinds)).toBeUndefined();
});

test('case and underscores come before letters', () => {
  expect(findNearest('userid', ['userids', 'user_id'])).toBe('user_id');
});

test('of two that are as near, the first wins', () => {
  expect(findNearest('cat', ['cart', 'cast'])).toBe('cart');
  expect(findNearest('cat', ['cast', 'cart'])).toBe('cast');
});

test('a name is nearest to itself, whatever else there is', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), fc.array(fc.string()), (name, others) => {
      fc.pre(/[^\s_-]/.test(name));
      const found = findNearest(name, [name, ...others]);
      expect(found).toBe(name);
    }),
  );
});
