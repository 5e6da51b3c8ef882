/**
 * Training: epochs of steps, a validation and a checkpoint after each, the best weights kept, and in the end a folder that is a
 * model. A seed gives the same bits on the same engine, however often the run was stopped and resumed.
 */
import { join } from 'node:path';
import type { Dataset } from '../data/dataset.ts';
import { failure } from '../diagnostics/failure.ts';
import { makeFeeder } from '../feed/feeder.ts';
import { initialValues } from '../graph/initial.ts';
import type { Plan } from '../lower/plan.ts';
import { readManifest } from './artifact/load.ts';
import { type Manifest, manifestFile } from './artifact/manifest.ts';
import { makeEpoch, smallestBatch, stepsOfEpoch } from './batches.ts';
import { hasCheckpoint, type Progress, removeCheckpoint } from './checkpoint.ts';
import { removeDurably } from './durable.ts';
import { EpochClock } from './epoch_clock.ts';
import { bestFile, identify, refuseFolder, removeOldBest, resumeFolder, startFolder } from './folder.ts';
import { labelOf } from './measures.ts';
import { type MetricsLog, openMetricsLog } from './metrics_log.ts';
import { type OfModel, writeModel, writeWeights } from './model_files.ts';
import { rateFactor } from './schedule.ts';
import { makeStepSums, type StepSums } from './step_sums.ts';
import { openStepsLog, type StepsLog } from './steps_log.ts';
import { makeTables } from './tables.ts';
import type { EpochRecord, TrainingEvent } from './training_events.ts';
import { restoreState, saveState, type TrainingState } from './training_state.ts';
import { Validation } from './validation.ts';

export interface TrainOptions extends OfModel {
  /** Goes on with the run that the folder holds. */
  readonly resume?: boolean;
  /** Replaces the run that the folder holds. */
  readonly force?: boolean;
  /** Ends the run after the step it is in, with a checkpoint. */
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: TrainingEvent) => void;
}

export interface TrainResult {
  readonly folder: string;
  /** `interrupted` can be resumed. */
  readonly status: 'epochs' | 'patience' | 'interrupted';
  /** Absent where it was interrupted before the first step. */
  readonly manifest?: Manifest;
  /** Epochs that this call finished. */
  readonly records: readonly EpochRecord[];
}

/**
 * @throws Failure `folder-in-use`, `nothing-to-resume`, `other-run`, `too-few-rows`, `no-validation-part`,
 * `too-large-for-memory`, `loss-not-finite`, `cannot-write`, …
 */
export async function train(options: TrainOptions): Promise<TrainResult> {
  const { plan, dataset, engine, folder } = options;
  refuseUnlessTrainable(plan, dataset);
  const identity = identify(plan, dataset, engine.name);
  if (options.resume) {
    await resumeFolder(folder, identity);
    const finished = await finishedManifest(folder);
    if (finished) return { folder, status: finished.training.status, manifest: finished, records: [] };
  } else await refuseFolder(folder, options.force ?? false);
  // Before the folder is touched: tables that do not fit must not cost the run that it holds.
  const tables = makeTables(plan, dataset.encodings);
  if (options.resume) await removeDurably(join(folder, manifestFile));
  else await startFolder(folder, identity);

  const { step } = plan;
  const feeder = makeFeeder({
    plan: step,
    events: dataset.parts.train,
    corpus: dataset.corpus,
    features: plan.features,
    tables,
    seed: plan.train.seed,
    batch: plan.train.batch,
  });
  const program = await engine.prepare(step.graph, initialValues(step.graph, plan.train.seed));
  const state: TrainingState = { tables, program, feeder };
  const resumes = options.resume && (await hasCheckpoint(folder));
  const progress = resumes ? await restoreState(folder, state) : beginning;
  const log = await openMetricsLog(folder, progress.metricsBytes);
  const steps = await openStepsLog(folder, progress.stepsBytes, step.graph);
  const run = new Run(options, state, { log, steps }, progress, resumes === true);
  try {
    return await run.go();
  } finally {
    await log.close();
    await steps.close();
    await run.close();
    feeder.close();
    await program.close();
  }
}

const beginning: Progress = { epoch: 0, stepOfEpoch: 0, step: 0, sums: {}, rows: 0, metricsBytes: 0, stepsBytes: 0 };

function refuseUnlessTrainable({ train: { stop } }: Plan, { parts }: Dataset): void {
  if (parts.train.rows < smallestBatch) {
    throw failure('too-few-rows', { part: 'train', rows: parts.train.rows, needed: smallestBatch });
  }
  if (stop && parts.validation.rows === 0) throw failure('no-validation-part', { metric: labelOf(stop) });
}

async function finishedManifest(folder: string): Promise<Manifest | undefined> {
  if (await hasCheckpoint(folder)) return undefined;
  const manifest = await readManifest(folder).catch(() => undefined);
  return manifest?.training.status === 'interrupted' ? undefined : manifest;
}

/** One call of `train` on its way. */
class Run {
  private readonly records: EpochRecord[] = [];
  private readonly stepsOfEpoch: number;
  private readonly steps: number;
  private readonly validation: Validation;

  constructor(
    private readonly options: TrainOptions,
    private readonly state: TrainingState,
    private readonly logs: { readonly log: MetricsLog; readonly steps: StepsLog },
    private progress: Progress,
    private readonly resumed: boolean,
  ) {
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
      ...(this.resumed ? { resumedAt: this.progress.step } : {}),
    });
    while (this.progress.finished === undefined) {
      if (this.progress.epoch >= plan.train.epochs) break;
      if (!(await this.epoch())) return this.interrupted();
    }
    return this.finish(this.progress.finished ?? 'epochs');
  }

  async close(): Promise<void> {
    await this.validation.close();
  }

  /** False: the signal came. */
  private async epoch(): Promise<boolean> {
    const { plan, dataset, signal } = this.options;
    const { feeder, program } = this.state;
    const { batch, seed, dense, embeddings } = plan.train;
    const number = this.progress.epoch + 1;
    const epoch = makeEpoch(dataset.parts.train.rows, batch, seed, number);
    const sums = makeStepSums(plan.step.graph, this.progress);
    const clock = new EpochClock(sums.rows);
    let { step, stepOfEpoch } = this.progress;
    const rates = { dense: 0, embeddings: 0 };

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
      const factor = rateFactor(embeddings.schedule, step, this.steps);
      rates.dense = dense.rate * rateFactor(dense.schedule, step, this.steps);
      rates.embeddings = embeddings.rate * factor;
      const rows = epoch.batch(stepOfEpoch);
      const start = performance.now();
      const inputs = feeder.inputs(rows, step, { rate: rates.dense });
      const fed = performance.now();
      const outputs = await program.run(inputs);
      const ran = performance.now();
      sums.add(outputs, rows.length, { epoch: number, step });
      this.logs.steps.add(step, outputs);
      feeder.apply(outputs, factor);
      clock.add(start, fed, ran, performance.now());
    }
    this.report(number, stepOfEpoch, step, sums, clock);
    await this.endEpoch(number, step, sums, clock, rates);
    return true;
  }

  private report(epoch: number, stepOfEpoch: number, step: number, sums: StepSums, clock: EpochClock): void {
    const { onEvent } = this.options;
    if (!onEvent || sums.rows === 0) return;
    const examplesPerSecond = clock.rate(sums.rows);
    const { train } = this.options.plan;
    const rowsLeft = (this.steps - step) * train.batch;
    const loss = sums.mean('loss');
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
    const { stop, epochs } = plan.train;
    const value = stop && validation?.[labelOf(stop)];
    let { best } = this.progress;
    const isBest = value !== undefined && (best === undefined || value > best.value);
    if (isBest) {
      best = { epoch, value, file: bestFile(epoch) };
      await writeWeights(this.options, this.state, best.file);
    }
    const { loss, ...scalars } = sums.means();
    const record: EpochRecord = {
      epoch,
      step,
      loss: loss!,
      scalars,
      rows: sums.rows,
      rates,
      examplesPerSecond,
      milliseconds: { ...clock.milliseconds(trained), validation: validated - trained },
      ...(validation ? { validation } : {}),
      ...(stop ? { best: isBest } : {}),
    };
    await this.logs.log.append({ ...record });
    await this.logs.steps.sync();
    const patienceIsOver = stop !== undefined && best !== undefined && epoch - best.epoch >= stop.patience;
    this.progress = {
      ...beginning,
      epoch,
      step,
      ...this.lengths(),
      ...(best ? { best } : {}),
      ...(epoch >= epochs ? { finished: 'epochs' } : patienceIsOver ? { finished: 'patience' } : {}),
    };
    await saveState(folder, this.progress, this.state);
    await removeOldBest(folder, best?.file);
    this.records.push(record);
    onEvent?.({ kind: 'epoch', record });
  }

  private lengths(): Pick<Progress, 'metricsBytes' | 'stepsBytes'> {
    return { metricsBytes: this.logs.log.bytes, stepsBytes: this.logs.steps.bytes };
  }

  private async interrupted(): Promise<TrainResult> {
    const { folder } = this.options;
    if (this.progress.step === 0) return { folder, status: 'interrupted', records: this.records };
    await this.logs.steps.sync();
    await saveState(folder, { ...this.progress, ...this.lengths() }, this.state);
    const manifest = await writeModel(this.options, this.state, this.progress, 'interrupted');
    return { folder, status: 'interrupted', manifest, records: this.records };
  }

  private async finish(status: 'epochs' | 'patience'): Promise<TrainResult> {
    const { folder } = this.options;
    const manifest = await writeModel(this.options, this.state, this.progress, status);
    await removeCheckpoint(folder);
    await removeOldBest(folder);
    return { folder, status, manifest, records: this.records };
  }
}
