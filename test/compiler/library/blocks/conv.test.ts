/** `conv` by itself. PyTorch's numbers are in `test/fixtures/blocks/conv.json`. */
import { expect, test } from 'vitest';
import { exampleAtWork } from './support.ts';

test('conv changes what it gets', () => {
  const { given, made } = exampleAtWork('conv');
  expect(made).not.toEqual(given);
});
