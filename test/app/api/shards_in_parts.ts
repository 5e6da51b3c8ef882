/** Rows for tests of schedulers, with the shards that one process makes of them. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkAndLower } from '../../../src/app/api/check.ts';
import { planShardJob } from '../../../src/app/api/shard_job.ts';
import { shardRequest } from '../../../src/app/api/shards.ts';
import { makeRandom } from '../../../src/base/random/random.ts';
import { readDataset } from '../../../src/data/read.ts';

const sizes = { memory: '1G', shardSizes: { atOnce: 2048, buckets: 20, piles: 3, held: 2 } };

export async function shardsInParts(root: string) {
  const [model, data, whole] = ['model.tower', 'data.tower', 'whole'].map((name) => join(root, name));
  const random = makeRandom(7);
  const rows = Array.from({ length: 4000 }, (_, at) => `u${random.integer(300)},i${random.integer(80)},${1000 + at}`);
  writeFileSync(join(root, 'events.csv'), `user_id,item_id,time\n${rows.join('\n')}\n`);
  const split = 'split = by_time(validation: 5%, test: 5%)';
  writeFileSync(data!, `data rows {\n  events = "events.csv"\n  time = "time"\n  ${split}\n}\n`);
  writeFileSync(
    model!,
    `model in_parts
features { user_id : id(dim: 4), item_id : id(dim: 4) }
tower user(user_id) keyed by user_id { channel main = user_id -> flatten }
tower item(item_id) keyed by item_id { channel main = item_id -> flatten }
task see { score = dot(user, item), loss = softmax(in_batch) }
`,
  );
  const { data: checkedData, lowered } = await checkAndLower(model!, { data: data! });
  const request = await shardRequest(lowered.plan, { ...sizes, shards: whole! }, whole!, 'always');
  await readDataset(checkedData!.description, lowered.plan, { shards: request });
  return {
    model: model!,
    data: data!,
    ofOneProcess: filesOf(whole!),
    plan: (out: string, parts: number, shards: string) =>
      planShardJob(model!, { ...sizes, data: data!, out, parts, shards }),
  };
}

/** Names and bytes of files. */
export const filesOf = (shards: string): unknown =>
  readdirSync(shards).map((name) => [
    name,
    readdirSync(join(shards, name)).map((file) => [file, readFileSync(join(shards, name, file), 'base64')]),
  ]);
