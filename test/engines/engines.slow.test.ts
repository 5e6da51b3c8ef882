/** The choice of an engine: in order, by what loads, saying why not. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Failure } from '../../src/base/diagnostics/diagnostic.ts';
import { packageFolders, tensorflowCacheFolder } from '../../src/plugins/tensorflow/tensorflow.ts';

type Engines = typeof import('../../src/engines/engines.ts');

/** The module afresh: it keeps what it has loaded. */
const engines = (): Promise<Engines> => {
  vi.resetModules();
  return import('../../src/engines/engines.ts');
};

describe('the engines', () => {
  it('are listed in order, each with a version or a reason', async () => {
    const { listEngines } = await engines();
    const listed = await listEngines();
    expect(listed.map(({ name }) => name)).toEqual(['tensorflow', 'onnx', 'javascript', 'torch']);
    for (const each of listed) {
      if (each.loads) expect(each.version).toMatch(/^(TensorFlow|ONNX Runtime|TensorFlow\.js|PyTorch) \d+\.\d+\.\d+/);
      else expect(each.reason).not.toBe('');
    }
    expect(listed[1]).toEqual({ name: 'onnx', loads: true, version: 'ONNX Runtime 1.30.0' });
    expect(listed[2]).toMatchObject({ loads: true, version: 'TensorFlow.js 4.22.0 (WebAssembly 4.22.0)' });
  });

  it('are chosen by name when one is asked for', async () => {
    const { chooseEngine } = await engines();
    const { engine, skipped } = await chooseEngine('javascript');
    expect(engine.name).toBe('javascript');
    expect(skipped).toEqual([]);
  });

  it('are tried in another order to serve: ONNX Runtime begins a small pass sooner', async () => {
    const { chooseEngine } = await engines();
    const { engine, skipped } = await chooseEngine(undefined, 'serving');
    expect(engine.name).toBe('onnx');
    expect(skipped).toEqual([]);
  });

  it('are loaded once', async () => {
    const { loadEngine } = await engines();
    expect(await loadEngine('onnx')).toBe(await loadEngine('onnx'));
  });
});

// A tfjs-node among the project's packages would load whatever the cache holds.
const inPackages = packageFolders().some((folder) => folder.startsWith(process.cwd()));

describe.skipIf(inPackages)('without the native library', () => {
  let empty: string;
  beforeEach(() => {
    empty = mkdtempSync(join(tmpdir(), 'tower-test-'));
    vi.stubEnv('TOWER_CACHE', empty);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(empty, { recursive: true });
  });

  it('the next engine is chosen, and the reason is reported', async () => {
    const { chooseEngine } = await engines();
    const { engine, skipped } = await chooseEngine();
    expect(engine.name).toBe('onnx');
    expect(skipped).toEqual([{ name: 'tensorflow', reason: expect.stringContaining('tower engines --setup') }]);
  });

  it('asking for it is a mistake of the user, not of ours', async () => {
    const { chooseEngine } = await engines();
    const problem = await chooseEngine('tensorflow').catch((error: unknown) => error);
    expect((problem as Failure).diagnostics[0]).toMatchObject({
      code: 'no-engine',
      message: expect.stringContaining('`tensorflow` engine does not load: @tensorflow/tfjs-node is not installed'),
    });
  });
});

describe('setup:tensorflow', () => {
  const run = (before: string): { stdout: string; stderr: string; status: number | null } =>
    spawnSync(
      process.execPath,
      ['--input-type=module', '-e', `${before}; await import('./scripts/setup-tensorflow.mjs')`],
      { encoding: 'utf8' },
    );

  it('builds into the folder where the engine looks', () => {
    const where = `process.argv.push('--where')`;
    expect(run(where).stdout.trim()).toBe(tensorflowCacheFolder());
    vi.stubEnv('TOWER_CACHE', '/somewhere/else');
    expect(run(`process.env.TOWER_CACHE = '/somewhere/else'; ${where}`).stdout.trim()).toBe(tensorflowCacheFolder());
    vi.unstubAllEnvs();
    vi.stubEnv('XDG_CACHE_HOME', '/elsewhere');
    expect(run(`process.env.XDG_CACHE_HOME = '/elsewhere'; ${where}`).stdout.trim()).toBe(tensorflowCacheFolder());
    vi.unstubAllEnvs();
  });

  it('says in a sentence where there is no library to build against', () => {
    const other = run(`Object.defineProperty(process, 'platform', { value: 'win32' })`);
    expect(other.status).toBe(1);
    expect(other.stderr).toMatch(
      /^PyPI has no TensorFlow .* for win32 .*\. Tower runs here on its `onnx` or `javascript` engine\.$/m,
    );
    expect(other.stderr.trim().split('\n')).toHaveLength(1);
  });
});
