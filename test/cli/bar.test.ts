import { expect, it } from 'vitest';
import { leftWords } from '../../src/cli/bar.ts';

it('says the time that is left, and a question mark before it is known', () => {
  const words = (seconds: unknown): string => leftWords(seconds as number, { autopaddingChar: ' ' }, 1);
  // What cli-progress gives before the first step is done.
  expect(['NULL', 'INF'].map(words)).toEqual(['?', '?']);
  expect(words(75).replaceAll(' ', '')).toBe('1m15s');
});
