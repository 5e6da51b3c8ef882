/** `swiglu` by itself. PyTorch's numbers are in `test/fixtures/blocks/swiglu.json`. */
import { expect, test } from 'vitest';
import { exampleAtWork } from './support.ts';

test('swiglu changes what it gets', () => {
  const { given, made } = exampleAtWork('swiglu');
  expect(made).not.toEqual(given);
});
