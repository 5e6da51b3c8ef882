/** A check that remembers says what a check that does not says. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { toJson } from '../../src/diagnostics/json.ts';
import { printValueType } from '../../src/library/values.ts';
import { KnownShapes } from '../../src/lower/shape_cache.ts';
import { type Checked, check } from '../../src/pipeline.ts';
import { makeSource } from '../../src/text/source.ts';
import { edit, pick, randomOf } from '../fuzz/edits.ts';

const programs = ['models', 'test/lower/mistakes'].flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.tower'))
    .map((name): [string, string] => [name, readFileSync(`${folder}/${name}`, 'utf8')]),
);

function said({ diagnostics, shapes }: Checked): unknown {
  return {
    diagnostics: toJson(diagnostics),
    arrows: shapes?.arrows.map(({ span, type }) => `${span.start} ${printValueType(type)}`),
  };
}

describe('a check that remembers', () => {
  const memory = new KnownShapes();
  const compare = (text: string): void => {
    const source = makeSource('model.tower', text);
    expect(said(check(source, { shapes: memory })), text).toEqual(said(check(source)));
  };

  it.each(programs)('says the same of %s, the first time and again', (_, text) => {
    compare(text);
    compare(text);
  });

  it.each([1, 2, 3])('says the same whatever is edited: seed %i', (seed) => {
    const random = randomOf(seed);
    for (let round = 0; round < 10; round++) {
      let [, text] = pick(random, programs);
      for (let step = 0; step < 8; step++) {
        // Numbers, which keep a program a program, and anything else.
        const digits = [...text.matchAll(/\d+/g)];
        const digit = pick(random, digits);
        text =
          random.next() < 0.7 && digit
            ? `${text.slice(0, digit.index)}${1 + random.integer(80)}${text.slice(digit.index + digit[0].length)}`
            : edit(text, random);
        compare(text);
      }
    }
  });
});
