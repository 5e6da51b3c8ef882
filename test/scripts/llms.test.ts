/** The page for programs that write models: fresh, and with every word of the language. Its fences are checked as those of all pages. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { llmsPage } from '../../scripts/reference/llms.ts';
import { makeProgram } from '../../src/app/cli/commands/table.ts';
import { declarations } from '../../src/compiler/library/declarations/table.ts';
import { allKinds, innerKinds } from '../../src/editor/reference/examples.ts';

const page = readFileSync('docs/llms.txt', 'utf8');

describe('docs/llms.txt', () => {
  it('is fresh: `npm run generate` writes it', () => {
    const commands = makeProgram().commands.map((command) => ({
      name: command.name(),
      description: command.description(),
    }));
    const paths = [...page.matchAll(/^`([^`]+\.tower)`:$/gm)].map(([, path]) => path!);
    expect(paths.length).toBeGreaterThan(2);
    const examples = paths.map((path) => ({ path, text: readFileSync(path, 'utf8') }));
    expect(llmsPage({ examples, commands }) === page).toBe(true);
  });

  it('has every kind, every declaration and every entry', () => {
    const lines = page.split('\n');
    const kinds = allKinds().flatMap((kind) => [kind.name, ...innerKinds(kind).map(({ name }) => name)]);
    const entries = Object.values(declarations).flatMap((row) => Object.keys('entries' in row ? row.entries! : {}));
    const missing = [
      ...kinds.filter((name) => !lines.some((line) => new RegExp(`^ *- .*\`${name}[(\`]`).test(line))),
      ...Object.keys(declarations).filter((word) => !lines.some((line) => line.startsWith(`\`${word}\`: `))),
      ...entries.filter((name) => !lines.some((line) => line.startsWith(`- \`${name} = `))),
    ];
    expect(missing).toEqual([]);
  });

  it('fits on one page: a reader has about 10,000 tokens to spend', () => {
    expect(page.length).toBeLessThan(43_000);
  });
});
