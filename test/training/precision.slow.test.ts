/** `precision` of `train`: which one a run gets, what it changes, and that a run keeps it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Failure } from '../../src/base/diagnostics/diagnostic.ts';
import type { Engine } from '../../src/engines/engine.ts';
import { graphInPrecision, operationsInBfloat16 } from '../../src/graph/in_bfloat16.ts';
import type { Plan } from '../../src/graph/plan/plan.ts';
import { load } from '../../src/training/artifact/load.ts';
import { choosePrecision, minOperations, precisionOfRun } from '../../src/training/fitted_step.ts';
import { replayStep } from '../../src/training/replay.ts';
import { trainModel } from '../../src/training/train_model.ts';
import type { TrainingEvent } from '../../src/training/train_options.ts';
import { planOf } from '../compiler/library/support.ts';
import { makeDataset } from './fixtures.ts';
import { plainEngine } from './plain_engine.ts';
import { temporaryFolder } from './temporary_folder.ts';
import { watched } from './watched_engine.ts';

const root = temporaryFolder();
const dataset = makeDataset({ users: 8, items: 20, eventsPerUser: 18, heldOut: 2 });

/** Its first product has 4.2 million operations. */
const planWith = (more: string, batch = 64): Plan =>
  planOf(`
    model wide
    features { user_id : id(dim: 128), movie_id : id(dim: 8) }
    tower user(user_id) keyed by user_id { channel main = user_id -> mlp(256, 8) }
    tower item(movie_id) keyed by movie_id { channel main = movie_id -> flatten }
    task watch { score = cosine(user, item), loss = softmax(in_batch, temperature: 0.1) }
    train { batch = ${batch}, epochs = 2, seed = 3, validate = every(9) ${more} }
  `);

const kernels = { ...plainEngine, name: 'tensorflow', multipliesBfloat16: true } as const;

describe('the choice', () => {
  it('is what the model asks for, with a word where the engine only rounds', () => {
    expect(choosePrecision(planWith(''), kernels, 'avx512_bf16')).toBeUndefined();
    expect(choosePrecision(planWith(', precision = float32'), kernels, 'avx512_bf16')).toBeUndefined();
    const asked = planWith(', precision = bf16');
    expect(choosePrecision(asked, kernels, undefined)).toEqual({ precision: 'bf16', asked: 'bf16' });
    expect(choosePrecision(asked, plainEngine, 'amx_bf16')).toEqual({
      precision: 'bf16',
      asked: 'bf16',
      because: 'engine javascript only rounds to it, and gets no faster',
    });
  });

  it('of auto is bf16 where engine, processor and size make it pay', () => {
    const large = planWith(', precision = auto', 1024);
    const small = planWith(', precision = auto');
    expect(operationsInBfloat16(large.step.graph, { sizes: { batch: large.train.batch } })).toBeGreaterThan(
      minOperations,
    );
    expect(operationsInBfloat16(small.step.graph, { sizes: { batch: small.train.batch } })).toBeLessThan(minOperations);
    const because = (...[plan, engine, instructions]: Parameters<typeof choosePrecision>) =>
      Object.values(choosePrecision(plan, engine, instructions)!).join(' ');
    expect(because(large, kernels, 'avx512_bf16')).toMatch(
      /^bf16 auto avx512_bf16, and \d+ million operations in a step$/,
    );
    expect(because(large, plainEngine, 'avx512_bf16')).toBe(
      'float32 auto engine javascript has no products in bfloat16',
    );
    expect(because(small, kernels, 'avx512_bf16')).toMatch(
      /^float32 auto the large products of a step have only \d+ million operations$/,
    );
    expect(because(large, kernels, undefined)).toBe('float32 auto the processor has no instructions for bfloat16');
  });

  it('of a run that goes on is the one that it began with', () => {
    expect(precisionOfRun(planWith(''), undefined)).toBeUndefined();
    expect(precisionOfRun(planWith(', precision = bf16'), 'bf16')?.precision).toBe('bf16');
    expect(precisionOfRun(planWith(', precision = auto'), 'bf16')?.precision).toBe('bf16');
    expect(precisionOfRun(planWith(', precision = auto'), 'float32')?.precision).toBe('float32');
  });

  it('changes the graph of a step, not its inputs, outputs and parameters', () => {
    const plan = planWith(', precision = bf16');
    const { graph } = plan.step;
    const narrow = graphInPrecision(graph, 'bf16', plan);
    expect(graphInPrecision(graph, 'float32', plan)).toBe(graph);
    expect(graph.nodes.some(({ type }) => type.dtype === 'bfloat16')).toBe(false);
    expect(narrow.nodes.some(({ op, type }) => op === 'MatMul' && type.dtype === 'bfloat16')).toBe(true);
    const names = (of: typeof graph) =>
      [of.inputs, of.parameters, of.outputs].map((all) => all.map(({ name }) => name));
    expect(names(narrow)).toEqual(names(graph));
  });
});

describe('a run in bf16', () => {
  const plan = planWith(', precision = bf16');
  const events: TrainingEvent[] = [];
  const options = (name: string, of = plan, engine: Engine = plainEngine) => ({
    ...{ plan: of, dataset, engine, folder: join(root, name), origin: { sources: [] }, tower: '0.0.0' },
    onEvent: (event: TrainingEvent) => void events.push(event),
  });
  const weightsIn = (name: string): Buffer => readFileSync(join(root, name, 'weights.safetensors'));
  const runIn = (name: string) => JSON.parse(readFileSync(join(root, name, 'run.json'), 'utf8'));
  const stopIn = async (name: string, of = plan): Promise<void> => {
    const controller = new AbortController();
    const engine = watched(plainEngine, (step) => {
      if (step === 2) controller.abort();
    });
    await trainModel({ ...options(name, of, engine), signal: controller.signal });
  };
  const began = () => events.findLast(({ kind }) => kind === 'started');

  it('gives other bits than in float32, the same again, and the same where it was stopped and resumed', async () => {
    await trainModel(options('whole'));
    await trainModel(options('wide', planWith('')));
    expect(weightsIn('whole').equals(weightsIn('wide'))).toBe(false);
    await stopIn('stopped');
    await trainModel({ ...options('stopped'), resume: true });
    expect(weightsIn('stopped').equals(weightsIn('whole'))).toBe(true);
    expect(began()).toMatchObject({ precision: { precision: 'bf16', asked: 'bf16' } });
  });

  it('keeps the precision in its folder, and its graphs in float32', async () => {
    const { manifest, plan: kept } = await load(join(root, 'whole'));
    expect([runIn('whole').precision, manifest.training.precision, kept.train.precision]).toEqual([
      'bf16',
      'bf16',
      'bf16',
    ]);
    const wide = await load(join(root, 'wide'));
    expect([runIn('wide').precision, wide.manifest.training.precision, wide.plan.train.precision]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(JSON.stringify(kept)).not.toContain('bfloat16');
  });

  it('takes a step again with the numbers of the run', async () => {
    const trained = await load(join(root, 'whole'));
    const record = await replayStep({ trained, dataset, engine: plainEngine, step: 4, out: join(root, 'step') });
    expect(record.taken?.agrees).toBe(true);
  });

  it('goes on with what auto chose, on any processor', async () => {
    const auto = planWith(', precision = auto');
    await stopIn('auto', auto);
    expect(runIn('auto').precision).toBe('float32');
    // As if it had begun where bf16 pays.
    await stopIn('chosen');
    const identity = { ...runIn('auto'), precision: 'bf16' };
    await stopIn('chosen', auto).catch(() => undefined);
    writeFileSync(join(root, 'chosen', 'run.json'), JSON.stringify(identity));
    await trainModel({ ...options('chosen', auto), resume: true });
    expect(began()).toMatchObject({
      precision: { precision: 'bf16', asked: 'auto', because: 'the run began with it' },
    });
    expect((await load(join(root, 'chosen'))).manifest.training.precision).toBe('bf16');
    expect(runIn('chosen').precision).toBe('bf16');
  });

  it('is refused where its folder names no precision', async () => {
    await stopIn('damaged');
    writeFileSync(join(root, 'damaged', 'run.json'), JSON.stringify({ ...runIn('damaged'), precision: 'fp8' }));
    const error = await trainModel({ ...options('damaged'), resume: true }).catch((each: unknown) => each);
    expect((error as Failure).diagnostics[0]!.code).toBe('damaged-file');
    expect(error).toBeInstanceOf(Failure);
  });
});
