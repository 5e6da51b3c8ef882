/** Every model of `models/` takes a step from shards that equals the step in memory: for the same rows, to the bit. */
import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { checkAndLower } from '../../../src/app/api/check.ts';
import { shardRequest } from '../../../src/app/api/shards.ts';
import { readDataset } from '../../../src/data/read.ts';
import { chooseEngine } from '../../../src/engines/engines.ts';
import type { Tensor } from '../../../src/graph/graph.ts';
import { stateTensors } from '../../../src/training/artifact/checkpoint.ts';
import { beginState, tablesOf } from '../../../src/training/begin_state.ts';
import { ratesAt } from '../../../src/training/order.ts';
import { unsupportedInShards } from '../../../src/training/shards/feed.ts';
import { type StepTaken, takeStep } from '../../../src/training/take_step.ts';
import { blockOf, cases, isThere } from '../../models/samples.ts';
import { temporaryFolder } from '../temporary_folder.ts';

const root = temporaryFolder();
const { engine } = await chooseEngine();

/** Sizes by which a step has rows of several piles. `same_item` draws among the piles at hand, so one pile has all rows. */
const sizesOf = (model: string) =>
  model === 'duorec' ? { atOnce: 500, buckets: 1, piles: 1, held: 1 } : { atOnce: 500, buckets: 3, piles: 4, held: 2 };

/** Models that need all rows at once. */
const refused = {
  lightgcn: '`graph` of `train`',
  rec_vae: '`prior: composite`',
  slim: 'a score that is fitted as a whole',
};

const models = readdirSync('models').flatMap((file) => (file.endsWith('.tower') ? [file.slice(0, -6)] : []));
const setOf = (model: string): string => cases.find(([name]) => name === model)?.[1] ?? 'movielens';

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

it('is refused for few models', async () => {
  const found: Record<string, string> = {};
  for (const model of models) {
    const what = unsupportedInShards((await checkAndLower(`models/${model}.tower`)).lowered.plan);
    if (what !== undefined) found[model] = what;
  }
  expect(found).toEqual(refused);
});

for (const model of models.filter((each) => !(each in refused))) {
  const set = setOf(model);
  const there = isThere(set);
  it.skipIf(!there)(`${model} on ${set}${there ? '' : ' (skipped: its files are not here)'}`, async () => {
    const data = await blockOf(set);
    const checked = await checkAndLower(`models/${model}.tower`, { data, set: { batch: 32 } });
    const { plan } = checked.lowered;
    const request = await shardRequest(plan, { memory: '1G', shardSizes: sizesOf(model) }, join(root, model), 'always');
    const readWith = (more: Parameters<typeof readDataset>[2]) =>
      readDataset(checked.data!.description, plan, { model: checked.model, ...more });
    const memory = await readWith({});
    const shards = await readWith({ shards: request });
    const stateOf = (dataset: typeof memory) =>
      beginState({ plan, dataset, engine }, 'float32', tablesOf({ plan, dataset }));
    const [inMemory, inShards] = [await stateOf(memory), await stateOf(shards)];
    const { epoch: _, ...counts } = inMemory.order;
    expect(inShards.order).toMatchObject(counts);
    const rowOf = new Map(Array.from(memory.parts.train.ids!, (id, row) => [id, row]));
    const { steps } = counts;
    // The first steps, and one that has rows of two groups of piles.
    for (const [at, index] of [...new Set([0, Math.floor(steps / 2), steps - 1])].entries()) {
      const rows = await inShards.order.epoch(1).batch(index);
      const same = rows.map((row) => rowOf.get(inShards.feeder.events.ids![row]!)!);
      const rates = ratesAt(plan.train, at + 1, 3);
      const step = { number: at + 1, rates, signal: undefined };
      const read: Record<string, string>[] = [];
      const seen = ({ inputs, outputs }: Pick<StepTaken, 'inputs' | 'outputs'>): void =>
        void read.push(bits([...Object.entries(inputs), ...Object.entries(outputs)]));
      await takeStep(plan, inMemory, { ...step, rows: same, seen });
      await takeStep(plan, inShards, { ...step, rows, seen });
      expect(read[1]).toEqual(read[0]);
    }
    const tensors = async (state: typeof inMemory) =>
      bits((await stateTensors(state)).map(({ name, data }) => [name, { data }] as never));
    expect(await tensors(inShards)).toEqual(await tensors(inMemory));
    for (const state of [inMemory, inShards]) {
      state.feeder.close();
      await state.program.close();
    }
  });
}
