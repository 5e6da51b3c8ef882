/** The scripts of shards in parts are valid, and each step gets its part from every launcher. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { shardJobFiles } from '../../../src/app/api/shard_job_files.ts';
import type { ShardJobPlan } from '../../../src/data/shards/job/folder.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';

const root = temporaryFolder();
const folder = join(root, "Kim's shards");
const command = { model: join(root, 'm.tower'), data: join(root, 'd.tower'), shards: join(root, 'disk') };
const plan = {
  ...{ format: 'tower-shard-job-2', key: '', memory: 2 ** 30, parts: 5, events: 100, eventBytes: 8, buckets: 9 },
  command,
} satisfies ShardJobPlan;
const files = shardJobFiles(plan, { folder, project: root });
mkdirSync(folder);
for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text, { mode: 0o755 });

/** What a program in place of another one is asked for. */
function asked(script: string, words: readonly string[], environment: Record<string, string>, name: string): string[] {
  const bin = join(root, `bin-${name}`);
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, name), `#!/bin/sh\necho "$@" >> ${bin}/asked\necho 7\n`, { mode: 0o755 });
  writeFileSync(join(bin, 'asked'), '');
  const env = { PATH: `${bin}:${process.env.PATH}`, ...environment };
  expect(spawnSync(join(folder, script), words, { env }).status).toBe(0);
  return readFileSync(join(bin, 'asked'), 'utf8').trim().split('\n');
}

it('a step says its part, whoever starts it', () => {
  const ask = (words: readonly string[], environment: Record<string, string> = {}) =>
    asked('step.sh', words, { TOWER: 'tower', ...environment }, 'tower');
  expect(ask(['map', '3'])).toEqual([`shards map ${folder} --part 3/5`]);
  expect(ask(['map'], { SLURM_ARRAY_TASK_ID: '5' })).toEqual([`shards map ${folder} --part 5/5`]);
  expect(ask(['encode'], { JOB_COMPLETION_INDEX: '0' })).toEqual([`shards encode ${folder} --part 1/5`]);
  expect(ask(['merge'], { SLURM_ARRAY_TASK_ID: '2' })).toEqual([`shards merge ${folder}`]);
  expect(ask(['count', '2'])).toEqual([`shards count ${folder} --part 2/5`]);
  expect(ask(['fit'])).toEqual([`shards fit ${folder}`]);
  expect(ask(['seal'])).toEqual([`shards seal ${folder}`]);
  const [npx] = asked('step.sh', ['merge'], {}, 'npx');
  expect(npx).toBe(`--no -- tower shards merge ${folder}`);
});

it('Slurm gets each step after the one before it', () => {
  const submitted = asked('slurm.sh', ['--partition=long'], {}, 'sbatch');
  expect(submitted).toHaveLength(6);
  for (const each of submitted) expect(each).toMatch(/--requeue .*--mem=1024M --partition=long /);
  expect(submitted.map((each) => each.replace(/.*--partition=long /, ''))).toEqual([
    `--job-name=kim-s-shards-map --array=1-5 ${folder}/slurm_step.sh map`,
    `--job-name=kim-s-shards-merge --dependency=afterok:7 ${folder}/slurm_step.sh merge`,
    `--job-name=kim-s-shards-count --dependency=afterok:7 --array=1-5 ${folder}/slurm_step.sh count`,
    `--job-name=kim-s-shards-fit --dependency=afterok:7 ${folder}/slurm_step.sh fit`,
    `--job-name=kim-s-shards-encode --dependency=afterok:7 --array=1-5 ${folder}/slurm_step.sh encode`,
    `--job-name=kim-s-shards-seal --dependency=afterok:7 ${folder}/slurm_step.sh seal`,
  ]);
});

it('a step that is killed runs four times at most under Slurm, and one that fails runs once', () => {
  const timesOf = (how: string): number => {
    const [program, log] = [join(root, 'failing.sh'), join(root, 'failed')];
    writeFileSync(program, `#!/bin/sh\necho "$@" >> ${log}\n${how}\n`, { mode: 0o755 });
    writeFileSync(log, '');
    const { status } = spawnSync(join(folder, 'slurm_step.sh'), ['merge'], { env: { ...process.env, TOWER: program } });
    expect(status).toBe(how === 'exit 3' ? 3 : 137);
    return readFileSync(log, 'utf8').trim().split('\n').length;
  };
  expect([timesOf('kill -9 $$'), timesOf('exit 3')]).toEqual([4, 1]);
});

it('Kubernetes has a job for each step, with the folders that the steps read and write', () => {
  expect(spawnSync('sh', ['-n', join(folder, 'kubernetes.sh')]).status).toBe(0);
  const jobs = parseAllDocuments(files['kubernetes.yaml']!).map((each) => each.toJS());
  expect(jobs.map(({ metadata }) => metadata.labels['tower-step'])).toEqual([
    'map',
    'merge',
    'count',
    'fit',
    'encode',
    'seal',
  ]);
  expect(jobs.map(({ spec }) => [spec.completionMode, spec.completions, spec.backoffLimit])).toEqual([
    ...['map', 'count', 'encode'].flatMap(() => [
      ['Indexed', 5, 15],
      [undefined, undefined, 3],
    ]),
  ]);
  for (const { metadata, spec } of jobs) {
    expect(metadata.name).toMatch(/^kim-s-shards-(map|merge|count|fit|encode|seal)$/);
    const { restartPolicy, containers, volumes } = spec.template.spec;
    expect(restartPolicy).toBe('Never');
    expect(containers[0]).toMatchObject({
      command: [join(folder, 'step.sh'), metadata.labels['tower-step']],
      workingDir: root,
      resources: { requests: { cpu: '4', memory: String(2 ** 30) }, limits: { memory: String(2 ** 30) } },
      // The shards, the plan, the model and the data are below this folder.
      volumeMounts: [{ name: 'shared', mountPath: root, subPath: root.slice(1) }],
    });
    expect(volumes).toEqual([{ name: 'shared', persistentVolumeClaim: { claimName: 'tower' } }]);
  }
});
