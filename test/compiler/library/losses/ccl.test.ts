/** `ccl` by itself. PyTorch's numbers are in `test/fixtures/losses/ccl.json`. */
import { expect, test } from 'vitest';
import { lossOfExample } from './support.ts';

test('ccl is more than the mean of the scores', () => {
  const { loss, meanScore } = lossOfExample('ccl');
  expect(loss).not.toBeCloseTo(meanScore, 5);
});
