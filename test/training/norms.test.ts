import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readCurves } from '../../src/app/report/curves.ts';
import { normsSection } from '../../src/app/report/run_page.ts';
import { removeUnread } from '../../src/graph/passes/dead.ts';
import type { GraphPlan } from '../../src/graph/plan/plan.ts';
import { readLog } from '../../src/training/metrics_log.ts';
import { trainModel } from '../../src/training/train_model.ts';
import type { TrainOptions } from '../../src/training/train_options.ts';
import { normsEvery } from '../../src/training/training_step.ts';
import { makePlan } from './fixture_plan.ts';
import { makeDataset } from './fixtures.ts';
import { plainEngine } from './plain_engine.ts';
import { temporaryFolder } from './temporary_folder.ts';

const root = temporaryFolder();
const dataset = makeDataset({ users: 20, items: 40, eventsPerUser: 16, heldOut: 4 });
const plan = makePlan({ epochs: 26 });

/** A graph whose "norm" is the loss: what is logged must be the loss of that step, from the weights before it. */
function lossAsNorm(): GraphPlan {
  const { graph, inputs } = plan.step;
  const loss = graph.outputs.find(({ name }) => name === 'loss')!;
  const alone = removeUnread({ ...graph, outputs: [{ name: 'gradient_norm:user', node: loss.node }], updates: [] });
  const names = new Set(alone.inputs.map(({ name }) => name));
  return { graph: alone, inputs: inputs.filter(({ name }) => names.has(name)) };
}

const trained = (name: string, more: Partial<TrainOptions> = {}) =>
  trainModel({
    ...{ plan, dataset, engine: plainEngine, folder: join(root, name), tower: '0.0.0' },
    origin: { sources: [{ name: 'models/fixture.tower', text: 'model fixture' }] },
    ...more,
  });
const bytesOf = (name: string, file: string): Buffer => readFileSync(join(root, name, file));

describe('norms of a training', () => {
  let steps: Record<string, unknown>[];
  beforeAll(async () => {
    await trained('with', { norms: lossAsNorm });
    await trained('without');
    steps = await readLog(join(root, 'with'), 'steps.jsonl');
  });

  it('leave the weights as they are', () => {
    expect(bytesOf('with', 'weights.safetensors').equals(bytesOf('without', 'weights.safetensors'))).toBe(true);
  });

  it('are logged at the first step and at multiples of 100, from the inputs and weights of the step', async () => {
    const logged = steps.filter((line) => 'gradient_norm:user' in line);
    expect(logged.map(({ step }) => step)).toEqual([1, 100]);
    for (const line of logged) expect(line['gradient_norm:user']).toBeCloseTo(line.loss as number, 6);
    const tables = ['genres', 'movie_id', 'user_id'];
    const names = [
      ...tables.map((name) => `gradient_norm:table/${name}`),
      ...tables.map((name) => `table_norm:${name}`),
    ];
    for (const name of names) expect(logged[0]![name], name).toBeGreaterThan(0);
    const others = await readLog(join(root, 'without'), 'steps.jsonl');
    const plain = ({ step, loss, 'loss:watch': task }: Record<string, unknown>) => ({ step, loss, 'loss:watch': task });
    expect(steps.map(plain)).toEqual(others.map(plain));
  });

  it('are the same after a pause and a resume', async () => {
    await trained('paused', { norms: lossAsNorm, until: () => 3 });
    await trained('paused', { norms: lossAsNorm, resume: true });
    expect(bytesOf('paused', 'steps.jsonl').equals(bytesOf('with', 'steps.jsonl'))).toBe(true);
  });

  it('are in the events for TensorBoard and in the report; a run without them reports as before', async () => {
    const [file] = readdirSync(join(root, 'with')).filter((name) => name.startsWith('events.out'));
    const text = bytesOf('with', file!).toString('latin1');
    for (const tag of ['gradient_norm/user', 'gradient_norm/table/movie_id', 'table_norm/movie_id']) {
      expect(text).toContain(tag);
    }
    const section = async (name: string) =>
      normsSection({ curves: await readCurves(join(root, name), steps.length, plan.train.batch) });
    const page = await section('with');
    for (const title of ['Gradients of dense weights', 'Gradients of table rows', 'Embedding tables']) {
      expect(page).toContain(title);
    }
    expect(page).not.toContain('NaN');
    expect(await section('without')).toBe('');
  });
});

it('norms of a long run are no more than a chart shows', () => {
  expect(normsEvery(50)).toBe(100);
  expect(normsEvery(1_000_000)).toBe(4167);
});
