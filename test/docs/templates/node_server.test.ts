/** The template of a Node.js server, with a PostgreSQL of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { absent, type Cluster, programs, startCluster } from '../../plugins/postgres/cluster.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';
import { installTemplate } from './template.ts';

const root = temporaryFolder();

/** @returns the process and the address that it logs */
async function start(
  folder: string,
  database: string,
): Promise<{ readonly server: ChildProcess; readonly url: string }> {
  const env = { ...process.env, DATABASE_URL: database, PORT: '0', LOG_LEVEL: 'info' };
  const server = spawn(process.execPath, ['server.js'], { cwd: folder, env, stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const text of (server.stdout as Readable).setEncoding('utf8')) {
    const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(text) ?? [];
    if (url) return { server, url };
  }
  throw new Error('the server ended');
}

describe.skipIf(!programs)(`the template of a Node.js server${absent}`, () => {
  let cluster: Cluster;
  let folder: string;
  let server: ChildProcess;
  let url: string;

  beforeAll(async () => {
    [cluster, folder] = await Promise.all([startCluster(), installTemplate('node-server', root)]);
    ({ server, url } = await start(folder, cluster.url()));
  });
  afterAll(async () => {
    server?.kill('SIGKILL');
    await cluster?.remove();
  });

  const recommend = async (user: string, more = ''): Promise<readonly string[]> => {
    const response = await fetch(`${url}/recommend?user=${encodeURIComponent(user)}&k=2${more}`);
    expect(response.status).toBe(200);
    return (await response.json()).items.map(({ key }: { readonly key: string }) => key);
  };
  const post = (body: object): Promise<Response> =>
    fetch(`${url}/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });

  it('recommends other items once a user has chosen some, also after it starts again', async () => {
    const before = await recommend("ann's");
    expect((await post({ user: "ann's", item: before[0]! })).status).toBe(204);
    const after = await recommend("ann's");
    expect(after).not.toContain(before[0]);
    expect(await recommend('bob')).toEqual(before);
    const ended = once(server, 'exit');
    server.kill('SIGTERM');
    expect((await ended)[0]).toBe(0);
    ({ server, url } = await start(folder, cluster.url()));
    expect(await recommend("ann's")).toEqual(after);
  });

  it('refuses what is wrong, with the reason', async () => {
    for (const query of ['', '?user=ann&k=none', '?user=ann&k=0'])
      expect((await fetch(`${url}/recommend${query}`)).status).toBe(400);
    const response = await fetch(`${url}/recommend?user=ann&filter=(`);
    expect([response.status, await response.json()]).toMatchObject([400, { diagnostics: [{ code: 'filter-syntax' }] }]);
    for (const body of [{ user: 'ann' }, { item: '1' }, { user: 'ann', item: { a: 1 } }])
      expect((await post(body)).status).toBe(400);
  });
});
