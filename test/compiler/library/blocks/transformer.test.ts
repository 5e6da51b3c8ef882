/** `transformer` by itself. PyTorch's numbers are in `test/fixtures/blocks/transformer.json`. */
import { expect, test } from 'vitest';
import { exampleAtWork } from './support.ts';

test('transformer changes what it gets', () => {
  const { given, made } = exampleAtWork('transformer');
  expect(made).not.toEqual(given);
});
