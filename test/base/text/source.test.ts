import { expect, test } from 'vitest';
import { lineAt, makeSource, offsetAt, positionAt } from '../../../src/base/text/source.ts';
import fc from '../../fast_check.ts';

test('lines and columns count from 1', () => {
  const source = makeSource('a', 'ab\ncd\r\n\nx');
  expect([0, 2, 3, 7, 8].map((offset) => positionAt(source, offset))).toEqual([
    { line: 1, column: 1 },
    { line: 1, column: 3 },
    { line: 2, column: 1 },
    { line: 3, column: 1 },
    { line: 4, column: 1 },
  ]);
  expect([1, 2, 3, 4, 5].map((line) => lineAt(source, line))).toEqual(['ab', 'cd', '', 'x', '']);
});

test('a byte order mark takes no column', () => {
  const source = makeSource('a', '\uFEFFmodel m');
  expect(positionAt(source, 1)).toEqual({ line: 1, column: 1 });
  expect(positionAt(source, 0)).toEqual({ line: 1, column: 1 });
  expect(lineAt(source, 1)).toBe('model m');
});

test('an offset and its position are the same place', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', '\n', '\r', '名') }), fc.nat(), (text, at) => {
      const source = makeSource('a', text);
      const offset = at % (text.length + 1);
      expect(offsetAt(source, positionAt(source, offset))).toBe(offset);
    }),
  );
});
