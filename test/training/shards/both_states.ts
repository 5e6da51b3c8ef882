/** The state of one run over rows in memory and over the same rows in shards, and steps of both, whose bits are compared. */
import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import { checkAndLower } from '../../../src/app/api/check.ts';
import { shardRequest } from '../../../src/app/api/shards.ts';
import type { Dataset } from '../../../src/data/dataset.ts';
import type { Pinned } from '../../../src/data/pinned.ts';
import { readDataset } from '../../../src/data/read_dataset.ts';
import type { ShardRequest } from '../../../src/data/shards/request.ts';
import type { Engine } from '../../../src/engines/engine.ts';
import type { Tensor } from '../../../src/graph/graph.ts';
import type { Plan } from '../../../src/graph/plan/plan.ts';
import { stateTensors } from '../../../src/training/artifact/checkpoint.ts';
import { ratesAt } from '../../../src/training/learning_rates.ts';
import {
  beginState,
  type InitialState,
  type StepTaken,
  tablesOf,
  takeStep,
} from '../../../src/training/training_step.ts';

export interface BothStates {
  readonly plan: Plan;
  readonly engine: Engine;
  readonly memory: Dataset;
  readonly shards: Dataset;
  readonly inMemory: InitialState;
  readonly inShards: InitialState;
}

interface StatesAt {
  readonly engine: Engine;
  readonly folder: string;
  readonly sizes: NonNullable<ShardRequest['sizes']>;
  readonly batch?: number;
  /** What a run that goes on from an earlier one takes of it. */
  readonly earlier?: Pick<Pinned, 'fresh' | 'replay'>;
}

export async function bothStates(
  [model, data]: readonly [model: string, data: string],
  { engine, folder, sizes, batch = 32, earlier }: StatesAt,
): Promise<BothStates> {
  const checked = await checkAndLower(model, { data, set: { batch } });
  const { plan } = checked.lowered;
  const continues = earlier && { checksum: 'of an earlier run', ...earlier };
  const request = await shardRequest(plan, { memory: '1G', shardSizes: sizes, continues }, folder, 'always');
  const readWith = (more: Parameters<typeof readDataset>[2]) =>
    readDataset(checked.data!.description, plan, { model: checked.model, ...more });
  const pinned = earlier && { encodings: (await readWith({})).encodings, grows: true, ...earlier };
  const memory = await readWith({ pinned });
  const shards = await readWith({ shards: request, pinned });
  const stateOf = (dataset: Dataset) => beginState({ plan, dataset, engine }, 'float32', tablesOf({ plan, dataset }));
  return { plan, engine, memory, shards, inMemory: await stateOf(memory), inShards: await stateOf(shards) };
}

/** Returns a checksum of each tensor. */
const bits = (tensors: readonly (readonly [string, Pick<Tensor, 'data'>])[]): Record<string, string> =>
  Object.fromEntries(
    tensors.map(([name, { data }]) => [
      name,
      createHash('sha256')
        .update(data as Float32Array)
        .digest('hex'),
    ]),
  );

/** Takes a step of an epoch from shards, and one of the same rows in memory. All that they read and give must have the same bits. */
export async function expectEqualStep(
  { plan, memory, inMemory, inShards }: BothStates,
  at: { readonly number: number; readonly epoch: number; readonly index: number },
): Promise<void> {
  const rowOf = new Map(Array.from(memory.parts.train.ids!, (id, row) => [id, row]));
  const rows = await inShards.order.epoch(at.epoch).batch(at.index);
  const same = rows.map((row) => rowOf.get(inShards.feeder.events.ids![row]!)!);
  const step = { number: at.number, rates: ratesAt(plan.train, at.number, at.number + 1), signal: undefined };
  const read: Record<string, string>[] = [];
  const seen = ({ inputs, outputs }: Pick<StepTaken, 'inputs' | 'outputs'>): void =>
    void read.push(bits([...Object.entries(inputs), ...Object.entries(outputs)]));
  await takeStep(plan, inMemory, { ...step, rows: same, onOutputs: seen });
  await takeStep(plan, inShards, { ...step, rows, onOutputs: seen });
  expect(read[1]).toEqual(read[0]);
}

/** Everything that a checkpoint holds must have the same bits. */
export async function expectEqualStates({ inMemory, inShards }: BothStates): Promise<void> {
  const tensors = async (state: InitialState) =>
    bits((await stateTensors(state)).map(({ name, data }) => [name, { data }] as never));
  expect(await tensors(inShards)).toEqual(await tensors(inMemory));
}

export async function closeStates({ inMemory, inShards }: BothStates): Promise<void> {
  for (const state of [inMemory, inShards]) {
    state.feeder.close();
    await state.program.close();
  }
}
