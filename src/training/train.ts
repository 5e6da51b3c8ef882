/**
 * Training: epochs of steps, a validation and a checkpoint after each, the best weights kept, and in the end a folder that is a
 * model. A seed gives the same bits on the same engine, however often the run was stopped and resumed.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { hasCheckpoint, type Progress } from '../artifact/checkpoint.ts';
import { type Change, changesOf, identify } from '../artifact/identity.ts';
import { readManifest } from '../artifact/load.ts';
import { type Manifest, manifestFile } from '../artifact/manifest.ts';
import { restoreState, saveState, type TrainingState } from '../artifact/training_state.ts';
import { artifactPaths } from '../artifact/write.ts';
import type { Dataset } from '../data/dataset.ts';
import { defined } from '../defined.ts';
import { failure } from '../diagnostics/failure.ts';
import { largestStep, makeTables } from '../embedding/tables.ts';
import { labelOf } from '../evaluation/measures.ts';
import type { Plan } from '../plan/plan.ts';
import { removeDurably } from '../storage/durable.ts';
import type { FolderLock } from '../storage/lock.ts';
import { makeEpoch, smallestBatch, stepsOfEpoch } from './batches.ts';
import { claimFolder } from './claim.ts';
import { EpochClock } from './epoch_clock.ts';
import { bestFile, removeOldBest, restoreBest, resumeFolder, startFolder, writeIdentity } from './folder.ts';
import { type MetricsLog, openMetricsLog } from './metrics_log.ts';
import { type OfModel, writeModel, writeWeights } from './model_files.ts';
import { makeStepSums, type StepSums } from './step_sums.ts';
import { beginState, type Rates, ratesAt } from './stepping.ts';
import { openStepsLog, type StepsLog } from './steps_log.ts';
import type { EpochRecord, TrainingEvent } from './training_events.ts';
import { Validation } from './validation.ts';

export interface TrainOptions extends OfModel {
  /** Goes on with the run that the folder holds. */
  readonly resume?: boolean;
  /** Ends the run that the folder holds as it is at its checkpoint: a model, marked as stopped. */
  readonly finish?: boolean;
  /** Replaces the run that the folder holds. */
  readonly force?: boolean;
  /** Of the folder, where the caller has it already; it stays the caller's to release. */
  readonly lock?: FolderLock;
  /** Ends the run after the step it is in, with a checkpoint. */
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: TrainingEvent) => void;
}

export interface TrainResult {
  readonly folder: string;
  /** `interrupted` can be resumed. */
  readonly status: Manifest['training']['status'];
  /** Absent where it was interrupted before the first step. */
  readonly manifest?: Manifest;
  /** Epochs that this call finished. */
  readonly records: readonly EpochRecord[];
}

/**
 * @throws Failure `folder-in-use`, `run-in-use`, `nothing-to-resume`, `other-run`, `fewer-epochs`, `too-few-rows`,
 * `no-validation-part`, `too-large-for-memory`, `loss-not-finite`, `damaged-file`, `cannot-write`, …
 */
export async function train(options: TrainOptions): Promise<TrainResult> {
  refuseUnlessTrainable(options.plan, options.dataset);
  const lock = options.lock ?? (await claimFolder(options.folder, options));
  try {
    return await (options.resume || options.finish ? resume(options) : start(options));
  } finally {
    if (!options.lock) await lock.release();
  }
}

async function start(options: TrainOptions): Promise<TrainResult> {
  const { plan, dataset, engine, folder, origin } = options;
  // Before the folder is touched: tables that do not fit must not cost the run that it holds.
  const tables = makeTables(plan, dataset.encodings, largestStep(dataset));
  const files = artifactPaths(plan, dataset.encodings, origin).all;
  const kept = await startFolder(folder, identify(plan, dataset, engine.name, files));
  return withState(options, tables, async (state) => {
    return go(options, state, { progress: beginning, changes: [], resumed: false, kept });
  });
}

async function resume(options: TrainOptions): Promise<TrainResult> {
  const { plan, dataset, engine, folder, origin } = options;
  const files = artifactPaths(plan, dataset.encodings, origin).all;
  const identity = identify(plan, dataset, engine.name, files);
  const there = await resumeFolder(folder, identity);
  const changed = changesOf(there.settings, identity.settings, 0).length > 0;
  const done = await finishedManifest(folder);
  if (done && (!changed || options.finish)) {
    return { folder, status: done.training.status, manifest: done, records: [] };
  }
  const resumed = await hasCheckpoint(folder);
  // Without a checkpoint there is nothing to end, and no way to go on from a model that is finished.
  if (!resumed && (options.finish || done)) throw failure('nothing-to-resume', { folder });
  const tables = makeTables(plan, dataset.encodings, largestStep(dataset));
  return withState(options, tables, async (state) => {
    const progress = resumed ? await restoreState(folder, state) : beginning;
    if (!options.finish) refuseFewerEpochs(options, progress);
    if (progress.best) await restoreBest(folder, progress.best);
    const changes = [...there.changes, ...changesOf(there.settings, identity.settings, progress.step)];
    await removeDurably(join(folder, manifestFile));
    await writeIdentity(folder, { ...identity, files: union(there.files, files), changes });
    return go(options, state, { progress, changes, resumed, kept: [] });
  });
}

const union = (one: readonly string[], other: readonly string[]): string[] => [...new Set([...one, ...other])];

function refuseFewerEpochs({ plan, folder }: TrainOptions, { epoch, stepOfEpoch }: Progress): void {
  const done = epoch + (stepOfEpoch > 0 ? 1 : 0);
  if (plan.train.epochs < done) throw failure('fewer-epochs', { folder, epochs: plan.train.epochs, done });
}

/** What the run holds while it goes on. */
async function withState(
  options: TrainOptions,
  tables: TrainingState['tables'],
  work: (state: TrainingState) => Promise<TrainResult>,
): Promise<TrainResult> {
  const state = await beginState(options, tables);
  try {
    return await work(state);
  } finally {
    state.feeder.close();
    await state.program.close();
  }
}

interface Standing {
  readonly progress: Progress;
  readonly changes: readonly Change[];
  readonly resumed: boolean;
  readonly kept: readonly string[];
}

async function go(options: TrainOptions, state: TrainingState, standing: Standing): Promise<TrainResult> {
  const { folder, plan } = options;
  const { progress, resumed } = standing;
  const log = await openMetricsLog(folder, resumed ? progress.metrics : undefined);
  try {
    const steps = await openStepsLog(folder, plan.step.graph, resumed ? progress.steps : undefined);
    try {
      const run = new Run(options, state, { log, steps }, standing);
      try {
        return await (options.finish ? run.finishAsItIs() : run.go());
      } finally {
        await run.close();
      }
    } finally {
      await steps.close();
    }
  } finally {
    await log.close();
  }
}

const nothing = { sha256: createHash('sha256').digest('hex'), bytes: 0 };
const beginning: Progress = {
  epoch: 0,
  stepOfEpoch: 0,
  step: 0,
  sums: {},
  rows: 0,
  metrics: nothing,
  steps: nothing,
};

function refuseUnlessTrainable({ train: { stop } }: Plan, { parts }: Dataset): void {
  if (parts.train.rows < smallestBatch) {
    throw failure('too-few-rows', { part: 'train', rows: parts.train.rows, needed: smallestBatch });
  }
  if (stop && parts.validation.rows === 0) throw failure('no-validation-part', { metric: labelOf(stop) });
}

/** Of a run that has trained all that it should; undefined where there is more to train, or where it must be sealed again. */
async function finishedManifest(folder: string): Promise<Manifest | undefined> {
  const manifest = await readManifest(folder).catch(() => undefined);
  return manifest && ['epochs', 'patience'].includes(manifest.training.status) ? manifest : undefined;
}

/** One call of `train` on its way. */
class Run {
  private readonly records: EpochRecord[] = [];
  private readonly stepsOfEpoch: number;
  private readonly steps: number;
  private readonly validation: Validation;
  private progress: Progress;

  constructor(
    private readonly options: TrainOptions,
    private readonly state: TrainingState,
    private readonly logs: { readonly log: MetricsLog; readonly steps: StepsLog },
    private readonly standing: Standing,
  ) {
    this.progress = standing.progress;
    const { plan, dataset, engine } = options;
    this.validation = new Validation(plan, dataset, engine, state);
    this.stepsOfEpoch = stepsOfEpoch(dataset.parts.train.rows, plan.train.batch);
    this.steps = this.stepsOfEpoch * plan.train.epochs;
  }

  async go(): Promise<TrainResult> {
    const { plan, dataset, onEvent } = this.options;
    const { rows } = dataset.parts.train;
    onEvent?.({
      kind: 'started',
      rows,
      batch: plan.train.batch,
      epochs: plan.train.epochs,
      stepsOfEpoch: this.stepsOfEpoch,
      leftOut: Math.max(0, rows - this.stepsOfEpoch * plan.train.batch),
      ...(this.standing.resumed ? { resumedAt: this.progress.step } : {}),
      ...(this.standing.kept.length > 0 ? { kept: this.standing.kept } : {}),
    });
    for (;;) {
      const ended = this.ended();
      if (ended) return this.finish(ended);
      if (!(await this.epoch())) return this.interrupted();
    }
  }

  /** Seals what the checkpoint has. */
  async finishAsItIs(): Promise<TrainResult> {
    return this.finish(this.ended() ?? 'stopped');
  }

  /** Why there is nothing left to train. */
  private ended(): 'epochs' | 'patience' | undefined {
    const { stop, epochs } = this.options.plan.train;
    const { epoch, stepOfEpoch, best } = this.progress;
    if (stepOfEpoch > 0) return undefined;
    if (epoch >= epochs) return 'epochs';
    return stop && best && epoch - best.epoch >= stop.patience ? 'patience' : undefined;
  }

  async close(): Promise<void> {
    await this.validation.close();
  }

  /** False: the signal came. */
  private async epoch(): Promise<boolean> {
    const { plan, dataset, signal } = this.options;
    const { feeder, program } = this.state;
    const { batch, seed } = plan.train;
    const number = this.progress.epoch + 1;
    const epoch = makeEpoch(dataset.parts.train.rows, batch, seed, number);
    const sums = makeStepSums(plan, this.progress);
    const clock = new EpochClock(sums.rows);
    let { step, stepOfEpoch } = this.progress;
    let rates: Rates = { dense: 0, embeddings: 0, factor: 0 };

    for (; stepOfEpoch < epoch.steps; stepOfEpoch++) {
      if (clock.shouldYield()) {
        this.report(number, stepOfEpoch, step, sums, clock);
        await this.logs.steps.write();
        await new Promise((resolve) => setImmediate(resolve));
      }
      if (signal?.aborted) {
        this.progress = { ...this.progress, step, stepOfEpoch, sums: sums.sums(), rows: sums.rows };
        return false;
      }
      step++;
      rates = ratesAt(plan.train, step, this.steps);
      const rows = epoch.batch(stepOfEpoch);
      const start = performance.now();
      const inputs = feeder.inputs(rows, step, { rate: rates.dense });
      const fed = performance.now();
      const outputs = await program.run(inputs);
      const ran = performance.now();
      sums.add(inputs, outputs, rows.length, { epoch: number, step });
      this.logs.steps.add(step, outputs);
      feeder.apply(outputs, rates.factor);
      clock.add(start, fed, ran, performance.now());
    }
    this.report(number, stepOfEpoch, step, sums, clock);
    await this.endEpoch(number, step, sums, clock, { dense: rates.dense, embeddings: rates.embeddings });
    return true;
  }

  private report(epoch: number, stepOfEpoch: number, step: number, sums: StepSums, clock: EpochClock): void {
    const { onEvent } = this.options;
    if (!onEvent || sums.rows === 0) return;
    const examplesPerSecond = clock.rate(sums.rows);
    const { train } = this.options.plan;
    const rowsLeft = (this.steps - step) * train.batch;
    const loss = sums.loss();
    const secondsLeft = examplesPerSecond === 0 ? 0 : rowsLeft / examplesPerSecond;
    onEvent({ kind: 'step', epoch, stepOfEpoch, step, steps: this.steps, loss, examplesPerSecond, secondsLeft });
  }

  private async endEpoch(
    epoch: number,
    step: number,
    sums: StepSums,
    clock: EpochClock,
    rates: EpochRecord['rates'],
  ): Promise<void> {
    const { plan, folder, onEvent } = this.options;
    const trained = performance.now();
    const examplesPerSecond = clock.rate(sums.rows);
    if (this.validation.hasRows) onEvent?.({ kind: 'validating', epoch });
    const validation = this.validation.hasRows ? await this.validation.figures() : undefined;
    const validated = performance.now();
    const { stop } = plan.train;
    const value = stop && validation?.[labelOf(stop)];
    let { best } = this.progress;
    const isBest = value !== undefined && (best === undefined || value > best.value);
    if (isBest) {
      best = { epoch, value, ...(await writeWeights(this.options, this.state, bestFile(epoch))) };
    }
    const record: EpochRecord = {
      epoch,
      step,
      loss: sums.loss(),
      scalars: sums.means(),
      rows: sums.rows,
      rates,
      examplesPerSecond,
      milliseconds: { ...clock.milliseconds(trained), validation: validated - trained },
      ...defined({ validation, best: stop && isBest }),
    };
    await this.logs.log.append({ ...record });
    await this.logs.steps.sync();
    this.progress = {
      ...beginning,
      epoch,
      step,
      ...this.checksums(),
      ...defined({ best }),
    };
    await saveState(folder, this.progress, this.state);
    await removeOldBest(folder, best && bestFile(best.epoch));
    this.records.push(record);
    onEvent?.({ kind: 'epoch', record });
  }

  private checksums(): Pick<Progress, 'metrics' | 'steps'> {
    return { metrics: this.logs.log.checksum(), steps: this.logs.steps.checksum() };
  }

  private async interrupted(): Promise<TrainResult> {
    const { folder } = this.options;
    if (this.progress.step === 0) return { folder, status: 'interrupted', records: this.records };
    await this.logs.steps.sync();
    this.progress = { ...this.progress, ...this.checksums() };
    await saveState(folder, this.progress, this.state);
    return this.seal('interrupted');
  }

  /** The checkpoint stays: with more epochs, or more patience, the run goes on from it. */
  private async finish(status: 'epochs' | 'patience' | 'stopped'): Promise<TrainResult> {
    const result = await this.seal(status);
    await removeOldBest(this.options.folder);
    return result;
  }

  private async seal(status: Manifest['training']['status']): Promise<TrainResult> {
    const { options, state, progress, records, standing } = this;
    const manifest = await writeModel(options, state, progress, { status, changes: standing.changes });
    return { folder: options.folder, status, manifest, records };
  }
}
