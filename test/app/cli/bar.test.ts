import { expect, it } from 'vitest';
import { durationWords } from '../../../src/app/cli/progress.ts';

it('says the time that is left', () => {
  expect([0, 9, 75, 3600, 7325].map(durationWords)).toEqual(['0 s', '9 s', '1 m 15 s', '1 h 00 m', '2 h 02 m']);
});
