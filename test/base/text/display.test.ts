import { expect, test } from 'vitest';
import { show } from '../../../src/base/text/display.ts';
import fc from '../../fast_check.ts';

test('a tab goes to the next stop', () => {
  expect(show('\ta')).toEqual({ text: '    a', width: 5 });
  expect(show('ab\tc')).toEqual({ text: 'ab  c', width: 5 });
  expect(show('\t', 3)).toEqual({ text: ' ', width: 1 });
});

test('wide characters take two cells, joining marks none', () => {
  expect(show('名前').width).toBe(4);
  expect(show('한글').width).toBe(4);
  expect(show('😀').width).toBe(2);
  expect(show('e\u0301').width).toBe(1);
  expect(show('ผู้ใช้').width).toBe(3);
  expect(show('हुए').width).toBe(2);
  expect(show('a\u202eb').width).toBe(3);
});

// biome-ignore-start lint/suspicious/noControlCharactersInRegex: these are what must not be there
test('nothing that is shown can move the cursor or turn the line around', () => {
  expect(show('\u001b[31m\u0007\u202e\u009b').text).toBe('␛[31m␇��');
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(show(text).text).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/);
    }),
  );
});

// biome-ignore-end lint/suspicious/noControlCharactersInRegex: these are what must not be there

test('half of a surrogate pair is shown as a replacement', () => {
  expect(show('a\ud800b').text).toBe('a\uFFFDb');
});
