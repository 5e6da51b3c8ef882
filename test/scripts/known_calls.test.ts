import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { knownCallsFile } from '../../scripts/reference/known_calls.ts';

it('what recovery knows of calls is fresh: `npm run generate` writes it', () => {
  expect(readFileSync('src/compiler/syntax/known_calls.ts', 'utf8')).toBe(knownCallsFile());
});
