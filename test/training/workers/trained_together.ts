/** Trainings of several workers in this process, and what they come to. */
import { join } from 'node:path';
import { expect } from 'vitest';
import { readSafetensors } from '../../../src/base/storage/safetensors.ts';
import { amongWorkers } from '../../../src/engines/group.ts';
import { follow } from '../../../src/training/follow.ts';
import { readMetricsLog } from '../../../src/training/metrics_log.ts';
import { trainModel } from '../../../src/training/train_model.ts';
import type { TrainOptions } from '../../../src/training/train_options.ts';
import { type Kill, makeWorkers, type Worker } from './together.ts';

export async function trainTogether(options: TrainOptions, workers: number, kill?: Kill): Promise<void> {
  const results = await outcomes(options, makeWorkers(workers, kill));
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

/** Of each worker. @param second what the second worker is asked in its own way */
export const outcomes = (
  options: TrainOptions,
  [first, ...others]: readonly Worker[],
  second: Partial<TrainOptions> = {},
) =>
  Promise.allSettled([
    amongWorkers(first!.group, () => trainModel({ ...options, ...first! })),
    ...others.map((worker) =>
      amongWorkers(worker.group, () => follow({ ...options, ...second, ...worker, resume: false })),
    ),
  ]);

export async function weightsOf({ folder }: TrainOptions): Promise<Map<string, Float32Array>> {
  const { tensors } = await readSafetensors(join(folder, 'weights.safetensors'));
  return new Map([...tensors].map(([name, { data }]) => [name, data as Float32Array]));
}

export async function expectSameWeights(one: TrainOptions, other: TrainOptions): Promise<void> {
  const [expected, found] = await Promise.all([weightsOf(one), weightsOf(other)]);
  expect([...found.keys()]).toEqual([...expected.keys()]);
  for (const [name, values] of expected) {
    values.forEach((value, at) => {
      expect(Math.abs(value - found.get(name)![at]!), `${name}[${at}]`).toBeLessThan(1e-5);
    });
  }
}

export const lossesIn = async ({ folder }: TrainOptions): Promise<readonly number[]> =>
  (await readMetricsLog(folder)).map(({ loss }) => loss as number);
