/** Every model of `models/` takes a step from shards that equals the step in memory: for the same rows, to the bit. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { checkAndLower } from '../../../src/app/api/check.ts';
import { chooseEngine } from '../../../src/engines/engines.ts';
import { unsupportedInShards } from '../../../src/training/shards/feed.ts';
import { blockOf, cases, isThere } from '../../models/samples.ts';
import { temporaryFolder } from '../temporary_folder.ts';
import { bothStates, closeStates, expectEqualStates, expectEqualStep } from './both_states.ts';

const root = temporaryFolder();
const { engine } = await chooseEngine();

/** Sizes by which a step has rows of several piles. `same_item` draws among the piles at hand, so one pile has all rows. */
const sizesOf = (model: string) =>
  model === 'duorec' ? { atOnce: 500, buckets: 1, piles: 1, held: 1 } : { atOnce: 500, buckets: 3, piles: 4, held: 2 };

/** Models that need all rows at once. */
const refused = { lightgcn: '`graph` of `train`', slim: 'a score that is fitted as a whole' };

const models = readdirSync('models').flatMap((file) => (file.endsWith('.tower') ? [file.slice(0, -6)] : []));
const setOf = (model: string): string => cases.find(([name]) => name === model)?.[1] ?? 'movielens';

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
    const at = { engine, folder: join(root, model), sizes: sizesOf(model) };
    const states = await bothStates([`models/${model}.tower`, await blockOf(set)], at);
    const { epoch: _, ...counts } = states.inMemory.order;
    expect(states.inShards.order).toMatchObject(counts);
    const { steps } = counts;
    // The first steps, and one that has rows of two groups of piles.
    for (const [at, index] of [...new Set([0, Math.floor(steps / 2), steps - 1])].entries())
      await expectEqualStep(states, { number: at + 1, epoch: 1, index });
    await expectEqualStates(states);
    await closeStates(states);
  });
}
