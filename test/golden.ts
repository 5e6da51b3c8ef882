/**
 * Input next to output, both files that a person reads: `unclosed.tower` and `unclosed.txt`. `UPDATE=1 npx vitest run` rewrites
 * the outputs; without it they must be what the code answers, to the letter.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeSource, type Source } from '../src/base/text/source.ts';

export interface GoldenOptions {
  /** The ending of the inputs: `.tower` unless said. */
  readonly input?: string;
  /** The ending of the outputs: `.txt` unless said. */
  readonly output?: string;
}

/**
 * One test for each input in the folder. The source that `answer` gets is named by the file's name alone, so that an output
 * does not change with the machine.
 */
export function goldens(
  folder: string,
  answer: (source: Source) => string | Promise<string>,
  options: GoldenOptions = {},
): void {
  const { input = '.tower', output = '.txt' } = options;
  const names = readdirSync(folder).sort();
  const inputs = names.filter((name) => name.endsWith(input));

  test(`${folder} holds inputs, and no output without its input`, () => {
    expect(inputs.length).toBeGreaterThan(0);
    const strays = names.filter(
      (name) => name.endsWith(output) && !inputs.includes(name.slice(0, -output.length) + input),
    );
    expect(strays).toEqual([]);
  });

  for (const name of inputs) {
    test(name.slice(0, -input.length).replaceAll('-', ' '), async () => {
      const actual = `${(await answer(makeSource(name, readFileSync(join(folder, name), 'utf8')))).trimEnd()}\n`;
      const path = join(folder, name.slice(0, -input.length) + output);
      if (process.env.UPDATE === '1') writeFileSync(path, actual);
      else if (!existsSync(path)) expect.fail(`${path} is missing: UPDATE=1 writes it, then read it`);
      else expect(actual).toBe(readFileSync(path, 'utf8'));
    });
  }
}
