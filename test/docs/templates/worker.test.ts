/** The template of a Cloudflare Worker, bundled and served by workerd with the bindings that its wrangler.jsonc names. */
import type { ChildProcess } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { missingHosts, startWorkerd } from '../../serving/runtime/hosts.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';
import { installTemplate } from './template.ts';

const root = temporaryFolder();
const isMissing = missingHosts.includes('workerd');

/** KV as workerd asks for it. */
const kv = `const values = new Map();
export default {
  async fetch(request) {
    const key = new URL(request.url).pathname;
    if (request.method === 'PUT') values.set(key, await request.text());
    return values.has(key) ? new Response(values.get(key)) : new Response('', { status: 404 });
  },
};`;

interface AnswerBody {
  readonly items: readonly { readonly key: string }[];
}

interface WranglerConfig {
  readonly main: string;
  readonly compatibility_date: string;
  readonly assets: { readonly directory: string; readonly binding: string };
  readonly kv_namespaces: readonly { readonly binding: string }[];
}

const configOf = (
  { compatibility_date: date, assets, kv_namespaces: namespaces }: WranglerConfig,
  assetsAt: string,
) => `
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    (name = "assets", disk = "${assetsAt}"),
    (name = "kv", worker = (modules = [(name = "kv.mjs", esModule = embed "kv.mjs")], compatibilityDate = "${date}")),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const main :Workerd.Worker = (
  modules = [
    (name = "worker.mjs", esModule = embed "worker.mjs"),
    (name = "kernels.wasm", wasm = embed "kernels.wasm"),
  ],
  bindings = [
    (name = "${assets.binding}", service = "assets"),
    ${namespaces.map(({ binding }) => `(name = "${binding}", kvNamespace = "kv"),`).join('\n    ')}
  ],
  compatibilityDate = "${date}",
);`;

/** Bundles as Wrangler does, and starts workerd. */
async function startWorker(
  assetsAt: string,
  folder: string,
): Promise<{ readonly url: string; readonly server: ChildProcess }> {
  const { config } = ts.parseConfigFileTextToJson(
    'wrangler.jsonc',
    readFileSync(join(folder, 'wrangler.jsonc'), 'utf8'),
  );
  const wrangler = config as WranglerConfig;
  await build({
    entryPoints: [join(folder, wrangler.main)],
    outfile: join(folder, 'built/worker.mjs'),
    bundle: true,
    format: 'esm',
    conditions: ['workerd', 'worker', 'browser'],
    external: ['*.wasm'],
    logLevel: 'error',
  });
  writeFileSync(join(folder, 'built/kv.mjs'), kv);
  writeFileSync(join(folder, 'built/kernels.wasm'), readFileSync('dist/kernels.wasm'));
  writeFileSync(join(folder, 'built/worker.capnp'), configOf(wrangler, assetsAt));
  const { port, server } = await startWorkerd(join(folder, 'built/worker.capnp'));
  return { url: `http://127.0.0.1:${port}`, server };
}

describe.skipIf(isMissing)(
  `the template of a worker${isMissing ? ' (skipped: this machine has no workerd)' : ''}`,
  () => {
    const servers: ChildProcess[] = [];
    let folder: string;
    let url: string;

    beforeAll(async () => {
      folder = await installTemplate('worker', root);
      const started = await startWorker(join(folder, 'public'), folder);
      servers.push(started.server);
      ({ url } = started);
    });
    afterAll(() => {
      for (const server of servers) server.kill();
    });

    const get = async (path: string): Promise<{ readonly status: number; readonly body: AnswerBody }> => {
      const response = await fetch(`${url}${path}`);
      return { status: response.status, body: await response.json() };
    };
    const post = async (body: unknown) => {
      const response = await fetch(`${url}/events`, { method: 'POST', body: JSON.stringify(body) });
      return { status: response.status, body: await response.json() };
    };

    it('opens the model for the first requests, also if one of them goes away', async () => {
      const leaving = new AbortController();
      const left = fetch(`${url}/recommend?user=left`, { signal: leaving.signal }).catch(() => 'left');
      setTimeout(() => leaving.abort(), 5);
      const answers = await Promise.all(Array.from({ length: 8 }, (_, at) => get(`/recommend?user=first-${at}&k=3`)));
      for (const { status, body } of answers) expect([status, body.items.length]).toEqual([200, 3]);
      await left;
      expect((await get('/recommend?user=later&k=3')).body).toEqual(answers[0]!.body);
    });

    it('recommends other items once a user has chosen some', async () => {
      const before = await get('/recommend?user=ann&k=2');
      const item = before.body.items[0]!.key;
      expect(await post({ user: 'ann', item })).toEqual({ status: 200, body: { events: 1 } });
      expect(await post({ user: 'ann', item })).toEqual({ status: 200, body: { events: 2 } });
      const after = await get('/recommend?user=ann&k=2');
      expect(after.body.items.map(({ key }) => key)).not.toContain(item);
      expect((await get('/recommend?user=bob&k=2')).body).toEqual(before.body);
    });

    it('refuses what is wrong, with the reason', async () => {
      expect(await get('/recommend')).toMatchObject({
        status: 400,
        body: { error: expect.stringContaining('give a user') },
      });
      expect(await get('/recommend?user=ann&k=none')).toMatchObject({
        status: 400,
        body: { diagnostics: [{ code: 'request-value' }] },
      });
      expect(await get('/recommend?user=ann&filter=(')).toMatchObject({
        status: 400,
        body: { diagnostics: [{ code: 'filter-syntax' }] },
      });
      expect(await post({ user: 'eve', item: { key: 1 } })).toMatchObject({
        status: 400,
        body: { diagnostics: [{ code: 'request-value' }] },
      });
      expect(await post({ item: '1' })).toMatchObject({ status: 400 });
      expect(await get('/other')).toMatchObject({ status: 404 });
      expect((await get('/recommend?user=eve')).status).toBe(200);
    });

    it('says that the model is not there', async () => {
      const { url: empty, server } = await startWorker(join(folder, 'src'), folder);
      servers.push(server);
      const response = await fetch(`${empty}/recommend?user=ann`);
      expect([response.status, await response.json()]).toMatchObject([
        503,
        { diagnostics: [{ code: 'export-unreachable' }] },
      ]);
    });
  },
);
