import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { applyEdits, applyFixes } from '../../../src/base/diagnostics/fixes.ts';
import { makeSource } from '../../../src/base/text/source.ts';
import { parse } from '../../../src/compiler/syntax/parse.ts';

const source = makeSource('a', 'one two three');
const edit = (start: number, end: number, text: string) => ({ at: { source, start, end }, text });

test('edits are made wherever they are in the list', () => {
  expect(applyEdits(source, [edit(8, 13, '3'), edit(0, 3, '1'), edit(4, 4, '(')])).toBe('1 (two 3');
});

test('edits of another text are left alone', () => {
  expect(applyEdits(makeSource('b', 'x'), [edit(0, 1, 'y')])).toBe('x');
});

test('edits that overlap are our own mistake', () => {
  expect(() => applyEdits(source, [edit(0, 5, ''), edit(3, 6, '')])).toThrow('overlap');
});

const folder = new URL('../../compiler/syntax/mistakes/', import.meta.url);

/** Those where each mistake has a fix: fixed one after another, nothing is left to say. */
const mendable = [
  'missing-opening-brace',
  'missing-signs',
  'stray-brackets',
  'unclosed-columns',
  'unclosed-features',
  'unclosed-parenthesis',
  'wrong-signs',
];

for (const name of mendable) {
  test(`the fixes of ${name.replaceAll('-', ' ')} leave a text without mistakes`, () => {
    let text = readFileSync(new URL(`${name}.tower`, folder), 'utf8');
    for (let round = 0; round < 6; round++) {
      const current = makeSource(name, text);
      text = applyFixes(current, parse(current).diagnostics).text;
    }
    expect(parse(makeSource(name, text)).diagnostics).toEqual([]);
  });
}

for (const name of readdirSync(folder).filter((file) => file.endsWith('.tower'))) {
  test(`each fix of ${name} alone removes its mistake`, () => {
    const before = makeSource(name, readFileSync(new URL(name, folder), 'utf8'));
    for (const diagnostic of parse(before).diagnostics) {
      const same = (other: typeof diagnostic) => other.code === diagnostic.code && other.message === diagnostic.message;
      for (const fix of diagnostic.fixes) {
        const text = applyEdits(before, fix);
        const left = parse(makeSource(name, text)).diagnostics.filter(same);
        const were = parse(before).diagnostics.filter(same);
        if (were.length < 50) expect(left.length, `${diagnostic.message}\n${text}`).toBeLessThan(were.length);
      }
    }
  });
}
