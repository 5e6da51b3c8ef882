/** The process of the `torch` engine, and all that may happen to it. Small shells take the place of Python, so torch is needed for the last tests alone. */
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { randomTensors, stepGraph } from '../../../bench/step_graph.ts';
import { failure } from '../../../src/base/diagnostics/diagnostic.ts';
import { makeBuilder } from '../../../src/graph/builder.ts';
import { torchEngine } from '../../../src/plugins/torch/torch.ts';
import {
  busyMachine,
  type TorchSettings,
  torchFolder,
  torchSettings,
} from '../../../src/plugins/torch/torch_worker.ts';
import { engineOrSkip } from '../../engines/support.ts';
import { batch, tensor } from '../../graph/support.ts';

const folder = mkdtempSync(join(tmpdir(), 'tower-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A frame as the shell prints it. */
const frame = (message: object): string => {
  const text = JSON.stringify(message);
  return `printf '\\${text.length.toString(8).padStart(3, '0')}\\000\\000\\000%s' '${text}'`;
};

let count = 0;
/** A program in the place of Python, which does this. */
function shell(...lines: readonly string[]): TorchSettings {
  const path = join(folder, `python-${++count}`);
  writeFileSync(path, `#!/bin/sh\n${lines.join('\n')}\n`);
  chmodSync(path, 0o755);
  return {
    python: path,
    device: 'cpu',
    compile: false,
    cache: folder,
    threads: 1,
    answerSeconds: 20,
    compileSeconds: 20,
  };
}

const hello = frame({ version: '2.15.0+cpu', python: '3.11.2', compiler: null });

/** x + 1 */
function graph() {
  const b = makeBuilder('small');
  b.output('y', b.add(b.input('x', [batch]), 1));
  return b.finish();
}

const reasonOf = (settings: TorchSettings): Promise<string> =>
  torchEngine(settings).then(
    () => 'it loads',
    (error: Error) => error.message,
  );

describe('the torch engine does not load, and says why', () => {
  it('where it is not set up', () => {
    expect(() => torchSettings({ TOWER_CACHE: folder })).not.toThrow(/invariant/);
    const home = { ...process.env, TOWER_PYTHON: '' };
    const before = process.env.TOWER_CACHE;
    process.env.TOWER_CACHE = join(folder, 'empty');
    try {
      expect(() => torchSettings(home)).toThrow('PyTorch is not set up (`tower engines --setup torch` does it');
    } finally {
      if (before === undefined) delete process.env.TOWER_CACHE;
      else process.env.TOWER_CACHE = before;
    }
  });

  it('where a setting has no meaning', () => {
    expect(() => torchSettings({ TOWER_PYTHON: 'p', TOWER_TORCH_DEVICE: 'gpu' })).toThrow(
      'set it to cpu, cuda or cuda:1',
    );
    expect(() => torchSettings({ TOWER_PYTHON: 'p', TOWER_TORCH_COMPILE: 'yes' })).toThrow('set it to on or off');
    expect(() => torchSettings({ TOWER_PYTHON: 'p', TOWER_TORCH_TIMEOUT: 'soon' })).toThrow('set it to seconds');
  });

  it('after the seconds that the user sets, for a start as for an answer', async () => {
    const { python } = shell(frame({ error: { kind: 'device', message: 'none' } }));
    const timers = vi.spyOn(globalThis, 'setTimeout');
    await reasonOf(torchSettings({ TOWER_PYTHON: python, TOWER_TORCH_TIMEOUT: '600' }));
    expect(timers.mock.calls.map(([, milliseconds]) => milliseconds)).toContain(600_000);
    timers.mockRestore();
  });

  it('where there is no such Python', async () => {
    expect(await reasonOf({ ...shell(), python: '/no/python' })).toBe(
      'the process of the `torch` engine is gone: there is no /no/python',
    );
  });

  it('where Python has no torch, an old one, or cannot use the device', async () => {
    const none = shell(frame({ error: { kind: 'import', message: 'ModuleNotFoundError: no torch' } }));
    expect(await reasonOf(none)).toMatch(/python-\d+ cannot import torch: ModuleNotFoundError: no torch$/);
    const old = shell(frame({ version: '2.9.1', python: '3.11.2', compiler: null }), 'sleep 20');
    expect(await reasonOf(old)).toMatch(/has torch 2\.9\.1, and the oldest that works is 2\.15\.0/);
    const device = shell(frame({ error: { kind: 'device', message: 'no CUDA' } }));
    expect(await reasonOf(device)).toBe('torch cannot use `cpu`: no CUDA');
  });

  it('where it ends, or does not start in time', async () => {
    expect(await reasonOf(shell('echo "cannot open shared object file" >&2', 'exit 3'))).toBe(
      'the process of the `torch` engine is gone: it ended with code 3 (cannot open shared object file)',
    );
    expect(await reasonOf({ ...shell('sleep 20'), answerSeconds: 0.2 })).toContain('did not start within 0.2 seconds');
    const [late] = failure('engine-silent', {
      engine: 'torch',
      seconds: 900,
      doing: 'start',
      busy: busyMachine(7.2, 2),
    }).diagnostics;
    expect(late!.message).toMatch(
      /did not start within 900 seconds: the machine is busy, 7 processes want its 2 cores$/,
    );
    expect(busyMachine(2, 2)).toBeUndefined();
  });
});

describe('a process that fails in a run', () => {
  const prepared = async (settings: TorchSettings) => (await torchEngine(settings)).prepare(graph(), {});

  it('is reported when it is killed, and at each later run', async () => {
    const program = await prepared(shell(hello, frame({}), 'head -c 1 >/dev/null', 'kill -9 $$'));
    for (const _ of [1, 2]) {
      await expect(program.run({ x: tensor([1]) })).rejects.toMatchObject({
        diagnostics: [
          { code: 'engine-ended', message: 'the process of the `torch` engine is gone: it was killed by SIGKILL' },
        ],
      });
    }
  });

  it('is started again behind a graph that runs do not change: later runs are answered', async () => {
    const isSecond = join(folder, 'second');
    const settings = shell(
      `if [ -e ${isSecond} ]; then`,
      [hello, frame({}), frame({}), 'exec sleep 20'].join('\n'),
      'fi',
      `touch ${isSecond}`,
      [hello, frame({}), 'head -c 1 >/dev/null', 'kill -9 $$'].join('\n'),
    );
    const program = await prepared(settings);
    const run = () => program.run({ x: tensor([1]) });
    const gone = { diagnostics: [{ code: 'engine-ended' }] };
    await expect(run()).rejects.toMatchObject(gone);
    await expect(run()).rejects.toMatchObject(gone);
    await vi.waitFor(run, { timeout: 60_000 });
  });

  it('is not started for ever', async () => {
    const starts = join(folder, 'starts');
    const program = await prepared(
      shell(`echo 1 >> ${starts}`, hello, frame({}), 'head -c 1 >/dev/null', 'kill -9 $$'),
    );
    const count = () => readFileSync(starts, 'utf8').length / 2;
    const run = () => program.run({ x: tensor([1]) }).catch(() => {});
    await vi.waitFor(
      async () => {
        await run();
        expect(count()).toBe(5);
      },
      { timeout: 60_000 },
    );
    for (let more = 0; more < 20; more++) {
      await run();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(count()).toBe(5);
  });

  it('is not started again behind a step, whose weights it had', async () => {
    const starts = join(folder, 'starts-of-a-step');
    const b = makeBuilder('step');
    const w = b.parameter('w', [1], { kind: 'zeros' });
    b.update(w, b.add(w, 1));
    const settings = shell(`echo 1 >> ${starts}`, hello, frame({}), 'head -c 1 >/dev/null', 'kill -9 $$');
    const step = await (await torchEngine(settings)).prepare(b.finish(), { w: tensor([0]) });
    for (let more = 0; more < 4; more++) {
      await expect(step.run({})).rejects.toMatchObject({ diagnostics: [{ code: 'engine-ended' }] });
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(readFileSync(starts, 'utf8')).toBe('1\n');
  });

  it('is stopped and reported when it does not answer in time', async () => {
    const program = await prepared({ ...shell(hello, frame({}), 'exec sleep 20'), answerSeconds: 0.3 });
    await expect(program.run({ x: tensor([1]) })).rejects.toMatchObject({ diagnostics: [{ code: 'engine-silent' }] });
  });

  it('is reported when memory runs out, or the compiler fails', async () => {
    const full = frame({
      error: { kind: 'memory', message: 'RuntimeError: not enough memory: you tried to allocate 9 bytes' },
    });
    await expect(
      (await prepared(shell(hello, frame({}), full, 'sleep 9'))).run({ x: tensor([1]) }),
    ).rejects.toMatchObject({ diagnostics: [{ code: 'engine-full' }] });
    const broken = frame({ error: { kind: 'compile', message: 'CppCompileError: g++ failed' } });
    await expect(prepared(shell(hello, broken, 'sleep 9'))).rejects.toMatchObject({
      diagnostics: [{ code: 'engine-compile' }],
    });
  });
});

/** Process ids. */
const childrenOfThis = (): readonly number[] =>
  readdirSync('/proc/self/task').flatMap((task) =>
    readFileSync(`/proc/self/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  );

const engine = await engineOrSkip('torch');

describe.skipIf(!engine)('the torch engine', () => {
  it('answers several programs that are asked at the same time, and goes on after a refused graph', async () => {
    const programs = await Promise.all([1, 2, 3].map(() => engine!.prepare(graph(), {})));
    const answers = await Promise.all(programs.map((program, at) => program.run({ x: tensor([at, at]) })));
    expect(answers.map(({ y }) => [...y!.data])).toEqual([
      [1, 1],
      [2, 2],
      [3, 3],
    ]);
    const b = makeBuilder('rows');
    b.output('rows', b.gather(b.input('x', [3]), b.input('at', [batch], 'int32')));
    const rows = await engine!.prepare(b.finish(), {});
    await expect(rows.run({ x: tensor([1, 2, 3]), at: tensor([7], 'int32') })).rejects.toThrow(
      /index 7 is out of bounds/,
    );
    expect([...(await rows.run({ x: tensor([1, 2, 3]), at: tensor([2], 'int32') })).rows!.data]).toEqual([3]);
  });

  it('keeps a value that is an input, and swaps two parameters', async () => {
    const b = makeBuilder('swap');
    const [p, q, kept] = ['p', 'q', 'kept'].map((name) => b.parameter(name, [2], { kind: 'zeros' })) as [
      never,
      never,
      never,
    ];
    const x = b.input('x', [2]);
    b.output('p', b.mul(p, 1));
    b.update(p, q);
    b.update(q, p);
    b.update(kept, x);
    const program = await engine!.prepare(b.finish(), { p: tensor([1, 2]), q: tensor([3, 4]), kept: tensor([0, 0]) });
    await program.run({ x: tensor([5, 6]) });
    await program.run({ x: tensor([7, 8]) });
    await program.run({ x: tensor([9, 10]) });
    const after = await program.read();
    expect([after.p, after.q, after.kept].map((value) => [...value!.data])).toEqual([
      [3, 4],
      [1, 2],
      [9, 10],
    ]);
  });

  it('goes on with the bits of a state that it read, also in another process', async () => {
    const step = stepGraph();
    const inputs = [1, 2, 3, 4].map((at) => randomTensors(step, 'inputs', { batch: 100 + at }, at));
    const whole = await engine!.prepare(step, randomTensors(step, 'parameters', {}));
    for (const each of inputs.slice(0, 2)) await whole.run(each);
    const half = await whole.read();
    for (const each of inputs.slice(2)) await whole.run(each);
    const other = await (await torchEngine()).prepare(step, half);
    for (const each of inputs.slice(2)) await other.run(each);
    const [a, b] = [await whole.read(), await other.read()];
    for (const name of Object.keys(a)) expect(b[name]!.data, name).toEqual(a[name]!.data);
  });

  it.skipIf(process.platform !== 'linux')('leaves signals of a terminal to its parent', async () => {
    const before = childrenOfThis();
    const program = await (await torchEngine()).prepare(graph(), {});
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      for (const pid of childrenOfThis()) if (!before.includes(pid)) process.kill(pid, signal);
      await new Promise((resolve) => setTimeout(resolve, 200));
      expect([...(await program.run({ x: tensor([1, 2]) })).y!.data], signal).toEqual([2, 3]);
    }
  });

  it.skipIf(process.platform !== 'linux')('answers again after its process was killed', async () => {
    const b = makeBuilder('weighted');
    b.output('y', b.mul(b.input('x', [batch]), b.parameter('w', [1], { kind: 'zeros' })));
    const before = childrenOfThis();
    const program = await (await torchEngine()).prepare(b.finish(), { w: tensor([3]) });
    const run = async () => [...(await program.run({ x: tensor([1, 2]) })).y!.data];
    expect(await run()).toEqual([3, 6]);
    for (const pid of childrenOfThis()) if (!before.includes(pid)) process.kill(pid, 'SIGKILL');
    await expect(run()).rejects.toMatchObject({ diagnostics: [{ code: 'engine-ended' }] });
    expect(await vi.waitFor(run, { timeout: 90_000, interval: 200 })).toEqual([3, 6]);
  });

  it.skipIf(process.platform !== 'linux')(
    'ends when its parent is killed, in a run as well, and leaves no file',
    async () => {
      const before = leftovers();
      const script = `
      import { torchEngine } from './src/plugins/torch/torch.ts';
      import { makeBuilder } from './src/graph/builder.ts';
      const b = makeBuilder('long');
      let x = b.input('x', [2000, 2000]);
      for (let i = 0; i < 2000; i += 1) x = b.matMul(x, x);
      b.output('x', x);
      const program = await (await torchEngine()).prepare(b.finish(), {});
      console.log('ready');
      await program.run({ x: { dtype: 'float32', shape: [2000, 2000], data: new Float32Array(4e6) } });
    `;
      const parent = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', script], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await new Promise((resolve) => parent.stdout.once('data', resolve));
      const children = childrenOf(parent.pid!);
      expect(children.length).toBeGreaterThan(0);
      await new Promise((resolve) => setTimeout(resolve, 200));
      parent.kill('SIGKILL');
      for (let tries = 0; tries < 200 && children.some(isRunning); tries += 1) {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      expect(children.filter(isRunning)).toEqual([]);
      expect(leftovers()).toEqual(before);
    },
  );
});

const leftovers = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('tower-torch-'));

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Processes whose parent this one is. Linux has them in /proc. */
function childrenOf(pid: number): number[] {
  const tasks = readdirSync(`/proc/${pid}/task`);
  return tasks.flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number),
  );
}

it('has its environment where the set-up makes it', () => {
  const { stdout } = spawnSync(process.execPath, ['scripts/setup-torch.mjs', '--where'], { encoding: 'utf8' });
  expect(stdout.trim()).toBe(torchFolder());
});
