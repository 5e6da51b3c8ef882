/** One piece of a study: a run that begins or goes on, up to an epoch. A run that cannot be trained is a result, not an end. */
import { hasCheckpoint } from '../../artifact/checkpoint.ts';
import { defined } from '../../defined.ts';
import type { Code } from '../../diagnostics/codes.ts';
import { Failure, failure } from '../../diagnostics/failure.ts';
import type { EngineName } from '../../engine/engine.ts';
import { readMetricsLog } from '../../training/metrics_log.ts';
import { epochsAt } from '../../tune/halving.ts';
import { kept } from '../../tune/trials.ts';
import { checkAndLower } from '../check.ts';
import { train } from '../train.ts';

export interface TrainJob {
  readonly path: string;
  readonly data?: string;
  readonly allow?: readonly string[];
  readonly engine?: EngineName;
  readonly set: Readonly<Record<string, string>>;
  readonly out: string;
  /** Where it pauses: at this rung of so many. Absent: it is trained whole. */
  readonly rung?: { readonly at: number; readonly of: number };
  readonly metric: string;
  /** What does not check ends the study: nothing of it was chosen. */
  readonly mustCheck: boolean;
}

export interface TrainedJob {
  /** `stopped`: the signal came. */
  readonly state: 'paused' | 'done' | 'failed' | 'invalid' | 'stopped';
  readonly values: readonly number[];
  /** Of a whole run. */
  readonly epochs?: number;
  /** By which trials are compared: that of the weights which the run keeps. */
  readonly value?: number;
  readonly message?: string;
}

/** What the values of one trial may cause. Everything else would end the next trial as well. */
const ofTrial: readonly Code[] = ['loss-not-finite', 'too-large-for-memory', 'engine-memory', 'too-few-rows'];

/** @throws Failure for what would end every trial: data that cannot be read, a disk that is full */
export async function trainJob(
  { metric, mustCheck, rung, ...job }: TrainJob,
  signal?: AbortSignal,
): Promise<TrainedJob> {
  let stops: boolean;
  let epochs: number;
  try {
    const { plan } = (await checkAndLower(job.path, job)).lowered;
    stops = plan.train.stop !== undefined;
    epochs = plan.train.epochs;
  } catch (error) {
    if (mustCheck || !(error instanceof Failure)) throw error;
    return { state: 'invalid', values: [], message: messageOf(error) };
  }
  const last = rung ? epochsAt(rung.at, rung.of, epochs) : epochs;
  const found = (values: readonly number[], state: TrainedJob['state']): TrainedJob => {
    return { state, values, epochs, ...defined({ value: kept(values, stops) }) };
  };
  const resume = await hasCheckpoint(job.out);
  // What was trained before a kill need not be trained again.
  const before = resume ? await valuesOf(job.out, metric) : [];
  if (last < epochs && before.length >= last) return found(before.slice(0, last), 'paused');
  try {
    const { status } = await train(job.path, {
      ...job,
      ...(resume ? { resume } : { force: true }),
      until: last,
      ...defined({ signal }),
      onReady({ dataset }) {
        if (dataset.parts.validation.rows === 0) throw failure('no-validation-part', { metric });
      },
    });
    const values = (await valuesOf(job.out, metric)).slice(0, last);
    if (status !== 'interrupted') return found(values, 'done');
    return signal?.aborted && values.length < last ? { state: 'stopped', values } : found(values, 'paused');
  } catch (error) {
    if (signal?.aborted) return { state: 'stopped', values: [] };
    if (!(error instanceof Failure) || !error.diagnostics.some(({ code }) => ofTrial.includes(code))) throw error;
    const values = await valuesOf(job.out, metric).catch(() => []);
    return { state: 'failed', values, epochs, message: messageOf(error) };
  }
}

const messageOf = ({ diagnostics }: Failure): string =>
  diagnostics.find(({ severity }) => severity === 'error')!.message;

/** The metric after each epoch, from the first. */
async function valuesOf(folder: string, metric: string): Promise<readonly number[]> {
  const lines = await readMetricsLog(folder).catch(() => []);
  return lines.flatMap(({ validation }) => {
    const value = (validation as Readonly<Record<string, number>> | undefined)?.[metric];
    return value === undefined ? [] : [value];
  });
}
