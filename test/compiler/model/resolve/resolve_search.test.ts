import { describe, expect, it } from 'vitest';
import { renderDiagnostics } from '../../../../src/base/diagnostics/render.ts';
import { checkText, found, model } from '../check_text.ts';

const program = (search: string): string =>
  model({
    before: `${search.includes('wide') ? 'block wide = mlp(64, width)\n' : ''}let width = 16
let rate = 0.1
block deep = mlp(32, width)
block body = deep`,
    user: 'user_id -> flatten -> body',
    item: 'movie_id -> flatten -> dropout(rate) -> dense(width)',
    after: search === '' ? '' : `search {\n${search}\n}`,
  });

const spaceOf = (search: string) => {
  const checked = checkText(program(search));
  expect(renderDiagnostics(checked.diagnostics)).toBe('');
  return checked.resolution.search.map(({ name, domain, usual }) => {
    if (domain.kind === 'choices') return [name, domain.choices.map(({ text }) => text), usual];
    const { from, to, log, whole } = domain;
    return [name, { from, to, log, whole }, usual];
  });
};

describe('search', () => {
  it('has choices and ranges of what settings may change, each with what the file has', () => {
    const found = spaceOf(`
      width : one of 8, 16,
        32
      rate  : 0.1 .. 0.5, body: one of deep, wide -> dense(width)
      dense.rate : log 1e-4 .. 1e-1
      dense : one of adam(rate: 1e-3), adagrad(rate: 0.05)
      task.watch.loss.temperature : 0.02 .. 0.2
      task.watch.loss.correction  : one of none, frequency
      features.user_id.dim        : log 2 .. 64
      batch : 256 .. 512`);
    const real = { log: false, whole: false };
    expect(found).toEqual([
      ['width', ['8', '16', '32'], 1],
      ['rate', { from: 0.1, to: 0.5, ...real }, 0.1],
      ['body', ['deep', 'wide -> dense(width)'], 0],
      ['dense.rate', { from: 1e-4, to: 0.1, log: true, whole: false }, 1e-3],
      ['dense', ['adam(rate: 1e-3)', 'adagrad(rate: 0.05)'], undefined],
      ['task.watch.loss.temperature', { from: 0.02, to: 0.2, ...real }, 0.1],
      ['task.watch.loss.correction', ['none', 'frequency'], 0],
      ['features.user_id.dim', { from: 2, to: 64, log: true, whole: true }, 4],
      // The batch of the file, 1024, is outside of the range.
      ['batch', { from: 256, to: 512, log: false, whole: true }, undefined],
    ]);
  });

  it('of a constant is of whole numbers where both ends are written as such', () => {
    expect(spaceOf('width : 8 .. 32\nrate : 0 .. 0.5')).toEqual([
      ['width', { from: 8, to: 32, log: false, whole: true }, 16],
      ['rate', { from: 0, to: 0.5, log: false, whole: false }, 0.1],
    ]);
  });

  it('leaves the model as it is written', () => {
    const checked = checkText(program('width : one of 8, 32\nbody : one of wide, deep'));
    const plain = checkText(program(''));
    expect(found(plain)).toEqual([]);
    expect(JSON.stringify(checked.model?.towers.map(({ steps }) => steps.length))).toBe(
      JSON.stringify(plain.model?.towers.map(({ steps }) => steps.length)),
    );
  });

  it('may have words of its own as names', () => {
    const text = model({
      before: 'let log = 4\nlet one = 2',
      user: 'user_id -> flatten -> mlp(log, one)',
      item: 'movie_id -> flatten -> mlp(8, one)',
      after: 'search { log: log 2 .. 8, one: one of log, 4 }',
    });
    expect(found(checkText(text))).toEqual([]);
  });
});

describe('a search that is wrong', () => {
  it.each<[string, ...string[]]>([
    ['rate : 0.5 .. 0.1', 'empty-range: 0.5 .. 0.1'],
    ['rate : 0.5 .. 0.5', 'empty-range: 0.5 .. 0.5'],
    ['rate : log 0 .. 0.5', 'log-range: log 0 .. 0.5'],
    ['rte : 0.1 .. 0.5', 'unknown-setting: rte'],
    ['rate : 0.1 .. 0.5\nrate : one of 0.2', 'repeated-entry: rate'],
    ['width : one of 8, 8', 'repeated-name: 8'],
    ['seed : 1 .. 9', 'not-searchable: seed'],
    ['train.metrics : one of recall(5)', 'not-searchable: train.metrics'],
    ['stop : one of recall(5)', 'not-searchable: stop'],
    ['body : 1 .. 3', 'wrong-type: 1 .. 3'],
    ['width : one of 8, 0', 'search-choice: 0'],
    ['rate : 0.1 .. 1.5', 'search-choice: 1.5'],
    ['batch : 0 .. 64', 'out-of-range: 0'],
    ['batch : one of 64, "a"', 'wrong-type: "a"'],
    ['body : one of deep, dep', 'unknown-kind: dep'],
    ['body : one of deep, mlp(16, 17)', 'search-choice: mlp(16, 17)'],
    [
      'body : one of mlp(16, 17), deep, mlp(16, 18)\nrate : 0.1 .. 1.5\nwidth : one of 0, 8',
      'search-choice: mlp(16, 17)',
      'search-choice: mlp(16, 18)',
      'search-choice: 1.5',
      'search-choice: 0',
    ],
    ['task.watch.loss.correction : one of none, freq', 'unknown-choice: freq'],
    ['dense.rte : 0.1 .. 0.2', 'unknown-argument: dense.rte'],
    ['task.watch.loss.temperature.x : 0.1 .. 0.2', 'unknown-setting: task.watch.loss.temperature.x'],
    ['width : 8, 16', 'unexpected-text: ,'],
    ['width : [8, 16]', 'unexpected-text: '],
    ['width = one of 8, 16', 'wrong-sign: ='],
    ['width : one 8', 'unexpected-text: one'],
    ['rate : 0.1 ..', 'missing-part: ..'],
  ])('%s', (search, ...codes) => {
    expect(found(checkText(program(search)))).toEqual(codes);
  });

  it('has its place and the place where it does not fit', () => {
    const [first] = checkText(program('body : one of deep, mlp(16, 17)')).diagnostics;
    expect(first!.notes).toHaveLength(1);
    expect(first!.message).toContain('with `body` as `mlp(16, 17)`, `cosine` needs two vectors of the same width');
  });

  it('is one of two', () => {
    const twice = `${program('width : 8 .. 16')}search { rate : 0.1 .. 0.5 }`;
    expect(found(checkText(twice))).toEqual(['repeated-declaration: search { rate : 0.1 .. 0.5 }']);
  });
});
