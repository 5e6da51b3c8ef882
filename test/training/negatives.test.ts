/** Negatives with a memory: mined ones, a queue of past batches, lists. A run that is stopped and goes on gives the same bits. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Plan } from '../../src/graph/plan/plan.ts';
import { load } from '../../src/training/artifact/load.ts';
import { replayStep } from '../../src/training/replay.ts';
import { trainModel } from '../../src/training/train_model.ts';
import type { TrainOptions } from '../../src/training/train_options.ts';
import { makeDataset } from './fixtures.ts';
import { plainEngine } from './plain_engine.ts';
import { losses, planWith } from './remembering.ts';
import { runOptions } from './run_options.ts';
import { temporaryFolder } from './temporary_folder.ts';
import { watched } from './watched_engine.ts';

const root = temporaryFolder();
// 120 training rows: 4 steps an epoch.
const dataset = makeDataset({ users: 12, items: 24, eventsPerUser: 12, heldOut: 2 });

const options = (name: string, plan: Plan, more: Partial<TrainOptions> = {}): TrainOptions =>
  runOptions(root, name, { plan, dataset }, more);
const weightsIn = (name: string): Buffer => readFileSync(join(root, name, 'weights.safetensors'));

describe.each(Object.entries(losses))('%s', (name, loss) => {
  const plan = planWith(loss);

  it('learns, and a run that is stopped within an epoch and goes on gives the bits of one that is not', async () => {
    const { records } = await trainModel(options(name, plan));
    expect(records.at(-1)!.loss).toBeLessThan(records[0]!.loss);
    const controller = new AbortController();
    const engine = watched(plainEngine, (step) => {
      if (step === 6) controller.abort();
    });
    const stopped = options(`${name}_stopped`, plan, { engine, signal: controller.signal });
    expect((await trainModel(stopped)).status).toBe('interrupted');
    await trainModel(options(`${name}_stopped`, plan, { resume: true }));
    expect(weightsIn(`${name}_stopped`).equals(weightsIn(name))).toBe(true);
  });

  it('a step that is taken again agrees with the run', async () => {
    const trained = await load(join(root, name));
    const { taken } = await replayStep({ trained, dataset, engine: plainEngine, step: 10 });
    expect(taken!.agrees).toBe(true);
    if (name === 'queue' || name === 'streaming') return;
    expect(taken!.negatives).toHaveLength(1);
  });
});

it('what is mined is what the towers rank highest, without what the user has', async () => {
  const plan = planWith(losses.mined);
  const { taken } = await replayStep({
    trained: await load(join(root, 'mined')),
    dataset,
    engine: plainEngine,
    step: 9,
  });
  expect(plan.step.inputs.some(({ name }) => name.startsWith('mined_3_of_4_after_0_for_8/'))).toBe(true);
  const { seen } = dataset.users;
  taken!.events.forEach(({ user }, i) => {
    const at = [...dataset.users.keys].indexOf(user!);
    const had = seen.values.subarray(seen.starts[at]!, seen.ends[at]!);
    const drawn = taken!.negatives[0]!.items.slice(i * 3, i * 3 + 3).map(({ row }) => row);
    // Eight of twelve users are mined; the others draw from the training part.
    if (new Set(drawn).size === 1 || drawn.every((row) => !had.includes(row))) return;
    expect(drawn.every((row) => dataset.corpus.trainingCounts[row]! > 0)).toBe(true);
  });
});
