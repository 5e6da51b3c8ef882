/** Ray runs the steps of a plan on a cluster of this machine: the shards are those of one process, also where a part is killed. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { checkAndLower } from '../../../src/app/api/check.ts';
import { planShardJob } from '../../../src/app/api/shard_job.ts';
import { shardRequest } from '../../../src/app/api/shards.ts';
import { makeRandom } from '../../../src/base/random/random.ts';
import { readDataset } from '../../../src/data/read.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';
import { ended, program } from '../cli/tower.ts';

const python = process.env.TOWER_PYTHON ?? 'python3';
const hasRay = spawnSync(python, ['-c', 'import ray']).status === 0;

const root = temporaryFolder();
const [model, data] = ['model.tower', 'data.tower'].map((name) => join(root, name)) as [string, string];
const shardSizes = { atOnce: 2048, buckets: 20, piles: 3, held: 2 };

function writeSource(): void {
  const random = makeRandom(7);
  const rows = Array.from({ length: 4000 }, (_, at) => `u${random.integer(300)},i${random.integer(80)},${1000 + at}`);
  writeFileSync(join(root, 'events.csv'), `user_id,item_id,time\n${rows.join('\n')}\n`);
  const split = 'split = by_time(validation: 5%, test: 5%)';
  writeFileSync(data, `data rows {\n  events = "events.csv"\n  time = "time"\n  ${split}\n}\n`);
  writeFileSync(
    model,
    `model on_ray
features { user_id : id(dim: 4), item_id : id(dim: 4) }
tower user(user_id) keyed by user_id { channel main = user_id -> flatten }
tower item(item_id) keyed by item_id { channel main = item_id -> flatten }
task see { score = dot(user, item), loss = softmax(in_batch) }
`,
  );
}

/** In place of `tower`: the second part ends by a signal when it is tried for the first time, as on a machine that is lost. */
function killedOnce(parts: number): string {
  const path = join(root, `tower-${parts}.sh`);
  const marker = join(root, `killed-${parts}`);
  const part = `${Math.min(2, parts)}/${parts}`;
  const kill = `if [ "$2 $5" = "map ${part}" ] && [ ! -e ${marker} ]; then
  touch ${marker}
  node ${program} "$@" &
  sleep 0.5
  kill -9 $! $$
fi`;
  writeFileSync(path, `#!/bin/sh\n${kill}\nexec node ${program} "$@"\n`, { mode: 0o755 });
  return path;
}

const filesOf = (folder: string): unknown =>
  readdirSync(folder).map((name) => [
    name,
    readdirSync(join(folder, name)).map((file) => [file, readFileSync(join(folder, name, file), 'base64')]),
  ]);

it.skipIf(!hasRay)(
  'four and sixteen parts give the same bytes, and a part that is killed is done again',
  async () => {
    writeSource();
    const { data: checkedData, lowered } = await checkAndLower(model, { data });
    const whole = join(root, 'whole');
    const request = await shardRequest(lowered.plan, { memory: '1G', shards: whole, shardSizes }, whole, 'always');
    await readDataset(checkedData!.description, lowered.plan, { shards: request });
    for (const parts of [4, 16]) {
      const [out, shards] = [join(root, `job-${parts}`), join(root, `shards-${parts}`)];
      await planShardJob(model, { data, out, parts, memory: '1G', shards, shardSizes });
      const environment = { CORES: '1', RAY_ADDRESS: '', RAY_USAGE_STATS_ENABLED: '0', TOWER: killedOnce(parts) };
      const child = spawn(python, [join(out, 'on_ray.py')], { env: { ...process.env, ...environment } });
      const { code, stdout, stderr } = await ended(child);
      expect(code, `${stdout}\n${stderr}`).toBe(0);
      expect(stdout).toContain(`encode: ${parts} of ${parts} parts are done`);
      expect(existsSync(join(root, `killed-${parts}`))).toBe(true);
      expect(filesOf(shards)).toEqual(filesOf(whole));
    }
  },
  900_000,
);
