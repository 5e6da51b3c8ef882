/** Runs one job of a study: trains a new or paused run up to an epoch. A run that cannot be trained is a result and does not end the study. */
import type { ChildProcess } from 'node:child_process';
import { checkAndLower } from '../../app/api/check.ts';
import { askProcess, ProcessEnded, startProgram } from '../../app/api/child_process.ts';
import type { MemoryRequest, ShardDecision } from '../../app/api/shards.ts';
import { train } from '../../app/api/train.ts';
import type { Code } from '../../base/diagnostics/codes.ts';
import { Failure, failure } from '../../base/diagnostics/diagnostic.ts';
import { findChildProgram } from '../../base/storage/package_file.ts';
import type { EngineName } from '../../engines/engine.ts';
import { hasCheckpoint } from '../../training/artifact/checkpoint.ts';
import { orderOf, roundsOf } from '../../training/feed/order.ts';
import { readMetricsLog } from '../../training/metrics_log.ts';
import { keptValue, validationsAt } from './study_log.ts';

export interface TrainJob {
  readonly path: string;
  readonly data?: string;
  readonly allow?: readonly string[];
  readonly engine?: EngineName;
  readonly set: Readonly<Record<string, string>>;
  /** Bytes of memory for this job alone. `shards` is the folder for training rows that do not fit. */
  readonly memory?: number;
  readonly shards?: string;
  readonly shardSizes?: MemoryRequest['shardSizes'];
  readonly out: string;
  /** The rung at which it pauses. Absent: it is trained to the end. */
  readonly rung?: { readonly at: number; readonly of: number };
  readonly metric: string;
  /** A failed check ends the study, because it does not depend on the chosen settings. */
  readonly mustCheck: boolean;
}

export interface TrainedJob {
  /** `stopped`: the signal aborted it. */
  readonly state: 'paused' | 'done' | 'failed' | 'invalid' | 'stopped';
  readonly values: readonly number[];
  /** Number of validations in a whole run. */
  readonly validations?: number;
  /** The metric of the kept weights. */
  readonly value?: number;
  readonly message?: string;
  readonly decision?: ShardDecision;
}

/** Errors that may be due to the values of one trial. Every other error would also end the next trial. */
const trialErrors: readonly Code[] = ['loss-not-finite', 'too-large-for-memory', 'engine-memory', 'too-few-rows'];

/** @throws Failure for errors that would end every trial: data that cannot be read, a full disk */
export async function trainJob(
  { metric, mustCheck, rung, ...job }: TrainJob,
  signal?: AbortSignal,
): Promise<TrainedJob> {
  let stops: boolean;
  try {
    stops = (await checkAndLower(job.path, job)).lowered.plan.train.stop !== undefined;
  } catch (error) {
    if (mustCheck || !(error instanceof Failure)) throw error;
    return { state: 'invalid', values: [], message: messageOf(error) };
  }
  const validationLimit = (validations: number): number =>
    rung ? validationsAt(rung.at, rung.of, validations) : validations;
  let validations: number | undefined;
  let decision: ShardDecision | undefined;
  try {
    const resume = await hasCheckpoint(job.out);
    const { status } = await train(job.path, {
      ...job,
      ...(resume ? { resume } : { force: true }),
      until: validationLimit,
      signal,
      onDecision: (shardDecision) => void (decision = shardDecision),
      onReady({ plan, dataset }) {
        if (dataset.parts.validation.rows === 0) throw failure('no-validation-part', { needs: 'tower tune' });
        validations = roundsOf(plan.train, orderOf(plan, dataset.parts.train)).validations;
      },
    });
    const lastValidation = validationLimit(validations ?? 0);
    const values = (await valuesOf(job.out, metric)).slice(0, lastValidation);
    const state =
      status !== 'interrupted' ? 'done' : signal?.aborted && values.length < lastValidation ? 'stopped' : 'paused';
    return { state, values, validations, decision, value: keptValue(values, stops) };
  } catch (error) {
    if (signal?.aborted) return { state: 'stopped', values: [] };
    if (!(error instanceof Failure) || !error.diagnostics.some(({ code }) => trialErrors.includes(code))) throw error;
    const values = await valuesOf(job.out, metric).catch(() => []);
    return { state: 'failed', values, validations, message: messageOf(error) };
  }
}

const messageOf = ({ diagnostics }: Failure): string =>
  diagnostics.find(({ severity }) => severity === 'error')!.message;

async function valuesOf(folder: string, metric: string): Promise<readonly number[]> {
  const lines = await readMetricsLog(folder).catch(() => []);
  return lines.flatMap(({ validation }) => {
    const metricValue = (validation as Readonly<Record<string, number>> | undefined)?.[metric];
    return metricValue === undefined ? [] : [metricValue];
  });
}

/** Runs jobs in child processes, each with its own engine and tables, so that several train in parallel. */
export interface TuneWorkers {
  run(job: TrainJob, signal: AbortSignal): Promise<TrainedJob>;
  close(): Promise<void>;
}

/** @param path of the program of the child process */
export function makeWorkers(path = findChildProgram(import.meta.url, 'worker')): TuneWorkers {
  const idleWorkers: ChildProcess[] = [];
  const allWorkers = new Set<ChildProcess>();
  const takeWorker = (): ChildProcess => {
    const idleWorker = idleWorkers.pop();
    if (idleWorker) return idleWorker;
    const child = startProgram(path);
    allWorkers.add(child);
    child.once('exit', () => {
      allWorkers.delete(child);
      // The system may also end a process between two jobs.
      const idleIndex = idleWorkers.indexOf(child);
      if (idleIndex >= 0) idleWorkers.splice(idleIndex, 1);
    });
    return child;
  };
  return {
    async run(job, signal) {
      const child = takeWorker();
      // A process that is just ending may still look connected. Its exit event reports it.
      const stopJob = (): void => void (child.connected && child.send('stop', () => {}));
      signal.addEventListener('abort', stopJob, { once: true });
      try {
        const trained = await askProcess<TrainJob, TrainedJob>(child, job);
        if (allWorkers.has(child)) idleWorkers.push(child);
        return trained;
      } catch (error) {
        // A process that ended by itself fails only this trial: the system may have ended it because of its memory.
        if (error instanceof ProcessEnded) return { state: 'failed', values: [], message: error.message };
        throw error;
      } finally {
        signal.removeEventListener('abort', stopJob);
      }
    },
    async close() {
      const ends = [...allWorkers].map((child) => new Promise((done) => child.once('exit', done)));
      for (const child of allWorkers) if (child.connected) child.disconnect();
      await Promise.all(ends);
    },
  };
}
