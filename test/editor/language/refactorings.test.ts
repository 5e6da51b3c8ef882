import { describe, expect, it } from 'vitest';
import { applyEdits } from '../../../src/base/diagnostics/fixes.ts';
import { smallModel } from '../../../src/base/diagnostics/small_model.ts';
import { makeSource } from '../../../src/base/text/source.ts';
import { checkSource } from '../../../src/compiler/pipeline.ts';
import { refactoringsAt } from '../../../src/editor/language/refactorings.ts';
import { factsOf } from '../lsp/marked.ts';

/** The texts that refactorings of the words give, by title. */
function refactored(text: string, words: string, whole = true): Readonly<Record<string, string>> {
  const facts = factsOf(text);
  const start = text.lastIndexOf(words);
  const found = refactoringsAt(
    facts,
    [start, whole ? start + words.length : start],
    (edits) => checkSource(makeSource('model.tower', applyEdits(facts.source, edits))).diagnostics,
  );
  return Object.fromEntries(found.map(({ title, edits }) => [title, applyEdits(facts.source, edits)]));
}

const flow = 'channel main = user_id -> dense(32, relu) -> dropout(0.1) -> dense(16)';
const model = smallModel({ user: flow });
const widths = (text: string) =>
  checkSource(makeSource('m.tower', text)).shapes!.arrows.map(({ type }) => JSON.stringify(type));

describe('extraction of steps into a block', () => {
  it('takes whole steps, above the comments of their tower', () => {
    const commented = model.replace('tower user', '/// People.\ntower user');
    const found = refactored(commented, 'relu) -> drop');
    const [[title, text]] = Object.entries(found) as [[string, string]];
    expect(title).toBe('Extract `dense(32, relu) -> dropout(0.1)` into a block');
    expect(text).toContain('block part = dense(32, relu) -> dropout(0.1)\n\n/// People.\ntower user');
    expect(text).toContain('user_id -> part -> dense(16)');
    expect(checkSource(makeSource('m.tower', text)).diagnostics).toEqual([]);
    expect(widths(text).at(-1)).toBe(widths(commented).at(-1));
  });

  it('finds a name that no other block has', () => {
    const taken = smallModel({ before: 'block part = dense(16)', user: flow.replace('dense(16)', 'part') });
    expect(Object.values(refactored(taken, 'dropout(0.1)'))[0]).toContain('block part_2 = dropout(0.1)');
  });

  it('is not offered for steps with a mistake', () => {
    expect(refactored(model.replace('dropout(0.1)', 'dropuot(0.1)'), 'dropuot(0.1)')).toEqual({});
  });

  it('is not offered for what a flow begins with, for no selection, and for all steps of a block', () => {
    expect(refactored(model, 'user_id -> dense'.slice(0, 7), true)).toEqual({});
    expect(refactored(model, 'dropout', false)).toEqual({});
    const whole = smallModel({ before: 'block deep = dense(16)', user: 'channel main = user_id -> deep' });
    expect(refactored(whole, 'dense(16)')).toEqual({});
  });

  it('takes the whole line of a flow, and nothing of more than one flow', () => {
    const line = `  ${flow}\n`;
    const indented = model.replace(flow, `\n${line}`);
    expect(Object.keys(refactored(indented, line))).toHaveLength(1);
    const two = model.replace(flow, `${flow}\n  channel more = user_id -> dense(4) -> dense(2)`);
    expect(refactored(two, two)).toEqual({});
    expect(refactored(two, 'dense(16)\n  channel more = user_id -> dense(4)')).toEqual({});
  });

  it('is not offered for more steps than one selects', () => {
    const many = (count: number): string =>
      smallModel({ user: `channel main = user_id -> ${Array(count).fill('dense(4)').join(' -> ')}` });
    const steps = (count: number): string => Array(count).fill('dense(4)').join(' -> ');
    expect(Object.keys(refactored(many(50), steps(50)))).toHaveLength(1);
    expect(refactored(many(51), steps(51))).toEqual({});
    const long = `dense(8) // ${'x'.repeat(4000)}\n -> dense(4)`;
    expect(refactored(smallModel({ user: `channel main = user_id -> ${long}` }), long)).toEqual({});
  });

  it('gives the block the parameters that its steps read, also where a constant has the name', () => {
    const text = smallModel({
      before: 'let width = 5\nblock deep(rate, width, last) = dense(width) -> dropout(rate) -> dense(last)',
      user: 'channel main = user_id -> deep(0.1, 32, 16)',
    });
    const [after] = Object.values(refactored(text, 'dense(width) -> dropout(rate)'));
    expect(after).toContain('block part(rate, width) = dense(width) -> dropout(rate)\n\nblock deep');
    expect(after).toContain('= part(rate, width) -> dense(last)');
  });

  it('finds a name that the file has nowhere: not as a feature, a step or a word of a block', () => {
    const text = smallModel({ user: flow }).replace('channel main = user_id', 'part = user_id\n  channel main = part');
    expect(Object.values(refactored(text, 'dropout(0.1)'))[0]).toContain('block part_2 = dropout(0.1)');
  });

  it('keeps each comment: between steps in the block, after them where it was', () => {
    const commented = model.replace(
      flow,
      'channel main = user_id // people\n    -> dense(32, relu) // wide\n    // thin out\n    -> dropout(0.1) // a tenth\n    -> dense(16)',
    );
    const [after] = Object.values(refactored(commented, 'dense(32, relu) // wide\n    // thin out\n    -> drop'));
    expect(after).toContain('block part = dense(32, relu) // wide\n    // thin out\n    -> dropout(0.1)\n\n');
    expect(after).toContain('user_id // people\n    -> part // a tenth\n    -> dense(16)');
  });

  it('puts the block before a declaration that begins where another ends', () => {
    const joined = model.replace(/\}\s*tower item/, '} tower item');
    const [after] = Object.values(refactored(joined, 'mlp(32, 16)'));
    expect(after).toContain('} block part = mlp(32, 16)\n\ntower item');
  });
});

describe('a block written out where it is used', () => {
  it('is its flow, with the values of its parameters', () => {
    const text = smallModel({
      before: 'let wide = 64\nblock deep(width, rate = 0.1) = dense(2 * width) -> dropout(rate) -> dense(16)',
      user: 'channel main = user_id -> deep(wide / 2)',
      item: 'channel main = movie_id -> deep(width: 8, rate: 0.3)',
    });
    const found = refactored(text, 'deep(width: 8', false);
    const after = found['Write `deep` out here']!;
    expect(after).toContain('movie_id -> dense(2 * 8) -> dropout(0.3) -> dense(16)');
    expect(after).toContain('user_id -> deep(wide / 2)');
    expect(refactored(after, 'deep(wide', false)['Write `deep` out here']).toContain(
      'user_id -> dense(2 * (wide / 2)) -> dropout(0.1) -> dense(16)',
    );
  });

  it('is what extraction had taken', () => {
    const extracted = Object.values(refactored(model, 'dense(32, relu) -> dropout(0.1)'))[0]!;
    const back = refactored(extracted, 'part -> dense(16)', false)['Write `part` out here']!;
    expect(back.replace('block part = dense(32, relu) -> dropout(0.1)\n\n', '')).toBe(model);
  });

  it('has defaults that read other parameters', () => {
    const text = smallModel({
      before: 'let w = 3\nblock deep(w, n = 2 * w) = dense(n) -> dense(w)',
      user: 'channel main = user_id -> deep(8) -> dense(16)',
    });
    expect(refactored(text, 'deep(8)', false)['Write `deep` out here']).toContain('-> dense((2 * 8)) -> dense(8) ->');
  });

  it('is not offered where a name of the block would be a parameter of another one', () => {
    const text = (parameter: string): string =>
      smallModel({
        before: `let w = 8\nblock deep(n) = dense(n) -> dense(w)\nblock outer(${parameter}) = deep(${parameter}) -> dense(16)`,
        user: 'channel main = user_id -> outer(4)',
      });
    expect(refactored(text('w'), 'deep(w)', false)).toEqual({});
    expect(refactored(text('v'), 'deep(v)', false)['Write `deep` out here']).toContain('= dense(v) -> dense(w) ->');
  });

  it('is not offered where a comment among the values would be lost', () => {
    const text = (value: string): string =>
      smallModel({
        before: 'block deep(n) = dense(n) -> dense(16)',
        user: `channel main = user_id -> deep(\n  ${value})`,
      });
    expect(refactored(text('8 // narrow\n'), 'deep(', false)).toEqual({});
    const kept = refactored(text('8 + // and\n 8'), 'deep(', false)['Write `deep` out here'];
    expect(kept).toContain('dense((8 + // and\n 8)) -> dense(16)');
  });

  it('is not offered of a block that a search tries others for', () => {
    const text = smallModel({
      before:
        'block deep = mlp(32, 16)\nblock flat = dense(16)\nblock body = deep\nsearch { body : one of deep, flat }',
      user: 'channel main = user_id -> body',
    });
    expect(checkSource(makeSource('m.tower', text)).diagnostics).toEqual([]);
    expect(refactored(text, 'body\n', false)).toEqual({});
  });

  it('is not offered of a block that shares its weights, and at its declaration', () => {
    const shared = smallModel({ before: 'shared block deep = dense(16)', user: 'channel main = user_id -> deep' });
    expect(refactored(shared, 'deep', false)).toEqual({});
    const plain = smallModel({ before: 'block deep = dense(16)', user: 'channel main = user_id -> deep' });
    expect(refactored(plain, 'deep = ', false)).toEqual({});
  });
});
