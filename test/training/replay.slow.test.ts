/** A step taken again is the step of the run; what is written of it is all that a plain program needs to take it too. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Failure } from '../../src/base/diagnostics/diagnostic.ts';
import { readSafetensors } from '../../src/base/storage/safetensors.ts';
import type { Engine } from '../../src/engines/engine.ts';
import type { Plan } from '../../src/graph/plan/plan.ts';
import { hasCheckpoint } from '../../src/training/artifact/checkpoint.ts';
import { load } from '../../src/training/artifact/load.ts';
import { schemaError } from '../../src/training/artifact/validate.ts';
import { readLog } from '../../src/training/metrics_log.ts';
import { replayStep, type StepRecord } from '../../src/training/replay.ts';
import { trainModel } from '../../src/training/train_model.ts';
import { expectClose, planOf } from '../compiler/library/support.ts';
import { makeDataset } from './fixtures.ts';
import { plainEngine } from './plain_engine.ts';
import { temporaryFolder } from './temporary_folder.ts';
import { watched } from './watched_engine.ts';

const root = temporaryFolder();
const dataset = makeDataset({ users: 6, items: 12, eventsPerUser: 9, heldOut: 2 });
const batch = 8;

const planWith = (optimizers: string, task = 'loss = bce, label = liked', epochs = 2, id = 'id(dim: 3)'): Plan =>
  planOf(`
    model small
    features { user_id : id(dim: 3), history : list(movie_id, max: 5), movie_id : ${id} }
    ${task.includes('liked') ? 'labels { liked: binary }' : ''}
    group profile = user_id, history
    tower user(profile) keyed by user_id { channel main = profile -> flatten -> dense(3) }
    tower item(movie_id) keyed by movie_id { channel main = movie_id -> flatten }
    task watch { score = dot(user, item), ${task} }
    train { batch = ${batch}, epochs = ${epochs}, seed = 5, ${optimizers} }
  `);

const runOf = (plan: Plan, folder: string, other: Partial<Parameters<typeof trainModel>[0]> = {}) =>
  trainModel({ plan, dataset, engine: plainEngine, folder, origin: { sources: [] }, tower: '0.0.0', ...other });

async function replayed(folder: string, step: number, out: string, engine: Engine = plainEngine) {
  const trained = await load(folder, { unfinished: true });
  const record = await replayStep({ trained, dataset, engine, step, out, force: true });
  const read = async (name: string) => {
    const { tensors } = await readSafetensors(join(out, name));
    return (tensor: string): number[] => [...tensors.get(tensor)!.data];
  };
  const written: unknown = JSON.parse(readFileSync(join(out, 'step.json'), 'utf8'));
  expect(written).toEqual(record);
  expect(await schemaError('step', written)).toBeUndefined();
  return { record, read };
}

/**
 * The step by hand, in doubles, of nothing but what was written: q = [user, mean of history] W + b, s = q · item, and
 * mean(softplus(s) − liked · s).
 */
function gradientsByHand(record: StepRecord, before: (name: string) => number[]) {
  const [users, items] = [before('table/user_id'), before('table/movie_id')];
  const [weights, bias] = [before('parameter/user/main/dense/weights'), before('parameter/user/main/dense/bias')];
  const sums = {
    user_id: users.map(() => 0),
    movie_id: items.map(() => 0),
    weights: weights.map(() => 0),
    bias: bias.map(() => 0),
  };
  const seen = { user_id: new Set<number>(), movie_id: new Set<number>() };
  const row = (table: number[], code: number): number[] => table.slice(3 * code, 3 * code + 3);
  const { events } = record.taken!;
  let loss = 0;
  for (const { features, labels } of events) {
    const [user, item] = [features.user_id as number, features.movie_id as number];
    const history = features.history as number[];
    seen.user_id.add(user);
    for (const code of [item, ...history]) seen.movie_id.add(code);
    const pooled = [0, 1, 2].map(
      (at) => history.reduce((sum, code) => sum + row(items, code)[at]!, 0) / Math.max(1, history.length),
    );
    const x = [...row(users, user), ...pooled];
    const q = [0, 1, 2].map((out) => x.reduce((sum, each, at) => sum + each * weights[3 * at + out]!, bias[out]!));
    const v = row(items, item);
    const s = q.reduce((sum, each, at) => sum + each * v[at]!, 0);
    const liked = labels.liked!;
    loss += (Math.log1p(Math.exp(s)) - liked * s) / events.length;
    const ds = (1 / (1 + Math.exp(-s)) - liked) / events.length;
    const dq = v.map((each) => each * ds);
    q.forEach((each, at) => {
      sums.movie_id[3 * item + at]! += each * ds;
      sums.bias[at]! += dq[at]!;
    });
    x.forEach((each, at) => {
      const dx = dq.reduce((sum, slope, out) => sum + slope * weights[3 * at + out]!, 0);
      dq.forEach((slope, out) => {
        sums.weights[3 * at + out]! += each * slope;
      });
      if (at < 3) sums.user_id[3 * user + at]! += dx;
      else for (const code of history) sums.movie_id[3 * code + at - 3]! += dx / history.length;
    });
  }
  return { sums, seen, loss };
}

describe('a step by hand from what was written of it gives the state that was written after it', () => {
  it.each([1, 6, 12])('with sgd: step %d', async (step) => {
    const folder = join(root, `sgd-${step}`);
    await runOf(planWith('dense = sgd(rate: 0.3, decay: linear), embeddings = sgd(rate: 0.5, warmup: 3)'), folder);
    const { record, read } = await replayed(folder, step, `${folder}-out`);
    const [old, next] = [await read('before.safetensors'), await read('after.safetensors')];
    const { sums, loss } = gradientsByHand(record, old);
    const { rates, before: scalars, events } = record.taken!;
    // 42 training events are 6 steps of 8, the last of 2.
    expect([record.steps, events.length]).toEqual([12, step % 6 === 0 ? 2 : 8]);
    expect(rates.dense).toBeCloseTo(0.3 * (1 - (step - 1) / 12), 12);
    expect(rates.embeddings).toBeCloseTo(0.5 * Math.min(1, step / 3), 12);
    expect(scalars.loss).toBeCloseTo(loss, 6);
    for (const [name, gradient, rate] of [
      ['table/user_id', sums.user_id, rates.embeddings],
      ['table/movie_id', sums.movie_id, rates.embeddings],
      ['parameter/user/main/dense/weights', sums.weights, rates.dense],
      ['parameter/user/main/dense/bias', sums.bias, rates.dense],
    ] as const) {
      const expected = old(name).map((each, at) => each - rate * gradient[at]!);
      expectClose(next(name), expected, 1e-6);
      expect(gradient.some((each) => each !== 0)).toBe(true);
    }
  });

  it.each([1, 7, 12])('with adam, whose rows count their own steps: step %d', async (step) => {
    const folder = join(root, `adam-${step}`);
    await runOf(planWith('dense = adam(rate: 0.02), embeddings = adam(rate: 0.03)'), folder);
    const { record, read } = await replayed(folder, step, `${folder}-out`);
    const [old, next] = [await read('before.safetensors'), await read('after.safetensors')];
    const { sums, seen } = gradientsByHand(record, old);
    const moved = (w: number, m: number, v: number, g: number, t: number, rate: number): number[] => {
      const [mean, square] = [0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g];
      const step = mean / (1 - 0.9 ** t) / (Math.sqrt(square / (1 - 0.999 ** t)) + 1e-8);
      return [w - rate * step, mean, square];
    };
    for (const table of ['user_id', 'movie_id'] as const) {
      const [w, m, v, t] = ['', '/mean', '/square', '/steps'].map((slot) =>
        old(slot === '' ? `table/${table}` : `state/${table}${slot}`),
      ) as [number[], number[], number[], number[]];
      const expected = w.map((each, at) => {
        const code = Math.floor(at / 3);
        if (!seen[table].has(code)) return [each, m[at]!, v[at]!];
        return moved(each, m[at]!, v[at]!, sums[table][at]!, t[code]! + 1, 0.03);
      });
      ['table/', 'state/', 'state/'].forEach((prefix, part) => {
        const name = `${prefix}${table}${['', '/mean', '/square'][part]}`;
        expectClose(
          next(name),
          expected.map((each) => each[part]!),
          2e-6,
        );
      });
      expect(next(`state/${table}/steps`)).toEqual(t.map((each, code) => each + (seen[table].has(code) ? 1 : 0)));
    }
    // Slots of the dense weights are end to end, in the order of the graph's parameters.
    const names = ['weights', 'bias'].map((name) => `parameter/user/main/dense/${name}`);
    const [w, g] = [names.flatMap((name) => old(name)), [...sums.weights, ...sums.bias]];
    const [m, v] = [old('parameter/optimizer/mean'), old('parameter/optimizer/square')];
    const expected = w.map((each, at) => moved(each, m[at]!, v[at]!, g[at]!, step, 0.02));
    expectClose(
      names.flatMap((name) => next(name)),
      expected.map(([each]) => each!),
      2e-6,
    );
    expectClose(
      next('parameter/optimizer/square'),
      expected.map((each) => each[2]!),
      1e-8,
    );
  });
});

const codeOf = (work: Promise<unknown>): Promise<string | undefined> =>
  work.then(
    () => undefined,
    (error: unknown) => (error instanceof Failure ? error.diagnostics[0]?.code : String(error)),
  );

describe('a replay', () => {
  const optimizers = 'dense = adam(rate: 0.02), embeddings = adagrad';
  const streaming = 'loss = softmax(in_batch, negatives: sampled(3, by: frequency), correction: streaming)';

  it('is the run, bit for bit: its log, each state after the last, and at the end its weights', async () => {
    const folder = join(root, 'whole');
    await runOf(planWith(optimizers, streaming), folder);
    const log = await readLog(folder, 'steps.jsonl');
    let last: ((name: string) => number[]) | undefined;
    for (const step of [10, 11, 12]) {
      const { record, read } = await replayed(folder, step, join(root, `whole-${step}`));
      const { step: number, ...scalars } = log[step - 1]!;
      expect(number).toBe(step);
      expect(record.taken).toMatchObject({ logged: scalars, agrees: true, epoch: 2, stepOfEpoch: step - 6 });
      const old = await read('before.safetensors');
      const next = await read('after.safetensors');
      for (const name of ['table/movie_id', 'state/movie_id/sum', 'parameter/optimizer/mean']) {
        if (last) expect(old(name)).toEqual(last(name));
        expect(next(name)).not.toEqual(old(name));
      }
      last = next;
    }
    const { tensors } = await readSafetensors(join(folder, 'weights.safetensors'));
    for (const [name, { data }] of tensors) expect(last!(name), name).toEqual([...data]);
  });

  it('says what was drawn and the log q that was used, and keeps the estimator of both sides', async () => {
    const folder = join(root, 'drawn');
    await runOf(planWith(optimizers, streaming), folder);
    const { record, read } = await replayed(folder, 9, join(root, 'drawn-9'));
    const { negatives, logQ, events, before, after: afterwards } = record.taken!;
    const [tensors, state, next] = await Promise.all(
      ['tensors', 'before', 'after'].map((name) => read(`${name}.safetensors`)),
    );
    expect(negatives.map(({ by, items }) => [by, items.length])).toEqual([['frequency', 3]]);
    const movies = state!('table/movie_id');
    expect(tensors!('input/shared_3_frequency/movie_id')).toEqual(
      negatives[0]!.items.flatMap(({ features }) => {
        const code = features.movie_id as number;
        return movies.slice(3 * code, 3 * code + 3);
      }),
    );
    for (const { item, row } of negatives[0]!.items) expect(item).toBe(`m${row}`);
    for (const { user, item, row } of events) {
      expect(user).toBe(`u${dataset.parts.train.user[row]}`);
      expect(item).toBe(`m${dataset.parts.train.item[row]}`);
    }
    // By hand from the estimator as it was: every event of the batch is observed, then log q is taken; of the mixture.
    const name = logQ[0]!.input;
    const [lastSeen, gaps] = [state!(`feed/${name}/last_seen`), state!(`feed/${name}/gaps`)];
    for (const { row } of events) {
      const item = dataset.parts.train.item[row]!;
      gaps[item] = Math.fround(0.95 * gaps[item]! + 0.05 * (9 - lastSeen[item]!));
      lastSeen[item] = 9;
    }
    expectClose(next!(`feed/${name}/gaps`), gaps, 1e-6);
    expect(next!(`feed/${name}/last_seen`)).toEqual(lastSeen);
    const counts = dataset.corpus.trainingCounts;
    const total = counts.reduce((sum, count) => sum + count, 0);
    expectClose(
      logQ[0]!.values,
      events.map(({ row }) => {
        const item = dataset.parts.train.item[row]!;
        return Math.log((1 / gaps[item]! + (3 * counts[item]!) / total) / (events.length + 3));
      }),
      1e-5,
    );
    expect(afterwards.loss).not.toBe(before.loss);
  });

  it('drops the ids that the run dropped, and says which rows read the unknown id', async () => {
    const folder = join(root, 'dropping');
    await runOf(planWith(optimizers, 'loss = bce, label = liked', 2, 'id(dim: 3, drop: 40%)'), folder);
    const { record, read } = await replayed(folder, 9, join(root, 'dropping-9'));
    expect(record.taken!.agrees).toBe(true);
    expect(record.taken!.dropped).toEqual([{ input: 'movie_id', rows: expect.any(Array) }]);
    const table = await read('before.safetensors').then((old) => old('table/movie_id'));
    const given = await read('tensors.safetensors').then((tensors) => tensors('input/movie_id'));
    const dropped = new Set(record.taken!.dropped![0]!.rows);
    expect(dropped.size).toBeGreaterThan(0);
    record.taken!.events.forEach(({ features }, at) => {
      const code = dropped.has(at) ? 0 : (features.movie_id as number);
      expect(given.slice(3 * at, 3 * at + 3)).toEqual(table.slice(3 * code, 3 * code + 3));
    });
  });

  it('goes on from the checkpoint of a run that was stopped, to the same bits', async () => {
    const [whole, stopped] = [join(root, 'uncut'), join(root, 'cut')];
    const plan = planWith(optimizers, streaming);
    await runOf(plan, whole);
    const control = new AbortController();
    const engine = watched(plainEngine, (step) => {
      if (step === 8) control.abort();
    });
    await runOf(plan, stopped, { engine, signal: control.signal });
    expect(await hasCheckpoint(stopped)).toBe(true);
    let taken = 0;
    const counting = watched(plainEngine, () => {
      taken++;
    });
    // The step itself, and once more for what it gives afterwards.
    const first = await replayed(stopped, 8, join(root, 'cut-8'), counting);
    expect(taken).toBe(9);
    const { record } = await replayed(whole, 8, join(root, 'uncut-8'));
    expect(first.record.taken).toEqual(record.taken);
    for (const name of ['before', 'after', 'tensors']) {
      const of = (folder: string) => readFileSync(join(root, folder, `${name}.safetensors`));
      expect(of('cut-8').equals(of('uncut-8')), name).toBe(true);
    }
    await expect(codeOf(replayed(stopped, 9, join(root, 'cut-9')))).resolves.toBe('step-not-taken');
  });

  it('of a step after the checkpoint takes only the steps between', async () => {
    const folder = join(root, 'near');
    const plan = planWith(optimizers, streaming);
    const control = new AbortController();
    const engine = watched(plainEngine, (step) => {
      if (step === 4) control.abort();
    });
    await runOf(plan, folder, { engine, signal: control.signal });
    const checkpoint = readFileSync(join(folder, 'checkpoint.safetensors'));
    await runOf(plan, folder, { resume: true });
    rmSync(join(folder, 'checkpoint.safetensors'));
    const whole = await replayed(folder, 6, join(root, 'near-whole'));
    writeFileSync(join(folder, 'checkpoint.safetensors'), checkpoint);
    let taken = 0;
    const counting = watched(plainEngine, () => {
      taken++;
    });
    const near = await replayed(folder, 6, join(root, 'near-6'), counting);
    expect(taken).toBe(3);
    expect(near.record.taken).toEqual(whole.record.taken);
  });

  it('takes each step with the settings that it had, where the run went on with others', async () => {
    const folder = join(root, 'settings');
    const rates = (dense: number, embeddings: number) =>
      `dense = adam(rate: ${dense}, decay: linear), embeddings = sgd(rate: ${embeddings}, decay: linear)`;
    const control = new AbortController();
    const engine = watched(plainEngine, (step) => {
      if (step === 5) control.abort();
    });
    await runOf(planWith(rates(0.02, 0.7)), folder, { engine, signal: control.signal });
    await runOf(planWith(rates(0.01, 0.3), 'loss = bce, label = liked', 3), folder, { resume: true });
    rmSync(join(folder, 'checkpoint.safetensors'));
    for (const [step, steps, dense, embeddings] of [
      [5, 12, 0.02, 0.7],
      [6, 18, 0.01, 0.3],
      [18, 18, 0.01, 0.3],
    ] as const) {
      const { record } = await replayed(folder, step, join(root, `settings-${step}`));
      const left = 1 - (step - 1) / steps;
      expect(record.steps).toBe(steps);
      expect(record.taken).toMatchObject({ agrees: true });
      expect(record.taken!.rates.dense).toBeCloseTo(dense * left, 12);
      expect(record.taken!.rates.embeddings).toBeCloseTo(embeddings * left, 12);
    }
    const last = await readSafetensors(join(root, 'settings-18', 'after.safetensors'));
    const { tensors } = await readSafetensors(join(folder, 'weights.safetensors'));
    for (const [name, { data }] of tensors) expect([...last.tensors.get(name)!.data], name).toEqual([...data]);
  });

  it('is refused for events other than those of the run', async () => {
    const folder = join(root, 'others');
    await runOf(planWith(optimizers), folder);
    const trained = await load(folder);
    const { train: events } = dataset.parts;
    const liked = events.labels.get('liked')!.map((each) => 1 - each);
    const other = {
      ...dataset,
      parts: { ...dataset.parts, train: { ...events, labels: new Map([['liked', liked]]) } },
    };
    const refused = replayStep({ trained, dataset: other, engine: plainEngine, step: 1 });
    await expect(codeOf(refused)).resolves.toBe('other-data');
  });

  it('has a schema, which refuses what no step writes', async () => {
    const folder = join(root, 'schema');
    await runOf(planWith(optimizers), folder);
    const { record } = await replayed(folder, 2, join(root, 'schema-2'));
    const taken = record.taken!;
    const [event] = taken.events;
    const { engine: _, ...withoutEngine } = record;
    const { taken: __, ...notTaken } = record;
    const { agrees: ___, ...withoutAgrees } = taken;
    for (const wrong of [
      { ...record, extra: 1 },
      { ...record, format: 'tower-step-2' },
      { ...record, step: 1.5 },
      // Step 0 is the state before the first step: no step is taken.
      { ...record, step: 0 },
      { ...record, files: ['manifest.json'] },
      withoutEngine,
      notTaken,
      { ...record, taken: withoutAgrees },
      { ...record, taken: { ...taken, events: [{ ...event, labels: { liked: 'yes' } }] } },
      { ...record, taken: { ...taken, events: [{ ...event, row: -1 }] } },
      { ...record, taken: { ...taken, before: { loss: '0.7' } } },
      { ...record, taken: { ...taken, negatives: [{ by: 'uniform', perRow: 0, items: [] }] } },
    ]) {
      expect(await schemaError('step', wrong), JSON.stringify(wrong).slice(0, 200)).toBeTypeOf('string');
    }
  });

  it('of no epochs is the first weights, in a run that is complete', async () => {
    const folder = join(root, 'none');
    const result = await runOf(planWith(optimizers, 'loss = bce, label = liked', 0), folder);
    expect(result).toMatchObject({ status: 'epochs', records: [] });
    const { manifest, tables } = await load(folder);
    expect(manifest.training).toMatchObject({ epochs: 0, steps: 0 });
    expect(await readLog(folder, 'steps.jsonl')).toEqual([]);
    const { record, read } = await replayed(folder, 0, join(root, 'none-0'));
    expect(record).toMatchObject({ step: 0, steps: 0, files: ['after.safetensors', 'step.json'] });
    expect((await read('after.safetensors'))('table/movie_id')).toEqual([...tables.get('movie_id')!.values()]);
    // The same that a longer run begins with.
    const longer = join(root, 'some');
    await runOf(planWith(optimizers), longer);
    const first = await (await replayed(longer, 1, join(root, 'some-1'))).read('before.safetensors');
    for (const name of ['table/movie_id', 'table/user_id', 'parameter/user/main/dense/weights']) {
      expect(first(name)).toEqual((await read('after.safetensors'))(name));
    }
  });
});
