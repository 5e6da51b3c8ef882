/** A run on new events that replays earlier ones: shards have all of them, and an epoch takes the new ones and draws of the others. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { windowsOf } from '../../../src/data/rows/windows.ts';
import { chooseEngine } from '../../../src/engines/engines.ts';
import { ShardStream } from '../../../src/training/shards/feed.ts';
import { epochUnits } from '../../../src/training/shards/units.ts';
import { eventsText } from '../../data/shards/both_ways.ts';
import { smallData, smallModel } from '../small_model.ts';
import { temporaryFolder } from '../temporary_folder.ts';
import { bothStates, closeStates, expectEqualStates, expectEqualStep } from './both_states.ts';

const root = temporaryFolder();
const { engine } = await chooseEngine();
const data = join(root, 'data.tower');
writeFileSync(join(root, 'events.csv'), eventsText(900));
// A list of 12 has both new events and earlier ones of many users.
writeFileSync(data, smallData().replace('past(item, 5)', 'past(item, 12)'));

const positions = `model next
features {
  user : id(dim: 0)
  history : list(item, max: 12, pool: none)
  item : id(dim: 4)
}
tower person(history) keyed by user { channel main = history -> transformer(layers: 1, heads: 1) -> last }
tower thing(item) keyed by item { channel main = item -> flatten }
task watch { score = dot(person, thing), loss = softmax(all) }
train { batch = 8, targets = positions }
`;
const users = positions
  .replace('transformer(layers: 1, heads: 1) -> last', 'mean')
  .replace('targets = positions', 'targets = users');
const events = smallModel().replace('correction: streaming', 'correction: frequency');
const mined = smallModel().replace(/loss {2}= .*/, 'loss = bpr(negatives: mined(2, best: 6), scale: 5)');

it.each([
  ['events', 0.5, events],
  ['events', 3, events],
  ['events', 1000, events],
  ['mined', 2, mined],
  ['users', 0.8, users],
  ['positions', 0.7, positions],
  ['positions', 1000, positions],
] as const)('%s, with %d earlier for each new one', async (kind, replay, text) => {
  const folder = join(root, `${kind}-${replay}`);
  mkdirSync(folder);
  const model = join(folder, 'model.tower');
  writeFileSync(model, text);
  const sizes = { atOnce: 250, buckets: 3, piles: 5, held: 2 };
  // Many users have events before this time and after it.
  const earlier = { fresh: { since: kind === 'users' ? 365 : 340 }, replay };
  const states = await bothStates([model, data], { engine, folder, sizes, batch: 8, earlier });
  const { plan, memory, shards, inMemory, inShards } = states;
  const { epoch: _, ...counts } = inMemory.order;
  expect(inShards.order).toMatchObject(counts);
  expect(shards.protocol).toEqual(memory.protocol);

  const { train } = memory.parts;
  const rowOf = new Map(Array.from(train.ids!, (id, row) => [id, row]));
  const stepsOf = async (epoch: number, from = 0): Promise<number[][]> => {
    let ids = new Int32Array(0);
    const stream = new ShardStream(shards.shards!, epochUnits(plan, shards.parts.train), plan.train.seed, (now) => {
      ids = now.ids! as Int32Array<ArrayBuffer>;
    });
    const steps: number[][] = [];
    for (let step = from; step < stream.steps; step++)
      steps.push(Array.from(await stream.batch(epoch, step), (row) => rowOf.get(ids[row]!)!).sort((a, b) => a - b));
    return steps;
  };
  const isNew = new Set(train.fresh);
  const [one, two] = [(await stepsOf(1)).flat(), (await stepsOf(2)).flat()];
  expect(await stepsOf(2, 2)).toEqual((await stepsOf(2)).slice(2));
  const newInMemory = [...Array(counts.steps).keys()]
    .flatMap((step) => [...(inMemory.order.epoch(1).batch(step) as Int32Array)])
    .filter((row) => isNew.has(row));
  for (const rows of [one, two]) {
    expect(new Set(rows).size).toBe(rows.length);
    expect(rows.filter((row) => isNew.has(row)).sort()).toEqual(newInMemory.sort());
    if (kind !== 'positions') expect(rows).toHaveLength(counts.rows);
  }
  const drawn = [one, two].map((rows) => rows.filter((row) => !isNew.has(row)).sort((a, b) => a - b));
  expect(drawn[0]!.length).toBeGreaterThan(4);
  if (replay < 1000) expect(drawn[0]).not.toEqual(drawn[1]);
  else expect(drawn[0]).toEqual(drawn[1]);
  if (kind === 'positions') {
    const { windowOf } = windowsOf(train.features.get('history')!, train.rows);
    const taken = new Set(drawn[0]!.map((row) => windowOf[row]));
    expect(drawn[0]).toEqual([...train.item.keys()].filter((row) => taken.has(windowOf[row]!) && !isNew.has(row)));
  }

  for (let index = 0; index < counts.steps; index++)
    await expectEqualStep(states, { number: index + 1, epoch: 1, index });
  await expectEqualStates(states);
  await closeStates(states);
});
