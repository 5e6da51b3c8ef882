import { describe, it } from 'vitest';
import { gradientCases } from './cases.ts';
import { expectGradientsToMatchDifferences } from './support.ts';

describe('the gradient of each op agrees with central differences', () => {
  for (const [name, testCase] of Object.entries(gradientCases)) {
    it(name, () => expectGradientsToMatchDifferences(testCase));
  }
});
