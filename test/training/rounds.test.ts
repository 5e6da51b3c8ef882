/** Steps in place of epochs: how long a run is, and when it is validated. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { Failure } from '../../src/base/diagnostics/diagnostic.ts';
import type { Plan } from '../../src/graph/plan/plan.ts';
import { roundsOf } from '../../src/training/feed/order.ts';
import { readLog } from '../../src/training/metrics_log.ts';
import { trainModel } from '../../src/training/train_model.ts';
import type { TrainOptions } from '../../src/training/train_options.ts';
import { makePlan } from './fixture_plan.ts';
import { makeDataset } from './fixtures.ts';
import { plainEngine } from './plain_engine.ts';
import { runOptions } from './run_options.ts';
import { temporaryFolder } from './temporary_folder.ts';
import { watched } from './watched_engine.ts';

const root = temporaryFolder();
// An epoch has 4 steps.
const dataset = makeDataset({ users: 20, items: 40, eventsPerUser: 16, heldOut: 4 });

const options = (name: string, train: Partial<Plan['train']> = {}, more: Partial<TrainOptions> = {}): TrainOptions =>
  runOptions(root, name, { plan: makePlan(train), dataset }, more);
const weightsIn = (name: string): Buffer => readFileSync(join(root, name, 'weights.safetensors'));

beforeAll(async () => {
  await trainModel(options('epochs', { epochs: 2 }));
});

describe('`steps`', () => {
  it('of whole epochs are the run of these epochs, bit for bit', async () => {
    await trainModel(options('steps', { steps: 8 }));
    expect(weightsIn('steps').equals(weightsIn('epochs'))).toBe(true);
  });

  it('may end within an epoch, which is then validated', async () => {
    const { records, status, manifest } = await trainModel(options('within', { steps: 6 }));
    expect(status).toBe('epochs');
    expect(records.map(({ step }) => step)).toEqual([4, 6]);
    expect(records.every(({ validation }) => validation !== undefined)).toBe(true);
    expect(manifest!.training).toMatchObject({ epochs: 2, steps: 6 });
    expect(await readLog(join(root, 'within'), 'steps.jsonl')).toHaveLength(6);
  });

  it('goes on to more steps as if there had been as many from the beginning', async () => {
    const { records } = await trainModel(options('within', { steps: 8 }, { resume: true }));
    expect(records.map(({ epoch, step }) => [epoch, step])).toEqual([[3, 8]]);
    expect(weightsIn('within').equals(weightsIn('epochs'))).toBe(true);
    const fewer = await trainModel(options('within', { steps: 7 }, { resume: true })).catch((error: unknown) => error);
    expect((fewer as Failure).diagnostics[0]!.message).toContain('`steps` is 7, but the run');
  });
});

describe('`validate`', () => {
  it('every so many steps: a record, figures and a checkpoint, and the same weights', async () => {
    const { records } = await trainModel(options('every-3', { epochs: 2, validate: { steps: 3 } }));
    expect(records.map(({ epoch, step }) => [epoch, step])).toEqual([
      [1, 3],
      [2, 6],
      [3, 8],
    ]);
    expect(records.every(({ validation }) => validation !== undefined)).toBe(true);
    expect(records.map(({ rows }) => rows).reduce((sum, rows) => sum + rows)).toBe(2 * dataset.parts.train.rows);
    expect(weightsIn('every-3').equals(weightsIn('epochs'))).toBe(true);
  });

  it('stopped within a round, goes on to the same bits and the same figures', async () => {
    const controller = new AbortController();
    const engine = watched(plainEngine, (step) => {
      if (step === 5) controller.abort();
    });
    const plan = { epochs: 2, validate: { steps: 3 } };
    expect((await trainModel(options('cut', plan, { engine, signal: controller.signal }))).status).toBe('interrupted');
    await trainModel(options('cut', plan, { resume: true }));
    const figures = async (name: string) =>
      (await readLog(join(root, name), 'metrics.jsonl')).map(({ epoch, step, loss, validation }) => ({
        ...{ epoch, step, loss, validation },
      }));
    expect(await figures('cut')).toEqual(await figures('every-3'));
    expect(weightsIn('cut').equals(weightsIn('every-3'))).toBe(true);
  });

  it('every so many epochs, and at the end; patience counts validations', async () => {
    const { records } = await trainModel(options('every-2', { epochs: 5, validate: { epochs: 2 } }));
    expect(records.flatMap(({ epoch, validation }) => (validation ? [epoch] : []))).toEqual([2, 4, 5]);
    // A rate of nothing: no validation is better than the first.
    const still = {
      dense: { ...makePlan().train.dense, rate: 1e-12 },
      embeddings: { ...makePlan().train.embeddings, rate: 1e-12 },
    };
    const stop = { metric: 'recall', k: 10, patience: 2 };
    const ended = await trainModel(options('patience', { epochs: 20, ...still, stop, validate: { epochs: 3 } }));
    expect(ended.status).toBe('patience');
    expect(ended.records.at(-1)!.epoch).toBe(9);
  });

  it('on a sample: the record says so, and the same rankings are made each time', async () => {
    const { records } = await trainModel(options('sample', { epochs: 2, validate: { sample: 7 } }));
    const all = dataset.parts.validation.rows;
    expect(records.map(({ sample }) => sample)).toEqual([1, 2].map(() => ({ rankings: 7, of: all, per: 'event' })));
    for (const { validation } of records) {
      expect(validation!['hit_rate@10']! * 7).toBeCloseTo(Math.round(validation!['hit_rate@10']! * 7), 6);
    }
    const whole = await trainModel(options('enough', { epochs: 1, validate: { sample: all } }));
    expect(whole.records[0]!.sample).toBeUndefined();
  });

  it('needs a validation part', async () => {
    const { parts } = dataset;
    const without = { ...dataset, parts: { ...parts, validation: { ...parts.validation, rows: 0 } } };
    const error = await trainModel(options('none', { validate: { epochs: 2 } }, { dataset: without })).catch(
      (each: unknown) => each,
    );
    expect(error).toBeInstanceOf(Failure);
    expect((error as Failure).diagnostics[0]!.code).toBe('no-validation-part');
  });
});

it('the rounds of a run take each batch of each epoch once, wherever they are cut', () => {
  const order = {
    ...{ rows: 12, steps: 4, leftOut: 0, withoutList: 0 },
    epoch: (number: number) => ({ steps: 4, batch: (at: number) => Int32Array.of(10 * number + at) }),
  };
  const rounds = roundsOf({ epochs: 3, validate: { steps: 5 } }, order);
  const taken: number[] = [];
  const ends: number[] = [];
  for (let start = 0; start < rounds.total; ) {
    const { steps, batch } = rounds.round(start);
    for (let at = 0; at < steps; at++) taken.push(batch(at)[0]!);
    start += steps;
    ends.push(start);
  }
  expect(taken).toEqual([1, 2, 3].flatMap((epoch) => [0, 1, 2, 3].map((at) => 10 * epoch + at)));
  expect(ends).toEqual([5, 10, 12]);
  // A run that ended at step 7 goes on in a shorter round.
  expect(rounds.round(7).steps).toBe(3);
});
