/** The first part of a study: trials, until there are enough, until the time is over, or until all points are tried. */
import { makeRandom } from '../../../base/random/random.ts';
import { decide, ranked } from '../../../training/tune/halving.ts';
import { samplers } from '../../../training/tune/samplers/table.ts';
import { countPoints, isSamePoint, type Point, usualPoint } from '../../../training/tune/space.ts';
import type { Study, Trial, TrialJob } from '../../../training/tune/trial.ts';
import { trialsOf } from '../../../training/tune/trials.ts';
import { JobStopped, type TuneJobs } from './jobs.ts';

export type SearchEnd = 'trials' | 'time' | 'points';

export interface SearchOptions {
  readonly study: Study;
  /** Includes the file as it is written. */
  readonly trials: number;
  readonly signal: AbortSignal;
  /** Aborted when the time of the search is over; asked for once the first trial is done. */
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
    const choice = decide({
      rungs: study.rungs,
      trials: knownTrials,
      sent,
      more: sent.size < trials && searchEnd !== 'points',
      settled,
    });
    if (!choice) return undefined;
    const { trial, rung } = choice;
    const job: TrialJob = { kind: 'search', trial, ...(rung === undefined ? {} : { rung }) };
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
        // The search ended here before: where another trial could begin, by its time.
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

/** Tries before the sampler is taken to have nothing new. */
const mostTries = 200;

/** Undefined if all points were tried, or if none was found. */
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
  for (let attempt = 0; attempt < mostTries; attempt++) {
    const random = makeRandom(seed, trial, attempt);
    // A sampler that is certain of one point draws it again: chance finds the others.
    const chosenSampler = attempt < mostTries / 4 ? samplers[sampler] : samplers.random;
    const point = chosenSampler.suggest(space, rankedPoints, random);
    if (!tried.some((other) => isSamePoint(space, other, point))) return point;
  }
  return undefined;
}

/** Ranked, with the file as it is written as a point of the space. */
const withUsual = (known: readonly Trial[], usual: Point): readonly Point[] =>
  ranked(known).flatMap(({ number, point }) => (number === 0 ? [usual] : point ? [point] : []));
