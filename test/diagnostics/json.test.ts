import { expect, test } from 'vitest';
import { toJson } from '../../src/diagnostics/json.ts';
import { parse } from '../../src/syntax/parse.ts';
import { makeSource } from '../../src/text/source.ts';

test('every key is there, places are lines and columns, fixes are edits', () => {
  const { diagnostics } = parse(makeSource('a.tower', 'model m\nblock b = flatten mlp(3)\nblock c = mlp(3\n'));
  expect(JSON.parse(JSON.stringify(toJson(diagnostics)))).toEqual([
    {
      code: 'missing-sign',
      severity: 'error',
      message: '`->` is missing before `mlp`',
      hint: 'add `->`',
      file: 'a.tower',
      line: 2,
      column: 19,
      endLine: 2,
      endColumn: 22,
      notes: [],
      fixes: [[{ text: '-> ', file: 'a.tower', line: 2, column: 19, endLine: 2, endColumn: 19 }]],
    },
    {
      code: 'unclosed',
      severity: 'error',
      message: 'this `(` is never closed',
      hint: 'add the missing `)`',
      file: 'a.tower',
      line: 3,
      column: 14,
      endLine: 3,
      endColumn: 15,
      notes: [],
      fixes: [[{ text: ')', file: 'a.tower', line: 3, column: 16, endLine: 3, endColumn: 16 }]],
    },
  ]);
});

test('where there is no place there is null', () => {
  const [json] = toJson([{ code: 'unclosed', severity: 'error', message: 'm', notes: [], fixes: [] }]);
  expect(json).toMatchObject({ hint: null, file: null, line: null, column: null, endLine: null, endColumn: null });
});
