import { expect, test } from 'vitest';
import { readNumber, readText } from '../../grammar/literals.ts';

test('numbers are read as written', () => {
  expect(readNumber('64')).toEqual({ value: 64, percent: false });
  expect(readNumber('30_000')).toEqual({ value: 30_000, percent: false });
  expect(readNumber('1e-3')).toEqual({ value: 0.001, percent: false });
  expect(readNumber('2.5E+2')).toEqual({ value: 250, percent: false });
  expect(readNumber('10%')).toEqual({ value: 0.1, percent: true });
  expect(readNumber('7%')).toEqual({ value: 0.07, percent: true });
});

test('a text is what is between its quotes, escapes resolved', () => {
  expect(readText('""').value).toBe('');
  expect(readText('"a b"').value).toBe('a b');
  expect(readText(String.raw`"\"\\\n\t\r\u{1F600}\'"`).value).toBe('"\\\n\t\r😀\'');
  expect(readText(String.raw`"a\\"`).value).toBe('a\\');
});

test('quotes of other habits open and close a text too', () => {
  expect(readText("'a'").value).toBe('a');
  expect(readText('“a”').value).toBe('a');
});

test('a text that is not closed is what follows its quote', () => {
  expect(readText('"abc').value).toBe('abc');
  expect(readText(String.raw`"abc\"`).value).toBe('abc"');
  expect(readText('"').value).toBe('');
});

test('an unknown escape is kept as it is and reported with its place', () => {
  expect(readText(String.raw`"a\d\u{FFFFFFF}\u{110000}"`)).toEqual({
    value: String.raw`a\d\u{FFFFFFF}\u{110000}`,
    badEscapes: [
      { at: 2, image: String.raw`\d` },
      { at: 4, image: String.raw`\u` },
      { at: 15, image: String.raw`\u{110000}` },
    ],
  });
});
