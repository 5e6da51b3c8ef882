/**
 * Training: epochs of steps, a validation and a checkpoint after each, the best weights kept, and in the end a folder that is a
 * model. A seed gives the same bits on the same engine, however often the run was stopped and resumed.
 */
import { join } from 'node:path';
import type { Dataset } from '../data/dataset.ts';
import { failure } from '../diagnostics/failure.ts';
import type { Engine, Tensors } from '../engine/engine.ts';
import { makeFeeder } from '../feed/feeder.ts';
import { initialValues } from '../graph/initial.ts';
import type { Plan } from '../lower/plan.ts';
import { readManifest } from './artifact/load.ts';
import { type Manifest, manifestFile } from './artifact/manifest.ts';
import { type Origin, writeArtifact } from './artifact/write.ts';
import { makeEpoch, smallestBatch, stepsOfEpoch } from './batches.ts';
import { hasCheckpoint, type Progress, removeCheckpoint } from './checkpoint.ts';
import { removeDurably, writeDurably } from './durable.ts';
import { EpochClock } from './epoch_clock.ts';
import { figuresOf } from './figures.ts';
import {
  bestFile,
  identify,
  nameAlso,
  refuseFolder,
  removeOldBest,
  resumeFolder,
  runFile,
  startFolder,
  weightsFile,
} from './folder.ts';
import { labelOf, makeMeasures, usualMeasures } from './measures.ts';
import { type MetricsLog, metricsFile, openMetricsLog, stepsFile } from './metrics_log.ts';
import { modelScorer } from './model_scorer.ts';
import { rankEvents } from './ranks.ts';
import { makeRetrieval, type Retrieval } from './retrieval.ts';
import { writeSafetensors } from './safetensors.ts';
import { rateFactor } from './schedule.ts';
import { makeStepSums, type StepSums } from './step_sums.ts';
import { openStepsLog, type StepsLog } from './steps_log.ts';
import { makeTables } from './tables.ts';
import type { EpochRecord, TrainingEvent } from './training_events.ts';
import { restoreState, saveState, type TrainingState, weightTensors } from './training_state.ts';

export interface TrainOptions {
  readonly plan: Plan;
  readonly dataset: Dataset;
  readonly engine: Engine;
  /** Where the run is kept and the model written. */
  readonly folder: string;
  /** What the user wrote; kept with the model. */
  readonly origin: Origin;
  /** Version of Tower, for the manifest. */
  readonly tower: string;
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
  private retrieval: Retrieval | undefined;

  constructor(
    private readonly options: TrainOptions,
    private readonly state: TrainingState,
    private readonly logs: { readonly log: MetricsLog; readonly steps: StepsLog },
    private progress: Progress,
    private readonly resumed: boolean,
  ) {
    const { plan, dataset } = options;
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
    await this.retrieval?.close();
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
    const validation = await this.validate(epoch);
    const validated = performance.now();
    const { stop, epochs } = plan.train;
    const value = stop && validation?.[labelOf(stop)];
    let { best } = this.progress;
    const isBest = value !== undefined && (best === undefined || value > best.value);
    if (isBest) {
      best = { epoch, value, file: bestFile(epoch) };
      await this.writeWeights(best.file);
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

  /** Full-corpus metrics on the validation part; undefined where there is none. */
  private async validate(epoch: number): Promise<Record<string, number> | undefined> {
    const { plan, dataset, engine, onEvent } = this.options;
    const events = dataset.parts.validation;
    if (events.rows === 0) return undefined;
    onEvent?.({ kind: 'validating', epoch });
    const { corpus, users } = dataset;
    const parameters: Tensors = await this.state.program.read();
    if (this.retrieval) await this.retrieval.refresh(parameters);
    else this.retrieval = await makeRetrieval({ plan, engine, tables: this.state.tables, corpus, parameters });
    const { stop } = plan.train;
    const measures = makeMeasures([...(stop ? [stop] : []), ...usualMeasures]);
    const ranks = await rankEvents({ events, corpus, users }, modelScorer(this.retrieval, events, plan.model));
    return { ...figuresOf(events, corpus, ranks, measures).all };
  }

  private async writeWeights(file: string): Promise<void> {
    const { plan, folder } = this.options;
    const tensors = weightTensors(plan, this.state.tables, await this.state.program.read());
    await writeDurably(join(folder, file), (sink) => writeSafetensors(sink, tensors));
  }

  private async interrupted(): Promise<TrainResult> {
    const { folder } = this.options;
    if (this.progress.step === 0) return { folder, status: 'interrupted', records: this.records };
    await this.logs.steps.sync();
    await saveState(folder, { ...this.progress, ...this.lengths() }, this.state);
    const manifest = await this.writeModel('interrupted');
    return { folder, status: 'interrupted', manifest, records: this.records };
  }

  private async finish(status: 'epochs' | 'patience'): Promise<TrainResult> {
    const { folder } = this.options;
    const manifest = await this.writeModel(status);
    await removeCheckpoint(folder);
    await removeOldBest(folder);
    return { folder, status, manifest, records: this.records };
  }

  private async writeModel(status: Manifest['training']['status']): Promise<Manifest> {
    const { plan, dataset, engine, folder, origin, tower } = this.options;
    const { best, epoch, step } = this.progress;
    if (best) await nameAlso(folder, best.file, weightsFile);
    else await this.writeWeights(weightsFile);
    return writeArtifact(folder, {
      plan,
      dataset,
      origin,
      tower,
      engine: { name: engine.name, version: engine.version },
      training: {
        status,
        epochs: epoch,
        steps: step,
        rows: dataset.parts.train.rows,
        ...(best ? { best: { epoch: best.epoch, metric: labelOf(plan.train.stop!), value: best.value } } : {}),
      },
      present: [weightsFile, runFile, metricsFile, stepsFile],
    });
  }
}
