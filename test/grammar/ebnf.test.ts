import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ebnf, productions } from '../../grammar/ebnf.ts';

const read = (path: string) => readFileSync(new URL(`../../grammar/${path}`, import.meta.url), 'utf8');

test('tower.ebnf is what the parser says', () => {
  expect(read('tower.ebnf')).toBe(ebnf());
});

test('each rule carries its own production as its comment', () => {
  const written = [...read('parser.ts').matchAll(/\/\*\* (\w+) = (.*) \*\/\n {2}readonly (\w+)/g)];
  expect(written.map(([, , , rule]) => rule)).toEqual([...productions().keys()]);
  for (const [, name, production, rule] of written) {
    expect(name).toBe(rule);
    expect(production).toBe(productions().get(rule!));
  }
});
