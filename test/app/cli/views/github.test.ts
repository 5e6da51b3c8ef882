import { expect, it } from 'vitest';
import { annotations } from '../../../../src/app/cli/views/sarif.ts';
import { diagnose } from '../../../../src/base/diagnostics/diagnostic.ts';
import { makeSource } from '../../../../src/base/text/source.ts';

const source = makeSource('a,b/c: d.tower', 'one\ntwo\nthree');
const at = (start: number, end: number) => ({ source, start, end });

it('a message is a line, with the place and the code', () => {
  expect(
    annotations([diagnose('unknown-argument', at(4, 7), { kind: 'id', name: 'dmi', nearest: 'dim', takes: [] })]),
  ).toBe(
    '::error file=a%2Cb/c%3A d.tower,line=2,col=1,endColumn=3,title=unknown-argument::`id` has no argument `dmi`%0Adid you mean `dim`?',
  );
});
it('what goes over several lines has no columns', () => {
  expect(annotations([diagnose('few-negatives', at(4, 13), { batch: 8, loss: 'a%b' })])).toMatch(
    /^::warning file=[^,]+,line=2,endLine=3,title=few-negatives::`a%25b` takes/,
  );
});
it('an empty place is one column wide', () => {
  expect(annotations([diagnose('needless-sign', at(5, 5), { sign: ',' })])).toContain('line=2,col=2,endColumn=2');
});
it('what is in no file has no place', () => {
  expect(annotations([diagnose('no-data-block', undefined, { path: 'x' })])).toMatch(/^::error title=no-data-block::/);
});
it('nothing is nothing', () => expect(annotations([])).toBe(''));
