/**
 * The jobs of a study, in the order in which they are begun. A decision reads the results of jobs that many places before it alone, as
 * there are workers: so it is the same whichever of them ends first. What the log has is not trained again.
 */
import { join } from 'node:path';
import { failure } from '../../../base/diagnostics/failure.ts';
import { defined } from '../../../base/util/defined.ts';
import { settingsOf } from '../../../training/tune/space.ts';
import { addRecord } from '../../../training/tune/study_files.ts';
import type { JobRecord, Study, TrialJob } from '../../../training/tune/trial.ts';
import type { TrainedJob, TrainJob } from './train_job.ts';

export interface JobsOptions {
  readonly folder: string;
  readonly study: Study;
  readonly request: Pick<TrainJob, 'path' | 'data' | 'allow' | 'engine' | 'memory' | 'shards' | 'shardSizes'>;
  readonly records: readonly JobRecord[];
  readonly run: (job: TrainJob, signal: AbortSignal) => Promise<TrainedJob>;
  readonly onBegin?: (job: TrialJob & { readonly settings: Readonly<Record<string, string>> }) => void;
  readonly onRecord?: (record: JobRecord) => void;
}

/** Thrown if the signal ended a job: it has no result. */
export class JobStopped extends Error {}

export class TuneJobs {
  readonly #done: Promise<JobRecord>[] = [];
  readonly records: JobRecord[] = [];
  readonly #settings = new Map<number, Readonly<Record<string, string>>>();
  readonly #begun = performance.now();
  /** Lines are written in the order of their jobs. */
  #written: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: JobsOptions) {}

  /** Seconds that the study has taken, those of calls before this one too. */
  get elapsed(): number {
    const elapsedBefore = this.options.records.at(-1)?.elapsed ?? 0;
    return elapsedBefore + (performance.now() - this.#begun) / 1000;
  }

  /** The next line of the log that is not replayed yet. */
  get logged(): JobRecord | undefined {
    return this.options.records[this.#done.length];
  }

  begin(job: TrialJob, signal: AbortSignal): void {
    const index = this.#done.length;
    const loggedRecord = this.logged;
    const { space } = this.options.study;
    if (job.point) this.#settings.set(job.trial, settingsOf(space, job.point));
    const settings = this.#settings.get(job.trial) ?? {};
    if (loggedRecord) {
      const isSameJob =
        loggedRecord.kind === job.kind &&
        loggedRecord.trial === job.trial &&
        loggedRecord.rung === job.rung &&
        loggedRecord.seed === job.seed;
      if (
        !isSameJob ||
        JSON.stringify([loggedRecord.settings, loggedRecord.point]) !== JSON.stringify([settings, job.point])
      ) {
        throw failure('other-study', { folder: this.options.folder, what: `job ${index}` });
      }
      this.#done.push(Promise.resolve(loggedRecord));
      return;
    }
    const writtenBefore = this.#written;
    const done = this.#train(index, job, settings, signal).then(async (record) => {
      await writtenBefore;
      await addRecord(this.options.folder, record);
      this.options.onRecord?.(record);
      return record;
    });
    this.#written = done;
    done.catch(() => {});
    this.#done.push(done);
  }

  async #train(
    index: number,
    job: TrialJob,
    settings: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<JobRecord> {
    const { folder, study, request, run } = this.options;
    const begunAt = new Date().toISOString();
    const start = performance.now();
    const name = folderOf(job);
    this.options.onBegin?.({ ...job, settings });
    const jobResult = await run(
      {
        ...request,
        set: { ...study.set, ...settings, ...(job.seed === undefined ? {} : { seed: String(job.seed) }) },
        out: join(folder, name),
        metric: study.metric,
        mustCheck: job.trial === 0,
        ...(job.rung === undefined ? {} : { rung: { at: job.rung, of: study.rungs } }),
      },
      signal,
    );
    if (jobResult.state === 'stopped') throw new JobStopped();
    const { state, values, value, validations, message } = jobResult;
    return {
      job: index,
      ...job,
      settings,
      state,
      values,
      ...defined({ validations, value, message }),
      folder: name,
      begun: begunAt,
      seconds: rounded((performance.now() - start) / 1000),
      elapsed: rounded(this.elapsed),
    };
  }

  /** Waits until a job may be decided: all but the last ones are known. @throws Stopped, or what ended a job */
  async settle(behind: number): Promise<void> {
    while (this.records.length < this.#done.length - behind) this.records.push(await this.#done[this.records.length]!);
  }

  /** Forgets the jobs that were stopped, and those after them. */
  async dropStopped(): Promise<void> {
    await Promise.allSettled(this.#done);
    while (this.records.length < this.#done.length) {
      const record = await this.#done[this.records.length]!.catch((error: unknown) => {
        if (error instanceof JobStopped) return undefined;
        throw error;
      });
      if (!record) break;
      this.records.push(record);
    }
    this.#done.length = this.records.length;
    this.#written = Promise.resolve();
  }

  get count(): number {
    return this.#done.length;
  }
}

/** All search jobs of a trial have one folder: it goes on there. */
const folderOf = ({ kind, trial, seed }: TrialJob): string => {
  const number = String(trial).padStart(4, '0');
  return kind === 'search' ? join('trials', number) : join('finals', `${number}-${kind}-${seed}`);
};

const rounded = (seconds: number): number => Math.round(seconds * 1000) / 1000;
