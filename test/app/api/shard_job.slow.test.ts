/** Shards in parts through the library: models whose rows differ in kind, and a training that finds what the parts have written. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { checkAndLower } from '../../../src/app/api/check.ts';
import { planShardJob, runShardStep } from '../../../src/app/api/shard_job.ts';
import { type ShardDecision, shardRequest } from '../../../src/app/api/shards.ts';
import { train } from '../../../src/app/api/train.ts';
import { makeRandom } from '../../../src/base/random/random.ts';
import { readDataset } from '../../../src/data/read.ts';
import { shardSteps, stepNames } from '../../../src/data/shards/job/folder.ts';
import { failureOf } from '../../data/fixture.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';

const root = temporaryFolder();
const random = makeRandom(5);
const rows = Array.from({ length: 3000 }, (_, at) => `u${random.integer(90)},i${random.integer(50)},${1000 + at}`);
writeFileSync(join(root, 'events.csv'), `user_id,item_id,time\n${rows.join('\n')}\n`);
const data = join(root, 'data.tower');
const block = `data rows {
  events = "events.csv"
  time = "time"
  history = past(item_id, 20)
  split = by_time(validation: 5%, test: 5%)
}
`;
writeFileSync(data, block);

const twoTower = `features { user_id : id(dim: 4), history : list(item_id, max: 5, pool: mean), item_id : id(dim: 4) }
group profile = user_id, history
tower user(profile) keyed by user_id { channel main = profile -> flatten -> dense(4) }
tower item(item_id) keyed by item_id { channel main = item_id -> flatten -> dense(4) }
task see { score = cosine(user, item), loss = softmax(in_batch, temperature: 0.1) }
train { batch = 64, epochs = 1, embeddings = adagrad(rate: 0.1) }
`;
const sequence = `features { user_id : id(dim: 0), history : list(item_id, max: 10, pool: none), item_id : id(dim: 4) }
tower user(history) keyed by user_id { channel main = history -> positions -> last }
tower item(item_id) keyed by item_id { channel main = item_id -> flatten }
task see { score = dot(user, item), loss = softmax(in_batch) }
train { batch = 32, epochs = 1, targets = positions, embeddings = adam(rate: 0.01) }
`;
const users = `features { user_id : id(dim: 0), history : list(item_id, max: 20, pool: mean), item_id : id(dim: 4) }
tower user(history) keyed by user_id { channel main = history -> flatten }
tower item(item_id) keyed by item_id { channel main = item_id -> flatten }
task see { score = dot(user, item), loss = softmax(all) }
train { batch = 32, epochs = 1, targets = users, embeddings = adam(rate: 0.01) }
`;
const shardSizes = { atOnce: 2048, buckets: 5, piles: 3, held: 2 };

async function planned(name: string, text: string, parts: number) {
  const [model, out, shards] = [`${name}.tower`, `job-${name}`, `shards-${name}`].map((each) => join(root, each)) as [
    string,
    string,
    string,
  ];
  writeFileSync(model, `model ${name}\n${text}`);
  const { plan } = await planShardJob(model, { data, out, parts, memory: '1G', shards, shardSizes });
  return { model, out, shards, plan };
}

async function runAll(out: string, parts: number): Promise<void> {
  for (const step of stepNames)
    for (let part = shardSteps[step].inParts ? parts : 1; part >= 1; part--)
      await runShardStep(out, step, { part: `${part}/${parts}` });
}

const filesOf = (folder: string): unknown =>
  readdirSync(folder).map((name) => [
    name,
    readdirSync(join(folder, name)).map((file) => [file, readFileSync(join(folder, name, file), 'base64')]),
  ]);

it.each([
  ['two_tower', twoTower],
  ['sequence', sequence],
  ['users', users],
])('%s: three parts write what one process writes', async (name, text) => {
  const { model, out, shards, plan } = await planned(name, text, 3);
  expect([plan.events, plan.buckets, plan.parts]).toEqual([3000, 5, 3]);
  await runAll(out, 3);
  const whole = join(root, `whole-${name}`);
  const { data: checkedData, lowered } = await checkAndLower(model, { data });
  const request = await shardRequest(lowered.plan, { memory: '1G', shards: whole, shardSizes }, whole, 'always');
  await readDataset(checkedData!.description, lowered.plan, { shards: request });
  expect(filesOf(shards)).toEqual(filesOf(whole));
});

it('a training with the memory of the parts reads their shards', async () => {
  const { model, out, shards } = await planned('trained', twoTower, 2);
  await runAll(out, 2);
  const decisions: ShardDecision[] = [];
  await train(model, {
    ...{ data, shards, shardSizes, memory: '1G', out: join(root, 'run'), engine: 'javascript' },
    onDecision: (decision) => decisions.push(decision),
  });
  const folder = join(shards, readdirSync(shards)[0]!);
  expect(decisions).toEqual([expect.objectContaining({ rows: 'shards', reused: true, folder })]);
  // All steps are done, so each says where the shards are.
  expect(await runShardStep(out, 'map', { part: '1/2' })).toEqual({ step: 'map', part: 1, shards: folder });
});

it('says which parts there are', async () => {
  const { out } = await planned('parts', twoTower, 3);
  for (const part of ['0/3', '4/3', '1/4', '-1/3', '1/3/3', 'one', '', '1.5/3', undefined])
    expect(await failureOf(runShardStep(out, 'map', { part }))).toEqual([
      expect.stringMatching(/^shard-part-unknown .*none of the 3 parts .*`1\/3` to `3\/3`/),
    ]);
  expect(await failureOf(runShardStep(join(root, 'none'), 'merge'))).toEqual([
    expect.stringMatching(/^shard-job-missing /),
  ]);
});
