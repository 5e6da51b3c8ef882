/** The YAML that Tower writes and shows is what Kubernetes takes: each field is one of its schemas, in the oldest and the newest version here. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { prepare } from '../../../src/app/api/scale.ts';
import { shardJobFiles } from '../../../src/app/api/shard_job_files.ts';
import { stepNames } from '../../../src/data/shards/job/folder.ts';
import { fences } from '../../docs/fences.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';
import { writeProject } from '../cli/project.ts';

const python = process.env.TOWER_PYTHON ?? 'python3';
const hasSchemas = spawnSync(python, ['-c', 'import kubernetes_validate']).status === 0;

const root = temporaryFolder();
const [model, data] = ['films.tower', 'data.tower'].map((name) => join(root, name)) as [string, string];

/** @returns what is wrong with the file, and the objects that it has */
function check(name: string, text: string) {
  const path = join(root, name);
  writeFileSync(path, text);
  const checks = ['1.25.0', '1.37.0'].map((version) => {
    const words = ['-m', 'kubernetes_validate', '--strict', '--kubernetes-version', version, path];
    const { stdout, stderr } = spawnSync(python, words, { encoding: 'utf8' });
    const lines = `${stdout}${stderr}`.trim().split('\n');
    return {
      wrong: lines.filter((line) => !/ passed for resource /.test(line)),
      objects: lines.flatMap((line) => / passed for resource (\S+) /.exec(line)?.[1] ?? []),
    };
  });
  expect(checks[0]!.objects).toEqual(checks[1]!.objects);
  return { wrong: checks.flatMap(({ wrong }) => wrong), objects: checks[0]!.objects };
}

describe.skipIf(!hasSchemas)('Kubernetes takes', () => {
  beforeAll(() => writeProject(root));

  it('the jobs of shards in parts, and not one with a misspelt field', () => {
    const command = { model, data, shards: join(root, 'disk') };
    const plan = { key: '', memory: 2 ** 30, parts: 5, events: 100, eventBytes: 8, buckets: 9, command };
    const place = { folder: join(root, "Kim's job"), project: root };
    const text = shardJobFiles({ format: 'tower-shard-job-2', ...plan }, place)['kubernetes.yaml']!;
    const objects = stepNames.map((step) => `job/kim-s-job-${step}`);
    expect(check('shards.yaml', text)).toEqual({ wrong: [], objects });
    expect(check('misspelt.yaml', text.replace('volumeMounts', 'volumeMount')).wrong).toEqual([
      expect.stringContaining("('volumeMount' was unexpected)"),
      expect.stringContaining("('volumeMount' was unexpected)"),
    ]);
  });

  it('the job of workers', async () => {
    const out = join(root, 'workers');
    await prepare(model, { data, out, workers: 3, memory: '8G', shards: join(root, 'disk') });
    const text = readFileSync(join(out, 'kubernetes.yaml'), 'utf8');
    expect(check('workers.yaml', text)).toEqual({ wrong: [], objects: ['service/workers', 'job/workers'] });
  });

  it('the pod of a server in the guide', () => {
    const [pod] = fences('docs/guide/deployment.md', 'yaml').filter(({ text }) => text.includes('startupProbe'));
    const object = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'server' }, ...parse(pod!.text) };
    expect(check('pod.yaml', stringify(object))).toEqual({ wrong: [], objects: ['pod/server'] });
  });
});
