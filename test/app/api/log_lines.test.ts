/** Lines are written together, in their order, and none is lost. */
import { expect, it } from 'vitest';
import { makeLogLines } from '../../../src/app/api/serve.ts';

it('writes lines soon, many at a time, and what is left when asked', async () => {
  const texts: string[] = [];
  const lines = makeLogLines((text) => texts.push(text));
  for (const line of ['a', 'b', 'c']) lines.write(line);
  expect(texts).toEqual([]);
  await new Promise((later) => setTimeout(later, 100));
  expect(texts).toEqual(['a\nb\nc\n']);
  lines.write('d');
  lines.flush();
  lines.flush();
  expect(texts).toEqual(['a\nb\nc\n', 'd\n']);
  const long = 'x'.repeat(70_000);
  lines.write(long);
  expect(texts.at(-1)).toBe(`${long}\n`);
});
