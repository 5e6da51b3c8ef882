/** The hosts of `tower-lang/runtime` that this machine has: each opens an export at an address, and answers requests about it with the built module. */
import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { chromium, Page } from '../../playground/browser.ts';
import { type Site, serveFolder } from './site.ts';

export interface RuntimeHost {
  /** Returns the vectors and the answer of each request as JSON, which has every bit of a number. */
  ask(folder: string, requests: readonly object[]): Promise<string>;
  close(): Promise<void>;
}

const isThere = (program: string): boolean => spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0;

/** What every host runs. */
const asking = `export async function ask(open, folder, requests) {
  const opened = await open(folder);
  const answers = [];
  for (const { values, ...more } of requests) {
    answers.push((await opened.vectors({ values })).map((vector) => [...vector]), await opened.recommend({ values, ...more }));
  }
  return JSON.stringify(answers);
}`;

const program = `import { readFileSync } from 'node:fs';
import process from 'node:process';
import { ask } from './ask.mjs';
import { open } from './runtime.js';
const { folder, requests } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
console.log(await ask(open, folder, requests));`;

/** Vercel's edge: a program that imports a compiled module as its bundlers do, and has nothing that this host lacks. */
const edgeFiles = {
  'compiled.mjs': `import { readFileSync } from 'node:fs';
export default new WebAssembly.Module(readFileSync(new URL('./kernels.wasm', import.meta.url)));`,
  'edge.mjs': program.replace('./runtime.js', './edge_entry.mjs').replace(
    'const {',
    `delete globalThis.DecompressionStream;
WebAssembly.Module = () => { throw new Error('this host compiles nothing'); };
const {`,
  ),
};

const worker = `import { ask } from './ask.mjs';
import { open } from './runtime.workerd.js';
export default {
  async fetch(request) {
    const { folder, requests } = await request.json();
    return ask(open, folder, requests).then((answers) => new Response(answers), (error) => new Response(String(error), { status: 500 }));
  },
};`;

const workerModules = ['ask.mjs', 'runtime.js', 'runtime.workerd.js'].map(
  (name) => `(name = "${name}", esModule = embed "${name}"),`,
);
const workerConfig = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    (name = "internet", network = (allow = ["private", "public", "local"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const main :Workerd.Worker = (
  modules = [
    (name = "worker.mjs", esModule = embed "worker.mjs"),
    ${workerModules.join('\n    ')}
    (name = "kernels.wasm", wasm = embed "kernels.wasm"),
  ],
  compatibilityDate = "2026-01-01",
);`;

function writePrograms(root: string): void {
  mkdirSync(root, { recursive: true });
  for (const name of ['runtime.js', 'runtime.workerd.js', 'kernels.wasm'])
    copyFileSync(join('dist', name), join(root, name));
  const edgeEntry = readFileSync(join('dist', 'runtime.edge-light.js'), 'utf8').replace(
    './kernels.wasm?module',
    './compiled.mjs',
  );
  const files = {
    ...{ 'ask.mjs': asking, 'program.mjs': program, 'worker.mjs': worker, 'worker.capnp': workerConfig },
    ...{ ...edgeFiles, 'edge_entry.mjs': edgeEntry },
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(root, name), text);
}

/** A host that runs a program once for each export. */
const asProgram =
  (path: string, ...command: readonly [string, ...string[]]) =>
  (root: string): RuntimeHost => {
    const [name, ...args] = command;
    return {
      async ask(folder, requests) {
        const input = join(root, `${path}_${name.replaceAll('/', '_')}.json`);
        writeFileSync(input, JSON.stringify({ folder, requests }));
        const { stdout } = await promisify(execFile)(name, [...args, join(root, path), input], { maxBuffer: 2 ** 26 });
        return stdout.trim();
      },
      close: async () => {},
    };
  };

/** @param config path of its configuration, with one socket at port 0 */
export async function startWorkerd(config: string): Promise<{ readonly port: number; readonly server: ChildProcess }> {
  const server = spawn('workerd', ['serve', config, '--control-fd=3'], {
    stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
  });
  for await (const line of (server.stdio[3] as Readable).setEncoding('utf8')) {
    const { event, port } = JSON.parse(line);
    if (event === 'listen') return { port, server };
  }
  throw new Error('workerd ended');
}

function inWorkerd(root: string): RuntimeHost {
  let started: ReturnType<typeof startWorkerd> | undefined;
  return {
    async ask(folder, requests) {
      const { port } = await (started ??= startWorkerd(join(root, 'worker.capnp')));
      const body = JSON.stringify({ folder, requests });
      return (await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body })).text();
    },
    async close() {
      (await started)?.server.kill();
    },
  };
}

function inChromium(root: string): RuntimeHost {
  const text = `<!doctype html><meta charset="utf-8"><title>Law</title><script type="module">
  import { ask } from './ask.mjs';
  import { open } from './runtime.js';
  window.ask = (...given) => ask(open, ...given);
</script>`;
  writeFileSync(join(root, 'index.html'), text);
  let site: Promise<Site> | undefined;
  let page: Promise<Page> | undefined;
  return {
    async ask(folder, requests) {
      const { url } = await (site ??= serveFolder(root));
      const opened = await (page ??= Page.open(url));
      await opened.until('window.ask');
      await opened.value(
        `void (window.said = undefined, ask(${JSON.stringify(folder)}, ${JSON.stringify(requests)}).then((said) => { window.said = said; }, (error) => { window.said = String(error); }))`,
      );
      await opened.until('window.said !== undefined');
      return opened.value<string>('window.said');
    },
    async close() {
      await (await page)?.close();
      await (await site)?.close();
    },
  };
}

const hosts: Readonly<Record<string, { readonly isThere: boolean; readonly make: (root: string) => RuntimeHost }>> = {
  node: { isThere: true, make: asProgram('program.mjs', process.execPath) },
  'edge-light': { isThere: true, make: asProgram('edge.mjs', process.execPath) },
  workerd: { isThere: isThere('workerd'), make: inWorkerd },
  deno: { isThere: isThere('deno'), make: asProgram('program.mjs', 'deno', 'run', '--allow-net', '--allow-read') },
  bun: { isThere: isThere('bun'), make: asProgram('program.mjs', 'bun') },
  chromium: { isThere: chromium !== undefined, make: inChromium },
};

export const hostNames = Object.keys(hosts);
export const missingHosts = hostNames.filter((name) => !hosts[name]!.isThere);

/** @param root folder for what the hosts run */
export function openHosts(root: string): ReadonlyMap<string, RuntimeHost> {
  writePrograms(root);
  const present = Object.entries(hosts).filter(([, host]) => host.isThere);
  return new Map(present.map(([name, { make }]) => [name, make(root)]));
}
