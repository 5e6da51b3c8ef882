/** Slurm runs the steps of a plan on a cluster of this machine, also where it stops or cancels them. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { stepNames } from '../../../src/data/shards/job/folder.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';
import { program } from '../cli/tower.ts';
import { filesOf, shardsInParts } from './shards_in_parts.ts';
import { hasSlurm, type SlurmCluster, startSlurm } from './slurm_cluster.ts';

const root = temporaryFolder();
let cluster: SlurmCluster;
beforeAll(async () => {
  if (hasSlurm) cluster = await startSlurm(temporaryFolder());
});
afterAll(() => cluster?.stop());

/** In place of `tower`, disturbs each step once: a signal ends the process, Slurm starts the job again, a user cancels it. */
function disturbed(): string {
  const path = join(root, 'tower.sh');
  const disturb = (step: string, how: string): string => {
    const marker = join(root, `disturbed-${step.replace('/', '-')}`);
    return `if [ "$2$5" = "${step}" ] && [ ! -e ${marker} ]; then touch ${marker}; node ${program} "$@" & sleep 0.3; ${how}; wait; fi`;
  };
  const lines = [
    disturb('map1/2', 'kill -9 $! $$'),
    disturb('map2/2', 'scontrol requeue "$SLURM_ARRAY_JOB_ID"_2'),
    disturb('merge', 'scancel $SLURM_JOB_ID'),
    ...['count2/2', 'fit', 'encode1/2', 'seal'].map((step) => disturb(step, 'kill -9 $! $$')),
    `exec node ${program} "$@"`,
  ];
  writeFileSync(path, `#!/bin/sh\n${lines.join('\n')}\n`, { mode: 0o755 });
  return path;
}

it.skipIf(!hasSlurm)(
  'the shards are those of one process, though steps are killed, started again and cancelled',
  async () => {
    const source = await shardsInParts(root);
    const [out, shards] = [join(root, "Kim's job"), join(root, 'shards')];
    await source.plan(out, 2, shards);
    const send = (...words: string[]): string => cluster.run(join(out, 'slurm.sh'), words, { TOWER: disturbed() });
    expect(send('--test-only')).toMatch(/^map: job not sent\n/);
    expect(send()).toMatch(new RegExp(`^${stepNames.map((step) => `${step}: job \\d+\n`).join('')}$`));
    await cluster.finish();
    // The steps after the one that was cancelled have not begun; what was done stays.
    const jobs = cluster.run('scontrol', ['--oneliner', 'show', 'job']);
    expect(jobs.match(/JobName=kim-s-job-(?!map)\w+ .*JobState=CANCELLED/g)).toHaveLength(stepNames.length - 1);
    expect(jobs).toMatch(/JobName=kim-s-job-map .*JobState=COMPLETED.* Requeue=1 Restarts=1 /);
    const [, map] = /ArrayJobId=(\d+) ArrayTaskId=1 JobName=kim-s-job-map /.exec(jobs)!;
    expect(readFileSync(join(out, `slurm-${map}_1.out`), 'utf8')).toMatch(/Killed\nmap 1\/2: done\n/);
    send();
    await cluster.finish();
    expect(filesOf(shards)).toEqual(source.ofOneProcess);
  },
  300_000,
);
