/** `precision` of `train`: which one a run gets, what it changes, and that a run keeps it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Failure } from '../../src/base/diagnostics/diagnostic.ts';
import type { Engine } from '../../src/engines/engine.ts';
import { graphInPrecision, type Precision } from '../../src/graph/in_bfloat16.ts';
import type { Plan } from '../../src/graph/plan/plan.ts';
import { load } from '../../src/training/artifact/load.ts';
import { choosePrecision, fasterOf, precisionOfRun } from '../../src/training/chosen_precision.ts';
import { replayStep } from '../../src/training/replay.ts';
import { trainModel } from '../../src/training/train_model.ts';
import type { TrainingEvent } from '../../src/training/train_options.ts';
import { tablesOf } from '../../src/training/training_step.ts';
import { planOf } from '../compiler/library/support.ts';
import { makeDataset } from './fixtures.ts';
import { plainEngine } from './plain_engine.ts';
import { temporaryFolder } from './temporary_folder.ts';
import { watched } from './watched_engine.ts';

const root = temporaryFolder();
const dataset = makeDataset({ users: 8, items: 20, eventsPerUser: 18, heldOut: 2 });

/** Its first product has 4.2 million operations. */
const planWith = (more: string, batch = 64, loss = 'softmax(in_batch, temperature: 0.1)'): Plan =>
  planOf(`
    model wide
    features { user_id : id(dim: 128), movie_id : id(dim: 8) }
    tower user(user_id) keyed by user_id { channel main = user_id -> mlp(256, 8) }
    tower item(movie_id) keyed by movie_id { channel main = movie_id -> flatten }
    task watch { score = cosine(user, item), loss = ${loss} }
    train { batch = ${batch}, epochs = 2, seed = 3, validate = every(9) ${more} }
  `);

const kernels = { ...plainEngine, name: 'tensorflow', multipliesBfloat16: true } as const;

/** An engine whose steps take some milliseconds longer in one precision. */
const slowIn = (slow: Precision): Engine => ({
  ...kernels,
  async prepare(graph, parameters) {
    const program = await kernels.prepare(graph, parameters);
    const isSlow = (graph.nodes.some(({ type }) => type.dtype === 'bfloat16') ? 'bf16' : 'float32') === slow;
    return {
      ...program,
      run: async (inputs) => {
        if (isSlow) await new Promise((resolve) => setTimeout(resolve, 30));
        return program.run(inputs);
      },
    };
  },
});

describe('the choice', () => {
  const choiceOf = (plan: Plan, engine: Engine, more = {}) =>
    choosePrecision({ plan, dataset, engine, origin: { sources: [] }, ...more }, () => tablesOf({ plan, dataset }));

  it('is what the model asks for, with a word where the engine only rounds', async () => {
    expect(await choiceOf(planWith(''), kernels)).toBeUndefined();
    expect(await choiceOf(planWith(', precision = float32'), kernels)).toBeUndefined();
    const asked = planWith(', precision = bf16');
    expect(await choiceOf(asked, kernels)).toEqual({ precision: 'bf16', asked: 'bf16' });
    expect(await choiceOf(asked, plainEngine)).toEqual({
      precision: 'bf16',
      asked: 'bf16',
      because: 'engine javascript only rounds to it, and gets no faster',
    });
  });

  it('of auto is float32, without a measurement, where bf16 cannot pay', async () => {
    const because = async (...given: Parameters<typeof choiceOf>) =>
      Object.values((await choiceOf(...given))!).join(' ');
    const auto = planWith(', precision = auto');
    expect(await because(auto, plainEngine)).toBe('float32 auto engine javascript has no products in bfloat16');
    expect(await because(planWith(', precision = auto', 16), kernels)).toBe(
      'float32 auto no product of a step is large',
    );
    expect(await because(auto, kernels, { sharesTables: true })).toBe(
      'float32 auto workers that share tables do not measure',
    );
  });

  it('of auto is the faster one, if bf16 saves at least a twentieth', () => {
    expect(fasterOf({ float32: 10, bf16: 9.6 })).toMatchObject({ precision: 'float32' });
    expect(fasterOf({ float32: 10, bf16: 9.4 })).toEqual({
      precision: 'bf16',
      asked: 'auto',
      because: 'the graph of a step took 9.40 ms in bf16, 10.0 ms in float32',
      measured: { float32: 10, bf16: 9.4 },
    });
  });

  it('of a run that goes on is the one that it began with', () => {
    const auto = planWith(', precision = auto');
    expect(precisionOfRun(planWith(''), {})).toBeUndefined();
    expect(precisionOfRun(planWith(', precision = bf16'), { precision: 'bf16' })?.precision).toBe('bf16');
    expect(precisionOfRun(auto, { precision: 'bf16' })?.precision).toBe('bf16');
    expect(precisionOfRun(auto, { precision: 'float32' })?.precision).toBe('float32');
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

  it('of auto has the bits of the precision that was faster, keeps what was measured, and goes on with it', async () => {
    const auto = planWith(', precision = auto');
    const milliseconds = { float32: expect.any(Number), bf16: expect.any(Number) };
    for (const [name, slow, equal] of [
      ['chose float32', 'bf16', 'wide'],
      ['chose bf16', 'float32', 'whole'],
    ] as const) {
      await trainModel(options(name, auto, slowIn(slow)));
      expect(weightsIn(name).equals(weightsIn(equal))).toBe(true);
      const { training } = (await load(join(root, name))).manifest;
      expect([training.measured, runIn(name).measured]).toEqual([milliseconds, milliseconds]);
      const continued = { ...options(`${name}, continued`, auto, slowIn(slow === 'bf16' ? 'float32' : 'bf16')) };
      const origin = { sources: [], final: { name: join(root, name), checksum: '' } };
      expect(await choosePrecision({ ...continued, origin }, () => tablesOf(continued))).toMatchObject({
        precision: training.precision,
        because: 'the run began with it',
      });
    }
  });

  it.each([
    'softmax(in_batch, correction: streaming, temperature: 0.1)',
    'softmax(in_batch, queue: batches(2), temperature: 0.1)',
    'softmax(in_batch, negatives: mined(2, best: 4, users: 8), temperature: 0.1)',
    'softmax(negatives: sampled(8), temperature: 0.1)',
  ])('of auto begins as if nothing had been measured, with %s', async (loss) => {
    const withLoss = (plan: string) => planWith(plan, 64, loss);
    await trainModel(options(`measured ${loss}`, withLoss(', precision = auto'), slowIn('bf16')));
    await trainModel(options(`plain ${loss}`, withLoss('')));
    expect(weightsIn(`measured ${loss}`).equals(weightsIn(`plain ${loss}`))).toBe(true);
    expect(runIn(`measured ${loss}`).measured).toBeDefined();
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
