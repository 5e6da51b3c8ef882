import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { Failure } from '../../src/base/diagnostics/diagnostic.ts';
import { readSafetensors } from '../../src/base/storage/safetensors.ts';
import type { Engine } from '../../src/engines/engine.ts';
import type { Plan } from '../../src/graph/plan/plan.ts';
import { limitJsonValues } from '../../src/training/artifact/encoding_file.ts';
import { load } from '../../src/training/artifact/load.ts';
import { readLog, readMetricsLog } from '../../src/training/metrics_log.ts';
import { trainModel } from '../../src/training/train_model.ts';
import type { TrainingEvent, TrainOptions } from '../../src/training/train_options.ts';
import { makePlan } from './fixture_plan.ts';
import { makeDataset } from './fixtures.ts';
import { plainEngine } from './plain_engine.ts';
import { temporaryFolder } from './temporary_folder.ts';
import { watched } from './watched_engine.ts';

const root = temporaryFolder();
const dataset = makeDataset({ users: 20, items: 40, eventsPerUser: 16, heldOut: 4 });
const origin = { sources: [{ name: 'models/fixture.tower', text: 'model fixture' }] };

const options = (name: string, train: Partial<Plan['train']> = {}, more: Partial<TrainOptions> = {}): TrainOptions => ({
  plan: makePlan(train),
  dataset,
  engine: plainEngine,
  folder: join(root, name),
  origin,
  tower: '0.0.0',
  ...more,
});

const weightsIn = (name: string): Buffer => readFileSync(join(root, name, 'weights.safetensors'));
const failureOf = async (work: Promise<unknown>): Promise<string> => {
  const error = await work.then(
    () => undefined,
    (each: unknown) => each,
  );
  expect(error).toBeInstanceOf(Failure);
  return (error as Failure).diagnostics[0]!.code;
};
/** Figures without the times, which no seed decides. */
const untimed = ({ milliseconds, examplesPerSecond, ...rest }: Record<string, unknown>) => rest;

/** The run that the others must agree with. */
let plainWeights: Buffer;
beforeAll(async () => {
  await trainModel(options('plain'));
  plainWeights = weightsIn('plain');
});

describe('training', () => {
  it('learns: the loss falls, and the model ranks better than it began', async () => {
    const { records, status } = await trainModel(options('learns', { epochs: 12 }));
    expect(status).toBe('epochs');
    expect(records.map(({ epoch }) => epoch)).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
    expect(records.at(-1)!.loss).toBeLessThan(records[0]!.loss - 0.1);
    expect(records.at(-1)!.scalars['loss:watch']).toBe(records.at(-1)!.loss);
    const auc = records.map((record) => record.validation!.auc!);
    expect(Math.max(...auc)).toBeGreaterThan(auc[0]! + 0.1);
  });

  it('writes every figure to metrics.jsonl, and nothing else is left next to the model', async () => {
    const { records } = await trainModel(options('figures'));
    expect(await readMetricsLog(join(root, 'figures'))).toEqual(JSON.parse(JSON.stringify(records)));
    expect(readdirSync(join(root, 'figures')).sort()).toEqual([
      'checkpoint.safetensors',
      'encodings',
      expect.stringMatching(/^events\.out\.tfevents\.\d+\.tower\.0$/),
      'graphs',
      'manifest.json',
      'metrics.jsonl',
      'run.json',
      'sources',
      'steps.jsonl',
      'weights.safetensors',
    ]);
  });

  it('writes the scalars of every step to steps.jsonl', async () => {
    const { records } = await trainModel(options('steps'));
    const steps = await readLog(join(root, 'steps'), 'steps.jsonl');
    expect(steps.map(({ step }) => step)).toEqual(Array.from({ length: records.at(-1)!.step }, (_, i) => i + 1));
    expect(Object.keys(steps[0]!)).toEqual(['step', 'loss', 'loss:watch']);
    const [{ rows, step: last, loss: mean }] = records as [(typeof records)[0]];
    const { batch } = makePlan().train;
    const weighted = steps.slice(0, last).map(({ loss }, at) => (loss as number) * Math.min(batch, rows - at * batch));
    expect(weighted.reduce((sum, each) => sum + each, 0) / rows).toBeCloseTo(mean, 5);
  });

  it('gives the same bits for the same seed, and others for another', async () => {
    await trainModel(options('again'));
    await trainModel(options('seed-2', { seed: 2 }));
    expect(weightsIn('again').equals(plainWeights)).toBe(true);
    expect(weightsIn('seed-2').equals(plainWeights)).toBe(false);
  });

  it('resumed after a signal in the middle of an epoch gives the bits of a run that was not stopped', async () => {
    // The engine raises the signal in steps 2 and 6: both within an epoch of 4 steps.
    for (const [stopAt, resume] of [
      [2, false],
      [6, true],
    ] as const) {
      const controller = new AbortController();
      const done = stopAt === 2 ? 0 : 2;
      const engine = watched(plainEngine, (step) => {
        if (done + step === stopAt) controller.abort();
      });
      const stopped = await trainModel(options('stopped', {}, { engine, signal: controller.signal, resume }));
      expect(stopped.status).toBe('interrupted');
      expect(stopped.manifest!.training).toMatchObject({ status: 'interrupted', steps: stopAt });
      expect(await failureOf(load(join(root, 'stopped')))).toBe('unfinished-run');
      const half = await load(join(root, 'stopped'), { unfinished: true });
      expect(half.manifest.training.steps).toBe(stopAt);
    }
    const { status } = await trainModel(options('stopped', {}, { resume: true }));
    expect(status).toBe('epochs');
    expect(weightsIn('stopped').equals(plainWeights)).toBe(true);
    const stepsIn = (name: string): string => readFileSync(join(root, name, 'steps.jsonl'), 'utf8');
    expect(stepsIn('stopped')).toBe(stepsIn('plain'));
    expect((await readMetricsLog(join(root, 'stopped'))).map(untimed)).toEqual(
      (await readMetricsLog(join(root, 'plain'))).map(untimed),
    );
    expect(
      readFileSync(join(root, 'stopped', 'manifest.json'), 'utf8').replaceAll(/[0-9a-f]{64}|"bytes": \d+/g, ''),
    ).toBe(readFileSync(join(root, 'plain', 'manifest.json'), 'utf8').replaceAll(/[0-9a-f]{64}|"bytes": \d+/g, ''));
  });

  it('keeps vocabularies of many values as bytes, with the same model', async () => {
    limitJsonValues(10);
    try {
      const { manifest } = await trainModel(options('many-keys'));
      expect(manifest!.encodings.movie_id).toBe('encodings/movie_id.keys');
      expect(weightsIn('many-keys').equals(plainWeights)).toBe(true);
      const [many, few] = [await load(join(root, 'many-keys')), await load(join(root, 'plain'))];
      expect(many.encodings).toEqual(few.encodings);
      const path = join(root, 'many-keys/encodings/movie_id.keys');
      const bytes = readFileSync(path);
      bytes[bytes.length - 1]! ^= 1;
      writeFileSync(path, bytes);
      expect(await failureOf(load(join(root, 'many-keys')))).toBe('changed-file');
    } finally {
      limitJsonValues();
    }
  });

  it('keeps rows as bfloat16: stopped and resumed with the same bits, and read back as they were', async () => {
    const plan = makePlan();
    const half: Plan = { ...plan, tables: plan.tables.map((table) => ({ ...table, precision: 'bf16' })) };
    await trainModel({ ...options('bf16'), plan: half });
    const controller = new AbortController();
    const engine = watched(plainEngine, (step) => {
      if (step === 3) controller.abort();
    });
    await trainModel({ ...options('bf16-stopped', {}, { engine, signal: controller.signal }), plan: half });
    await trainModel({ ...options('bf16-stopped', {}, { resume: true }), plan: half });
    expect(weightsIn('bf16-stopped').equals(weightsIn('bf16'))).toBe(true);
    expect(weightsIn('bf16').equals(plainWeights)).toBe(false);
    const { tables } = await load(join(root, 'bf16'));
    const { tensors } = await readSafetensors(join(root, 'bf16', 'weights.safetensors'));
    for (const [name, table] of tables) {
      expect(table.precision).toBe('bf16');
      expect(table.read()).toEqual(tensors.get(`table/${name}`)!.data);
    }
  });

  it('stopped before its first step starts again', async () => {
    const stopped = await trainModel(options('at-once', {}, { signal: AbortSignal.abort() }));
    expect(stopped).toEqual({ folder: join(root, 'at-once'), status: 'interrupted', records: [] });
    expect(await failureOf(load(join(root, 'at-once')))).toBe('unfinished-run');
    await trainModel(options('at-once', {}, { resume: true }));
    expect(weightsIn('at-once').equals(plainWeights)).toBe(true);
  });

  it('resumed when there is nothing left to do does nothing', async () => {
    await trainModel(options('done'));
    const before = readFileSync(join(root, 'done', 'manifest.json'), 'utf8');
    const again = await trainModel(options('done', {}, { resume: true }));
    expect(again).toMatchObject({ status: 'epochs', records: [] });
    expect(readFileSync(join(root, 'done', 'manifest.json'), 'utf8')).toBe(before);
  });

  it('stops early, and keeps the weights of the best epoch', async () => {
    const stop = { metric: 'mrr', patience: 2 };
    const { records, status, manifest } = await trainModel(
      // Rates so high that it gets worse.
      options('early', { epochs: 40, dense: { rate: 0.3, schedule: { warmup: 0, decay: 'constant' } }, stop }),
    );
    expect(status).toBe('patience');
    const values = records.map((record) => record.validation!.mrr!);
    const best = values.indexOf(Math.max(...values)) + 1;
    expect(records.length).toBe(best + 2);
    expect(manifest!.training.best).toEqual({ epoch: best, metric: 'mrr', value: values[best - 1] });
    const short = await trainModel(
      options('only-best', { epochs: best, dense: { rate: 0.3, schedule: { warmup: 0, decay: 'constant' } } }),
    );
    expect(short.records.length).toBe(best);
    expect(weightsIn('early').equals(weightsIn('only-best'))).toBe(true);
  });

  it('trains the last partial batch, and leaves out a single row', async () => {
    const events: TrainingEvent[] = [];
    const onEvent = (event: TrainingEvent) => events.push(event);
    // 240 rows.
    const partial = await trainModel(options('partial', { epochs: 1, batch: 238 }, { onEvent }));
    expect(partial.records[0]).toMatchObject({ step: 2, rows: 240 });
    const single = await trainModel(options('single', { epochs: 1, batch: 239 }, { onEvent }));
    expect(single.records[0]).toMatchObject({ step: 1, rows: 239 });
    expect(events.filter(({ kind }) => kind === 'started')).toMatchObject([{ leftOut: 0 }, { leftOut: 1 }]);
  });

  it('reports its progress', async () => {
    const events: TrainingEvent[] = [];
    await trainModel(options('events', { epochs: 2 }, { onEvent: (event) => events.push(event) }));
    expect(events[0]).toMatchObject({ kind: 'started', rows: 240, batch: 64, epochs: 2, stepsOfEpoch: 4 });
    expect(events.filter(({ kind }) => kind === 'epoch').length).toBe(2);
    const last = events.filter((event) => event.kind === 'step').at(-1)!;
    expect(last).toMatchObject({ epoch: 2, stepOfEpoch: 4, step: 8, steps: 8, secondsLeft: 0 });
    expect(last.examplesPerSecond).toBeGreaterThan(0);
  });

  it('follows the schedules of both rates', async () => {
    const dense = { rate: 0.01, schedule: { warmup: 4, decay: 'linear' } } as const;
    const { records } = await trainModel(options('rates', { epochs: 2, dense }));
    // Warm-up ends with the first epoch; of the four steps after it, the last is at a quarter.
    expect(records.map(({ rates }) => rates)).toEqual([
      { dense: 0.01, embeddings: 0.1 },
      { dense: 0.0025, embeddings: 0.1 },
    ]);
  });
});

describe('a run that goes on with other settings', () => {
  it('trains more epochs after its last, and gives the bits of a run that had them from its beginning', async () => {
    await trainModel(options('more', { epochs: 1 }));
    const { status, manifest } = await trainModel(options('more', { epochs: 3 }, { resume: true }));
    expect(status).toBe('epochs');
    expect(weightsIn('more').equals(plainWeights)).toBe(true);
    expect(manifest!.training.changes).toEqual([{ step: 4, setting: 'epochs', from: 1, to: 3 }]);
    expect(manifest!.plan.train.epochs).toBe(3);
    const figures = async (name: string) => (await readMetricsLog(join(root, name))).map(untimed);
    expect(await figures('more')).toEqual(await figures('plain'));
    // What is done is not done again.
    expect(await trainModel(options('more', { epochs: 3 }, { resume: true }))).toMatchObject({ records: [] });
  });

  it('has more patience after it ran out of it, and keeps its best weights', async () => {
    const rate = { dense: { rate: 0.3, schedule: { warmup: 0, decay: 'constant' } } } as const;
    const first = await trainModel(options('patience', { epochs: 12, ...rate, stop: { metric: 'mrr', patience: 1 } }));
    expect(first.status).toBe('patience');
    await trainModel(
      options('patience', { epochs: 12, ...rate, stop: { metric: 'mrr', patience: 12 } }, { resume: true }),
    );
    await trainModel(options('patient', { epochs: 12, ...rate, stop: { metric: 'mrr', patience: 12 } }));
    expect(weightsIn('patience').equals(weightsIn('patient'))).toBe(true);
  });

  it('records other rates with the step of the change', async () => {
    const controller = new AbortController();
    const engine = watched(plainEngine, (step) => {
      if (step === 5) controller.abort();
    });
    await trainModel(options('rate', {}, { engine, signal: controller.signal }));
    const dense = { rate: 0.005, schedule: { warmup: 0, decay: 'linear' } } as const;
    const { manifest } = await trainModel(options('rate', { dense }, { resume: true }));
    expect(manifest!.training.changes).toEqual([
      { step: 5, setting: 'dense.rate', from: 0.01, to: 0.005 },
      { step: 5, setting: 'dense.schedule', from: { warmup: 0, decay: 'constant' }, to: dense.schedule },
    ]);
  });

  it('is refused fewer epochs than it has trained', async () => {
    await trainModel(options('fewer', { epochs: 2 }));
    expect(await failureOf(trainModel(options('fewer', { epochs: 1 }, { resume: true })))).toBe('fewer-epochs');
    expect((await load(join(root, 'fewer'))).manifest.training.epochs).toBe(2);
  });
});

describe('a run that was stopped', () => {
  it('is made a model as it is, marked so, and can still be resumed', async () => {
    const controller = new AbortController();
    const engine = watched(plainEngine, (step) => {
      if (step === 6) controller.abort();
    });
    await trainModel(options('half', {}, { engine, signal: controller.signal }));
    const half = weightsIn('half');
    const { status, manifest, records } = await trainModel(options('half', {}, { finish: true }));
    expect([status, records]).toEqual(['stopped', []]);
    expect(manifest!.training).toMatchObject({ status: 'stopped', epochs: 1, steps: 6 });
    expect((await load(join(root, 'half'))).manifest.training.status).toBe('stopped');
    expect(weightsIn('half').equals(half)).toBe(true);
    await trainModel(options('half', {}, { resume: true }));
    expect(weightsIn('half').equals(plainWeights)).toBe(true);
  });

  it('is made a model as it is, also where the settings now ask for fewer epochs', async () => {
    const controller = new AbortController();
    const engine = watched(plainEngine, (step) => {
      if (step === 9) controller.abort();
    });
    await trainModel(options('third', { epochs: 4 }, { engine, signal: controller.signal }));
    const { epochs, steps } = (await load(join(root, 'third'), { unfinished: true })).manifest.training;
    expect(epochs).toBeGreaterThan(1);
    const { manifest } = await trainModel(options('third', { epochs: 1 }, { finish: true }));
    expect(manifest!.training).toMatchObject({ epochs, steps });
  });

  it('cannot be made a model before its first checkpoint', async () => {
    await trainModel(options('no-step', {}, { signal: AbortSignal.abort() }));
    expect(await failureOf(trainModel(options('no-step', {}, { finish: true })))).toBe('nothing-to-resume');
  });
});

describe('a checkpoint that is not what training wrote', () => {
  /** A run that was stopped in its second epoch, with a best epoch behind it. */
  const stopped = async (name: string): Promise<string> => {
    const controller = new AbortController();
    const engine = watched(plainEngine, (step) => {
      if (step === 6) controller.abort();
    });
    const stop = { metric: 'mrr', patience: 3 };
    await trainModel(options(name, { stop }, { engine, signal: controller.signal }));
    return join(root, name);
  };
  const resume = (name: string) =>
    failureOf(trainModel(options(name, { stop: { metric: 'mrr', patience: 3 } }, { resume: true })));

  it.each([
    ['metrics.jsonl', 'lost-file', (path: string) => rmSync(path)],
    ['steps.jsonl', 'lost-file', (path: string) => rmSync(path)],
    ['steps.jsonl', 'damaged-file', (path: string) => truncateSync(path, 20)],
    [
      'weights-1.safetensors',
      'lost-file',
      (path: string) => [rmSync(path), rmSync(join(path, '../weights.safetensors'))],
    ],
    ['weights-1.safetensors', 'changed-file', (path: string) => flip(path)],
    ['checkpoint.safetensors', 'damaged-file', (path: string) => flip(path)],
    ['run.json', 'damaged-file', (path: string) => writeFileSync(path, '{"format":"tower-run-2"}')],
    ['metrics.jsonl', 'damaged-file', (path: string) => link(path)],
    ['weights-1.safetensors', 'damaged-file', (path: string) => link(path)],
    ['checkpoint.safetensors', 'damaged-file', (path: string) => [rmSync(path), execFileSync('mkfifo', [path])]],
  ])('is refused: %s gives %s', async (file, code, damage) => {
    const name = `damage-${file}-${code}-${String(damage).length}`;
    const folder = await stopped(name);
    damage(join(folder, file));
    expect(await resume(name)).toBe(code);
  });

  const flip = (path: string): void => {
    const bytes = readFileSync(path);
    bytes[bytes.length - 3]! ^= 1;
    rmSync(path);
    writeFileSync(path, bytes);
  };
  /** The same bytes, elsewhere. */
  const link = (path: string): void => {
    renameSync(path, `${path}.elsewhere`);
    symlinkSync(`${path}.elsewhere`, path);
  };
});

describe('a folder', () => {
  it('that holds a run is refused, and replaced only by force', async () => {
    await trainModel(options('mine', { epochs: 1 }));
    const before = weightsIn('mine');
    expect(await failureOf(trainModel(options('mine', { epochs: 1, seed: 5 })))).toBe('folder-in-use');
    expect(weightsIn('mine').equals(before)).toBe(true);
    writeFileSync(join(root, 'mine', 'notes.txt'), 'kept');
    writeFileSync(join(root, 'mine', 'encodings', 'mine.json'), 'kept too');
    const events: TrainingEvent[] = [];
    const onEvent = (event: TrainingEvent) => events.push(event);
    await trainModel(options('mine', { epochs: 1, seed: 5 }, { force: true, onEvent }));
    expect(weightsIn('mine').equals(before)).toBe(false);
    expect(events[0]).toMatchObject({ kept: ['encodings/mine.json', 'notes.txt'] });
    expect(readFileSync(join(root, 'mine', 'encodings', 'mine.json'), 'utf8')).toBe('kept too');
    expect(readFileSync(join(root, 'mine', 'notes.txt'), 'utf8')).toBe('kept');
  });

  it('with other files is refused', async () => {
    mkdirSync(join(root, 'foreign'));
    writeFileSync(join(root, 'foreign', 'thesis.txt'), 'mine');
    expect(await failureOf(trainModel(options('foreign')))).toBe('folder-in-use');
    expect(readdirSync(join(root, 'foreign'))).toEqual(['thesis.txt']);
  });

  it.each([
    ['manifest.json', '{"name":"my app"}'],
    ['run.json', '{"format":"other"}'],
    ['sources/fixture.tower', 'my model'],
    ['weights.safetensors/', ''],
  ])('with a %s of somebody else is refused even by force', async (name, text) => {
    const folder = `own-${name.replaceAll(/\W/g, '-')}`;
    const path = join(root, folder, name);
    mkdirSync(name.endsWith('/') ? path : dirname(path), { recursive: true });
    if (!name.endsWith('/')) writeFileSync(path, text);
    expect(await failureOf(trainModel(options(folder, {}, { force: true })))).toBe('own-file');
    if (text !== '') expect(readFileSync(path, 'utf8')).toBe(text);
    expect(readdirSync(join(root, folder))).toEqual([name.split('/')[0]]);
  });

  it('in which training stopped before its first checkpoint takes another run without force', async () => {
    await trainModel(options('early-end', {}, { signal: AbortSignal.abort() }));
    await trainModel(options('early-end', { epochs: 1, seed: 3 }));
    expect((await load(join(root, 'early-end'))).manifest.seed).toBe(3);
  });

  it('without a run cannot be resumed', async () => {
    expect(await failureOf(trainModel(options('nowhere', {}, { resume: true })))).toBe('nothing-to-resume');
  });

  it.each([
    ['model', 'seed', { seed: 9 }, {}],
    ['plan', 'form of the model', { batch: 32 }, {}],
    ['engine', 'engine', {}, { engine: { ...plainEngine, name: 'onnx' as const } }],
    [
      'data',
      'data set',
      {},
      { dataset: makeDataset({ users: 20, items: 40, eventsPerUser: 16, heldOut: 4, seed: 3 }) },
    ],
  ])('is not resumed with another %s', async (name, word, change, more) => {
    const folder = `resume-${name}`;
    await trainModel(options(folder, { epochs: 1 }));
    const resumed = trainModel(options(folder, { epochs: 1, ...change }, { resume: true, ...more }));
    await expect(resumed).rejects.toThrow(`has another ${word}`);
  });
});

describe('what cannot be trained', () => {
  it('is a part with too few rows', async () => {
    const train0 = { ...dataset.parts.train, rows: 1 };
    const empty = { ...dataset, parts: { ...dataset.parts, train: train0 } };
    expect(await failureOf(trainModel(options('few', {}, { dataset: empty })))).toBe('too-few-rows');
    expect(readdirSync(root)).not.toContain('few');
  });

  it('is what cannot fit into memory: reported with the bytes, before the run that the folder holds is touched', async () => {
    await trainModel(options('kept', { epochs: 1 }));
    const before = weightsIn('kept');
    const encodings = new Map(dataset.encodings).set('user_id', { kind: 'hash', buckets: 2 ** 40 });
    const large = trainModel(options('kept', {}, { dataset: { ...dataset, encodings }, force: true }));
    // Values and Adagrad's sums: twice 8 float32 a row; the other tables are small.
    await expect(large).rejects.toThrow(/needs 70,368,74\d,\d{3},\d{3} bytes .* are available: user_id/);
    expect(weightsIn('kept').equals(before)).toBe(true);
  });

  it('is early stopping without a validation part', async () => {
    const validation = { ...dataset.parts.validation, rows: 0 };
    const none = { ...dataset, parts: { ...dataset.parts, validation } };
    const stop = { metric: 'recall', k: 5, patience: 1 };
    await expect(trainModel(options('none', { stop }, { dataset: none }))).rejects.toThrow('recall@5');
    const { records } = await trainModel(options('none', { epochs: 1 }, { dataset: none }));
    expect(records[0]!.validation).toBeUndefined();
  });

  it('is a loss that is not a number: it says where, and the checkpoint before stays', async () => {
    let steps = 0;
    const engine: Engine = {
      ...plainEngine,
      async prepare(graph, parameters) {
        const program = await plainEngine.prepare(graph, parameters);
        return {
          ...program,
          async run(inputs) {
            const outputs = await program.run(inputs);
            if (graph.name !== 'step' || ++steps !== 6) return outputs;
            return { ...outputs, loss: { dtype: 'float32', shape: [], data: Float32Array.of(Number.NaN) } };
          },
        };
      },
    };
    const run = trainModel(options('nan', {}, { engine }));
    await expect(run).rejects.toThrow('training stopped: the loss became NaN in step 6 of epoch 2');
    expect(await failureOf(load(join(root, 'nan')))).toBe('unfinished-run');
    await trainModel(options('nan', {}, { resume: true }));
    expect(weightsIn('nan').equals(plainWeights)).toBe(true);
  });
});
