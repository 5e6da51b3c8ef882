import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { makeSource } from '../../../src/base/text/source.ts';
import type { Model } from '../../../src/compiler/model/model.ts';
import { checkSource } from '../../../src/compiler/pipeline.ts';
import { checkText, found, memory, model } from './check_text.ts';

/** The model of a text that must be without mistakes. */
function modelOf(text: string, options: Parameters<typeof checkText>[1] = {}): Model {
  const checked = checkText(text, options);
  expect(found(checked)).toEqual([]);
  return checked.model!;
}

describe('two_tower.tower', () => {
  const path = 'models/two_tower.tower';
  const { model: resolved, diagnostics } = checkSource(makeSource(path, readFileSync(path, 'utf8')));

  it('has no mistakes', () => expect(diagnostics).toEqual([]));
  it('has its features, with defaults filled in', () => {
    expect([...resolved!.features.keys()]).toEqual(['user_id', 'history', 'recent', 'movie_id', 'genres']);
    expect(resolved!.features.get('history')!.call.arguments).toEqual({
      element: { feature: 'movie_id' },
      max: 50,
      pool: 'mean',
      unseen: 'skip',
    });
  });
  it('has the query tower first, groups opened', () => {
    expect(resolved!.towers.map(({ name, key, features }) => [name, key, features])).toEqual([
      ['user', 'user_id', ['user_id', 'history', 'recent']],
      ['item', 'movie_id', ['movie_id', 'genres']],
    ]);
  });
  it('pairs its channels', () => {
    expect(resolved!.tasks[0]!.score.terms).toMatchObject([{ factor: 1, channels: [{ query: 'main', item: 'main' }] }]);
  });
  it('stops by recall at 50', () => {
    expect(resolved!.train.stop).toMatchObject({ kind: 'recall', arguments: { k: 50, patience: 5 } });
  });
});

describe('what is not said has a default', () => {
  const resolved = modelOf(model());
  it('of training', () => {
    const { batch, epochs, seed, dense, embeddings, stop } = resolved.train;
    expect([batch, epochs, seed, stop]).toEqual([1024, 10, 1, undefined]);
    expect(dense).toMatchObject({ kind: 'adam', arguments: { rate: 1e-3 } });
    expect(embeddings).toMatchObject({ kind: 'adagrad', arguments: { rate: 0.05 } });
  });
  it('of the objective and of retrieval', () => {
    expect(resolved.objective).toEqual({ kind: 'sum', terms: [{ task: 'watch', weight: 1 }] });
    expect(resolved.retrieve).toEqual([{ task: 'watch', factor: 1 }]);
  });
  it('of the name: that of its file', () => {
    const { model: named } = checkSource(makeSource('a/films.tower', model().replace('model small', '')));
    expect(named!.name).toBe('films');
  });
});

describe('several tasks', () => {
  const text = (after: string): string => `
model several
features { user_id: id(dim: 4), movie_id: id(dim: 4) }
labels { clicked: binary, liked: binary, watch_seconds: number }
tower user(user_id) keyed by user_id {
  shared = user_id -> flatten -> dense(8, relu)
  channel click = shared -> mlp(8, 4)
  channel like  = shared -> mlp(8, 4)
}
tower item(movie_id) keyed by movie_id {
  shared = movie_id -> flatten -> dense(8, relu)
  channel click = shared -> mlp(8, 4)
  channel like  = shared -> mlp(8, 4)
}
task click { score = cosine(user.click, item.click) / 0.1, label = clicked, loss = bce }
task like  { score = 2 * -cosine(user.like, item.like) / 0.25, label = liked, loss = bce, weight = watch_seconds }
${after}`;

  it('take a factor from what is around the score', () => {
    expect(modelOf(text('')).tasks.map(({ score }) => score.terms.map(({ factor }) => factor))).toEqual([[10], [-8]]);
  });
  it('read labels and weights', () => {
    expect(modelOf(text('')).tasks[1]).toMatchObject({ label: 'liked', weight: 'watch_seconds' });
  });
  it('add up with fixed weights, which are also those of retrieval', () => {
    const resolved = modelOf(text('objective = 1.0 * click + like / 2'));
    expect(resolved.objective).toMatchObject({
      terms: [
        { task: 'click', weight: 1 },
        { task: 'like', weight: 0.5 },
      ],
    });
    expect(resolved.retrieve).toEqual([
      { task: 'click', factor: 1 },
      { task: 'like', factor: 0.5 },
    ]);
  });
  it('are weighed while training by a call, and retrieved evenly', () => {
    const resolved = modelOf(text('objective = uncertainty(click, like)'));
    expect(resolved.objective).toMatchObject({
      kind: 'dynamic',
      call: { kind: 'uncertainty' },
      tasks: ['click', 'like'],
    });
    expect(resolved.retrieve.map(({ factor }) => factor)).toEqual([1, 1]);
  });
  it('are retrieved by any linear form', () => {
    expect(modelOf(text('retrieve = 3 * (click - like / 2) / 2')).retrieve).toEqual([
      { task: 'click', factor: 1.5 },
      { task: 'like', factor: -0.75 },
    ]);
  });
});

describe('blocks of the file', () => {
  it('are written out at each use; shared ones keep their name', () => {
    const before = 'block deep = flatten -> body\nshared block body = dense(4)';
    const resolved = modelOf(model({ before, user: 'user_id -> deep', item: 'movie_id -> flatten -> body' }));
    expect(resolved.towers[0].steps[0]!.flow.steps).toMatchObject([
      {
        kind: 'declared',
        name: 'deep',
        shared: false,
        steps: [{ kind: 'block' }, { kind: 'declared', name: 'body', shared: true, steps: [{ kind: 'block' }] }],
      },
    ]);
  });
  it('may be called as one of the library, which they then mean within', () => {
    const resolved = modelOf(
      model({ before: 'block mlp = flatten -> mlp(8, 4)', user: 'user_id -> mlp', item: 'movie_id -> mlp' }),
    );
    const [step] = resolved.towers[0].steps[0]!.flow.steps;
    expect(step).toMatchObject({ kind: 'declared', steps: [{ call: { kind: 'flatten' } }, { call: { kind: 'mlp' } }] });
  });
});

describe('constants', () => {
  const text = model({ before: 'let width = 8\nlet half = width / 2', user: 'user_id -> flatten -> mlp(width, half)' });
  const units = (resolved: Model): unknown => {
    const step = resolved.towers[0].steps[0]!.flow.steps[1]!;
    return step.kind === 'block' && step.call.arguments.units;
  };
  it('may be wherever a number does', () => expect(units(modelOf(text))).toEqual([8, 4]));
  it('are overridden by settings, and what follows from them too', () => {
    const both = model({
      before: 'let width = 8\nlet half = width / 2',
      user: 'user_id -> flatten -> mlp(width, half)',
      item: 'movie_id -> flatten -> dense(half)',
    });
    expect(units(modelOf(both, { settings: { width: 32 } }))).toEqual([32, 16]);
  });
  it('may be numbers of the training, which the file need not say', () => {
    const { train } = modelOf(model({ after: 'train { epochs = 5 }' }), { settings: { epochs: 2, seed: 7 } });
    expect([train.epochs, train.seed, train.batch]).toEqual([2, 7, 1024]);
    expect(modelOf(model(), { settings: { batch: 64 } }).train.batch).toBe(64);
    expect(found(checkText(model(), { settings: { batch: 0.5 } }))).toEqual(['wrong-type: 0.5']);
  });
  it('that are set must be there', () => {
    const checked = checkText(text, { settings: { widht: 32 } });
    expect(found(checked)).toEqual(['unknown-setting: widht']);
    expect(checked.diagnostics[0]!.hint).toBe('did you mean `width`?');
  });
});

describe('use', () => {
  const shared = `
features { user_id: id(dim: 4), movie_id: id(dim: 4), unread: id(dim: 4) }
group who = user_id
block deep = flatten -> mlp(width, 4)
let width = 8
data films { events = "films.csv", split = leave_one_out, time = "at" }`;
  const main = (path: string): string => `
use "${path}"
tower user(who) keyed by user_id { channel main = who -> deep }
tower item(movie_id) keyed by movie_id { channel main = movie_id -> deep }
task watch { score = cosine(user, item), loss = softmax(in_batch, temperature: 0.1) }`;

  it('brings features, groups, blocks, constants and data into scope; a feature that is not read is left out', () => {
    const load = memory({ 'parts/shared.tower': shared });
    const resolved = modelOf(main('parts/shared.tower'), { load });
    expect([...resolved.features.keys()]).toEqual(['user_id', 'movie_id']);
    const { dataDescriptions } = checkText(main('parts/shared.tower'), { load });
    expect(dataDescriptions).toMatchObject([{ name: 'films', folder: 'parts' }]);
  });
  it('starts from the folder of the file that uses', () => {
    const load = memory({ 'project/parts/a.tower': 'use "b.tower"', 'project/parts/b.tower': shared });
    modelOf(main('parts/a.tower'), { load, folder: 'project' });
  });
  it('reads a file once that two others use', () => {
    const load = memory({ 'a.tower': 'use "c.tower"\nuse "b.tower"', 'b.tower': 'use "c.tower"', 'c.tower': shared });
    modelOf(main('a.tower'), { load });
  });
  it('shows both places of a clash', () => {
    const load = memory({ 'shared.tower': shared });
    const { diagnostics } = checkText(`${main('shared.tower')}\nfeatures { user_id: id }`, { load });
    expect(diagnostics).toMatchObject([
      {
        code: 'repeated-name',
        at: { source: { name: 'model.tower' } },
        notes: [{ at: { source: { name: 'shared.tower' } } }],
      },
    ]);
  });
  it.each([
    ['../outside.tower', 'use-outside'],
    ['parts/../../outside.tower', 'use-outside'],
    ['/etc/passwd', 'use-outside'],
    ['absent.tower', 'use-missing'],
    ['model.tower', 'use-cycle'],
    ['first.tower', 'use-cycle'],
  ])('of "%s" is %s, and nothing else', (path, code) => {
    const load = memory({
      'first.tower': 'use "second.tower"',
      'second.tower': 'use "first.tower"',
      '../outside.tower': shared,
    });
    const { diagnostics } = checkText(main(path), { load });
    expect(diagnostics.map((diagnostic) => diagnostic.code)).toEqual([code]);
  });
  it('shows mistakes of the other file at its own places', () => {
    const load = memory({ 'shared.tower': shared.replace('id(dim: 4)', 'id(dmi: 4)') });
    const { diagnostics } = checkText(main('shared.tower'), { load });
    expect(diagnostics).toMatchObject([{ code: 'unknown-argument', at: { source: { name: 'shared.tower' } } }]);
  });
  it('may reach any file of the project', () => {
    const load = memory({ 'parts/shared.tower': shared });
    modelOf(main('../parts/shared.tower'), { load, folder: 'models', project: '' });
    const { diagnostics } = checkText(main('../parts/shared.tower'), { load, folder: 'models', project: 'models' });
    expect(diagnostics.map(({ code }) => code)).toEqual(['use-outside']);
  });
});

describe('any text', () => {
  it('is answered, cut wherever it may be', () => {
    const text = readFileSync('models/two_tower.tower', 'utf8');
    for (let end = 0; end < text.length; end += 19) {
      const { diagnostics, model: resolved } = checkText(text.slice(0, end));
      expect(diagnostics.length > 0 || resolved !== undefined, text.slice(0, end)).toBe(true);
    }
  });
  it('of a lone data block is no model, and no mistake', () => {
    const checked = checkText('data d { events = "e.csv", split = random }');
    expect([checked.model, found(checked)]).toEqual([undefined, []]);
    expect(checked.dataDescriptions[0]!.split).toEqual({ kind: 'random', validation: 0.1, test: 0.1, seed: 1 });
  });
});
