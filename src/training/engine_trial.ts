/**
 * Chooses the fastest engine for a plan by timing its step: `--engine auto`. The result is stored in the cache folder, so that the next training of this plan
 * on this machine uses the same engine, and has the same bits.
 */
import { createHash } from 'node:crypto';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { Failure } from '../base/diagnostics/failure.ts';
import { makeFolder, writeTextDurably } from '../base/storage/durable.ts';
import { cacheBase } from '../base/storage/package_file.ts';
import { readJsonFile } from '../base/storage/run_files.ts';
import type { Dataset } from '../data/dataset.ts';
import { copies } from '../engines/check.ts';
import type { Engine, EngineName, Program, Tensors } from '../engines/engine.ts';
import { type Choice, chooseEngine, loadEngine, type Skipped } from '../engines/engines.ts';
import { bfloat16Instructions } from '../engines/processor.ts';
import { inPrecision, type Precision } from '../graph/in_bfloat16.ts';
import { initialValues } from '../graph/initial.ts';
import type { Plan } from '../graph/plan/plan.ts';
import { type BegunState, beginState, labelMeans, tablesOf } from './begin_state.ts';
import { choosePrecision, fitted } from './fitted_step.ts';

/** The engines that a trial compares, in order of preference. `javascript` is never faster than `onnx`, which is in the package too. */
const candidates: readonly EngineName[] = ['tensorflow', 'onnx', 'torch'];

/** Another engine than the preferred one must take less than this share of its time, so that noise does not decide. */
const clearlyFaster = 0.9;

/** Milliseconds for the timed steps of one engine, maximum number of different batches, and number of warm-up steps. */
const [trialMilliseconds, maxBatches, warmUps] = [700, 4, 2];

/** Maximum bytes of the tables that a trial makes in addition to those of the training. */
const maxTableBytes = 2 ** 30;

export interface EngineTrial {
  readonly engine: EngineName;
  readonly milliseconds: Readonly<Partial<Record<EngineName, number>>>;
}

/**
 * Returns the engine for a plan with the reason: the fastest in a trial, or the preferred one if there is no trial.
 * @param milliseconds for the timed steps of one engine
 * @throws Failure `no-engine`, `too-large-for-memory`, …
 */
export async function engineByTrial(plan: Plan, dataset: Dataset, milliseconds = trialMilliseconds): Promise<Choice> {
  const { engines, skipped } = await loadAll();
  const [preferred] = engines;
  if (!preferred) return chooseEngine('javascript');
  if (engines.length === 1)
    return { engine: preferred, skipped, reason: 'no other engine loads that a trial could compare' };
  if (dataset.shards) return { engine: preferred, skipped, reason: 'no trial: the training rows are in shards' };
  const folder = join(cacheBase(), 'engine-trials');
  const file = `${keyOf(plan, dataset, engines)}.json`;
  const cachedTrial = readTrial(await readJsonFile(folder, file).catch(() => undefined), engines);
  const trial = cachedTrial ?? (await runTrial(plan, dataset, engines, milliseconds));
  if (typeof trial === 'string') return { engine: preferred, skipped, reason: trial };
  if (!cachedTrial) await cacheTrial(folder, file, trial);
  const engine = engines.find(({ name }) => name === trial.engine)!;
  return { engine, skipped, reason: reasonOf(trial, cachedTrial !== undefined) };
}

async function loadAll(): Promise<{ readonly engines: readonly Engine[]; readonly skipped: readonly Skipped[] }> {
  const engines: Engine[] = [];
  const skipped: Skipped[] = [];
  for (const name of candidates) {
    try {
      engines.push(await loadEngine(name));
    } catch (error) {
      skipped.push({ name, reason: error instanceof Error ? error.message : String(error) });
    }
  }
  return { engines, skipped };
}

const precisionOf = (plan: Plan, engine: Engine): Precision =>
  choosePrecision(plan, engine, bfloat16Instructions())?.precision ?? 'float32';

/** Returns a hash of everything that a trial depends on: the step, the sizes of the data, the processor, and the runtimes. */
function keyOf(plan: Plan, { corpus, parts }: Dataset, engines: readonly Engine[]): string {
  const { step, train } = fitted(plan, corpus.rows);
  const about = {
    graph: step.graph,
    precisions: engines.map((engine) => precisionOf(plan, engine)),
    batch: train.batch,
    items: corpus.rows,
    rows: parts.train.rows,
    processor: cpus()[0]?.model,
    cores: availableParallelism(),
    engines: engines.map(({ name, version }) => [name, version]),
  };
  return createHash('sha256').update(JSON.stringify(about)).digest('hex').slice(0, 32);
}

function readTrial(value: unknown, engines: readonly Engine[]): EngineTrial | undefined {
  const { engine, milliseconds } = (value ?? {}) as Partial<EngineTrial>;
  const engineNames = engines.map(({ name }) => name);
  if (engine === undefined || !engineNames.includes(engine) || typeof milliseconds !== 'object') return undefined;
  const isFigure = (figure: unknown): boolean => typeof figure === 'number' && figure >= 0 && Number.isFinite(figure);
  return engineNames.every((name) => milliseconds?.[name] === undefined || isFigure(milliseconds[name]))
    ? { engine, milliseconds }
    : undefined;
}

/** Caches a trial. If it cannot be written, the trial is still valid. */
async function cacheTrial(folder: string, file: string, trial: EngineTrial): Promise<void> {
  try {
    await makeFolder(folder);
    await writeTextDurably(join(folder, file), `${JSON.stringify(trial)}\n`);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
  }
}

function reasonOf({ engine, milliseconds }: EngineTrial, isKept: boolean): string {
  const figures = Object.entries(milliseconds).map(([name, value]) => `${name} ${Number(value.toPrecision(3))} ms`);
  const how = isKept ? 'an earlier trial of this step' : 'a trial of this step';
  return `${engine} by ${how}: ${figures.join(', ')}; \`--engine NAME\` takes another one`;
}

/** Times the step on each engine. Returns the reason as text if there is no trial. */
async function runTrial(
  plan: Plan,
  dataset: Dataset,
  engines: readonly Engine[],
  each: number,
): Promise<EngineTrial | string> {
  const tables = tablesOf({ plan, dataset });
  if ([...tables.values()].reduce((sum, { bytes }) => sum + bytes, 0) > maxTableBytes) {
    return 'no trial: the tables are too large to be made twice';
  }
  const [first] = engines as [Engine];
  const state = await beginState({ plan, dataset, engine: first }, precisionOf(plan, first), tables);
  const milliseconds: Partial<Record<EngineName, number>> = {};
  try {
    const batches = await batchesOf(plan, state);
    milliseconds[first.name] = await medianMilliseconds(state.program, batches, each);
    const { step, train } = fitted(plan, dataset.corpus.rows);
    const initial = { ...initialValues(step.graph, train.seed), ...labelMeans(plan, dataset.parts.train) };
    for (const engine of engines.slice(1)) {
      const program = await engine.prepare(inPrecision(step.graph, precisionOf(plan, engine), plan), initial);
      try {
        milliseconds[engine.name] = await medianMilliseconds(program, batches, each);
      } finally {
        await program.close();
      }
    }
  } finally {
    state.feeder.close();
    await state.program.close();
  }
  return { engine: fastest(milliseconds), milliseconds };
}

export function fastest(milliseconds: EngineTrial['milliseconds']): EngineName {
  const timedEngines = candidates.filter((name) => milliseconds[name] !== undefined);
  const [preferred] = timedEngines;
  const fastestEngine = timedEngines.reduce((one, other) => (milliseconds[other]! < milliseconds[one]! ? other : one));
  return milliseconds[fastestEngine]! < clearlyFaster * milliseconds[preferred!]! ? fastestEngine : preferred!;
}

async function batchesOf({ train }: Plan, { order, feeder }: BegunState): Promise<readonly Tensors[]> {
  const epoch = order.epoch(1);
  const batchInputs: Tensors[] = [];
  for (let at = 0; at < Math.min(maxBatches, epoch.steps); at++) {
    const inputs = feeder.inputs(await epoch.batch(at), at + 1, { rate: train.dense.rate });
    batchInputs.push(copies(inputs));
  }
  return batchInputs;
}

async function medianMilliseconds(
  program: Program,
  batches: readonly Tensors[],
  milliseconds: number,
): Promise<number> {
  const stepTimes: number[] = [];
  for (let at = 0, end = Number.POSITIVE_INFINITY; at <= warmUps || performance.now() < end; at++) {
    if (at === warmUps) end = performance.now() + milliseconds;
    const start = performance.now();
    await program.run(batches[at % batches.length]!);
    if (at >= warmUps) stepTimes.push(performance.now() - start);
  }
  return stepTimes.toSorted((a, b) => a - b)[stepTimes.length >> 1]!;
}
