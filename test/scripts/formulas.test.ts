/** The tables of formulas in docs/spec.md come from the rows of the library. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { withFormulas } from '../../scripts/reference/formulas.ts';
import { allKinds } from '../../src/editor/reference/examples.ts';

const spec = readFileSync('docs/spec.md', 'utf8');

it('is fresh: `npm run generate` writes it', () => {
  expect(withFormulas(spec)).toBe(spec);
});

it('has every kind but the features once', () => {
  const links = [...spec.matchAll(/^\| \[\w+\]\((reference\/\w+\.md#\w+)\) \|/gm)].map(([, link]) => link!);
  const kinds = allKinds().filter(({ section }) => section.table !== 'features');
  expect(links.sort()).toEqual(kinds.map(({ section, name }) => `reference/${section.table}.md#${name}`).sort());
});

it('writes a line of code for each line, and escapes what ends a cell', () => {
  const marks = '<!-- formulas: weightings -->\nold\n<!-- end of formulas -->\n';
  const text = withFormulas(marks);
  expect(text).toMatch(/^\| \[uncertainty\]\(.*\) \| `total = .*`<br>`f_k = .*` \|$/m);
  expect(text).not.toContain('old');
  expect(withFormulas(text)).toBe(text);
});

it('refuses a table that the library does not have', () => {
  expect(() => withFormulas('<!-- formulas: towers -->\n<!-- end of formulas -->\n')).toThrow('no table `towers`');
});
