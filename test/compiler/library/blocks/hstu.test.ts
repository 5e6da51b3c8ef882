/** `hstu` by itself. PyTorch's numbers are in `test/fixtures/blocks/hstu.json`. */
import { expect, test } from 'vitest';
import { exampleAtWork } from './support.ts';

test('hstu changes what it gets', () => {
  const { given, made } = exampleAtWork('hstu');
  expect(made).not.toEqual(given);
});
