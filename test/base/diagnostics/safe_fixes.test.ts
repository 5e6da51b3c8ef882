import { describe, expect, it } from 'vitest';
import type { Diagnostic } from '../../../src/base/diagnostics/diagnostic.ts';
import { applySafeFixes } from '../../../src/base/diagnostics/fixes.ts';
import { makeSource, type Source } from '../../../src/base/text/source.ts';
import { checkSource } from '../../../src/compiler/pipeline.ts';
import { model } from '../../compiler/model/check_text.ts';

const found = (source: Source) => checkSource(source).diagnostics;

function fix(text: string, judge: (source: Source) => readonly Diagnostic[] = found) {
  const { text: after, fixed } = applySafeFixes(makeSource('a', text), judge, (next) => makeSource('a', next));
  return { after, codes: fixed.map(({ code }) => code) };
}

describe('fixes that are made unasked', () => {
  it('fix what was certain from the start, and what a fix brings to light', () => {
    expect(fix("features {\n  a = idd(dim: 3);\n  b : category('x')\n}\n")).toEqual({
      after: 'features {\n  a : id(dim: 3)\n  b : category("x")\n}\n',
      codes: ['wrong-sign', 'unexpected-character', 'foreign-quotes', 'unknown-kind'],
    });
  });
  it('make no comment of what follows a foreign one on its line', () => {
    const text = 'features {\n  a : id(dim: 8) /* x */ b : id(dim: 8) /* y */ // z\n  /* p\n   * q */ c : id\n}\n';
    expect(fix(text)).toEqual({
      after: 'features {\n  a : id(dim: 8) // x\n  b : id(dim: 8) // y // z\n  // p\n// q\n  c : id\n}\n',
      codes: ['foreign-comment', 'foreign-comment', 'foreign-comment'],
    });
  });
  it('fix what other mistakes hid', () => {
    // Names are looked up in a file that can be read: that one is misspelt shows only then.
    const text = model({ after: 'train { batch 64, epocs = 2 }' });
    expect(fix(text)).toEqual({
      after: model({ after: 'train { batch = 64, epochs = 2 }' }),
      codes: ['missing-sign', 'unknown-entry'],
    });
  });
  it('leave a misspelling that may be where the name is declared', () => {
    const text = model({ after: 'group profil = user_id' }).replace('(user_id)', '(profile)');
    expect(fix(text)).toEqual({ after: text, codes: [] });
    const used = model({ user: 'user_idd -> flatten -> mlp(8, 4)' });
    expect(fix(used)).toEqual({ after: model(), codes: ['unknown-name'] });
  });
  it('take nothing away that a person wrote', () => {
    const ignored = model({ after: '// tower-ignore few-negatives: old\ntrain { batch = 64 }' });
    expect(fix(ignored)).toEqual({ after: ignored, codes: [] });
    for (const text of [
      model({ before: 'features { unread: id(dim: 4) }' }),
      model({ before: 'features { a: id(dim: 4, dim: 8) }', after: 'train { batch = 1, batch = 2 }' }),
      model({ after: 'train { dense = adam(lrr: 1e-2, foo: 3) }' }),
      model({ user: 'user_id -> senet(foo: 4) -> mlp(8, 4)' }),
      model({ before: 'features { user_id: id(dim: 8) }' }),
    ]) {
      expect(fix(text)).toEqual({ after: text, codes: [] });
    }
  });
  it('leave alone what changes the model', () => {
    const text = model({ task: 'score = dot(user, item), loss = softmax(in_batch, temperature: 0.05)' });
    expect(found(makeSource('a', text)).map(({ code, fixes }) => [code, fixes.length])).toEqual([
      ['temperature-unnormalised', 1],
    ]);
    expect(fix(text)).toEqual({ after: text, codes: [] });
  });
  it('are not made where they make more mistakes than they fix', () => {
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
    expect(fix('bad', harmful)).toEqual({ after: 'bad', codes: [] });
  });
  it('end, whatever a fix does, and are not made where nothing gets better', () => {
    const endless = (source: Source): Diagnostic[] => {
      const at = { source, start: 0, end: 0 };
      return [{ code: 'unclosed', severity: 'error', message: '', at, notes: [], fixes: [[{ at, text: 'a' }]] }];
    };
    expect(fix('', endless).after).toBe('');
  });
  it('are tried apart where together they do harm', () => {
    const of = (source: Source, message: string, text: string): Diagnostic => {
      const start = source.text.indexOf(message);
      const at = { source, start, end: start + message.length };
      return { code: 'unknown-name', severity: 'error', message, at, notes: [], fixes: [[{ at, text }]] };
    };
    const judge = (source: Source): Diagnostic[] => [
      ...['badd', 'worsee', 'wrongg'].flatMap((word) =>
        new RegExp(`\\b${word}\\b`).test(source.text) ? [of(source, word, word === 'worsee' ? 'new' : 'good')] : [],
      ),
      ...(source.text.includes('new') ? [of(source, 'new', 'newer')] : []),
    ];
    expect(fix('badd\nworsee\nwrongg', judge)).toEqual({
      after: 'good\nworsee\ngood',
      codes: ['unknown-name', 'unknown-name'],
    });
  });
  it('are not made where an error is left on the same line', () => {
    for (const text of [
      model({ before: 'features { gender: category("F", "M, dim: 4) }' }),
      model({ user: 'user_id -> mlp(8 s, 4)' }),
      'data d { events = "a.csv", split = random\n  where = price > 0\n}',
    ]) {
      expect(fix(text)).toEqual({ after: text, codes: [] });
    }
  });
  it('are made only by codes that restore what was meant, without doubt, and one alone', () => {
    const judge =
      (extra: Partial<Diagnostic>) =>
      (source: Source): Diagnostic[] => {
        const at = { source, start: 0, end: source.text.length };
        const one = { code: 'unknown-name', severity: 'error', message: '', at, notes: [] } as const;
        return source.text === 'wrong' ? [{ ...one, fixes: [[{ at, text: 'right' }]], ...extra }] : [];
      };
    const twice = (source: Source): Diagnostic[] =>
      judge({})(source).map((one) => ({ ...one, fixes: [...one.fixes, ...one.fixes] }));
    expect(fix('wrong', judge({})).after).toBe('right');
    expect(fix('wrong', judge({ doubtful: true })).after).toBe('wrong');
    expect(fix('wrong', judge({ code: 'wide-table' })).after).toBe('wrong');
    expect(fix('wrong', twice).after).toBe('wrong');
  });
});
