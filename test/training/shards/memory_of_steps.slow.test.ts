/** Losses whose steps read what earlier steps or the beginning of the epoch left: from shards they have the bits of the same rows in memory. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { chooseEngine } from '../../../src/engines/engines.ts';
import { restoreState, saveState } from '../../../src/training/artifact/checkpoint.ts';
import { initialProgress } from '../../../src/training/training_run.ts';
import { beginState, tablesOf } from '../../../src/training/training_step.ts';
import { beginEpoch, CurrentTowers } from '../../../src/training/validation.ts';
import { eventsText } from '../../data/shards/both_ways.ts';
import { smallData, smallModel } from '../small_model.ts';
import { temporaryFolder } from '../temporary_folder.ts';
import { type BothStates, bothStates, closeStates, expectEqualStates, expectEqualStep } from './both_states.ts';

const root = temporaryFolder();
const { engine: best } = await chooseEngine();
const data = join(root, 'data.tower');
writeFileSync(join(root, 'events.csv'), eventsText(600));
writeFileSync(data, smallData());

const withLoss = (loss: string): string => smallModel().replace(/loss {2}= .*/, `loss = ${loss}`);

const models = {
  queue: withLoss('softmax(in_batch, queue: batches(3, after: 2), temperature: 0.2, correction: frequency)'),
  queue_masked: withLoss(
    'softmax(in_batch, queue: batches(2), temperature: 0.2, correction: streaming, mask: history)',
  ),
  mined: withLoss('softmax(in_batch, negatives: mined(3, best: 4, users: 40), temperature: 0.2)'),
  mined_alone: withLoss('bpr(negatives: mined(2, best: 6, skip: 1), scale: 5, hardest: 1)'),
};

/** Returns the states with one from shards that knows what a checkpoint knows. */
async function resumed(states: BothStates, folder: string): Promise<BothStates> {
  const { plan, engine, shards: dataset, inShards: before } = states;
  await saveState(folder, initialProgress, before);
  before.feeder.close();
  await before.program.close();
  const inShards = await beginState({ plan, dataset, engine }, 'float32', tablesOf({ plan, dataset }));
  await restoreState(folder, inShards);
  return { ...states, inShards };
}

it.each(Object.entries(models))('%s, in two epochs, of which the second is resumed', async (name, text) => {
  const model = join(root, `${name}.tower`);
  writeFileSync(model, text);
  const folder = join(root, name);
  mkdirSync(folder);
  const sizes = { atOnce: 250, buckets: 3, piles: 4, held: 2 };
  let states = await bothStates([model, data], { engine: best, folder, sizes, batch: 8 });
  const { plan, engine, memory, shards } = states;
  const { steps } = states.inMemory.order;
  const middle = Math.floor(steps / 2);
  for (const epoch of [1, 2]) {
    for (const dataset of [memory, shards]) {
      const state = dataset === memory ? states.inMemory : states.inShards;
      const towers = new CurrentTowers(plan, dataset, engine, state);
      await beginEpoch(state, towers, dataset, epoch);
      await towers.close();
    }
    for (const { state } of states.inShards.feeder.mined) expect(Math.max(...state().items!)).toBeGreaterThan(0);
    for (let index = 0; index < steps; index++) {
      if (epoch === 2 && index === middle) states = await resumed(states, folder);
      await expectEqualStep(states, { number: (epoch - 1) * steps + index + 1, epoch, index });
    }
    await expectEqualStates(states);
  }
  await closeStates(states);
});
