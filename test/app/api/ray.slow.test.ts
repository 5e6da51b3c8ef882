/** Ray runs the steps of a plan on a cluster of this machine: the shards are those of one process, also where a part is killed. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../../training/temporary_folder.ts';
import { ended, program } from '../cli/tower.ts';
import { filesOf, shardsInParts } from './shards_in_parts.ts';

const python = process.env.TOWER_PYTHON ?? 'python3';
const hasRay = spawnSync(python, ['-c', 'import ray']).status === 0;

const root = temporaryFolder();
/** Sixteen are tried by hand: they take twice as long. */
const parts = 4;

/** In place of `tower`: the second part ends by a signal when it is tried for the first time, as on a machine that is lost. */
function killedOnce(): string {
  const path = join(root, 'tower.sh');
  const marker = join(root, 'killed');
  const kill = `if [ "$2 $5" = "map 2/${parts}" ] && [ ! -e ${marker} ]; then
  touch ${marker}
  node ${program} "$@" &
  sleep 0.5
  kill -9 $! $$
fi`;
  writeFileSync(path, `#!/bin/sh\n${kill}\nexec node ${program} "$@"\n`, { mode: 0o755 });
  return path;
}

it.skipIf(!hasRay)(
  'parts give the bytes of one process, and one that is killed is done again',
  async () => {
    const source = await shardsInParts(root);
    const [out, shards] = [join(root, 'job'), join(root, 'shards')];
    await source.plan(out, parts, shards);
    const environment = { CORES: '1', RAY_ADDRESS: '', RAY_USAGE_STATS_ENABLED: '0', TOWER: killedOnce() };
    const child = spawn(python, [join(out, 'on_ray.py')], { env: { ...process.env, ...environment } });
    const { code, stdout, stderr } = await ended(child);
    expect(code, `${stdout}\n${stderr}`).toBe(0);
    expect(stdout).toContain(`encode: ${parts} of ${parts} parts are done`);
    expect(existsSync(join(root, 'killed'))).toBe(true);
    expect(filesOf(shards)).toEqual(source.ofOneProcess);
  },
  900_000,
);
