/** Runs the search of a study: trials, until there are enough, until the time is over, or until all points are tried. */

import { createHash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Lowering } from '../../app/api/check.ts';
import type {
  Dimension,
  JobRecord,
  Point,
  SearchEnd,
  SearchSpace,
  Study,
  Trial,
  TrialJob,
} from '../../app/api/tune.ts';
import { failure } from '../../base/diagnostics/diagnostic.ts';
import { makeRandom } from '../../base/random/random.ts';
import { withDefaults } from '../../base/util/objects.ts';
import type { SearchParameter } from '../../compiler/model/resolution.ts';
import type { Settings } from '../../compiler/model/settings/setting_text.ts';
import type { TrainPlan } from '../../graph/plan/plan.ts';
import { declaredMeasures, isOfAccuracy, labelOf, makeMeasures } from '../../training/evaluation/figures.ts';
import { samplers } from './samplers.ts';
import { countPoints, isSamePoint, settingsOf, usualPoint } from './search_space.ts';
import { addRecord } from './study_files.ts';
import { decide, ranked, rungsOf, trialsOf } from './study_log.ts';
import type { TrainedJob, TrainJob } from './train_job.ts';

interface StudyRequest
  extends Partial<Pick<Study, 'sampler' | 'seed' | 'halving' | 'parallel' | 'finalists' | 'seeds' | 'metric'>> {
  readonly out: string;
  readonly set?: Settings;
}

/**
 * Derives a study from the request and the model. For a resumed study, checks that it is the same.
 * @throws Failure `no-search`, `unknown-measure`, `other-study`
 */
export function studyOf(path: string, request: StudyRequest, checked: Lowering, before: Study | undefined): Study {
  const { search, sources, data, lowered } = checked;
  const { train } = lowered.plan;
  if (search.length === 0) throw failure('no-search', { path });
  const measured = makeMeasures([...(train.stop ? [train.stop] : []), ...declaredMeasures([lowered.plan])]);
  const knownMeasures = measured.map(({ label }) => label).filter(isOfAccuracy);
  const metric = request.metric ?? before?.metric ?? (train.stop ? labelOf(train.stop) : knownMeasures[0]!);
  if (!knownMeasures.includes(metric)) throw failure('unknown-measure', { name: metric, known: knownMeasures });
  const settled = withDefaults<Partial<StudyRequest>>(before ?? {}, request);
  const { sampler = 'tpe', seed = 1, halving = true, parallel = 1, finalists = 3, seeds = 3 } = settled;
  const study: Study = {
    model: lowered.plan.model,
    sources: sha256([...sources.map(({ text }) => text), data!.source.text].join('\0')),
    space: spaceOf(search),
    set: textsOf(request.set ?? before?.set ?? {}),
    metric,
    stops: train.stop !== undefined && metric === labelOf(train.stop),
    fileSeed: train.seed,
    sampler,
    seed,
    halving,
    rungs: rungsOf(validationsOf(train), halving),
    parallel: Math.min(parallel, 4 * availableParallelism()),
    finalists,
    seeds,
  };
  const words = { model: 'model', sources: 'model file or data block', space: '`search`', set: '`--set`' } as const;
  for (const [name, value] of Object.entries(study)) {
    if (!before || JSON.stringify(value) === JSON.stringify(before[name as keyof Study])) continue;
    const what = name in words ? words[name as keyof typeof words] : `\`${name}\``;
    throw failure('other-study', { folder: request.out, what });
  }
  return study;
}

/** Returns the number of validations of a run; a large number if `steps` are given and the length of an epoch is unknown. */
function validationsOf({ steps, epochs, validate }: TrainPlan): number {
  const every = validate?.epochs ?? 1;
  if (validate?.steps !== undefined)
    return steps === undefined ? unknownValidations : Math.ceil(steps / validate.steps / every);
  return steps === undefined ? Math.ceil(epochs / every) : unknownValidations;
}

const unknownValidations = 27;

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const textsOf = (set: Settings): Record<string, string> =>
  Object.fromEntries(Object.entries(set).map(([name, value]) => [name, String(value)]));

const spaceOf = (parameters: readonly SearchParameter[]): SearchSpace =>
  parameters.map(({ name, domain, usual }): Dimension => {
    if (domain.kind === 'choices') {
      const texts = domain.choices.map(({ text }) => text);
      return { name, domain: { kind: 'choices', texts }, usual };
    }
    const { from, to, log, whole } = domain;
    return { name, domain: { kind: 'range', from, to, log, whole }, usual };
  });

interface JobsOptions {
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

/**
 * Starts the jobs of a study, and keeps their results in the order in which they started. With N workers a decision reads only results of jobs at least N
 * places earlier, so it does not depend on which job ends first. Jobs in the log are not trained again.
 */
export class TuneJobs {
  readonly #done: Promise<JobRecord>[] = [];
  readonly records: JobRecord[] = [];
  readonly #settings = new Map<number, Readonly<Record<string, string>>>();
  readonly #begun = performance.now();
  /** Resolves when the lines so far are written, in the order of their jobs. */
  #written: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: JobsOptions) {}

  /** Seconds that the study has taken, including earlier calls that were resumed. */
  get elapsed(): number {
    const elapsedBefore = this.options.records.at(-1)?.elapsed ?? 0;
    return elapsedBefore + (performance.now() - this.#begun) / 1000;
  }

  /** The next line of the log, if a resumed study replays its log. */
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
      if (identityOf(loggedRecord) !== identityOf({ ...job, settings })) {
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
    const { folder, study, request } = this.options;
    const begunAt = new Date().toISOString();
    const startTime = performance.now();
    const jobFolder = folderOf(job);
    this.options.onBegin?.({ ...job, settings });
    const set = { ...study.set, ...settings, ...(job.seed === undefined ? {} : { seed: String(job.seed) }) };
    const rung = job.rung === undefined ? undefined : { at: job.rung, of: study.rungs };
    const measured = { metric: study.metric, mustCheck: job.trial === 0, rung };
    const jobResult = await this.options.run({ ...request, set, out: join(folder, jobFolder), ...measured }, signal);
    if (jobResult.state === 'stopped') throw new JobStopped();
    const { state, values, value, validations, message } = jobResult;
    const result = { state, values, validations, value, message };
    const seconds = rounded((performance.now() - startTime) / 1000);
    const place = { folder: jobFolder, begun: begunAt, seconds, elapsed: rounded(this.elapsed) };
    return { job: index, ...job, settings, ...result, ...place };
  }

  /** Waits until all jobs are known, except for the last `behind`. @throws Stopped, or the error that ended a job */
  async settle(behind: number): Promise<void> {
    while (this.records.length < this.#done.length - behind) this.records.push(await this.#done[this.records.length]!);
  }

  /** Drops the jobs that were stopped, and all jobs after them. */
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

/** Returns what a job and its record in the log have in common. */
const identityOf = ({ kind, trial, rung, seed, settings, point }: TrialJob & Pick<JobRecord, 'settings'>): string =>
  JSON.stringify([kind, trial, rung, seed, settings, point]);

/** All search jobs of a trial share one folder, in which its run continues. */
const folderOf = ({ kind, trial, seed }: TrialJob): string => {
  const number = String(trial).padStart(4, '0');
  return kind === 'search' ? join('trials', number) : join('finals', `${number}-${kind}-${seed}`);
};

const rounded = (seconds: number): number => Math.round(seconds * 1000) / 1000;

export interface SearchOptions {
  readonly study: Study;
  /** Number of trials, including the unchanged file. */
  readonly trials: number;
  readonly signal: AbortSignal;
  /** Returns a signal that is aborted when the time of the search is over. Called once the first trial is done. */
  readonly timer: () => AbortSignal;
}

export async function searchTrials(
  jobs: TuneJobs,
  { study, trials, signal, timer }: SearchOptions,
): Promise<SearchEnd> {
  const sent = new Map<number, number>();
  const points: Point[] = [];
  const usual = usualPoint(study.space);
  if (usual) points.push(usual);
  let time: AbortSignal | undefined;
  let searchEnd: SearchEnd = 'trials';

  const nextJob = (settled: boolean): TrialJob | undefined => {
    const knownTrials = trialsOf(jobs.records, study);
    const more = sent.size < trials && searchEnd !== 'points';
    const choice = decide({ rungs: study.rungs, trials: knownTrials, sent, more, settled });
    if (!choice) return undefined;
    const { trial } = choice;
    const job: TrialJob = { kind: 'search', ...choice };
    if (trial === 0 || sent.has(trial)) return job;
    const point = newPoint(study, knownTrials, points, trial);
    if (point) {
      points.push(point);
      return { ...job, point };
    }
    searchEnd = 'points';
    return nextJob(settled);
  };

  try {
    for (;;) {
      signal.throwIfAborted();
      if (jobs.logged && jobs.logged.kind !== 'search') {
        // An earlier call ended the search here because its time was over, although another trial could have begun.
        await jobs.settle(0);
        if (!nextJob(true)) return searchEnd;
        break;
      }
      await jobs.settle(jobs.count === 1 ? 0 : study.parallel - 1);
      if (jobs.count > 0) time ??= timer();
      if (time?.aborted && !jobs.logged) break;
      let job = nextJob(false);
      if (!job) {
        await jobs.settle(0);
        job = nextJob(true);
      }
      if (!job) return searchEnd;
      sent.set(job.trial, job.rung!);
      jobs.begin(job, time ? AbortSignal.any([signal, time]) : signal);
    }
  } catch (error) {
    if (!(error instanceof JobStopped)) throw error;
  }
  await jobs.dropStopped();
  signal.throwIfAborted();
  return 'time';
}

/** Number of attempts after which the sampler counts as having nothing new. */
const maxTries = 200;

/** Returns a point that was not tried; undefined if there is none, or if none was found. */
function newPoint(
  { space, sampler, seed }: Study,
  known: readonly Trial[],
  tried: readonly Point[],
  trial: number,
): Point | undefined {
  if (tried.length >= countPoints(space)) return undefined;
  const best = ranked(known).flatMap(({ point }) => (point ? [point] : []));
  const usual = usualPoint(space);
  const rankedPoints = usual && known[0] ? withUsual(known, usual) : best;
  for (let attempt = 0; attempt < maxTries; attempt++) {
    const random = makeRandom(seed, trial, attempt);
    // A sampler that is certain of one point keeps drawing it. Random sampling finds the others.
    const chosenSampler = attempt < maxTries / 4 ? samplers[sampler] : samplers.random;
    const point = chosenSampler(space, rankedPoints, random);
    if (!tried.some((other) => isSamePoint(space, other, point))) return point;
  }
  return undefined;
}

/** Returns ranked trials, with the point of the unchanged file for trial 0. */
const withUsual = (known: readonly Trial[], usual: Point): readonly Point[] =>
  ranked(known).flatMap(({ number, point }) => (number === 0 ? [usual] : point ? [point] : []));
