import { expect, it } from 'vitest';
import { leftWords } from '../../../src/app/cli/progress.ts';

it('says the time that is left, and a question mark before it is known', () => {
  // What cli-progress gives before the first step is done.
  expect(['NULL', 'INF'].map(leftWords)).toEqual(['?', '?']);
  expect([0, 9, 75, 3600, 7325].map(leftWords)).toEqual(['0s', '9s', '1m15s', '1h0m', '2h2m']);
});
