/** `positions` by itself. PyTorch's numbers are in `test/fixtures/blocks/positions.json`. */
import { expect, test } from 'vitest';
import { exampleAtWork } from './support.ts';

test('positions changes what it gets', () => {
  const { given, made } = exampleAtWork('positions');
  expect(made).not.toEqual(given);
});
