import { describe, expect, it } from 'vitest';
import { renderDiagnostics } from '../../../../src/base/diagnostics/render.ts';
import type { Model } from '../../../../src/compiler/model/model.ts';
import { printModel } from '../../../../src/compiler/model/print_model.ts';
import type { Settings } from '../../../../src/compiler/model/settings/setting_text.ts';
import { checkText, found, model } from '../check_text.ts';

const text = model({
  before: 'let width = 8\nlet half = width / 2\nblock wide = mlp(16, half)\nblock encoder = mlp(width, half)',
  user: 'user_id -> flatten -> encoder',
  item: 'movie_id -> flatten -> wide',
  after: 'train { dense = adam(rate: 1e-2), stop = recall(50, patience: 3) }',
});

function set(settings: Settings, of = text): Model {
  const checked = checkText(of, { settings });
  expect(renderDiagnostics(checked.diagnostics)).toBe('');
  return checked.model!;
}

/** What settings say is what the file would say: the two models are the same. */
const sameAs = (settings: Settings, from: string, to: string): void => {
  expect(text).toContain(from);
  expect(printModel(set(settings))).toBe(printModel(set({}, text.replace(from, to))));
};

describe('a setting', () => {
  it.each<[Settings, string, string]>([
    [{ width: 32 }, 'let width = 8', 'let width = 32'],
    [{ width: '2 * 16' }, 'let width = 8', 'let width = 32'],
    [{ encoder: 'wide' }, 'encoder = mlp(width, half)', 'encoder = wide'],
    [
      { encoder: 'mlp(width) -> dropout(0.5) -> dense(4)' },
      'mlp(width, half)',
      'mlp(width) -> dropout(0.5) -> dense(4)',
    ],
    [{ batch: 64 }, 'train { ', 'train { batch = 64, '],
    [{ 'train.batch': 64 }, 'train { ', 'train { batch = 64, '],
    [{ dense: 'adagrad(rate: 0.1)' }, 'adam(rate: 1e-2)', 'adagrad(rate: 0.1)'],
    [{ 'dense.rate': 0.5 }, 'adam(rate: 1e-2)', 'adam(rate: 0.5)'],
    [{ 'dense.decay': 'linear', 'dense.rate': 0.5 }, 'adam(rate: 1e-2)', 'adam(rate: 0.5, decay: linear)'],
    [{ 'dense.decay': 'linear', dense: 'adagrad(rate: 0.5)' }, 'adam(rate: 1e-2)', 'adagrad(rate: 0.5, decay: linear)'],
    [{ 'embeddings.rate': 0.5 }, 'train { ', 'train { embeddings = adagrad(rate: 0.5), '],
    [{ 'stop.patience': 7, 'stop.k': 20 }, 'recall(50, patience: 3)', 'recall(20, patience: 7)'],
    [{ steps: 500 }, 'train { ', 'train { steps = 500, '],
    [{ targets: 'events' }, 'train { ', 'train { targets = events, '],
    [{ metrics: 'recall(20), ndcg(5)' }, 'train { ', 'train { metrics = recall(20), ndcg(5), '],
    [{ 'features.user_id.dim': 16 }, 'user_id: id(dim: 4)', 'user_id: id(dim: 16)'],
    [
      { 'task.watch.loss': 'softmax(sampled(4), temperature: 0.1)' },
      'loss = softmax(in_batch, temperature: 0.1)',
      'loss = softmax(sampled(4), temperature: 0.1)',
    ],
    [
      { 'task.watch.loss.temperature': 0.2 },
      'softmax(in_batch, temperature: 0.1)',
      'softmax(in_batch, temperature: 0.2)',
    ],
    [
      { 'task.watch.loss.correction': 'frequency' },
      'softmax(in_batch, temperature: 0.1)',
      'softmax(in_batch, temperature: 0.1, correction: frequency)',
    ],
    [
      { 'task.watch.loss': 'softmax(sampled(4), temperature: 0.1)', 'task.watch.loss.negatives.n': 9 },
      'softmax(in_batch, temperature: 0.1)',
      'softmax(sampled(9), temperature: 0.1)',
    ],
    [{ retrieve: '2 * watch' }, 'train { ', 'retrieve = 2 * watch\ntrain { '],
  ])('%j', (settings, from, to) => sameAs(settings, from, to));

  it('of one feature of several leaves the others', () => {
    const both = model({}).replace('user_id: id(dim: 4), movie_id: id(dim: 4)', 'user_id, movie_id: id(dim: 4)');
    expect(both).toContain('user_id, movie_id');
    const { features } = set({ 'features.user_id.dim': 6, 'features.movie_id.dim': 5 }, both);
    expect([...features.values()].map(({ call }) => call.arguments.dim)).toEqual([6, 5]);
  });

  it('of an entry needs no `train`, and makes no model of a file that is none', () => {
    expect(set({ batch: 64, 'dense.rate': 0.1 }, model()).train).toMatchObject({
      batch: 64,
      dense: { kind: 'adam', arguments: { rate: 0.1 } },
    });
    expect(found(checkText('features { a: id(dim: 2) }', { settings: { epochs: 2 } }))).toEqual([]);
  });

  it('names a constant before a block, and a block before an entry of `train`', () => {
    const same = model({
      before: 'let batch = 4\nblock batch = dense(batch)',
      user: 'user_id -> flatten -> batch',
      item: 'movie_id -> flatten -> batch',
    });
    const { train, towers } = set({ batch: 2, 'train.batch': 128 }, same);
    expect(train.batch).toBe(128);
    const step = towers[0].steps[0]!.flow.steps[1]!;
    expect(step.kind === 'declared' && step.steps).toMatchObject([{ call: { arguments: { units: 2 } } }]);
  });
});

describe('a setting that is wrong', () => {
  const wrong = (settings: Settings): string => renderDiagnostics(checkText(text, { settings }).diagnostics);

  it.each<[Settings, string]>([
    [{ widht: 32 }, '--set:1:1: error: there is no constant, block or entry of `train` called `widht`'],
    [{ batch: 0 }, '--set:1:7: error: `batch` must be a whole number'],
    [{ 'dense.rate': 'fast' }, '--set:1:12: error: there is no constant called `fast`'],
    [{ 'dense.rte': 1 }, '--set:1:1: error: `adam` has no argument `rte`'],
    [{ 'dense.rate.x': 1 }, 'there is no argument in `dense.rate` called `x`'],
    [{ 'task.wach.loss': 'bce' }, 'there is no task called `wach`'],
    [{ 'task.watch.los': 'bce' }, 'there is no entry of task `watch` called `los`'],
    [{ 'features.usr.dim': 1 }, 'there is no feature called `usr`'],
    [{ encoder: 'deep' }, '--set:1:9: error: there is no block called `deep`'],
    [{ encoder: 'encoder' }, 'block-cycle'],
    [{ dense: 'adam(rate: 1' }, '--set:1:'],
    [{ batch: '1 epochs=2' }, '--set:1:7: error: `batch` must be one value'],
    [{ batch: '1} task x {' }, '--set:1:'],
    [{ 'dense.rate': '1, 2' }, '--set:1:'],
    [{ width: Number.NaN }, 'width=NaN'],
    [{ width: '1e999' }, '--set:1:7'],
    [{ 'clip.x': 1 }, 'called `x`'],
    [{ '__proto__.x': 1 }, '__proto__'],
    [{ '': 1 }, 'there is no constant'],
    [{ 'a b': 1 }, 'there is no constant'],
  ])('%j', (settings, message) => {
    const shown = wrong(settings);
    expect(shown).toContain(message);
    expect(shown.match(/error:/g)!.length, shown).toBe(1);
  });

  it('shows the nearest name', () => expect(wrong({ widht: 32 })).toContain('did you mean `width`?'));
});
