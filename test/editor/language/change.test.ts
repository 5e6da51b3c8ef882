import { describe, expect, it } from 'vitest';
import { applyEdits } from '../../../src/base/diagnostics/fixes.ts';
import { makeSource } from '../../../src/base/text/source.ts';
import { changeOf } from '../../../src/editor/language/edits.ts';
import fc from '../../fast_check.ts';

const change = (before: string, after: string): [number, number, string] | undefined => {
  const edit = changeOf(makeSource('a', before), after);
  return edit && [edit.at.start, edit.at.end, edit.text];
};

describe('what turns a text into another', () => {
  it('is nothing where they are the same', () => expect(change('a\n', 'a\n')).toBeUndefined());
  it('is the lines that differ', () => {
    expect(change('a\nb\nc\n', 'a\nx\ny\nc\n')).toEqual([2, 4, 'x\ny\n']);
    expect(change('a\nb\nb\n', 'a\nb\n')).toEqual([4, 6, '']);
    expect(change('a', 'a\n')).toEqual([0, 1, 'a\n']);
  });
  it('leaves a byte order mark alone', () => expect(change('\uFEFFa\nb', '\uFEFFx\nb')).toEqual([1, 3, 'x\n']));
  it('makes the one of the other', () => {
    const text = fc.array(fc.constantFrom('a', 'b', '😀', '\n', '\r\n')).map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, text, (before, after) => {
        const source = makeSource('a', before);
        const edit = changeOf(source, after);
        expect(edit ? applyEdits(source, [edit]) : before).toBe(after);
      }),
    );
  });
});
