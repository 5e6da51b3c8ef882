import { expect, test } from 'vitest';
import * as t from '../../grammar/tokens.ts';
import { makeSource } from '../../src/base/text/source.ts';
import { parse } from '../../src/compiler/syntax/parse.ts';
import { outline } from '../compiler/syntax/outline.ts';

const words = t.tokens
  .filter((type) => type.CATEGORIES?.includes(t.Name) && typeof type.PATTERN === 'string')
  .map((type) => type.PATTERN as string);

function read(text: string): string {
  const { output, diagnostics } = parse(makeSource('a.tower', text));
  expect(diagnostics).toEqual([]);
  return outline(output);
}

test('there are thirty-six words', () => {
  expect(words).toHaveLength(36);
});

for (const word of words) {
  test(`\`${word}\` is a name wherever a name may be`, () => {
    const text = `model ${word}
let ${word} = 1
features { ${word}: id(dim: ${word}) ${word}: ${word}
  other: ${word}(${word}: 3, ${word}) }
labels { ${word}: binary }
group ${word} = ${word}, ${word}
block ${word} = ${word} -> ${word}(${word}) -> ${word}
shared block ${word} = ${word}
tower ${word}(${word}, ${word}) keyed by ${word} {
  ${word} = ${word} -> ${word}
  channel ${word} = ${word}
  ${word} = ${word}
}
task ${word} { ${word} = ${word}(${word}.${word}, ${word}) / ${word}, ${word} = ${word} ${word} = ${word} }
objective = ${word} * ${word} + ${word}
retrieve = ${word}
train { ${word} = ${word} ${word} = 2 }
data ${word} {
  ${word} = ${word} by ${word}
  ${word} = "x"
  columns { ${word} = "x", ${word} = "y" }
  ${word} = 3
}`;
    expect(read(text)).toBe(`Model ${word}
Let ${word} = 1
Features
  ${word} : id(dim: ${word})
  ${word} : ${word}
  other : ${word}(${word}: 3, ${word})
Labels
  ${word} : binary
Group ${word} = ${word}, ${word}
Block ${word} = ${word} -> ${word}(${word}) -> ${word}
Block (shared) ${word} = ${word}
Tower ${word}(${word}, ${word}) keyed by ${word}
  ${word} = ${word} -> ${word}
  channel ${word} = ${word}
  ${word} = ${word}
Task ${word}
  ${word} = (${word}(${word}.${word}, ${word}) / ${word})
  ${word} = ${word}
  ${word} = ${word}
Objective = ((${word} * ${word}) + ${word})
Retrieve = ${word}
Train
  ${word} = ${word}
  ${word} = 2
Data ${word}
  ${word} = ${word} by ${word}
  ${word} = "x"
  columns
    ${word} = "x"
    ${word} = "y"
  ${word} = 3`);
  });
}

test('products bind tighter than sums, sums tighter than arrows, and all go from the left', () => {
  expect(read('let a = 1 - 2 - 3 * 4 / 5')).toBe('Let a = ((1 - 2) - ((3 * 4) / 5))');
  expect(read('block a = x -> y + 1 -> z')).toBe('Block a = x -> (y + 1) -> z');
  expect(read('let a = -(1 + -2) * - -3')).toBe('Let a = ((-(1 + (-2))) * (-(-3)))');
});

test('a flow may be an argument', () => {
  expect(read('block a = ple(experts: mlp(64) -> dense(8), flatten -> mlp(3))')).toBe(
    'Block a = ple(experts: mlp(64) -> dense(8), flatten -> mlp(3))',
  );
});

test('an entry called `by` may follow a file', () => {
  expect(read('data d { items = "a" by = 3 }')).toBe('Data d\n  items = "a"\n  by = 3');
});

test('a comma may end a list, a call and an entry', () => {
  expect(read('train { a = [1, 2,], b = f(1, x: 2,), }')).toBe('Train\n  a = [1, 2]\n  b = f(1, x: 2)');
});

test('a declaration may be on one line with others', () => {
  expect(read('model a let b = 1 features { c: id } group d = c train { }')).toBe(
    'Model a\nLet b = 1\nFeatures\n  c : id\nGroup d = c\nTrain',
  );
});
