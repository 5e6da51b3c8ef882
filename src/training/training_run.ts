/** Runs the epochs of one call of `train`, each with a validation and a checkpoint at its end. Long because every way to end a run must leave the same state. */
import { createHash } from 'node:crypto';
import { type Progress, saveState } from './artifact/checkpoint.ts';
import type { Lineage, SettingChange } from './artifact/identity.ts';
import type { Manifest } from './artifact/run_manifest.ts';
import { storedPrecision } from './chosen_precision.ts';
import { labelOf } from './evaluation/figures.ts';
import { type AnyEpoch, type EventOrder, type Rounds, roundsOf } from './feed/order.ts';
import { bestFile } from './folder.ts';
import { type Rates, ratesAt } from './learning_rates.ts';
import { type MetricsLog, makeStepSums, type StepSums, type StepsLog } from './metrics_log.ts';
import { removeOldBestWeights, writeModel, writeWeights } from './model_files.ts';
import { type Profiler, profilerOf } from './profiler.ts';
import type { EventLog } from './tensorboard_log.ts';
import type { ChosenPrecision, EpochRecord, TrainOptions, TrainResult } from './train_options.ts';
import { type InitialState, type Norms, normsOf, takeStep } from './training_step.ts';
import { beginEpoch, CurrentTowers, RankGuard, RunValidation } from './validation.ts';
import { sendEpochStart } from './workers/table_wire.ts';
import type { OtherWorkers } from './workers/talk.ts';

/** Maximum milliseconds between two pauses in which signals are handled and the progress bar is drawn. */
const yieldInterval = 50;

class EpochClock {
  private readonly start = performance.now();
  private lastYield = this.start;
  private feed = 0;
  private engine = 0;
  private scatter = 0;

  /** @param rowsBefore rows of the epoch that an earlier process has done */
  constructor(private readonly rowsBefore: number) {}

  add(start: number, fedAt: number, ranAt: number, appliedAt: number): void {
    this.feed += fedAt - start;
    this.engine += ranAt - fedAt;
    this.scatter += appliedAt - ranAt;
  }

  shouldYield(): boolean {
    const now = performance.now();
    if (now - this.lastYield < yieldInterval) return false;
    this.lastYield = now;
    return true;
  }

  rate(rows: number): number {
    return (1000 * (rows - this.rowsBefore)) / Math.max(1e-3, performance.now() - this.start);
  }

  milliseconds(end: number): { total: number; feed: number; engine: number; scatter: number } {
    return { total: end - this.start, feed: this.feed, engine: this.engine, scatter: this.scatter };
  }
}

/** The epoch that a run is in, and how far it has come. */
interface CurrentEpoch {
  readonly epoch: number;
  step: number;
  stepOfEpoch: number;
  readonly sums: StepSums;
  readonly clock: EpochClock;
}

export interface ResumeState {
  readonly progress: Progress;
  readonly changes: readonly SettingChange[];
  readonly resumed: boolean;
  readonly kept: readonly string[];
  readonly from?: Lineage;
  readonly chosen?: ChosenPrecision;
  readonly otherWorkers?: OtherWorkers | undefined;
}

const emptyChecksum = { sha256: createHash('sha256').digest('hex'), bytes: 0 };
export const initialProgress: Progress = {
  epoch: 0,
  stepOfEpoch: 0,
  step: 0,
  sums: {},
  rows: 0,
  metrics: emptyChecksum,
  steps: emptyChecksum,
};

export class TrainingRun {
  private readonly records: EpochRecord[] = [];
  private readonly order: EventOrder<AnyEpoch>;
  private readonly rounds: Rounds<AnyEpoch>;
  private readonly towers: CurrentTowers;
  private readonly validation: RunValidation;
  private readonly guard: RankGuard | undefined;
  private readonly profiler: Profiler | undefined;
  private readonly norms: Norms | undefined;
  private progress: Progress;
  private readonly otherWorkers: OtherWorkers | undefined;

  constructor(
    private readonly options: TrainOptions,
    private readonly state: InitialState,
    private readonly logs: { readonly log: MetricsLog; readonly steps: StepsLog; readonly events?: EventLog },
    private readonly resumeState: ResumeState,
  ) {
    this.progress = resumeState.progress;
    const { plan, dataset, engine } = options;
    this.towers = new CurrentTowers(plan, dataset, engine, state);
    this.validation = new RunValidation(plan, dataset, this.towers, options.objectives);
    const { guarded } = this.validation;
    this.guard = guarded && new RankGuard(guarded);
    this.order = state.order;
    this.otherWorkers = resumeState.otherWorkers;
    this.rounds = roundsOf(plan.train, this.order, resumeState.from?.epochs);
    this.profiler = profilerOf(options, state, this.order, [resumeState.progress.step, this.rounds.total]);
    this.norms = normsOf(options, state, this.rounds.total);
  }

  async run(): Promise<TrainResult> {
    const result = await this.train();
    const stepProfile = await this.profiler?.end(this.state);
    return { ...result, profile: stepProfile };
  }

  private async train(): Promise<TrainResult> {
    const { plan, onEvent } = this.options;
    const { rows, steps, leftOut, withoutList } = this.order;
    onEvent?.({
      kind: 'started',
      rows,
      batch: plan.train.batch,
      epochs: plan.train.epochs,
      stepsOfEpoch: steps,
      steps: this.rounds.total,
      round: plan.train.validate?.steps,
      precision: this.resumeState.chosen,
      leftOut,
      ...(withoutList > 0 ? { withoutList } : {}),
      ...(this.resumeState.resumed ? { resumedAt: this.progress.step } : {}),
      ...(this.resumeState.kept.length > 0 ? { kept: this.resumeState.kept } : {}),
    });
    for (;;) {
      const endReason = this.endStatus();
      const shouldPause = endReason === undefined && (this.shouldPauseHere() || this.shouldStopTogether());
      if (endReason || shouldPause) await this.otherWorkers?.release();
      if (endReason) return this.finish(endReason);
      if (shouldPause) return this.finishInterrupted();
      if (!(await this.epoch())) return this.finishInterrupted();
    }
  }

  async finishAtCheckpoint(): Promise<TrainResult> {
    await this.otherWorkers?.release();
    return this.finish(this.endStatus() ?? 'stopped');
  }

  private endStatus(progress = this.progress): 'epochs' | 'patience' | undefined {
    const { stop } = this.options.plan.train;
    const { epoch, stepOfEpoch, step, best } = progress;
    if (stepOfEpoch > 0) return undefined;
    if (step >= this.rounds.total) return 'epochs';
    return stop && best && this.rounds.validationsSince(best.epoch, epoch) >= stop.patience ? 'patience' : undefined;
  }

  /** True if the validation after which the run should pause is done. */
  private shouldPauseHere(): boolean {
    const { until } = this.options;
    const { epoch, stepOfEpoch, step } = this.progress;
    if (until === undefined || step === 0 || stepOfEpoch > 0) return false;
    return epoch >= this.rounds.roundOf(until(this.rounds.validations));
  }

  private shouldStopTogether(): boolean {
    return this.state.group !== undefined && this.options.signal?.aborted === true && this.progress.step > 0;
  }

  async close(): Promise<void> {
    await this.towers.close();
    await this.norms?.close();
  }

  /** Returns false if the signal ended the epoch early. */
  private async epoch(): Promise<boolean> {
    const { plan, signal, limit } = this.options;
    const { step: firstStep, stepOfEpoch: firstOfEpoch } = this.progress;
    const epoch = this.rounds.round(firstStep - firstOfEpoch);
    const sums = makeStepSums(plan, this.progress);
    const clock = new EpochClock(sums.rows);
    const position = { epoch: this.progress.epoch + 1, stepOfEpoch: firstOfEpoch, step: firstStep };
    const current: CurrentEpoch = { ...position, sums, clock };
    // Draws, noise and the moments of optimizers count the steps of earlier runs too.
    const { epochs, steps } = this.resumeState.from ?? { epochs: 0, steps: 0 };
    let rates: Rates = { dense: 0, denseFactor: 0, embeddings: 0, factor: 0 };

    await this.otherWorkers?.startRound({ ...position, before: { epochs, steps } });
    for (; current.stepOfEpoch < epoch.steps; current.stepOfEpoch++) {
      if (clock.shouldYield()) {
        this.report(current);
        await this.logs.steps.write();
        await this.logs.events?.write();
        await new Promise((resolve) => setImmediate(resolve));
      }
      // Workers stop together, after a step.
      if ((signal?.aborted || (limit?.aborted && current.step > 0)) && !this.otherWorkers) {
        this.noteProgress(current);
        return false;
      }
      // Only at the start of an epoch: a checkpoint within an epoch contains the mined items.
      if (current.step % this.order.steps === 0) await this.beginEpoch(epochs + current.step / this.order.steps + 1);
      const step = current.step + 1;
      rates = ratesAt(plan.train, step, this.rounds.total);
      const watch = this.profiler?.watchStep(step);
      const norms = this.norms?.normsAt(step);
      const readStart = performance.now();
      const rows = await this.rowsOf(epoch, current);
      watch?.partEnded('read', 'rows', readStart);
      const takenStep = await takeStep(plan, this.state, {
        ...{ rows, number: steps + step, rates, signal, watch, norms },
        onOutputs: ({ inputs, outputs, counts }) => {
          watch?.keep(inputs);
          const logStart = performance.now();
          sums.add(inputs, outputs, rows.length, { epoch: current.epoch, step, counts });
          if (!norms) this.logs.steps.add(step, outputs);
          this.logs.events?.add(step, outputs);
          watch?.partEnded('log', 'losses and logs', logStart);
        },
      });
      watch?.end();
      // The norms of tables are known only after the update of the tables.
      if (norms) this.logs.steps.add(step, takenStep.outputs, norms.values);
      if (norms) this.logs.events?.addNorms(step, norms.values);
      clock.add(...takenStep.times);
      current.step = step;
      if (takenStep.stops) this.otherWorkers?.noteStop();
      if (takenStep.stops && current.stepOfEpoch + 1 < epoch.steps) {
        current.stepOfEpoch++;
        this.noteProgress(current);
        return false;
      }
    }
    this.report(current);
    await this.endEpoch(current, { dense: rates.dense, embeddings: rates.embeddings });
    return true;
  }

  private async beginEpoch(drawnEpoch: number): Promise<void> {
    const { state, options } = this;
    await beginEpoch(state, this.towers, options.dataset, drawnEpoch);
    if (state.group && options.sharesTables) await sendEpochStart(state.feeder, state.group);
  }

  /** Notes how far the current epoch has come. */
  private noteProgress({ step, stepOfEpoch, sums }: CurrentEpoch): void {
    this.progress = { ...this.progress, step, stepOfEpoch, sums: sums.sums(), rows: sums.rows };
  }

  private async save(): Promise<void> {
    await this.logs.steps.sync();
    const checksums = { metrics: this.logs.log.checksum(), steps: this.logs.steps.checksum() };
    this.progress = { ...this.progress, ...checksums };
    await saveState(this.options.folder, this.progress, this.state);
  }

  /** Reads the rows of a step. If that fails, saves the steps so far, so that `resume` can continue from there. */
  private async rowsOf(epoch: AnyEpoch, current: CurrentEpoch): Promise<Int32Array> {
    try {
      return await epoch.batch(current.stepOfEpoch);
    } catch (error) {
      // Workers that wait in a step cannot be asked for their rows of the tables, so no checkpoint is possible.
      if (current.step > 0 && !this.options.sharesTables) {
        this.noteProgress(current);
        await this.save();
      }
      throw error;
    }
  }

  private report({ epoch, stepOfEpoch, step, sums, clock }: CurrentEpoch): void {
    const { onEvent } = this.options;
    if (!onEvent || sums.rows === 0) return;
    const examplesPerSecond = clock.rate(sums.rows);
    const rowsLeft = ((this.rounds.total - step) * this.order.rows) / this.order.steps;
    const loss = sums.loss();
    const secondsLeft = examplesPerSecond === 0 ? 0 : rowsLeft / examplesPerSecond;
    onEvent({ kind: 'step', epoch, stepOfEpoch, step, steps: this.rounds.total, loss, examplesPerSecond, secondsLeft });
  }

  private async endEpoch({ epoch, step, sums, clock }: CurrentEpoch, rates: EpochRecord['rates']): Promise<void> {
    const { plan, folder, onEvent } = this.options;
    const trainedAt = performance.now();
    const examplesPerSecond = clock.rate(sums.rows);
    const isValidated = this.validation.hasRows && this.rounds.endsWithValidation(epoch, step);
    if (isValidated) onEvent?.({ kind: 'validating', epoch });
    await this.state.group?.note(isValidated ? 'validates' : 'writes a checkpoint');
    const figures = isValidated ? await this.validation.figures() : undefined;
    const validatedAt = performance.now();
    const { stop } = plan.train;
    const watchedValue = stop && figures?.[labelOf(stop)];
    let { best } = this.progress;
    const isBest = watchedValue !== undefined && (best === undefined || watchedValue > best.value);
    if (isBest) {
      best = { epoch, value: watchedValue, ...(await writeWeights(this.options, this.state, bestFile(epoch))) };
    }
    const measuredEpoch: EpochRecord = {
      epoch,
      step,
      loss: sums.loss(),
      scalars: sums.means(),
      rows: sums.rows,
      rates,
      examplesPerSecond,
      milliseconds: { ...clock.milliseconds(trainedAt), validation: validatedAt - trainedAt },
      // An epoch without a validation has no entry for it, also where a program lists the entries.
      ...(isValidated ? { validation: figures, sample: this.validation.sample } : {}),
      best: stop && isValidated && isBest,
    };
    const isLast = this.endStatus({ ...initialProgress, epoch, step, best }) !== undefined;
    const alone = isLast && isValidated ? await this.validation.figuresByTask() : undefined;
    const judged = { ...measuredEpoch, alone };
    const epochRecord = { ...judged, warning: await this.guard?.judge(judged, isLast) };
    await this.state.group?.note('writes a checkpoint');
    await this.logs.log.append(epochRecord);
    this.logs.events?.addEpoch(epochRecord);
    await this.logs.events?.write();
    this.progress = { ...initialProgress, epoch, step, best };
    await this.save();
    await removeOldBestWeights(folder, best && bestFile(best.epoch));
    this.records.push(epochRecord);
    onEvent?.({ kind: 'epoch', record: epochRecord });
  }

  private async finishInterrupted(): Promise<TrainResult> {
    const { folder } = this.options;
    if (this.progress.step === 0) return { folder, status: 'interrupted', records: this.records };
    await this.save();
    const { signal, limit } = this.options;
    return limit?.aborted && !signal?.aborted ? this.finish('stopped') : this.seal('interrupted');
  }

  /** Keeps the checkpoint, from which the run can continue with more epochs or more patience. */
  private async finish(status: 'epochs' | 'patience' | 'stopped'): Promise<TrainResult> {
    const result = await this.seal(status);
    await removeOldBestWeights(this.options.folder);
    return result;
  }

  private async seal(status: Manifest['training']['status']): Promise<TrainResult> {
    const { options, state, progress, records, resumeState: resumed } = this;
    const { changes, from, chosen } = resumed;
    const manifest = await writeModel(options, state, progress, { status, changes, from, ...storedPrecision(chosen) });
    return { folder: options.folder, status, manifest, records };
  }
}
