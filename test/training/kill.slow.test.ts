/** Runs that are really killed, in processes of their own. */
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { beforeAll, describe, expect, it } from 'vitest';
import type { EngineName } from '../../src/engines/engine.ts';
import { chooseEngine } from '../../src/engines/engines.ts';
import { hasCheckpoint } from '../../src/training/artifact/checkpoint.ts';
import { load } from '../../src/training/artifact/load.ts';
import { readMetricsLog } from '../../src/training/metrics_log.ts';
import { losses, planWith } from './remembering.ts';
import { temporaryFolder } from './temporary_folder.ts';

const root = temporaryFolder();
// Inside the project, for the packages that are not bundled.
const script = join('node_modules', '.cache', `kill_child-${process.pid}.mjs`);
let engine: EngineName;

beforeAll(async () => {
  await build({
    entryPoints: ['test/training/kill_child.ts'],
    outfile: script,
    bundle: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
  });
  engine = (await chooseEngine()).engine.name;
});

/** Runs until it ends, or until it prints `step N` where it then gets the signal. */
async function child(
  folder: string,
  resume: boolean,
  stop?: { signal: 'SIGKILL' | 'SIGINT'; step: number },
  plan?: string,
) {
  const process_ = spawn(process.execPath, [
    script,
    folder,
    engine,
    resume ? 'resume' : 'new',
    ...(plan ? [plan] : []),
  ]);
  let output = '';
  let errors = '';
  let stopped = false;
  process_.stdout.on('data', (text) => {
    output += text;
    if (!stopped && stop && output.includes(`step ${stop.step}\n`)) stopped = process_.kill(stop.signal);
  });
  process_.stderr.on('data', (text) => (errors += text));
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) =>
    process_.on('close', (...ended) => resolve(ended)),
  );
  return { code, signal, output, errors, steps: output.split('\n').filter((line) => line.startsWith('step ')).length };
}

const weightsIn = (folder: string): Buffer => readFileSync(join(folder, 'weights.safetensors'));
const figuresIn = async (folder: string) =>
  (await readMetricsLog(folder)).map(({ milliseconds, examplesPerSecond, ...figures }) => figures);

// 240 rows in batches of 16: 15 steps an epoch, three epochs.
describe('a run', () => {
  it('killed with SIGKILL again and again, and resumed, gives the bits of one that was not', async () => {
    const whole = join(root, 'whole');
    const killed = join(root, 'killed');
    const uninterrupted = await child(whole, false);
    expect(uninterrupted.code, uninterrupted.errors).toBe(0);
    expect(uninterrupted.output).toContain('epochs\n');

    // Before the first checkpoint; in the second epoch; in the second again.
    const first = await child(killed, false, { signal: 'SIGKILL', step: 4 });
    expect(first.signal).toBe('SIGKILL');
    expect(await hasCheckpoint(killed)).toBe(false);
    const second = await child(killed, true, { signal: 'SIGKILL', step: 20 });
    expect(second.signal).toBe('SIGKILL');
    expect(await hasCheckpoint(killed)).toBe(true);
    await expect(load(killed)).rejects.toThrow('has not finished');
    const third = await child(killed, true, { signal: 'SIGKILL', step: 12 });
    expect(third.signal).toBe('SIGKILL');
    const last = await child(killed, true);
    expect(last.code, last.errors).toBe(0);
    // It took up at the last checkpoint, not at the beginning.
    expect(last.steps).toBeLessThanOrEqual(30);

    expect(weightsIn(killed).equals(weightsIn(whole))).toBe(true);
    expect(await figuresIn(killed)).toEqual(await figuresIn(whole));
    const stepsIn = (folder: string): Buffer => readFileSync(join(folder, 'steps.jsonl'));
    expect(stepsIn(killed).equals(stepsIn(whole))).toBe(true);
    const [one, other] = [await load(killed), await load(whole)];
    expect(one.manifest.training).toEqual(other.manifest.training);
  }, 60_000);

  it('stopped with Ctrl-C ends cleanly with a checkpoint and a model, and resumes to the same bits', async () => {
    const stopped = join(root, 'stopped');
    const first = await child(stopped, false, { signal: 'SIGINT', step: 22 });
    expect(first.code, first.errors).toBe(0);
    expect(first.output).toContain('interrupted\n');
    expect(await hasCheckpoint(stopped)).toBe(true);
    expect((await load(stopped, { unfinished: true })).manifest.training).toMatchObject({
      status: 'interrupted',
      epochs: 1,
    });
    const last = await child(stopped, true);
    // Nothing was done twice.
    expect(first.steps + last.steps).toBe(45);
    expect(weightsIn(stopped).equals(weightsIn(join(root, 'whole')))).toBe(true);
  }, 60_000);
});

// 240 rows in batches of 32: 8 steps an epoch, counted from where a process takes up. A queue goes back over the start of an epoch; mined items are those of the last epoch.
describe.each([
  { name: 'mined negatives', given: planWith(losses.mined) },
  { name: 'a queue', given: planWith(losses.queue) },
  // 20 users: 10 steps an epoch.
])('a run with $name', ({ name, given }) => {
  it('killed with SIGKILL in its second and third epoch, and resumed, gives the bits of one that was not', async () => {
    const [whole, killed, plan] = ['whole', 'killed', 'plan.json'].map((each) => join(root, `${name}-${each}`));
    writeFileSync(plan!, JSON.stringify(given));
    const uninterrupted = await child(whole!, false, undefined, plan);
    expect(uninterrupted.code, uninterrupted.errors).toBe(0);
    for (const [resume, step] of [
      [false, 13],
      [true, 12],
    ] as const) {
      expect((await child(killed!, resume, { signal: 'SIGKILL', step }, plan)).signal).toBe('SIGKILL');
    }
    const last = await child(killed!, true, undefined, plan);
    expect(last.code, last.errors).toBe(0);
    expect(last.steps).toBeLessThanOrEqual(10);
    expect(weightsIn(killed!).equals(weightsIn(whole!))).toBe(true);
  }, 60_000);
});
