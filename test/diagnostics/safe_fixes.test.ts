import { describe, expect, it } from 'vitest';
import type { Diagnostic } from '../../src/diagnostics/diagnostic.ts';
import { applySafeFixes } from '../../src/diagnostics/fixes.ts';
import { check } from '../../src/pipeline.ts';
import { makeSource, type Source } from '../../src/text/source.ts';
import { model } from '../model/check_text.ts';

const found = (source: Source) => check(source).diagnostics;

function mend(text: string, judge: (source: Source) => readonly Diagnostic[] = found) {
  const { text: after, mended } = applySafeFixes(makeSource('a', text), judge, (next) => makeSource('a', next));
  return { after, codes: mended.map(({ code }) => code) };
}

describe('fixes that are made unasked', () => {
  it('mend what was meant already, also what comes to light by it', () => {
    expect(mend("features {\n  a = idd(dim: 3);\n  b : category('x')\n}\n")).toEqual({
      after: 'features {\n  a : id(dim: 3)\n  b : category("x")\n}\n',
      codes: ['wrong-sign', 'unknown-kind', 'unexpected-character', 'foreign-quotes'],
    });
  });
  it('make no comment of what follows a foreign one on its line', () => {
    const text = 'features {\n  a : id(dim: 8) /* x */ b : id(dim: 8) /* y */ // z\n  /* p\n   * q */ c : id\n}\n';
    expect(mend(text)).toEqual({
      after: 'features {\n  a : id(dim: 8) // x\n  b : id(dim: 8) // y // z\n  // p\n// q\n  c : id\n}\n',
      codes: ['foreign-comment', 'foreign-comment', 'foreign-comment'],
    });
  });
  it('mend what other mistakes hid', () => {
    // The rules judge a file that can be read: that it has an ignore of nothing shows only then.
    const text = model({ after: '// tower-ignore few-negatives: old\ntrain { batch 64 }' });
    expect(mend(text)).toEqual({
      after: model({ after: 'train { batch = 64 }' }),
      codes: ['missing-sign', 'unused-ignore'],
    });
  });
  it('take away an ignore of nothing, and no feature', () => {
    const text = model({
      before: 'features { unread: id(dim: 4) }\n',
      after: '// tower-ignore few-negatives: old\ntrain { batch = 64 }',
    });
    expect(mend(text)).toEqual({ after: text, codes: [] });
    const sound = model({ after: '// tower-ignore few-negatives: old\ntrain { batch = 64 }' });
    expect(mend(sound)).toEqual({ after: model({ after: 'train { batch = 64 }' }), codes: ['unused-ignore'] });
  });
  it('leave alone what changes the model', () => {
    const text = model({ task: 'score = dot(user, item), loss = softmax(in_batch, temperature: 0.05)' });
    expect(found(makeSource('a', text)).map(({ code, fixes }) => [code, fixes.length])).toEqual([
      ['temperature-unnormalised', 1],
    ]);
    expect(mend(text)).toEqual({ after: text, codes: [] });
  });
  it('are not made where they make more mistakes than they mend', () => {
    const harmful = (source: Source): Diagnostic[] => {
      const at = { source, start: 0, end: source.text.length };
      const one: Diagnostic = {
        code: 'unclosed',
        severity: 'error',
        message: '',
        at,
        notes: [],
        fixes: [[{ at, text: 'worse' }]],
      };
      return source.text === 'worse' ? [one, one] : [one];
    };
    expect(mend('bad', harmful)).toEqual({ after: 'bad', codes: [] });
  });
  it('end, whatever a fix does', () => {
    const endless = (source: Source): Diagnostic[] => {
      const at = { source, start: 0, end: 0 };
      return [{ code: 'unclosed', severity: 'error', message: '', at, notes: [], fixes: [[{ at, text: 'a' }]] }];
    };
    expect(mend('', endless).after).toBe('aaaaaaaaaa');
  });
});
