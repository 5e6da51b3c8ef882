/** Codes of users when an epoch began: those of the weights at that time, for all steps of the epoch, also after a stop. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readSafetensors } from '../../src/base/storage/safetensors.ts';
import { lastRowsOfUsers } from '../../src/data/rows/gather.ts';
import type { Plan } from '../../src/graph/plan/plan.ts';
import { load } from '../../src/training/artifact/load.ts';
import { replayStep } from '../../src/training/replay.ts';
import { trainModel } from '../../src/training/train.ts';
import type { TrainOptions } from '../../src/training/train_options.ts';
import { expectClose } from '../compiler/library/support.ts';
import { makeDataset } from './fixtures.ts';
import { plainEngine } from './plain_engine.ts';
import { composite } from './remembering.ts';
import { runOptions } from './run_options.ts';
import { temporaryFolder } from './temporary_folder.ts';
import { watched } from './watched_engine.ts';

const root = temporaryFolder();
// 12 users: 3 steps an epoch.
const dataset = makeDataset({ users: 12, items: 24, eventsPerUser: 12, heldOut: 2 });
const plan: Plan = composite(4);

const options = (name: string, more: Partial<TrainOptions> = {}): TrainOptions =>
  runOptions(root, name, { plan, dataset }, more);
const weightsIn = (name: string): Buffer => readFileSync(join(root, name, 'weights.safetensors'));

it('a run that is stopped within an epoch and goes on gives the bits of one that is not', async () => {
  await trainModel(options('whole'));
  const controller = new AbortController();
  const engine = watched(plainEngine, (step) => {
    if (step === 5) controller.abort();
  });
  expect((await trainModel(options('stopped', { engine, signal: controller.signal }))).status).toBe('interrupted');
  await trainModel(options('stopped', { resume: true }));
  expect(weightsIn('stopped').equals(weightsIn('whole'))).toBe(true);
});

it('a step that is taken again agrees with the run', async () => {
  const { taken } = await replayStep({
    trained: await load(join(root, 'whole')),
    dataset,
    engine: plainEngine,
    step: 8,
  });
  expect(taken!.agrees).toBe(true);
});

/** The tensors that a step of the whole run got, and the state before it. */
async function stepAt(step: number) {
  const out = join(root, `step-${step}`);
  const trained = await load(join(root, 'whole'));
  const { taken } = await replayStep({ trained, dataset, engine: plainEngine, step, out });
  const numbersIn = async (file: string) => {
    const { tensors } = await readSafetensors(join(out, file));
    return (name: string) => Array.from(tensors.get(name)!.data as Float32Array);
  };
  const before = await numbersIn('before.safetensors');
  return { users: taken!.events.map(({ row }) => row), before, tensors: await numbersIn('tensors.safetensors') };
}

/** Mean, then log variance, of the mean of a history without dropout. */
function codeOf(row: number, weights: (name: string) => number[]): number[] {
  const { column, index } = dataset.parts.train.features.get('history')!;
  if (column.kind !== 'bags') return expect.fail('a history is a list');
  const bag = index ? index[row]! : row;
  const codes = [...column.values.subarray(column.starts[bag]!, Math.min(column.ends[bag]!, column.starts[bag]! + 5))];
  const table = weights('table/movie_id');
  const pooled = Array.from({ length: 4 }, (_, at) =>
    codes.reduce((sum, code) => sum + table[code * 4 + at]! / codes.length, 0),
  );
  return ['mean', 'variance'].flatMap((of) => {
    const [matrix, bias] = ['weights', 'bias'].map((part) => weights(`parameter/user/main/gaussian/${part}_${of}`));
    return bias!.map((offset, unit) => pooled.reduce((sum, x, at) => sum + x * matrix![at * 4 + unit]!, offset));
  });
}

it('every step of an epoch reads the codes of the weights with which the epoch began', async () => {
  // The second epoch has steps 4 to 6.
  const { name } = plan.step.inputs.find(({ source }) => source.from === 'earlier')!;
  const steps = [await stepAt(4), await stepAt(5), await stepAt(6)];
  const atStart = steps[0]!.before;
  for (const { users, tensors } of steps) {
    expectClose(
      tensors(`input/${name}`),
      users.flatMap((row) => codeOf(row, atStart)),
    );
  }
  const seenUsers = steps.flatMap(({ users }) => users).sort((a, b) => a - b);
  expect(seenUsers).toEqual([...lastRowsOfUsers(dataset.parts.train)]);
  // The weights of the last step would give other codes.
  const { users, before, tensors } = steps[2]!;
  const current = users.flatMap((row) => codeOf(row, before));
  const farthest = Math.max(...tensors(`input/${name}`).map((each, at) => Math.abs(each - current[at]!)));
  expect(farthest).toBeGreaterThan(0.01);
});
