/** `tower index` and `tower serve --index` as a user runs them, with a PostgreSQL of the test. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { train } from '../../../../src/api.ts';
import { absent, type Cluster, password, programs, startCluster } from '../../../plugins/postgres/cluster.ts';
import { temporaryFolder } from '../../../training/temporary_folder.ts';
import { writeProject } from '../project.ts';
import { startServer, tower } from '../tower.ts';

const root = temporaryFolder();
const at = (name: string) => join(root, name);

it('says in a line what is wrong with an address, with exit code 1', async () => {
  const failing = async (...args: string[]) => {
    const { code, stderr, stdout } = await tower(args, { cwd: root });
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).not.toMatch(/^ {4}at |hunter2/m);
    return stderr;
  };
  expect(await failing('index', 'run', '--to', 'mysql://tower:hunter2@host/db')).toContain('index-address');
  expect(await failing('index', 'run', '--to', 'postgres://tower:hunter2@127.0.0.1:1/db')).toContain(
    'the database postgres://tower@127.0.0.1:1/db cannot be used: nothing listens there',
  );
  expect(await failing('index', 'run', '--to', 'postgres://h/d', '--table', 'a b')).toContain('index-table');
  expect(await failing('index', 'run', '--to', 'postgres://h/d', '--recall', '2')).toContain('above 0, up to 1');
});

describe.skipIf(!programs)(`with a database${absent}`, () => {
  let cluster: Cluster;
  let to: string;
  const env = { PGPASSWORD: password };

  beforeAll(async () => {
    writeProject(root);
    cluster = await startCluster();
    to = `postgres://tower@127.0.0.1:${cluster.port}/postgres`;
    await train(at('films.tower'), { data: at('data.tower'), out: at('run'), engine: 'onnx', set: { epochs: 1 } });
  }, 120_000);
  afterAll(() => cluster?.remove());

  it('writes an index, and answers from it as from the scan', { timeout: 180_000 }, async () => {
    const early = await tower(['serve', 'run', '--port', '0', '--index', to], { cwd: root, env });
    expect([early.code, early.stderr]).toEqual([1, expect.stringContaining('index-missing')]);
    const written = await tower(['index', 'run', '--to', to, '--engine', 'onnx', '-k', '5'], { cwd: root, env });
    expect([written.code, written.stdout]).toEqual([
      0,
      expect.stringMatching(
        /^indexed [\d,]+ items of run into postgres:\/\/tower@127\.0\.0\.1:\d+\/postgres, table tower_items_\w+\nfinds 100\.00 %/,
      ),
    ]);
    expect(written.stderr).toMatch(/copying .*\n.*building the graph.*\n.*ef_search 40: recall/);

    const { child, url, done, said } = await startServer(['run', '--index', to], { cwd: root, env });
    expect(said()).toContain(`searching in ${to}`);
    const answer = await fetch(`${url}/v1/recommend`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"user":"u4","k":3}',
    });
    const { items, exact } = (await answer.json()) as { items: { key: string }[]; exact: unknown };
    child.kill('SIGTERM');
    const { code } = await done;
    expect([code, exact]).toEqual([0, false]);
    const args = ['recommend', 'run', '--user', 'u4', '-k', '3', '--json', '--engine', 'onnx'];
    const plain = JSON.parse((await tower(args, { cwd: root })).stdout) as { items: { key: string }[] };
    expect(items.map(({ key }) => key)).toEqual(plain.items.map(({ key }) => key));
  });
});
