/** `last` by itself. PyTorch's numbers are in `test/fixtures/blocks/last.json`. */
import { expect, test } from 'vitest';
import { exampleAtWork } from './support.ts';

test('last changes what it gets', () => {
  const { given, made } = exampleAtWork('last');
  expect(made).not.toEqual(given);
});
