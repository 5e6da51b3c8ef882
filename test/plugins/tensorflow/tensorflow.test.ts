/** What the TensorFlow engine owes the native side, where nothing is collected. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { randomTensors, stepGraph } from '../../../bench/step_graph.ts';
import { makeBuilder } from '../../../src/graph/builder.ts';
import { addonIn, loadBinding, tensorflowCacheFolder } from '../../../src/plugins/tensorflow/tensorflow.ts';
import { engineOrSkip } from '../../engines/support.ts';
import { batch, tensor } from '../../graph/support.ts';

/** While it is set, no graph can be written for TensorFlow. */
const disk = vi.hoisted(() => ({ isFull: false }));
vi.mock('node:fs', async (original) => {
  const real = await original<typeof import('node:fs')>();
  const writeFileSync: typeof real.writeFileSync = (path, ...more) => {
    if (disk.isFull && String(path).endsWith('saved_model.pb')) {
      throw Object.assign(new Error('full'), { code: 'ENOSPC', syscall: 'write' });
    }
    real.writeFileSync(path, ...more);
  };
  return { ...real, writeFileSync };
});

const engine = await engineOrSkip('tensorflow');

describe.skipIf(!engine)('the tensorflow engine', () => {
  it('leaves no tensor and no folder behind, also after a run that fails', async () => {
    const { binding } = loadBinding();
    const own = mkdtempSync(join(tmpdir(), 'tower-test-'));
    vi.stubEnv('TMPDIR', own);
    const before = binding.getNumOfTensors();
    const graph = stepGraph();
    const program = await engine!.prepare(graph, randomTensors(graph, 'parameters', {}));
    for (let step = 0; step < 5; step += 1) await program.run(randomTensors(graph, 'inputs', { batch: 16 }, step));
    await program.read();
    await program.close();

    const b = makeBuilder('rows');
    b.output('rows', b.gather(b.input('x', [3]), b.input('at', [batch], 'int32')));
    const rows = await engine!.prepare(b.finish(), {});
    const at = tensor([7], 'int32');
    await expect(rows.run({ x: tensor([1, 2, 3]), at })).rejects.toThrow(/indices.*7 is not in \[0, 3\)/);
    await rows.close();
    expect(binding.getNumOfTensors()).toBe(before);
    expect(readdirSync(own)).toEqual([]);
    vi.unstubAllEnvs();
    rmSync(own, { recursive: true });
  });

  // WebAssembly's memory begins at a page, where TensorFlow shares an array instead of copying it.
  const shared = (value: number): Float32Array =>
    new Float32Array(new WebAssembly.Memory({ initial: 1 }).buffer, 0, 16).fill(value);

  it('does not keep an array of the caller as the value of a variable', async () => {
    const b = makeBuilder('keep');
    const kept = b.parameter('kept', [16], { kind: 'zeros' });
    const reshaped = b.parameter('reshaped', [2, 8], { kind: 'zeros' });
    const x = b.input('x', [16]);
    b.output('sum', b.sum(kept, [0]));
    b.update(kept, x);
    b.update(reshaped, b.reshape(x, [2, 8]));
    const initial = shared(1);
    const program = await engine!.prepare(b.finish(), {
      kept: { dtype: 'float32', shape: [16], data: initial },
      reshaped: { dtype: 'float32', shape: [2, 8], data: initial },
    });
    initial.fill(7);
    const expectAll = async (value: number): Promise<void> => {
      for (const { data } of Object.values(await program.read()))
        expect(data).toEqual(new Float32Array(16).fill(value));
    };
    await expectAll(1);

    const data = shared(3);
    expect((await program.run({ x: { dtype: 'float32', shape: [16], data } })).sum!.data[0]).toBe(16);
    data.fill(5);
    await expectAll(3);
    await program.close();
  });

  it('says which file cannot be written where the disk is full', async () => {
    const graph = stepGraph();
    disk.isFull = true;
    const work = engine!.prepare(graph, randomTensors(graph, 'parameters', {})).finally(() => {
      disk.isFull = false;
    });
    await expect(work).rejects.toMatchObject({ diagnostics: [{ code: 'cannot-write' }] });
  });
});

const earlyLogLevel = join(
  tensorflowCacheFolder(),
  'node_modules/@tensorflow/tfjs-node/deps/lib/libearly_log_level.so',
);

it.runIf(existsSync(earlyLogLevel))('the library that the set-up builds prints nothing while it is loaded', () => {
  const { TF_CPP_MIN_LOG_LEVEL: _, ...env } = process.env;
  const addon = addonIn(join(tensorflowCacheFolder(), 'node_modules/@tensorflow/tfjs-node'));
  const { stdout, stderr } = spawnSync(process.execPath, ['-p', `require(${JSON.stringify(addon)}).TF_Version`], {
    encoding: 'utf8',
    env,
  });
  expect([stdout.trim(), stderr]).toEqual(['2.21.0', '']);
});
