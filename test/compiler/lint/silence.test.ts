import { describe, expect, it } from 'vitest';
import { applyEdits } from '../../../src/base/diagnostics/fixes.ts';
import { makeSource } from '../../../src/base/text/source.ts';
import { silenceOf } from '../../../src/compiler/lint/ignores.ts';
import { checkSource } from '../../../src/compiler/pipeline.ts';
import { model } from '../model/check_text.ts';

const silenced = (text: string, code: string): string => {
  const source = makeSource('a', text);
  const found = checkSource(source).diagnostics.find((diagnostic) => diagnostic.code === code)!;
  const edit = silenceOf(found);
  return edit ? applyEdits(source, [edit]) : text;
};
const codes = (text: string): string[] => checkSource(makeSource('a', text)).diagnostics.map(({ code }) => code);

describe('the comment that silences a warning', () => {
  it('is above it, as far in, with the same line ends, and asks for a reason', () => {
    const text = model({ after: 'train {\n  batch = 8\n}' }).replaceAll('\n', '\r\n');
    const after = silenced(text, 'few-negatives');
    expect(after).toContain('train {\r\n  // tower-ignore few-negatives: \r\n  batch = 8\r\n}');
    expect(codes(after)).toEqual(['ignore-without-reason']);
    expect(codes(after.replace('negatives: ', 'negatives: a trial'))).toEqual([]);
  });
  it('silences what is further down in an entry of several lines', () => {
    const text = model({ user: 'user_id\n  -> flatten\n  -> dense(4, relu)' });
    expect(codes(text)).toEqual(['nonnegative-channel']);
    expect(codes(silenced(text, 'nonnegative-channel'))).toEqual(['ignore-without-reason']);
  });
  it('is there for no error, and for no mistake of such a comment', () => {
    const wrong = model({ user: 'user_id -> flaten' });
    expect(silenced(wrong, 'unknown-kind')).toBe(wrong);
    const ignore = model({ after: '// tower-ignore few-negatives: old' });
    expect(silenced(ignore, 'unused-ignore')).toBe(ignore);
  });
});
