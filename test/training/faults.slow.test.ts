/** Training on a disk that fails: at each file operation in turn the process dies, or the operation is refused. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { Failure } from '../../src/base/diagnostics/diagnostic.ts';
import { hasCheckpoint } from '../../src/training/artifact/checkpoint.ts';
import { trainModel } from '../../src/training/train_model.ts';
import type { TrainOptions } from '../../src/training/train_options.ts';
import { makePlan } from './fixture_plan.ts';
import { makeDataset } from './fixtures.ts';
import { plainEngine } from './plain_engine.ts';
import { temporaryFolder } from './temporary_folder.ts';

/** What is to happen at file operation `at`, counted from 0. */
const fault = vi.hoisted(() => ({ count: 0, at: -1, code: '' as '' | 'ENOSPC' | 'EIO' | 'killed', dead: false }));

/** Of a process that is killed no operation is done any more, whatever its code would do about it. */
vi.mock('node:fs/promises', async (original) => {
  const real = await original<Record<string, unknown>>();
  const changing =
    /^(open|write|writeFile|sync|close|truncate|rename|rm|rmdir|mkdir|link|copyFile|unlink|read|readFile|readdir|stat|lstat)$/;
  const wrap =
    (name: string, work: (...args: unknown[]) => Promise<unknown>) =>
    async (...args: unknown[]): Promise<unknown> => {
      if (fault.dead) throw new Error('killed');
      if (fault.count++ === fault.at) {
        if (fault.code === 'killed') {
          fault.dead = true;
          throw new Error('killed');
        }
        throw Object.assign(new Error(`${fault.code}: ${name}`), { code: fault.code, syscall: name });
      }
      const result = await work(...args);
      return name === 'open' ? handleOf(result as object) : result;
    };
  const handleOf = (handle: object): object =>
    new Proxy(handle, {
      get(target, name: string) {
        const value = Reflect.get(target, name) as unknown;
        if (typeof value !== 'function') return value;
        const bound = value.bind(target) as (...args: unknown[]) => Promise<unknown>;
        return changing.test(name) ? wrap(name, bound) : bound;
      },
    });
  return Object.fromEntries(
    Object.entries(real).map(([name, value]) => [
      name,
      typeof value === 'function' && changing.test(name)
        ? wrap(name, value as (...args: unknown[]) => Promise<unknown>)
        : value,
    ]),
  );
});

const root = temporaryFolder();
const dataset = makeDataset({ users: 4, items: 8, eventsPerUser: 6, heldOut: 2 });
const plan = makePlan({ epochs: 2, batch: 8, stop: { metric: 'mrr', patience: 2 } });
const options = (name: string, more: Partial<TrainOptions> = {}): TrainOptions => ({
  plan,
  dataset,
  engine: plainEngine,
  folder: join(root, name),
  origin: { sources: [{ name: 'fixture.tower', text: 'model fixture' }] },
  tower: '0.0.0',
  ...more,
});

afterEach(() => {
  fault.at = -1;
  fault.dead = false;
});

let operations = 0;
let weights: Buffer;
beforeAll(async () => {
  fault.count = 0;
  await trainModel(options('whole'));
  operations = fault.count;
  weights = readFileSync(join(root, 'whole', 'weights.safetensors'));
});

const fuzzing = process.env.TOWER_FUZZ !== undefined;

/** Some of the operations, the first ones all; `TOWER_FUZZ` gives all of them. */
const some = (count: number, step: number, offset = 0): number[] =>
  Array.from({ length: count }, (_, at) => at).filter((at) => fuzzing || at < 12 || at % step === offset);

/** Trains with a fault at an operation, and answers what was thrown. */
async function faulty(name: string, at: number, code: typeof fault.code, more: Partial<TrainOptions> = {}) {
  Object.assign(fault, { count: 0, at, code, dead: false });
  const error = await trainModel(options(name, more)).catch((each: unknown) => each);
  Object.assign(fault, { at: -1, dead: false });
  if (code === 'killed') bury(join(root, name));
  return error;
}

/** The process that dies is this one: its locks get the number of a process that is gone. */
function bury(folder: string): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder).filter((each) => each.startsWith('.lock'))) {
    const path = join(folder, name);
    writeFileSync(path, readFileSync(path, 'utf8').replace(`"pid":${process.pid}`, '"pid":4999999'));
  }
}

/** As a user would: resumes where there is something to resume, else starts again, without `--force`. */
async function goOn(name: string): Promise<void> {
  const resume = (await hasCheckpoint(join(root, name))) || existsSync(join(root, name, 'manifest.json'));
  await trainModel(options(name, resume ? { resume: true } : {}));
}

describe('training', () => {
  it(
    'killed at any file operation goes on without force, to the same bits',
    async () => {
      expect(operations).toBeGreaterThan(100);
      for (const at of some(operations, 16)) {
        const name = `killed-${at}`;
        await faulty(name, at, 'killed');
        await goOn(name).catch((error: Error) => {
          throw new Error(`killed at ${at}: ${error.stack}`);
        });
        expect(readFileSync(join(root, name, 'weights.safetensors')).equals(weights), `killed at ${at}`).toBe(true);
      }
    },
    fuzzing ? 3_600_000 : 120_000,
  );

  it.each(['ENOSPC', 'EIO'] as const)(
    'refused any file operation with %s says so, and goes on later',
    async (code) => {
      for (const at of some(operations, 24, code === 'EIO' ? 11 : 20)) {
        const name = `${code}-${at}`;
        const error = await faulty(name, at, code);
        // Where the operation does not matter, such as tidying, training ends well.
        if (error instanceof Error && !(error instanceof Failure)) throw new Error(`${code} at ${at}: ${error.stack}`);
        await goOn(name).catch((each: Error) => {
          throw new Error(`${code} at ${at}, then: ${each.stack}`);
        });
        expect(readFileSync(join(root, name, 'weights.safetensors')).equals(weights), `${code} at ${at}`).toBe(true);
      }
    },
    fuzzing ? 3_600_000 : 120_000,
  );

  it(
    'killed while `--force` replaces a run starts again without force',
    async () => {
      await trainModel(options('replaced'));
      Object.assign(fault, { count: 0 });
      await trainModel(options('replaced', { force: true }));
      // Up to the first step; what comes later is as above.
      const first = Math.min(70, fault.count);
      for (const at of some(first, 12, 2)) {
        await trainModel(options(`force-${at}`));
        await faulty(`force-${at}`, at, 'killed', { force: true });
        await goOn(`force-${at}`);
        expect(readFileSync(join(root, `force-${at}`, 'weights.safetensors')).equals(weights), `at ${at}`).toBe(true);
      }
    },
    fuzzing ? 3_600_000 : 120_000,
  );
});
