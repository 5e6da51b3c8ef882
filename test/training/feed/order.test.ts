/** Which events a step takes where the targets are positions, and a run of such steps. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Failure } from '../../../src/base/diagnostics/diagnostic.ts';
import { windowsOf } from '../../../src/data/rows/windows.ts';
import type { Plan } from '../../../src/graph/plan/plan.ts';
import { load } from '../../../src/training/artifact/load.ts';
import { makeEpoch, orderOf, stepsOfEpoch } from '../../../src/training/feed/order.ts';
import { replayStep } from '../../../src/training/replay.ts';
import { trainModel } from '../../../src/training/train_model.ts';
import type { TrainingEvent, TrainOptions } from '../../../src/training/train_options.ts';
import { planOf } from '../../compiler/library/support.ts';
import { makeDataset } from '../fixtures.ts';
import { plainEngine } from '../plain_engine.ts';
import { temporaryFolder } from '../temporary_folder.ts';
import { watched } from '../watched_engine.ts';

const rowsOf = (rows: number, batch: number, seed: number, epoch: number): number[][] => {
  const made = makeEpoch(rows, batch, seed, epoch);
  return Array.from({ length: made.steps }, (_, i) => [...made.batch(i)]);
};

describe('an epoch', () => {
  it('has every row once, the last batch what is left', () => {
    const batches = rowsOf(10, 4, 1, 1);
    expect(batches.map(({ length }) => length)).toEqual([4, 4, 2]);
    expect(batches.flat().sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('draws which rows meet in a batch, and has each batch in ascending order', () => {
    const batches = rowsOf(50, 8, 1, 1);
    for (const rows of batches) expect(rows).toEqual([...rows].sort((a, b) => a - b));
    expect(batches.flat()).not.toEqual(Array.from({ length: 50 }, (_, row) => row));
  });

  it('leaves out a single row, another one in the next epoch', () => {
    const left = [1, 2, 3, 4, 5].map((epoch) => {
      const rows = new Set(rowsOf(9, 4, 1, epoch).flat());
      expect(rows.size).toBe(8);
      return [0, 1, 2, 3, 4, 5, 6, 7, 8].find((row) => !rows.has(row));
    });
    expect(new Set(left).size).toBeGreaterThan(1);
  });

  it('has other batches each time, the same for the same seed', () => {
    expect(rowsOf(50, 10, 1, 1)).toEqual(rowsOf(50, 10, 1, 1));
    expect(rowsOf(50, 10, 1, 1)).not.toEqual(rowsOf(50, 10, 1, 2));
    expect(rowsOf(50, 10, 1, 1)).not.toEqual(rowsOf(50, 10, 2, 1));
  });

  it('of batches of one row has all of them', () => {
    expect(stepsOfEpoch(3, 1)).toBe(3);
    expect(stepsOfEpoch(1, 4)).toBe(0);
    expect(stepsOfEpoch(4, 4)).toBe(1);
  });
});

const root = temporaryFolder();
// Ten training events a user, nine with a history, of which 5 elements are kept: windows of 5 and of 4 targets.
const dataset = makeDataset({ users: 7, items: 15, eventsPerUser: 12, heldOut: 2 });
const { train: events } = dataset.parts;

const planWith = (batch: number, targets = 'positions'): Plan =>
  planOf(`
    model small
    features { user_id : id(dim: 3), history : list(movie_id, max: 5, pool: none), movie_id : id(dim: 3) }
    tower user(user_id, history) keyed by user_id {
      read = history -> dropout(0.2) -> gru(3)
      channel main = concat(read, user_id) -> dropout(0.1) -> dense(3)
    }
    tower item(movie_id) keyed by movie_id { channel main = movie_id -> flatten }
    task watch { score = dot(user, item), loss = softmax(sampled(4)) }
    train { batch = ${batch}, epochs = 2, seed = 5, targets = ${targets} }
  `);

const plan = planWith(16);

const stepsOf = (plan: Plan, epoch: number): number[][] => {
  const { steps, batch } = orderOf(plan, events).epoch(epoch);
  return Array.from({ length: steps }, (_, at) => [...batch(at)]);
};

const ascending = (rows: readonly number[]): number[] => [...rows].sort((a, b) => a - b);

describe('where the targets are users', () => {
  const ofUsers = planOf(`
    model small
    features { user_id : id(dim: 0), history : list(movie_id, max: 20), movie_id : id(dim: 3) }
    tower user(history) keyed by user_id { channel main = history -> flatten }
    tower item(movie_id) keyed by movie_id { channel main = movie_id -> flatten }
    task watch { score = dot(user, item), loss = softmax(all) }
    train { batch = 3, seed = 5, targets = users }
  `);
  const lastOf = (user: number): number => events.user.lastIndexOf(user);

  it('a row is the last event of a user, each user once an epoch', () => {
    expect(orderOf(ofUsers, events)).toMatchObject({ rows: 7, steps: 2, leftOut: 1 });
    const { steps, batch } = orderOf({ ...ofUsers, train: { ...ofUsers.train, batch: 4 } }, events).epoch(1);
    const rows = Array.from({ length: steps }, (_, at) => [...batch(at)]);
    expect(rows.map(({ length }) => length)).toEqual([4, 3]);
    expect(ascending(rows.flat())).toEqual(ascending([0, 1, 2, 3, 4, 5, 6].map(lastOf)));
  });

  it('a run on new events takes the users that have some', () => {
    const fresh = Int32Array.of(lastOf(2) - 1, lastOf(2), lastOf(5)).sort();
    const order = orderOf(ofUsers, { ...events, fresh });
    expect(order.rows).toBe(2);
    expect([...order.epoch(1).batch(0)]).toEqual(ascending([lastOf(2), lastOf(5)]));
  });
});

describe('a run on new events', () => {
  const fresh = Int32Array.from({ length: 20 }, (_, at) => 50 + at);
  const part = { ...events, fresh };
  const rowsOf = (plan: Plan, epoch: number): number[] => {
    const order = orderOf(plan, part);
    const { steps, batch } = order.epoch(epoch);
    return Array.from({ length: steps }, (_, at) => [...batch(at)]).flat();
  };

  it('takes each of them once an epoch, and no other', () => {
    expect(ascending(rowsOf(planWith(8, 'events'), 1))).toEqual([...fresh]);
    expect(orderOf(planWith(8, 'events'), part)).toMatchObject({ rows: 20, steps: 3, leftOut: 0 });
    expect(rowsOf(planWith(8, 'events'), 1)).not.toEqual(rowsOf(planWith(8, 'events'), 2));
  });

  it('takes those with a list where the targets are positions', () => {
    const { windowOf } = windowsOf(events.features.get('history')!, events.rows);
    const targets = [...fresh].filter((row) => windowOf[row]! >= 0);
    expect(ascending(rowsOf(plan, 1))).toEqual(targets);
    expect(orderOf(plan, part)).toMatchObject({ rows: targets.length, withoutList: fresh.length - targets.length });
  });

  it('with replay adds earlier ones, other ones each epoch and never more than there are', () => {
    for (const replay of [0.5, 2, 100]) {
      const added = Math.min(50, replay * 20);
      const part = { ...events, fresh, replay };
      const order = orderOf(planWith(8, 'events'), part);
      const epochs = [1, 2].map((epoch) => {
        const { steps, batch } = order.epoch(epoch);
        return ascending(Array.from({ length: steps }, (_, at) => [...batch(at)]).flat());
      });
      expect(order).toMatchObject({ rows: 20 + added, steps: Math.ceil((20 + added) / 8) });
      for (const rows of epochs) {
        expect(rows).toHaveLength(20 + added);
        expect(new Set(rows).size).toBe(20 + added);
        expect(rows.filter((row) => row >= 50)).toEqual([...fresh]);
      }
      if (added < 50) expect(epochs[0]).not.toEqual(epochs[1]);
      expect(ascending([...orderOf(planWith(500, 'events'), part).epoch(1).batch(0)])).toEqual(epochs[0]);
    }
  });

  it('with replay draws each earlier one as often', () => {
    const order = orderOf(planWith(500, 'events'), { ...events, fresh, replay: 1 });
    const counts = new Int32Array(50);
    for (let epoch = 1; epoch <= 500; epoch++)
      for (const row of order.epoch(epoch).batch(0)) if (row < 50) counts[row]!++;
    // 500 draws of 20 of 50: a mean of 200, and a deviation of √(500 · 0.4 · 0.6) ≈ 11.
    expect(Math.min(...counts)).toBeGreaterThan(150);
    expect(Math.max(...counts)).toBeLessThan(250);
  });

  it('with replay adds whole windows of earlier targets where the targets are positions', () => {
    const { windowOf } = windowsOf(events.features.get('history')!, events.rows);
    const part = { ...events, fresh, replay: 1 };
    const order = orderOf(plan, part);
    const isNew = new Set(fresh);
    const own = [...fresh].filter((row) => windowOf[row]! >= 0);
    const drawn = [1, 2].map((epoch) => {
      const { steps, batch } = order.epoch(epoch);
      expect(steps).toBe(order.steps);
      const rows = ascending(Array.from({ length: steps }, (_, at) => [...batch(at)]).flat());
      expect(new Set(rows).size).toBe(rows.length);
      expect(rows.filter((row) => isNew.has(row))).toEqual(own);
      return rows.filter((row) => !isNew.has(row));
    });
    expect(drawn[0]).not.toEqual(drawn[1]);
    for (const rows of drawn) {
      const taken = new Set(rows.map((row) => windowOf[row]));
      expect(taken.size).toBe(new Set(own.map((row) => windowOf[row])).size);
      const whole = [...events.item.keys()].filter((row) => taken.has(windowOf[row]!) && !isNew.has(row));
      expect(rows).toEqual(whole);
    }
  });

  it('takes no step where nothing is new', () => {
    for (const targets of ['events', 'positions']) {
      expect(orderOf(planWith(8, targets), { ...events, fresh: new Int32Array(0) })).toMatchObject({
        rows: 0,
        steps: 0,
      });
    }
  });
});

describe('an epoch of positions', () => {
  const windows = windowsOf(events.features.get('history')!, events.rows);
  const targets = ascending([...windows.members]);

  it('takes each event with a list once, and whole windows', () => {
    expect([events.rows, targets.length, windows.rows.length]).toEqual([70, 63, 14]);
    for (const batch of [1, 5, 16, 63, 500]) {
      const steps = stepsOf({ ...plan, train: { ...plan.train, batch } }, 1);
      expect(ascending(steps.flat())).toEqual(targets);
      for (const rows of steps) {
        expect(rows).toEqual(ascending(rows));
        const taken = new Set(rows.map((row) => windows.windowOf[row]));
        const whole = [...windows.members].filter((row) => taken.has(windows.windowOf[row]));
        expect(rows).toEqual(ascending(whole));
      }
    }
  });

  it('has steps of about `batch` targets, as many in each epoch, and never of one', () => {
    expect(stepsOf(plan, 1).map(({ length }) => length)).toHaveLength(4);
    for (const rows of stepsOf(plan, 2)) expect(Math.abs(rows.length - 16)).toBeLessThanOrEqual(4);
    expect(stepsOf({ ...plan, train: { ...plan.train, batch: 1 } }, 1)).toHaveLength(7);
    expect(orderOf(plan, events)).toMatchObject({ rows: 63, steps: 4, leftOut: 0, withoutList: 7, sequences: 4 });
  });

  it('has another order each time, the same for the same seed', () => {
    expect(stepsOf(plan, 1)).toEqual(stepsOf(plan, 1));
    expect(stepsOf(plan, 1)).not.toEqual(stepsOf(plan, 2));
  });

  it('of events takes every row', () => {
    expect(orderOf(planWith(16, 'events'), events)).toMatchObject({ rows: 70, steps: 5, leftOut: 0, withoutList: 0 });
  });
});

const options = (name: string, more: Partial<TrainOptions> = {}): TrainOptions => ({
  plan,
  dataset,
  engine: plainEngine,
  folder: join(root, name),
  origin: { sources: [] },
  tower: '0.0.0',
  ...more,
});

const weightsIn = (name: string): Buffer => readFileSync(join(root, name, 'weights.safetensors'));

describe('a run of positions', () => {
  it('says which rows are no targets, and gives the same bits where it was stopped', async () => {
    const seen: TrainingEvent[] = [];
    const { records } = await trainModel(options('whole', { onEvent: (event) => seen.push(event) }));
    expect(seen[0]).toMatchObject({ kind: 'started', rows: 63, stepsOfEpoch: 4, leftOut: 0, withoutList: 7 });
    expect(records.map(({ rows }) => rows)).toEqual([63, 63]);
    for (const [stopAt, resume] of [
      [2, false],
      [7, true],
    ] as const) {
      const controller = new AbortController();
      const done = stopAt === 2 ? 0 : 2;
      const engine = watched(plainEngine, (step) => {
        if (done + step === stopAt) controller.abort();
      });
      await trainModel(options('stopped', { engine, signal: controller.signal, resume }));
    }
    await trainModel(options('stopped', { resume: true }));
    expect(weightsIn('stopped').equals(weightsIn('whole'))).toBe(true);
  });

  it('can take a step again', async () => {
    await trainModel(options('again'));
    const trained = await load(join(root, 'again'), { unfinished: true });
    const { taken, steps } = await replayStep({ trained, dataset, engine: plainEngine, step: 6 });
    expect(steps).toBe(8);
    expect(taken).toMatchObject({ epoch: 2, stepOfEpoch: 2, agrees: true });
    expect(taken!.events.map(({ row }) => row)).toEqual(stepsOf(plan, 2)[1]);
  });

  it('names the elements of lists that the step read: those of windows, not whole histories', async () => {
    await trainModel(options('read'));
    const trained = await load(join(root, 'read'), { unfinished: true });
    const { column } = events.features.get('history')!;
    const { starts, ends, values } = column as { starts: Int32Array; ends: Int32Array; values: Int32Array };
    const [read, whole] = [0, 0].map((): number[] => []) as [number[], number[]];
    for (const step of [1, 2, 3, 4]) {
      const { taken } = await replayStep({ trained, dataset, engine: plainEngine, step });
      for (const { row, features } of taken!.events) {
        const history = [...values.subarray(starts[row]!, ends[row]!)];
        const elements = features.history as number[];
        expect(elements).toEqual(history.slice(history.length - elements.length));
        read.push(elements.length);
        whole.push(history.length);
      }
    }
    const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);
    // A user's nine events are read in windows of 5 and of 4 elements: 1 + 2 + 3 + 4 + 5 and 1 + 2 + 3 + 4. Whole lists have 5 each at most.
    expect([sum(read), sum(whole)]).toEqual([7 * (15 + 10), 7 * (1 + 2 + 3 + 4 + 5 * 5)]);
  });

  it('is refused where no event has a list', async () => {
    const history = events.features.get('history')!;
    const none = {
      ...history.column,
      ends: (history.column as { starts: Int32Array }).starts,
    } as typeof history.column;
    const empty = { ...events, features: new Map([...events.features, ['history', { column: none }]]) };
    const without = { ...dataset, parts: { ...dataset.parts, train: empty } };
    const error = await trainModel(options('empty', { dataset: without })).catch((each: unknown) => each);
    expect(error).toBeInstanceOf(Failure);
    expect((error as Failure).diagnostics[0]).toMatchObject({
      code: 'too-few-rows',
      message: 'the train part has 0 rows with a list that is not empty, and 70 without one, but needs at least 2',
    });
  });
});
