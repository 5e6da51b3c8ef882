import { describe, expect, it } from 'vitest';
import { applyEdits } from '../../../src/base/diagnostics/fixes.ts';
import { checkText, found, memory, model } from '../model/check_text.ts';

const few = (train: string, before = '') => model({ before, after: train });
const codesOf = (text: string) => checkText(text).diagnostics.map(({ code }) => code);

describe('an ignore with a reason', () => {
  it('silences the next line', () => {
    expect(codesOf(few('train { batch = 8 }'))).toEqual(['few-negatives']);
    expect(codesOf(few('// tower-ignore few-negatives: a toy\ntrain { batch = 8 }'))).toEqual([]);
  });
  it('silences its own line', () => {
    expect(codesOf(few('train { batch = 8 } // tower-ignore few-negatives: a toy'))).toEqual([]);
  });
  it('passes over comments and empty lines to the next that says something', () => {
    expect(codesOf(few('// tower-ignore few-negatives: a toy\n\n// and\ntrain { batch = 8 }'))).toEqual([]);
  });
  it('silences an entry that is written over several lines whole', () => {
    const task = (comment: string) =>
      model({ task: `score = cosine(user, item)\n${comment}loss = softmax(\n in_batch,\n temperature: 5)` });
    expect(codesOf(task(''))).toEqual(['temperature-extreme']);
    expect(codesOf(task('// tower-ignore temperature-extreme: a test\n'))).toEqual([]);
  });
  it('silences no line further down, and then says so', () => {
    const text = few('// tower-ignore few-negatives: a toy\ntrain {\n  epochs = 2\n  batch = 8\n}');
    expect(codesOf(text)).toEqual(['unused-ignore', 'few-negatives']);
  });
  it('silences its code alone', () => {
    const text = few('// tower-ignore wide-table: a toy\ntrain { batch = 8 }');
    expect(codesOf(text)).toEqual(['unused-ignore', 'few-negatives']);
  });
  it('works next to others', () => {
    const text = few(
      'let a = 3 // tower-ignore unused-constant: later\n// tower-ignore few-negatives: toy\ntrain { batch = 8 }',
    );
    expect(codesOf(text)).toEqual([]);
  });
  it('silences a warning of a used file there', () => {
    const load = memory({ 'used.tower': 'group a = user_id\n// tower-ignore stray-description: kept\n/// nothing\n' });
    expect(checkText(few('', 'use "used.tower"'), { load }).diagnostics).toEqual([]);
    const without = memory({ 'used.tower': 'group a = user_id\n/// nothing\n' });
    expect(found(checkText(few('', 'use "used.tower"'), { load: without }))).toEqual([
      'stray-description: /// nothing',
    ]);
  });
});

describe('what is wrong with an ignore', () => {
  const fixed = (text: string) => {
    const checked = checkText(text);
    const [fix] = checked.diagnostics.flatMap(({ fixes }) => fixes);
    return applyEdits(checked.file.span.source, fix!);
  };
  it('it gives no reason, and silences all the same', () => {
    expect(codesOf(few('// tower-ignore few-negatives\ntrain { batch = 8 }'))).toEqual(['ignore-without-reason']);
    expect(codesOf(few('// tower-ignore few-negatives:  \ntrain { batch = 8 }'))).toEqual(['ignore-without-reason']);
  });
  it('it names a code that is none; a misspelt one has its fix', () => {
    const text = few('// tower-ignore few-negative: a toy\ntrain { batch = 8 }');
    expect(found(checkText(text))).toEqual(['ignore-unknown-code: few-negative', 'few-negatives: batch = 8']);
    expect(codesOf(fixed(text))).toEqual([]);
    expect(codesOf(few('// tower-ignore\n'))).toEqual(['ignore-unknown-code']);
  });
  it('it names several codes, or gives a reason without a colon: none is silenced, and that is said', () => {
    for (const wrong of ['few-negatives, wide-table: a toy', 'few-negatives as a toy', '(few-negatives)']) {
      const found = codesOf(few(`// tower-ignore ${wrong}\ntrain { batch = 8 }`));
      expect(found).toEqual(['ignore-unknown-code', 'few-negatives']);
    }
    expect(codesOf(few('// tower-ignored few-negatives\ntrain { batch = 64 }'))).toEqual([]);
  });
  it('it names something unread: that is silenced, as any warning', () => {
    const text = few('features {\n  // tower-ignore unread-feature: an ablation\n  other: id(dim: 4)\n}');
    expect(codesOf(text)).toEqual([]);
  });
  it('it names an error, which it does not silence', () => {
    const text = few('// tower-ignore unknown-name: later\ngroup other = usr_id');
    expect(codesOf(text)).toEqual(expect.arrayContaining(['ignore-of-error', 'unknown-name']));
  });
  it('it silences nothing; its fix removes it', () => {
    expect(codesOf(few('// tower-ignore few-negatives: a toy\ntrain { batch = 64 }'))).toEqual(['unused-ignore']);
    expect(fixed(few('  // tower-ignore few-negatives: a toy\ntrain { batch = 64 }'))).toBe(
      few('train { batch = 64 }'),
    );
    expect(fixed(few('train { batch = 64 }  // tower-ignore few-negatives: a'))).toBe(few('train { batch = 64 }'));
  });
  it('nothing is said of it while errors keep rules from being tried', () => {
    const text = few('// tower-ignore few-negatives: a toy\ntrain { batch = 64, epoch = 3 }');
    expect(codesOf(text)).toEqual(['unknown-entry']);
  });
  it('nor in a file that is no model, where they are not tried', () => {
    expect(codesOf('// tower-ignore wide-table: few\nfeatures { a: category("x", dim: 64) }')).toEqual([]);
    expect(codesOf('// tower-ignore stray-description: a\nfeatures { a: id(dim: 64) }')).toEqual(['unused-ignore']);
  });
});
