import { describe, expect, it } from 'vitest';
import { applyEdits } from '../../src/diagnostics/fixes.ts';
import { smallModel } from '../../src/diagnostics/small_model.ts';
import { refactoringsAt } from '../../src/language/refactorings.ts';
import { check } from '../../src/pipeline.ts';
import { makeSource } from '../../src/text/source.ts';
import { factsOf } from '../lsp/marked.ts';

/** The texts that refactorings of the words give, by title. */
function refactored(text: string, words: string, whole = true): Readonly<Record<string, string>> {
  const facts = factsOf(text);
  const start = text.lastIndexOf(words);
  const found = refactoringsAt(
    facts,
    [start, whole ? start + words.length : start],
    (edits) => check(makeSource('model.tower', applyEdits(facts.source, edits))).diagnostics,
  );
  return Object.fromEntries(found.map(({ title, edits }) => [title, applyEdits(facts.source, edits)]));
}

const flow = 'channel main = user_id -> dense(32, relu) -> dropout(0.1) -> dense(16)';
const model = smallModel({ user: flow });
const widths = (text: string) =>
  check(makeSource('m.tower', text)).shapes!.arrows.map(({ type }) => JSON.stringify(type));

describe('extraction of steps into a block', () => {
  it('takes whole steps, above the comments of their tower', () => {
    const commented = model.replace('tower user', '/// People.\ntower user');
    const found = refactored(commented, 'relu) -> drop');
    const [[title, text]] = Object.entries(found) as [[string, string]];
    expect(title).toBe('Extract `dense(32, relu) -> dropout(0.1)` into a block');
    expect(text).toContain('block part = dense(32, relu) -> dropout(0.1)\n\n/// People.\ntower user');
    expect(text).toContain('user_id -> part -> dense(16)');
    expect(check(makeSource('m.tower', text)).diagnostics).toEqual([]);
    expect(widths(text).at(-1)).toBe(widths(commented).at(-1));
  });

  it('finds a name that no other block has', () => {
    const taken = smallModel({ before: 'block part = dense(16)', user: flow.replace('dense(16)', 'part') });
    expect(Object.values(refactored(taken, 'dropout(0.1)'))[0]).toContain('block part_2 = dropout(0.1)');
  });

  it('is not offered for steps with a mistake', () => {
    expect(refactored(model.replace('dropout(0.1)', 'dropuot(0.1)'), 'dropuot(0.1)')).toEqual({});
  });

  it('is not offered for what a flow begins with, for no selection, and where it would read parameters', () => {
    expect(refactored(model, 'user_id -> dense'.slice(0, 7), true)).toEqual({});
    expect(refactored(model, 'dropout', false)).toEqual({});
    const parameters = smallModel({
      before: 'block deep(width) = dense(width) -> dense(16)',
      user: 'channel main = user_id -> deep(32)',
    });
    expect(refactored(parameters, 'dense(width)')).toEqual({});
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

  it('is not offered of a block that shares its weights, and at its declaration', () => {
    const shared = smallModel({ before: 'shared block deep = dense(16)', user: 'channel main = user_id -> deep' });
    expect(refactored(shared, 'deep', false)).toEqual({});
    const plain = smallModel({ before: 'block deep = dense(16)', user: 'channel main = user_id -> deep' });
    expect(refactored(plain, 'deep = ', false)).toEqual({});
  });
});
