/**
 * Takes a step of a finished or interrupted run again: replays the training up to it from the nearest checkpoint in the folder, or else from the start. A step
 * depends only on the seed, the data and its number, so the replay equals the run bit for bit on the same engine.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { failure, invariant } from '../base/diagnostics/diagnostic.ts';
import { makeFolder, writeDurably, writeTextDurably } from '../base/storage/durable.ts';
import { openIfExists, readFileLines } from '../base/storage/run_files.ts';
import { writeSafetensors } from '../base/storage/safetensors.ts';
import type { Dataset } from '../data/dataset.ts';
import { copyTensors } from '../engines/check.ts';
import type { Engine, Tensors } from '../engines/engine.ts';
import type { SchedulePlan, TrainPlan } from '../graph/plan/plan.ts';
import { hasCheckpoint, readProgress, restoreState, stateTensors, type TrainingState } from './artifact/checkpoint.ts';
import { differenceOfData, type LoadedModel } from './artifact/load.ts';
import { schemaError } from './artifact/validate.ts';
import { precisionOfRun } from './chosen_precision.ts';
import { type AnyEpoch, type EventOrder, totalSteps } from './feed/order.ts';
import { ratesAt } from './learning_rates.ts';
import { parsedRecord, scalarOutputs, stepDigits, stepsFile } from './metrics_log.ts';
import { describeBatch, type StepBatch } from './step_batch.ts';
import { beginState, closeState, tablesOf } from './training_step.ts';
import { beginEpoch, CurrentTowers } from './validation.ts';

export interface ReplayOptions {
  readonly trained: LoadedModel;
  readonly dataset: Dataset;
  /** The engine of the run. Another one would give other figures. */
  readonly engine: Engine;
  /** From 1; 0 is the state before the first step. */
  readonly step: number;
  /** Folder for step.json, before.safetensors, after.safetensors and tensors.safetensors. Absent: nothing is written. */
  readonly out?: string;
  readonly force?: boolean;
  readonly signal?: AbortSignal;
}

type Scalars = Readonly<Record<string, number>>;

/** The content of step.json; `step.schema.json` describes each entry. */
export interface StepRecord {
  readonly format: 'tower-step-1';
  readonly model: string;
  readonly engine: { readonly name: string; readonly version: string };
  readonly seed: number;
  readonly step: number;
  /** Total number of steps of the run by its settings at this step: decays end with it. */
  readonly steps: number;
  /** Absent at step 0, which is the state before the first step. */
  readonly taken?: TakenStep;
  readonly files: readonly string[];
}

interface TakenStep extends StepBatch {
  /** From 1. */
  readonly epoch: number;
  /** From 1. */
  readonly stepOfEpoch: number;
  /** Learning rates after their schedules. */
  readonly rates: { readonly dense: number; readonly embeddings: number };
  /** Losses and weights of tasks that the step computes, before it changes any weight. */
  readonly before: Scalars;
  /** The same for the same rows, negatives and noise with the weights after the step. */
  readonly after: Scalars;
  /** The run's own line of steps.jsonl, if there is one. */
  readonly logged?: Scalars;
  /** True if `before` equals this line, to its number of digits. */
  readonly agrees?: boolean;
}

/** @throws Failure `other-data`, `step-not-taken`, `folder-in-use`, `cannot-write`, … */
export async function replayStep(options: ReplayOptions): Promise<StepRecord> {
  const { trained, dataset, engine, step: number, out } = options;
  const { plan, folder, manifest } = trained;
  const { train } = plan;
  if (number > manifest.training.steps)
    throw failure('step-not-taken', { folder, step: number, steps: manifest.training.steps });
  const difference = differenceOfData(trained, dataset);
  if (difference !== undefined) throw failure('other-data', { what: difference });
  if (out !== undefined) {
    await makeFolder(out);
    const outNames = await readdir(out);
    if (outNames.length > 0 && !options.force) {
      const holds = `other files (${outNames.slice(0, 3).join(', ')})`;
      throw failure('folder-in-use', { folder: out, run: false, holds });
    }
  }
  await refuseLostStart(trained, number);
  const firstTables = tablesOf({ plan, dataset });
  const precision = precisionOfRun(plan, manifest.training)?.precision ?? 'float32';
  const replayState = await beginState({ plan, dataset, engine }, precision, firstTables);
  const replayWalk = new ReplayWalk(options, replayState, replayState.order);
  try {
    const steps = totalSteps(trainingAt(trained, number), replayState.order);
    const hasEarlierCheckpoint = (await hasCheckpoint(folder)) && (await readProgress(folder)).step < number;
    const stepsDone = hasEarlierCheckpoint ? (await restoreState(folder, replayState)).step : 0;
    for (let step = stepsDone + 1; step < number; step++) await replayWalk.take(step);
    const files: string[] = [];
    const writeRecord = async (taken?: TakenStep): Promise<StepRecord> => {
      const stepRecord: StepRecord = {
        format: 'tower-step-1',
        model: plan.model,
        engine: { name: engine.name, version: engine.version },
        seed: train.seed,
        step: number,
        steps,
        taken,
        files: out === undefined ? [] : [...files, 'step.json'],
      };
      if (out !== undefined) {
        const text = `${JSON.stringify(stepRecord, undefined, 1)}\n`;
        const complaintText = await schemaError('step', JSON.parse(text));
        invariant(complaintText === undefined, `step.json does not fit its schema: ${complaintText}`);
        await writeTextDurably(join(out, 'step.json'), text);
      }
      return stepRecord;
    };
    const writeTensors = async (name: string, tensors: Awaited<ReturnType<typeof stateTensors>>): Promise<void> => {
      if (out === undefined) return;
      await writeDurably(join(out, name), (sink) => writeSafetensors(sink, tensors));
      files.push(name);
    };

    if (number === 0) {
      await writeTensors('after.safetensors', await stateTensors(replayState));
      return await writeRecord();
    }
    await writeTensors('before.safetensors', await stateTensors(replayState));
    const savedEstimators = Object.fromEntries(
      Object.entries(replayState.feeder.state()).map(([name, view]) => [name, view.slice()]),
    );
    const { inputs, outputs, rows, factor, ...stepTaken } = await replayWalk.take(number);
    await writeTensors('after.safetensors', await stateTensors(replayState));
    await writeTensors('tensors.safetensors', [...prefixTensors('input', inputs), ...prefixTensors('output', outputs)]);
    const batch = describeBatch({ plan, dataset, feeder: replayState.feeder, rows, step: number, inputs });
    // Restores the state before the step, for the same draws and the same log q.
    replayState.feeder.load(savedEstimators);
    const outputsAfter = await replayState.program.run(
      replayState.feeder.inputs(rows, (manifest.from?.steps ?? 0) + number, { rate: stepTaken.rates.dense, factor }),
    );
    const scalarNames = scalarOutputs(plan.step.graph);
    const scalarsBefore = scalarsOf(scalarNames, outputs);
    const loggedLine = await loggedScalars(folder, number);
    return await writeRecord({
      ...stepTaken,
      before: scalarsBefore,
      after: scalarsOf(scalarNames, outputsAfter),
      logged: loggedLine,
      agrees: loggedLine && scalarNames.every((name) => agreesWithLog(scalarsBefore[name]!, loggedLine[name])),
      ...batch,
    });
  } finally {
    await replayWalk.towers.close();
    await closeState(replayState);
  }
}

/** Refuses a step of a continued run before its checkpoint, because the run has no initial values to start from. */
async function refuseLostStart({ folder, manifest: { from } }: LoadedModel, number: number): Promise<void> {
  if (from === undefined) return;
  const { step } = await readProgress(folder);
  if (step < number) return;
  throw failure('step-of-continued', { folder, step: number, from: from.name, first: step + 1 });
}

/** Milliseconds after which the loop yields, so that a signal can arrive. */
const yieldInterval = 50;

/** Takes steps one after the other. The returned tensors are copies. */
class ReplayWalk {
  private lastYield = performance.now();
  readonly towers: CurrentTowers;
  private epoch: { readonly number: number; readonly order: AnyEpoch } | undefined;

  constructor(
    private readonly options: ReplayOptions,
    private readonly state: TrainingState,
    private readonly order: EventOrder<AnyEpoch>,
  ) {
    const { trained, dataset, engine } = options;
    this.towers = new CurrentTowers(trained.plan, dataset, engine, state);
  }

  async take(step: number) {
    const { trained, signal } = this.options;
    if (performance.now() - this.lastYield > yieldInterval) {
      await new Promise((resolve) => setImmediate(resolve));
      this.lastYield = performance.now();
    }
    signal?.throwIfAborted();
    const trainPlan = trainingAt(trained, step);
    const { feeder, program } = this.state;
    const earlierRuns = trained.manifest.from ?? { epochs: 0, steps: 0 };
    const epoch = Math.floor((step - 1) / this.order.steps) + 1;
    const batchIndex = (step - 1) % this.order.steps;
    if (this.epoch?.number !== epoch) {
      this.epoch = { number: epoch, order: this.order.epoch(earlierRuns.epochs + epoch) };
    }
    if (batchIndex === 0) await beginEpoch(this.state, this.towers, this.options.dataset, earlierRuns.epochs + epoch);
    const { dense, denseFactor, embeddings, factor } = ratesAt(trainPlan, step, totalSteps(trainPlan, this.order));
    const rows = await this.epoch.order.batch(batchIndex);
    const stepInputs = feeder.inputs(rows, earlierRuns.steps + step, { rate: dense, factor: denseFactor });
    const inputCopies = copyTensors(stepInputs);
    const outputs = await program.run(stepInputs);
    feeder.apply(outputs, factor, trainPlan.embeddings.rate);
    const rates = { dense, embeddings };
    return { epoch, stepOfEpoch: batchIndex + 1, rates, factor: denseFactor, rows, inputs: inputCopies, outputs };
  }
}

const prefixTensors = (prefix: string, tensors: Tensors) =>
  Object.entries(tensors).map(([name, { shape, data }]) => ({ name: `${prefix}/${name}`, shape, data }));

const scalarsOf = (names: readonly string[], outputs: Tensors): Scalars =>
  Object.fromEntries(names.map((name) => [name, outputs[name]!.data[0]!]));

const agreesWithLog = (value: number, logged: number | undefined): boolean =>
  logged !== undefined && Number(value.toPrecision(stepDigits)) === logged;

/** Returns the logged scalars of a step. Reads line by line, because a run may have millions. */
async function loggedScalars(folder: string, step: number): Promise<Scalars | undefined> {
  const handle = await openIfExists(folder, stepsFile);
  if (handle === undefined) return undefined;
  let lineNumber = 0;
  for await (const line of readFileLines(handle, join(folder, stepsFile))) {
    lineNumber++;
    if (!line.startsWith(`{"step":${step},`)) continue;
    const { step: _, ...scalars } = parsedRecord(line, join(folder, stepsFile), lineNumber) as Record<string, number>;
    return scalars;
  }
  return undefined;
}

/** Returns the settings at a step, because a resumed run may change them. */
function trainingAt({ plan, manifest }: LoadedModel, step: number): TrainPlan {
  const { changes = [] } = manifest.training;
  const { train } = plan;
  const { dense, embeddings } = train;
  const settings: Record<string, unknown> = {
    epochs: train.epochs,
    steps: train.steps,
    'dense.rate': dense.rate,
    'dense.schedule': dense.schedule,
    'embeddings.rate': embeddings.rate,
    'embeddings.schedule': embeddings.schedule,
  };
  for (const change of [...changes].reverse()) if (step <= change.step) settings[change.setting] = change.from;
  const { steps: _, ...trainRest } = train;
  return {
    ...trainRest,
    epochs: settings.epochs as number,
    steps: settings.steps as number | undefined,
    dense: { rate: settings['dense.rate'] as number, schedule: settings['dense.schedule'] as SchedulePlan },
    embeddings: {
      ...embeddings,
      rate: settings['embeddings.rate'] as number,
      schedule: settings['embeddings.schedule'] as SchedulePlan,
    },
  };
}
