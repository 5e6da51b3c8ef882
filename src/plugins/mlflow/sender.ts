/**
 * Sends the part of a run that a tracking server lacks. The server is first asked what it has, so a run can be sent in parts, repeatedly, and after
 * lost responses.
 */
import { basename, join, resolve } from 'node:path';
import type { RunStatus, Tracked } from '../../app/api/track.ts';
import { readEvaluation } from '../../app/report/stored_evaluation.ts';
import { awaitRead, failure } from '../../base/diagnostics/diagnostic.ts';
import { closeQuietly, openIfExists } from '../../base/storage/run_files.ts';
import { readManifest } from '../../training/artifact/load.ts';
import { evaluationFile, type Manifest, manifestFile, reportFile } from '../../training/artifact/run_manifest.ts';
import { refuseUnlessValid } from '../../training/artifact/validate.ts';
import { metricsFile, parsedRecord, stepsFile } from '../../training/metrics_log.ts';
import { type StepMeans, stepMeans } from '../../training/tracking/event_file.ts';
import type { EpochRecord } from '../../training/train_options.ts';
import { isNorm, trackedNorm } from '../../training/training_step.ts';
import {
  experimentId,
  findOrCreateRun,
  logTags,
  type Metric,
  type MlflowClient,
  metricKey,
  type RemoteRun,
  updateRun,
} from './client.ts';
import {
  endTagsOf,
  pageOf,
  paramsOf,
  type RunFacts,
  readOrCreateRecord,
  sendFiles,
  sendNew,
  sendNewParams,
  tagsOf,
} from './tracked_parts.ts';

export interface RunSenderOptions {
  readonly folder: string;
  /** Default: the name of the model. */
  readonly experiment?: string;
  readonly facts: RunFacts;
  /** Number of steps in the whole run. */
  readonly steps: number;
  /** The path of the model's file, as the user gave it. */
  readonly source?: string;
  readonly commit?: string;
  /** Milliseconds since 1970, for a run that is training now. */
  readonly began?: number;
}

export class RunSender {
  private readonly points: ReturnType<typeof runPoints>;
  private readonly waiting: Metric[] = [];
  private remote: RemoteRun | undefined;
  private values = 0;
  private readonly count = (count: number): void => {
    this.values += count;
  };

  constructor(
    private readonly client: MlflowClient,
    private readonly options: RunSenderOptions,
  ) {
    this.points = runPoints(options.folder, options.steps);
  }

  /** Sends the curves that are in the logs so far. @throws Refused; Failure for problems with the folder */
  async send(isLast = false): Promise<void> {
    for (const metric of await this.points.more(isLast)) this.waiting.push(metric);
    this.remote ??= await this.begin();
    await sendNew(this.client, this.remote, this.waiting, this.count);
  }

  /** Sends the rest at the end of a training, and marks the run as ended. @throws as `send` */
  async end(status: RunStatus): Promise<Tracked> {
    await this.send(true);
    const { folder } = this.options;
    const remote = this.remote!;
    // A failed training may have no model.
    const manifest = await readManifest(folder).catch(() => undefined);
    if (manifest) {
      await logTags(this.client, remote.id, endTagsOf(manifest));
      await sendNew(this.client, remote, await evaluationMetrics(folder, manifest), this.count);
    }
    const paths = [reportFile, evaluationFile, metricsFile, manifestFile, ...(manifest?.sources ?? [])];
    const artifacts = await sendFiles(this.client, remote, folder, paths);
    const endStatus = manifest?.training.status === 'interrupted' ? 'KILLED' : status;
    await updateRun(this.client, remote.id, endStatus, this.points.ended() ?? Date.now());
    return { folder, url: pageOf(this.client, remote), values: this.values, artifacts };
  }

  private async begin(): Promise<RemoteRun> {
    const { client } = this;
    const { folder, facts, source } = this.options;
    const began = this.options.began ?? this.points.began();
    const {
      run,
      commit,
      began: start = Date.now(),
    } = await readOrCreateRecord(folder, { began, commit: this.options.commit });
    const experiment = await experimentId(client, this.options.experiment ?? facts.plan.model);
    const remote = await findOrCreateRun(client, experiment, { own: run, name: basename(resolve(folder)), start });
    await logTags(client, remote.id, { ...tagsOf(facts, source, commit), ...changedParams(remote, facts) });
    await sendNewParams(client, remote, paramsOf(facts));
    if (this.options.began !== undefined) await updateRun(client, remote.id, 'RUNNING');
    return remote;
  }
}

/** Returns parameters that a continued run has changed, as tags: the server does not allow parameters to change. */
const changedParams = ({ params }: RemoteRun, facts: RunFacts): Record<string, string> =>
  Object.fromEntries(
    Object.entries(paramsOf(facts))
      .filter(([key, value]) => params.has(key) && params.get(key) !== value)
      .map(([key, value]) => [`changed.${key}`, value]),
  );

async function evaluationMetrics(folder: string, manifest: Manifest): Promise<Metric[]> {
  const evaluation = await readEvaluation(folder, manifest).catch(() => undefined);
  const [own] = evaluation?.rows ?? [];
  if (!evaluation || !own) return [];
  return Object.entries(own.all)
    .filter(([, value]) => Number.isFinite(value))
    .map(([name, value]) => ({
      key: metricKey(`${evaluation.part}/${name}`),
      value,
      timestamp: Date.now(),
      step: manifest.training.steps,
    }));
}

/**
 * Returns the curves of a run from its own logs, in the form of a tracking server. The same lines always give the same points, during and after the training, so
 * data that a server missed can be sent at any time. @param steps of the whole run, which determine the length of a window
 */
function runPoints(folder: string, steps: number) {
  const [epochLog, stepLog] = [logTail(folder, metricsFile), logTail(folder, stepsFile)];
  const epochs: EpochRecord[] = [];
  const stepRecords: { step: number; values: Readonly<Record<string, number>> }[] = [];
  const addPoints = (step: number, group: string, values: Readonly<Record<string, number>>): void => {
    const entries = Object.entries(values).map(([name, value]) => [`${group}/${name}`, value]);
    stepRecords.push({ step, values: Object.fromEntries(entries) });
  };
  let means: { readonly names: readonly string[]; readonly of: StepMeans } | undefined;
  let [last, changed] = [0, 0];
  return {
    /** Returns the new points since the last call. @param isLast adds the mean of a last, partial window @throws Failure `damaged-file`, `cannot-read` */
    async more(isLast: boolean): Promise<Metric[]> {
      const perStep = await stepLog.more();
      const perEpoch = await epochLog.more();
      for (const record of perStep.records) {
        const { step, ...values } = record as Record<string, number>;
        const norms = Object.entries(values).filter(([name]) => isNorm(name));
        const names = means?.names ?? Object.keys(values).filter((name) => !isNorm(name));
        means ??= {
          names,
          of: stepMeans(names, steps, (windowEnd, windowMeans) => addPoints(windowEnd, 'step', windowMeans)),
        };
        const numbers = names.map((name) => values[name]);
        const allValues = [...numbers, ...norms.map(([, value]) => value)];
        if (!Number.isSafeInteger(step) || step! <= last || !allValues.every(Number.isFinite)) {
          throw failure('damaged-file', { path: join(folder, stepsFile), reason: `it has no step after ${last}` });
        }
        last = step!;
        means.of.add(step!, numbers as number[]);
        if (norms.length > 0) {
          const trackedNorms = norms.map(([name, value]) => [trackedNorm(name), value]);
          stepRecords.push({ step: last, values: Object.fromEntries(trackedNorms) });
        }
      }
      if (isLast) means?.of.endWindow();
      for (const record of perEpoch.records) {
        await refuseUnlessValid('metrics', record, join(folder, metricsFile));
        const epoch = record as unknown as EpochRecord;
        epochs.push(epoch);
        addPoints(epoch.step, 'epoch', { loss: epoch.loss, ...epoch.scalars });
        addPoints(epoch.step, 'validation', epoch.validation ?? {});
        addPoints(epoch.step, 'rate', epoch.rates);
        addPoints(epoch.step, 'speed', { examples_per_second: epoch.examplesPerSecond });
        addPoints(epoch.step, 'milliseconds', epoch.milliseconds);
      }
      changed = perEpoch.changed;
      const spans = spansOf(epochs, changed);
      const timeOfStep = (step: number): number => timeOf(step, spans) ?? perStep.changed;
      return stepRecords.splice(0).flatMap(({ step, values }) =>
        Object.entries(values).map(([name, value]) => {
          return { key: metricKey(name), value, timestamp: timeOfStep(step), step };
        }),
      );
    },
    /** Start of the first epoch, in milliseconds since 1970; undefined before an epoch has ended. */
    began: () => spansOf(epochs, changed)[0]?.from,
    ended: () => (epochs.length === 0 ? undefined : changed),
  };
}

interface EpochSpan {
  readonly last: number;
  readonly from: number;
  readonly until: number;
}

/**
 * Returns when each epoch was trained. The log has only durations: the last epoch ended when its line was written, and the times of earlier epochs are computed
 * backwards from there.
 */
function spansOf(epochs: readonly EpochRecord[], changed: number): EpochSpan[] {
  const spans: EpochSpan[] = [];
  let epochEnd = changed;
  for (const { step, milliseconds } of epochs.toReversed()) {
    const trainingEnd = epochEnd - milliseconds.validation;
    epochEnd = trainingEnd - milliseconds.total;
    spans.unshift({ last: step, from: Math.round(epochEnd), until: trainingEnd });
  }
  return spans;
}

/** Returns the time of a step; undefined if its epoch has not ended. */
function timeOf(step: number, spans: readonly EpochSpan[]): number | undefined {
  const spanIndex = spans.findIndex(({ last }) => step <= last);
  if (spanIndex === -1) return undefined;
  const { from, until, last } = spans[spanIndex]!;
  const stepBefore = spans[spanIndex - 1]?.last ?? 0;
  return Math.round(from + ((until - from) * (step - stepBefore)) / Math.max(1, last - stepBefore));
}

const pieceBytes = 2 ** 20;

/** Reads a log of a run that may still be growing: each call reads the lines since the last one. */
function logTail(folder: string, name: string) {
  let [at, lines] = [0, 0];
  let unfinishedLine = Buffer.alloc(0);
  return {
    /** @throws Failure `damaged-file`, `cannot-read` */
    async more() {
      const records: Record<string, unknown>[] = [];
      const logFile = await openIfExists(folder, name);
      if (logFile === undefined) return { records, changed: 0 };
      try {
        const { size, mtimeMs } = await logFile.stat();
        const piece = Buffer.alloc(Math.min(pieceBytes, Math.max(0, size - at)));
        while (at < size) {
          const { bytesRead } = await awaitRead(join(folder, name), logFile.read(piece, 0, piece.length, at));
          if (bytesRead === 0) break;
          at += bytesRead;
          const bytes = Buffer.concat([unfinishedLine, piece.subarray(0, bytesRead)]);
          const lastLineEnd = bytes.lastIndexOf(0x0a) + 1;
          for (const line of bytes.toString('utf8', 0, lastLineEnd).split('\n')) {
            if (line !== '') records.push(parsedRecord(line, join(folder, name), ++lines));
          }
          unfinishedLine = bytes.subarray(lastLineEnd);
        }
        return { records, changed: Math.round(mtimeMs) };
      } finally {
        await closeQuietly(logFile);
      }
    },
  };
}
