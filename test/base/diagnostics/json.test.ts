import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it, test } from 'vitest';
import { type Code, codes } from '../../../src/base/diagnostics/codes.ts';
import { type Diagnostic, diagnose } from '../../../src/base/diagnostics/diagnostic.ts';
import { toJsonDiagnostics } from '../../../src/base/diagnostics/json.ts';
import { renderDiagnostics } from '../../../src/base/diagnostics/render.ts';
import { makeSource } from '../../../src/base/text/source.ts';
import { readErrorPage } from '../../../src/compiler/explain/error_page.ts';
import { checkSource } from '../../../src/compiler/pipeline.ts';
import { parse } from '../../../src/compiler/syntax/parse.ts';

const found = (text: string): readonly Diagnostic[] => checkSource(makeSource('a.tower', text)).diagnostics;

it('a part that cannot be read comes before what is wrong elsewhere', () => {
  const text = 'features {\n  user_id : id(dim: "a")\n}\ntrain {\n  batch = 10 x\n}\n';
  const codes = found(text).map(({ code, at }) => `${code} ${at?.source.text.slice(0, at.start).split('\n').length}`);
  expect(codes).toEqual(['unexpected-text 5', 'wrong-type 2']);
});

it('fifty errors are shown, and all are counted', () => {
  const entries = Array.from({ length: 61 }, (_, at) => `  f${at} : id(dim: 0.5)`).join('\n');
  const errors = found(`features {\n${entries}\n}\n`);
  expect(errors).toHaveLength(61);
  const text = renderDiagnostics(errors);
  expect(text.match(/\[wrong-type\]|\[out-of-range\]/g)).toHaveLength(50);
  expect(text).toContain('61 errors, of which the first 50 are shown');
  const json = toJsonDiagnostics(errors);
  expect(json).toHaveLength(51);
  expect(json.at(-1)).toMatchObject({
    code: 'too-many-mistakes',
    message: 'the file has 61 errors; the first 50 are shown',
  });
});

test('every key is there, places are lines and columns, fixes are edits', () => {
  const { diagnostics } = parse(makeSource('a.tower', 'model m\nblock b = flatten mlp(3)\nblock c = mlp(3\n'));
  expect(JSON.parse(JSON.stringify(toJsonDiagnostics(diagnostics)))).toEqual([
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
  const [json] = toJsonDiagnostics([{ code: 'unclosed', severity: 'error', message: 'm', notes: [], fixes: [] }]);
  expect(json).toMatchObject({ hint: null, file: null, line: null, column: null, endLine: null, endColumn: null });
});

describe('the schema of the package', () => {
  const validate = new Ajv2020({ allowUnionTypes: true }).compile(
    JSON.parse(readFileSync('src/base/diagnostics/diagnostics.schema.json', 'utf8')),
  );
  const examples = (Object.keys(codes) as Code[]).flatMap((code) => {
    const { wrong } = readErrorPage(code);
    return wrong === undefined ? [] : [{ code, wrong }];
  });

  it.each(examples)('takes what is said of the wrong example of $code', ({ code, wrong }) => {
    const json = JSON.parse(
      JSON.stringify(toJsonDiagnostics(checkSource(makeSource('example.tower', wrong)).diagnostics)),
    );
    expect(json.map((one: { code: string }) => one.code)).toContain(code);
    validate(json);
    expect(validate.errors).toBe(null);
  });

  it('takes what has no place, and the count of mistakes that are not shown', () => {
    const json = toJsonDiagnostics([diagnose('data-memory', undefined, { needed: 2, limit: 1 } as never)]);
    validate(json);
    expect(validate.errors).toBe(null);
    const many = checkSource(makeSource('a.tower', `model m\n${'block = 1\n'.repeat(80)}`)).diagnostics;
    const counted = toJsonDiagnostics(many);
    expect(counted.at(-1)!.code).toBe('too-many-mistakes');
    validate(counted);
    expect(validate.errors).toBe(null);
  });

  it.each([
    ['a key is missing', ({ hint: _, ...one }: Record<string, unknown>) => one],
    ['a line is 0', (one: Record<string, unknown>) => ({ ...one, line: 0 })],
    ['a severity is unknown', (one: Record<string, unknown>) => ({ ...one, severity: 'note' })],
    ['a fix is no list', (one: Record<string, unknown>) => ({ ...one, fixes: [{}] })],
  ])('refuses it where %s', (_, spoil) => {
    const [one] = JSON.parse(
      JSON.stringify(toJsonDiagnostics(checkSource(makeSource('a.tower', 'model\n')).diagnostics)),
    );
    expect(validate([one])).toBe(true);
    expect(validate([spoil(one)])).toBe(false);
  });
});
