/** The scripts of a job are valid, name what they start, and keep paths with blanks and quotes whole. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { prepare } from '../../../src/app/api/scale.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';

const root = temporaryFolder();
const folder = join(root, "Kim's job");
const model = join(root, 'model.tower');
const data = join(root, 'data.tower');
const text = (loss: string): string => `model made_up
features { user_id : id(dim: 4), movie_id : id(dim: 4) }
tower user(user_id) keyed by user_id { channel main = user_id -> flatten }
tower item(movie_id) keyed by movie_id { channel main = movie_id -> flatten }
task watch { score = dot(user, item), loss = ${loss} }
`;
writeFileSync(join(root, 'events.csv'), 'user_id,movie_id\n1,2\n');
writeFileSync(data, 'data made_up { events = "events.csv", split = random(validation: 0.1, test: 0.1) }\n');

it('a job has a script for each launcher, and each worker gets the same command', async () => {
  writeFileSync(model, text('softmax(in_batch)'));
  const { job, files } = await prepare(model, {
    ...{ data, out: folder, workers: 3, set: { epochs: 2 }, tables: 'sharded' },
    ...{ memory: '8G', shards: join(root, 'disk') },
  });
  // What says that the folder is a job comes last.
  expect(files).toEqual(['step.py', 'worker.sh', 'torchrun.sh', 'slurm.sh', 'kubernetes.yaml', 'job.json']);
  expect(job.gathers).toBeGreaterThan(0);
  for (const name of ['worker.sh', 'torchrun.sh', 'slurm.sh']) {
    expect(spawnSync('bash', ['-n', join(folder, name)]).status, name).toBe(0);
  }
  const ask = (environment: Record<string, string>): string[] => {
    // A program in place of `tower` that prints its words.
    const script = `printf '%s\\n' "$RANK of $WORLD_SIZE" "$@"`;
    const program = join(root, 'words.sh');
    writeFileSync(program, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    const env = { PATH: process.env.PATH!, TOWER: program, ...environment };
    return spawnSync(join(folder, 'worker.sh'), [], { env, encoding: 'utf8' }).stdout.trim().split('\n');
  };
  const words = [
    'train',
    model,
    '--data',
    data,
    '--out',
    join(folder, 'run'),
    '--workers',
    'launched',
    '--set',
    'epochs=2',
    '--tables',
    'sharded',
    '--memory',
    '8G',
    '--shards',
    join(root, 'disk'),
  ];
  expect(ask({ RANK: '1', WORLD_SIZE: '3' })).toEqual(['1 of 3', ...words]);
  expect(ask({ SLURM_PROCID: '2', SLURM_NTASKS: '3' })).toEqual(['2 of 3', ...words]);
  expect(ask({ JOB_COMPLETION_INDEX: '0', WORLD_SIZE: '3' })).toEqual(['0 of 3', ...words]);
  // The program that wrote the job, or the project's own; never one that npx would fetch.
  const own = await prepare(model, { data, out: join(root, 'own'), workers: 3, program: "/it's/tower.cjs" });
  writeFileSync(join(root, 'node'), `#!/bin/sh\nprintf '%s ' "$@"\n`, { mode: 0o755 });
  const path = { PATH: `${root}:${process.env.PATH}`, RANK: '0', WORLD_SIZE: '3' };
  const started = spawnSync(join(own.job.folder, 'worker.sh'), [], { env: path, encoding: 'utf8' });
  expect(started.stdout).toMatch(/^\/it's\/tower\.cjs train /);
  writeFileSync(join(root, 'npx'), `#!/bin/sh\nprintf '%s ' "$@"\n`, { mode: 0o755 });
  const { stdout } = spawnSync(join(folder, 'worker.sh'), [], { env: path, encoding: 'utf8' });
  expect(stdout).toMatch(/^--no -- tower train /);
  mkdirSync(join(folder, 'run'));
  writeFileSync(join(folder, 'run', 'run.json'), '{}');
  expect(ask({ RANK: '1', WORLD_SIZE: '3' })).toEqual(['1 of 3', ...words, '--resume']);
  // Each step of a job says itself how many processors it needs. What is killed is started again.
  writeFileSync(join(root, 'scontrol'), '#!/bin/sh\nprintf "first\\nother\\n"\n', { mode: 0o755 });
  writeFileSync(join(root, 'srun'), '#!/bin/sh\necho "$MASTER_ADDR:$MASTER_PORT $@"\nkill -9 $$\n', { mode: 0o755 });
  const env = { PATH: path.PATH, SLURM_CPUS_PER_TASK: '4', SLURM_JOB_ID: '7003' };
  const job7003 = spawnSync(join(folder, 'slurm.sh'), [], { env, encoding: 'utf8' });
  const srun = `first:29503 --cpus-per-task=4 --kill-on-bad-exit=1 ${folder}/worker.sh\n`;
  expect([job7003.status, job7003.stdout]).toEqual([137, srun.repeat(4)]);
  const [, { spec }] = parseAllDocuments(readFileSync(join(folder, 'kubernetes.yaml'), 'utf8')).map((each) =>
    each.toJS(),
  );
  expect(spec).toMatchObject({
    completions: 3,
    completionMode: 'Indexed',
    template: { spec: { restartPolicy: 'Never' } },
  });
  const [container] = spec.template.spec.containers;
  expect(container).toMatchObject({
    command: [join(folder, 'worker.sh')],
    workingDir: process.cwd(),
    resources: { requests: { cpu: '4', memory: 8 * 2 ** 30 } },
    // The job, the run, the model, the data and the shards are below this folder.
    volumeMounts: [{ name: 'shared', mountPath: root, subPath: root.slice(1) }],
  });
  expect(spec.template.spec.volumes.map(({ name }: { name: string }) => name)).toEqual(['shared']);
  expect(readFileSync(join(folder, 'step.py'), 'utf8')).toContain('torch.ops.tower.all_gather(');
  await expect(prepare(model, { data, out: folder, workers: 3 })).rejects.toThrow('not empty');
  await expect(prepare(model, { data, out: folder, workers: 3, memory: 'much' })).rejects.toThrow(/`much` is not/);
});

it('the name of a job is one that Kubernetes takes, whatever its folder', async () => {
  writeFileSync(model, text('softmax(in_batch)'));
  for (const [name, expected] of [
    [`${'a'.repeat(39)}-b`, 'a'.repeat(39)],
    ['2024 Über_uns.', 'ber-uns'],
    ['--', 'tower-job'],
  ] as const) {
    const out = join(root, name);
    await prepare(model, { data, out, workers: 2 });
    const manifest = readFileSync(join(out, 'kubernetes.yaml'), 'utf8');
    expect(manifest.match(/^ {2}name: (.*)$/m)![1]).toBe(expected);
  }
});

it('a job of a model that workers cannot share is refused', async () => {
  writeFileSync(model, `${text('bpr(negatives: sampled(1))')}train { graph = lightgcn(layers: 2) }\n`);
  const sharded = prepare(model, { data, out: join(root, 'refused'), workers: 2, tables: 'sharded' });
  await expect(sharded).rejects.toThrow(/cannot share tables that `graph` connects/);
});

it('a job that is not written whole does not say that it is one, and says why', async () => {
  const out = join(root, 'half');
  const request = { data, out, workers: 3, force: true };
  writeFileSync(model, text('softmax(in_batch)'));
  await prepare(model, request);
  rmSync(join(out, 'slurm.sh'));
  mkdirSync(join(out, 'slurm.sh'));
  await expect(prepare(model, request)).rejects.toMatchObject({ diagnostics: [{ code: 'cannot-write' }] });
  expect(existsSync(join(out, 'job.json'))).toBe(false);
});
