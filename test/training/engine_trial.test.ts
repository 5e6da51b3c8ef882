import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EngineName } from '../../src/engines/engine.ts';
import { listEngines } from '../../src/engines/engines.ts';
import { engineByTrial, fastest } from '../../src/training/engine_trial.ts';
import { engineOfRun } from '../../src/training/folder.ts';
import { makePlan } from './fixture_plan.ts';
import { makeDataset } from './fixtures.ts';
import { temporaryFolder } from './temporary_folder.ts';

const root = temporaryFolder();
const dataset = makeDataset({ users: 20, items: 40, eventsPerUser: 16, heldOut: 4 });
const plan = makePlan();

describe('the engine of a trial', () => {
  const before = { ...process.env };
  let names: readonly EngineName[];
  beforeAll(async () => {
    process.env.TOWER_TORCH_COMPILE ??= 'off';
    // Loaded before the cache folder, which may hold them, is another one.
    names = (await listEngines()).filter(({ loads, name }) => loads && name !== 'javascript').map(({ name }) => name);
    process.env.TOWER_CACHE = join(root, 'cache');
  });
  afterAll(() => {
    if (before.TOWER_CACHE === undefined) delete process.env.TOWER_CACHE;
    else process.env.TOWER_CACHE = before.TOWER_CACHE;
  });

  it('is kept, and taken again without a trial; what is not an answer is tried anew', async () => {
    const first = await engineByTrial(plan, dataset, 10);
    if (names.length < 2) {
      console.warn('skipped: only one engine loads here, so there is no trial');
      expect(first.reason).toContain('no other engine');
      return;
    }
    expect(names).toContain(first.engine.name);
    for (const name of names) expect(first.reason).toMatch(new RegExp(`${name} [\\d.]+ ms`));
    expect(first.reason).toContain('by a trial of this step');
    const folder = join(root, 'cache', 'engine-trials');
    const [file] = readdirSync(folder);
    const path = join(folder, file!);
    const other = names.find((name) => name !== first.engine.name)!;
    writeFileSync(path, JSON.stringify({ engine: other, milliseconds: { [other]: 1 } }));
    const again = await engineByTrial(plan, dataset, 10);
    expect(again.engine.name).toBe(other);
    expect(again.reason).toContain('by an earlier trial of this step');
    for (const text of ['{"engine":"abacus","milliseconds":{}}', 'null', '{']) {
      writeFileSync(path, text);
      expect((await engineByTrial(plan, dataset, 10)).reason).toContain('by a trial of this step');
      expect(names).toContain(JSON.parse(readFileSync(path, 'utf8')).engine);
    }
    // Another step is another question.
    await engineByTrial(makePlan({ batch: 16 }), dataset, 10);
    expect(readdirSync(folder)).toHaveLength(2);
  });

  it('is in shards the first that loads, without a trial', async () => {
    const shards = {} as NonNullable<typeof dataset.shards>;
    const { reason } = await engineByTrial(plan, { ...dataset, shards }, 10);
    expect(reason).toContain(names.length < 2 ? 'no other engine' : 'in shards');
  });
});

it('another engine than the preferred one must be clearly faster', () => {
  expect(fastest({ tensorflow: 10, onnx: 9.5 })).toBe('tensorflow');
  expect(fastest({ tensorflow: 10, onnx: 8.9 })).toBe('onnx');
  expect(fastest({ tensorflow: 10, onnx: 8.9, torch: 3 })).toBe('torch');
  expect(fastest({ onnx: 4, torch: 3.9 })).toBe('onnx');
});

it('a run goes on with the engine that it names, if it names one', async () => {
  mkdirSync(join(root, 'run'));
  const named = async (run: unknown) => {
    writeFileSync(join(root, 'run', 'run.json'), JSON.stringify(run));
    return engineOfRun(join(root, 'run'));
  };
  expect(await named({ engine: 'onnx' })).toBe('onnx');
  expect(await named({ engine: '../onnx' })).toBeUndefined();
  expect(await named(null)).toBeUndefined();
  expect(await engineOfRun(join(root, 'none'))).toBeUndefined();
});
