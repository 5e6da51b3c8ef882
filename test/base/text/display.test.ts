import { expect, test } from 'vitest';
import { toPrintable } from '../../../src/base/text/display.ts';
import fc from '../../fast_check.ts';

test('a tab goes to the next stop', () => {
  expect(toPrintable('\ta')).toEqual({ text: '    a', width: 5 });
  expect(toPrintable('ab\tc')).toEqual({ text: 'ab  c', width: 5 });
  expect(toPrintable('\t', 3)).toEqual({ text: ' ', width: 1 });
});

test('wide characters take two cells, joining marks none', () => {
  expect(toPrintable('名前').width).toBe(4);
  expect(toPrintable('한글').width).toBe(4);
  expect(toPrintable('😀').width).toBe(2);
  expect(toPrintable('e\u0301').width).toBe(1);
  expect(toPrintable('ผู้ใช้').width).toBe(3);
  expect(toPrintable('हुए').width).toBe(2);
  expect(toPrintable('a\u202eb').width).toBe(3);
});

// biome-ignore-start lint/suspicious/noControlCharactersInRegex: these are what must not be there
test('nothing that is shown can move the cursor or turn the line around', () => {
  expect(toPrintable('\u001b[31m\u0007\u202e\u009b').text).toBe('␛[31m␇��');
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(toPrintable(text).text).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/);
    }),
  );
});

// biome-ignore-end lint/suspicious/noControlCharactersInRegex: these are what must not be there

test('half of a surrogate pair is shown as a replacement', () => {
  expect(toPrintable('a\ud800b').text).toBe('a\uFFFDb');
});
