import { expect, it } from 'vitest';
import type { Diagnostic } from '../../../src/base/diagnostics/diagnostic.ts';
import { toJson } from '../../../src/base/diagnostics/json.ts';
import { render } from '../../../src/base/diagnostics/render.ts';
import { makeSource } from '../../../src/base/text/source.ts';
import { checkSource } from '../../../src/compiler/pipeline.ts';

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
  const text = render(errors);
  expect(text.match(/\[wrong-type\]|\[out-of-range\]/g)).toHaveLength(50);
  expect(text).toContain('61 errors, of which the first 50 are shown');
  const json = toJson(errors);
  expect(json).toHaveLength(51);
  expect(json.at(-1)).toMatchObject({
    code: 'too-many-mistakes',
    message: 'the file has 61 errors; the first 50 are shown',
  });
});
