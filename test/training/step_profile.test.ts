import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readProfile } from '../../src/app/report/stored_evaluation.ts';
import type { Engine } from '../../src/engines/engine.ts';
import { isLeaf } from '../../src/graph/ops/table.ts';
import { schemaError } from '../../src/training/artifact/validate.ts';
import { removeRun } from '../../src/training/folder.ts';
import { sampledSteps, type Trace } from '../../src/training/profiler.ts';
import { blockOf, type Profile } from '../../src/training/step_profile.ts';
import { trainModel } from '../../src/training/train_model.ts';
import type { TrainOptions } from '../../src/training/train_options.ts';
import { makePlan } from './fixture_plan.ts';
import { makeDataset } from './fixtures.ts';
import { plainEngine } from './plain_engine.ts';
import { temporaryFolder } from './temporary_folder.ts';

const root = temporaryFolder();
const dataset = makeDataset({ users: 20, items: 40, eventsPerUser: 16, heldOut: 4 });
const places = new Map([['user', { file: 'models/fixture.tower', line: 7, column: 3 }]]);

/** An engine whose every op takes 2 ms: what a profile makes of it can be added up by hand. */
const timed: Engine = {
  ...plainEngine,
  async timeOps(graph, parameters, inputs) {
    expect(Object.keys(parameters).sort()).toEqual(graph.parameters.map(({ name }) => name).sort());
    const ids = graph.nodes.flatMap(({ op }, id) => (isLeaf(op) ? [] : [id]));
    const run = ids.map((node, at) => ({ node, op: graph.nodes[node]!.op, start: 2 * at, milliseconds: 2 }));
    return { how: 'Each op takes 2 ms.', runs: inputs.map(() => run) };
  },
};

const trained = (name: string, more: Partial<TrainOptions> = {}) =>
  trainModel({
    plan: makePlan({ epochs: 2 }),
    dataset,
    engine: timed,
    folder: join(root, name),
    origin: { sources: [{ name: 'models/fixture.tower', text: 'model fixture' }] },
    tower: '0.0.0',
    ...more,
  });
const fileOf = (name: string, file: string): Buffer => readFileSync(join(root, name, file));

describe('a profile of a training', () => {
  let profile: Profile;
  beforeAll(async () => {
    profile = (await trained('profiled', { profile: { places } })).profile!;
  });

  it('leaves the bits of the training as they are', async () => {
    const plain = await trained('plain');
    expect(plain.profile).toBeUndefined();
    for (const file of ['weights.safetensors', 'steps.jsonl']) {
      expect(fileOf('profiled', file).equals(fileOf('plain', file)), file).toBe(true);
    }
    expect(existsSync(join(root, 'plain', 'profile'))).toBe(false);
  });

  it('adds up ops by block, at the place of the block, and scales them to the time of the engine', () => {
    const { graph } = makePlan().step;
    const ofTower = graph.nodes.filter(({ op, label }) => !isLeaf(op) && /^(gradient\/)*user$/.test(label));
    const tower = profile.blocks.find(({ name }) => name === 'user tower')!;
    expect(tower.place).toEqual({ file: 'models/fixture.tower', line: 7, column: 3 });
    expect(tower.calls).toBe(ofTower.length);
    const ops = graph.nodes.filter(({ op }) => !isLeaf(op)).length;
    expect(profile.milliseconds.ops).toBeCloseTo(2 * ops, 9);
    expect(tower.milliseconds).toBeCloseTo((profile.milliseconds.engine * ofTower.length) / ops, 9);
    const backward = ofTower.filter(({ label }) => label.startsWith('gradient/')).length;
    expect(tower.backward! / tower.milliseconds).toBeCloseTo(backward / ofTower.length, 9);
    const inEngine = profile.blocks.filter(({ where }) => where === 'engine');
    const sum = inEngine.reduce((total, { milliseconds }) => total + milliseconds, 0);
    expect(sum).toBeCloseTo(profile.milliseconds.engine, 9);
    expect(profile.ops.reduce((total, { calls }) => total + calls, 0)).toBe(ops);
    expect(profile.notes[0]).toBe('Each op takes 2 ms.');
  });

  it('counts the same FLOPs in blocks and in ops', () => {
    const { graph } = makePlan().step;
    const sumOf = (rows: Profile['ops']) => rows.reduce((sum, each) => sum + (each.flops ?? 0), 0);
    expect(sumOf(profile.blocks)).toBe(sumOf(profile.ops));
    // Products alone, of a batch against its items: there are more, of distinct items.
    const { batch } = makePlan().train;
    const weights = graph.parameters.filter(({ name }) => /w\d$/.test(name));
    const numbers = weights.reduce((sum, { node }) => {
      const [rows, columns] = graph.nodes[node]!.type.shape as [number, number];
      return sum + rows * columns;
    }, 0);
    expect(sumOf(profile.ops)).toBeGreaterThan(2 * batch * numbers);
  });

  it('names the work of the host around the engine', () => {
    const host = profile.blocks.filter(({ where }) => where === 'host').map(({ name }) => name);
    for (const name of ['batch assembly', 'embedding gather', 'gradients of table rows', 'optimizer of tables']) {
      expect(host).toContain(`host: ${name}`);
    }
  });

  it('writes what its schema says, and the report reads it', async () => {
    const written = JSON.parse(String(fileOf('profiled', 'profile/profile.json')));
    expect(await schemaError('profile', written)).toBeUndefined();
    expect(await readProfile(join(root, 'profiled'))).toEqual(JSON.parse(JSON.stringify(profile)));
    mkdirSync(join(root, 'broken', 'profile'), { recursive: true });
    writeFileSync(
      join(root, 'broken', 'profile', 'profile.json'),
      JSON.stringify({ ...written, blocks: [{ name: 1 }] }),
    );
    await expect(readProfile(join(root, 'broken'))).rejects.toMatchObject({ diagnostics: [{ code: 'damaged-file' }] });
  });

  it('writes a Chrome trace: complete events within their step, and a name for each thread', () => {
    const trace: Trace = JSON.parse(String(fileOf('profiled', 'profile/trace.json')));
    expect(Object.keys(trace).sort()).toEqual(['displayTimeUnit', 'traceEvents']);
    const threads = new Set<string>();
    for (const event of trace.traceEvents) {
      expect(['M', 'X']).toContain(event.ph);
      expect([event.pid, event.tid].every(Number.isSafeInteger)).toBe(true);
      if (event.ph === 'M') {
        expect(['process_name', 'thread_name']).toContain(event.name);
        if (event.name === 'thread_name') threads.add(`${event.pid} ${event.tid}`);
        continue;
      }
      expect(typeof event.name === 'string' && event.name !== '' && typeof event.cat === 'string').toBe(true);
      expect(event.ts).toBeGreaterThanOrEqual(0);
      expect(event.dur).toBeGreaterThanOrEqual(0);
      expect(threads).toContain(`${event.pid} ${event.tid}`);
    }
    const complete = trace.traceEvents.filter((event) => event.ph === 'X');
    const steps = complete.filter(({ cat }) => cat === 'step');
    expect(steps.map(({ args }) => args.step)).toEqual(profile.steps);
    for (const { ts, args } of complete.filter(({ cat }) => cat === 'engine')) {
      const of = steps.find((step) => step.args.step === args.step)!;
      expect(ts).toBeGreaterThanOrEqual(of.ts);
    }
    expect(complete.some(({ cat, args }) => cat === 'user tower' && args.place === 'models/fixture.tower:7:3')).toBe(
      true,
    );
  });

  it('is one row for the graph, and says why, on an engine that does not distinguish ops', async () => {
    const { profile: whole } = await trained('whole', { engine: plainEngine, profile: { places } });
    expect(whole!.blocks.filter(({ where }) => where === 'engine').map(({ name }) => name)).toEqual([
      'engine: the whole graph',
    ]);
    expect(whole!.milliseconds.ops).toBeUndefined();
    expect(whole!.notes).toEqual(['The graph is one row: the engine javascript does not distinguish its ops.']);
    expect(await schemaError('profile', JSON.parse(JSON.stringify(whole)))).toBeUndefined();
  });

  it('goes with its run', async () => {
    await trained('whole', { force: true });
    expect(existsSync(join(root, 'whole', 'profile'))).toBe(false);
    await trained('removed', { profile: { places } });
    expect(await removeRun(join(root, 'removed'))).toEqual([]);
    expect(existsSync(join(root, 'removed'))).toBe(false);
  });
});

describe('the steps of a profile', () => {
  it('are at most 16 of the first 400, without the first tenth and the last of an epoch', () => {
    const steps = [...sampledSteps(0, 5000, 50)];
    expect(steps).toHaveLength(16);
    expect(Math.min(...steps)).toBe(41);
    expect(Math.max(...steps)).toBeLessThanOrEqual(400);
    expect(steps.some((step) => step % 50 === 0)).toBe(false);
    expect(Math.min(...sampledSteps(1000, 5000, 50))).toBe(1041);
  });

  it('are all that there are in a short run, and none where nothing is left to do', () => {
    expect([...sampledSteps(0, 3, 3)]).toEqual([2]);
    expect([...sampledSteps(0, 1, 1)]).toEqual([1]);
    expect([...sampledSteps(3, 3, 3)]).toEqual([]);
  });
});

describe('the block of a label', () => {
  const known = new Map([['user/deep/deep/mlp', { file: 'a.tower', line: 2, column: 1 }]]);
  it.each([
    ['user/deep/deep/mlp/inner', 'user tower · deep · mlp', false],
    ['gradient/user/deep/deep/mlp', 'user tower · deep · mlp', true],
    ['gradient/gradient/user/deep/deep/mlp', 'user tower · deep · mlp', true],
    ['item/wide', 'item tower · wide', false],
    ['loss/watch', 'loss · watch', false],
    ['optimizer/user', 'optimizer', false],
    ['', 'rest of the graph', false],
    ['gradient', 'rest of the graph', true],
  ])('%s', (label, name, isBackward) => {
    expect(blockOf(label, ['user', 'item'], known)).toMatchObject({ name, isBackward });
  });
});
