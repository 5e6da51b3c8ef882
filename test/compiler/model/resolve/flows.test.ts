/** Blocks with parameters: written out for the values of each use. */
import { describe, expect, it } from 'vitest';
import { printModel } from '../../../../src/compiler/model/print_model.ts';
import { planOf } from '../../library/support.ts';
import { checkText, found, memory, model } from '../check_text.ts';

const channelOf = (before: string, user: string, settings: Readonly<Record<string, number>> = {}): string => {
  const checked = checkText(model({ before, user, item: 'movie_id -> dense(4)' }), { settings });
  expect(found(checked)).toEqual([]);
  return /channel main = (.*)/.exec(printModel(checked.model!))![1]!;
};

describe('a block with parameters', () => {
  const deep = 'block deep(w, n = w / 2) = mlp(2 * w, w) -> dense(n)';

  it('has the numbers of each use, by place and by name', () => {
    const written = channelOf(deep, 'user_id -> deep(16) -> deep(n: 4, w: 6)');
    expect(written).toContain('deep(w: 16, n: 8){mlp(units: [32, 16]');
    expect(written).toContain('dense(units: 8');
    expect(written).toContain('deep(w: 6, n: 4){mlp(units: [12, 6]');
  });

  it('computes arguments and defaults from constants, which a setting replaces', () => {
    const before = `let width = 4\nblock deep(w, n = 2 * width) = dense(w) -> dense(n) -> dense(4)`;
    expect(channelOf(before, 'user_id -> deep(width + 1)')).toContain('deep(w: 5, n: 8)');
    expect(channelOf(before, 'user_id -> deep(width + 1)', { width: 6 })).toContain('deep(w: 7, n: 12)');
  });

  it('goes before a constant of its name, in its block alone', () => {
    const text = model({
      before: 'let w = 6\nblock deep(w) = dense(w)',
      user: 'user_id -> deep(8) -> dense(w) -> dense(4)',
      item: 'movie_id -> dense(4)',
    });
    const checked = checkText(text);
    expect(found(checked)).toEqual(['shadowed-name: w']);
    expect(printModel(checked.model!)).toMatch(/dense\(units: 8.*dense\(units: 6/);
  });

  it('hands its numbers on, to blocks of the file and to those of the library', () => {
    const before =
      'block inner(n) = repeat(n, dense(4, relu))\nblock outer(n, p = 0.1) = dropout(p) -> inner(n + 1) -> dense(4)';
    expect(channelOf(before, 'user_id -> outer(2)')).toContain('inner(n: 3){repeat(times: 3, ');
  });

  it('has weights of its own at each use, as if it were written out', () => {
    const plan = planOf(
      model({ before: deep, user: 'user_id -> deep(4) -> deep(4) -> dense(4)', item: 'movie_id -> dense(4)' }),
    );
    const names = plan.towers[0].embedded.graph.parameters.map(({ name }) => name);
    expect(names.filter((name) => name.endsWith('/dense/weights'))).toEqual([
      'user/main/deep/dense/weights',
      'user/main/deep_2/dense/weights',
      'user/main/dense/weights',
    ]);
  });

  it('shares its weights where it is shared, and then has one set of values', () => {
    const before = 'shared block body(w = 4) = mlp(2 * w, w)';
    const both = (user: string, item: string) =>
      model({ before, user: `user_id -> ${user}`, item: `movie_id -> ${item}` });
    const { parameters } = planOf(both('body', 'body(4)')).step.graph;
    expect(parameters.filter(({ name }) => name.startsWith('shared/body/') && name.endsWith('weights_0'))).toHaveLength(
      1,
    );
    expect(found(checkText(both('body', 'body(8) -> dense(4)')))).toEqual(['shared-arguments: body(8)']);
  });

  it('is checked where nothing uses it, but for what follows from its values', () => {
    const unused = (block: string) =>
      found(checkText(model({ before: block, item: 'movie_id -> dense(4)', user: 'user_id -> dense(4)' })));
    expect(unused('block deep(w) = dense(w / 0.3)')).toEqual(['unused-block: deep']);
    expect(unused('block deep(w) = denze(w)')).toContain('unknown-kind: denze');
    expect(unused('block deep(w, v = x) = dense(w + v)')).toContain('unknown-name: x');
    expect(unused('block deep(w) = dense(w, relu, tanh)')).toContain('repeated-argument: tanh');
  });

  it('reports a mistake in it once, however often it is used', () => {
    const use = (block: string) =>
      found(
        checkText(
          model({
            before: block,
            user: 'user_id -> deep(7) -> deep(7) -> deep(9) -> dense(4)',
            item: 'movie_id -> dense(4)',
          }),
        ),
      );
    expect(use('block deep(w) = denze(w)')).toEqual(['unknown-kind: denze']);
    expect(use('block deep(w) = dense(w / 2)')).toEqual(['wrong-type: w / 2']);
    expect(use('block deep(w) = dropout(w) -> dense(4)')).toEqual(['out-of-range: 7', 'out-of-range: 9']);
  });

  it('may be in another file', () => {
    const checked = checkText(
      `use "blocks.tower"\n${model({ user: 'user_id -> deep(4)', item: 'movie_id -> deep(0)' })}`,
      { load: memory({ 'blocks.tower': 'block deep(w) = dense(w)' }) },
    );
    expect(found(checked)).toEqual(['out-of-range: 0']);
  });

  it('is no cycle of numbers: blocks that use each other are', () => {
    const before = 'block a(n) = b(n - 1)\nblock b(n) = a(n - 1)';
    expect(found(checkText(model({ before, user: 'user_id -> a(4)', item: 'movie_id -> dense(4)' })))).toEqual([
      'block-cycle: a',
    ]);
    expect(
      found(
        checkText(model({ before: 'block a(n) = a(n - 1)', user: 'user_id -> a(4)', item: 'movie_id -> dense(4)' })),
      ),
    ).toEqual(['block-cycle: a']);
  });

  it('counts as what it is written out to', () => {
    const doubling = Array.from({ length: 40 }, (_, at) => `block b${at + 1}(w) = b${at}(w) -> b${at}(w)`).join('\n');
    const before = `block b0(w) = dense(w)\n${doubling}`;
    expect(found(checkText(model({ before, user: 'user_id -> b40(4)', item: 'movie_id -> dense(4)' })))).toEqual([
      expect.stringMatching(/^block-too-large: b\d+$/),
    ]);
    const other = Array.from(
      { length: 30 },
      (_, at) => `block b${at + 1}(w) = b${at}(2 * w) -> b${at}(3 * w + 1)`,
    ).join('\n');
    expect(
      found(
        checkText(
          model({
            before: `block b0(w) = dense(w)\n${other}`,
            user: 'user_id -> b30(4)',
            item: 'movie_id -> dense(4)',
          }),
        ),
      ),
    ).toEqual([expect.stringMatching(/^block-too-large: b\d+$/)]);
  });
});
