/** `bsarec` by itself. PyTorch's numbers are in `test/fixtures/blocks/bsarec.json`. */
import { expect, test } from 'vitest';
import { exampleAtWork } from './support.ts';

test('bsarec changes what it gets', () => {
  const { given, made } = exampleAtWork('bsarec');
  expect(made).not.toEqual(given);
});
