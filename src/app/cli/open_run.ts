import { constants } from 'node:os';
import { Failure } from '../../base/diagnostics/failure.ts';
import { shellWord } from '../../base/diagnostics/wording.ts';
import type { EngineName } from '../../engines/engine.ts';
import type { Evaluation } from '../../training/evaluation/evaluate_model.ts';
import { writeReport } from '../api/report.ts';
import { load, type Run } from '../api/run.ts';
import type { RunSummary } from '../api/runs.ts';
import { openTracker, type Tracked, type Tracker, track } from '../api/track.ts';
import { makeShardsProgress } from './progress.ts';
import { printDiagnostic, say } from './report.ts';
import { type EndingSignal, Interrupted, signals, withInterruptSignal } from './signals.ts';

export interface RunOptions {
  readonly data?: string;
  readonly allow?: readonly string[];
  readonly engine?: EngineName;
  readonly unfinished?: boolean;
  readonly memory?: string;
  readonly shards?: string;
  readonly cache?: boolean;
  readonly asOf?: string;
}

/**
 * Loads a trained model and reads its data. Ctrl-C ends the reading.
 * @param needs `dataset`: the data of the training. `knownRows`: also rows added since. `recommender`: what recommendations need, which may be cached
 */
export async function openRun(
  folder: string,
  { memory, shards, ...options }: RunOptions,
  needs: 'dataset' | 'knownRows' | 'recommender' = 'dataset',
): Promise<Run> {
  return withInterruptSignal(async (signal) => {
    const { data, allow, engine, unfinished, cache, asOf } = options;
    const passes = makeShardsProgress();
    const run = await load(folder, {
      data,
      allow,
      engine,
      unfinished,
      cache,
      asOf,
      memory,
      shards,
      signal,
      say,
      onPass: passes.onPass,
      // The user hears of shards only if they are written again: the run knows where its rows are.
      onDecision: (decision) => {
        if (decision.rows === 'shards') passes.onDecision(decision);
      },
    });
    // The database reads in its own threads while this thread loads the engine.
    await Promise.all([run[needs](), run.engine()]).finally(passes.end);
    return run;
  });
}

/**
 * Milliseconds in which a second signal counts as the first: the terminal sends Ctrl-C to the whole process group, and `npm run` passes it on, so one Ctrl-C
 * arrives twice.
 */
const samePress = 500;

/** Returns an `AbortSignal` that the first signal aborts with an `Interrupted`. A second signal calls `beforeExit` and ends the process. */
export function interruptible(beforeExit: () => void): AbortSignal {
  const interrupt = new AbortController();
  let firstSignalAt: number | undefined;
  const stopAtSignal = (signal: EndingSignal = 'SIGINT'): void => {
    if (firstSignalAt === undefined) {
      firstSignalAt = performance.now();
      interrupt.abort(new Interrupted(signal));
      say('stopping after this step, with a checkpoint; press Ctrl-C again to stop now');
    } else if (performance.now() - firstSignalAt > samePress) {
      beforeExit();
      process.exit(128 + constants.signals[signal]);
    }
  };
  for (const signal of signals) process.on(signal, stopAtSignal);
  return interrupt.signal;
}

/** Writes `report.html` into a run's folder. The command has done its work by then, so if the report cannot be written, that is reported but is no failure. */
export async function writeReportIfPossible(folder: string, evaluation?: Evaluation): Promise<void> {
  try {
    say(`report: ${await writeReport(folder, evaluation)}`);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    say(`no report: ${error.diagnostics.map(({ message }) => message).join('; ')}`);
  }
}

/** What a tracking server is told about a run. */
interface TrackingOptions {
  readonly out: string;
  readonly model: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly seed?: number;
}

/** @throws Failure `track-address` */
export async function openTracking(address: string, { out, model, settings, seed }: TrackingOptions): Promise<Tracker> {
  let isBehind = false;
  const tracker = openTracker(address, {
    out,
    model,
    settings: seed === undefined ? settings : { ...settings, seed: String(seed) },
    onWarning(warning) {
      isBehind = true;
      printDiagnostic(warning);
    },
  });
  return {
    ...tracker,
    async end(status) {
      const tracked = await tracker.end(status);
      if (tracked) say(trackedWords(tracked));
      else if (isBehind)
        say(
          `MLflow does not have all of this run: \`tower runs ${shellWord(out)} --track ${shellWord(address)}\` sends the rest`,
        );
      return tracked;
    },
  };
}

/** Sends the runs that have ended. @throws Failure `track-address`, `track-failed`, … */
export async function trackRuns(runs: readonly RunSummary[], address: string): Promise<Tracked[]> {
  const all: Tracked[] = [];
  for (const { folder, status, reason } of runs) {
    if (status === 'running' || status === 'damaged') {
      say(`${folder} is not sent: ${reason ?? 'it trains now'}`);
      continue;
    }
    try {
      const tracked = await track(folder, address);
      say(`${folder}: ${trackedWords(tracked)}`);
      all.push(tracked);
    } catch (error) {
      // A folder that cannot be sent does not stop the others; a failure of the server does.
      if (!(error instanceof Failure) || error.diagnostics.some(({ code }) => code.startsWith('track-'))) throw error;
      say(`${folder} is not sent: ${error.message}`);
    }
  }
  if (all.length === 0) say('there is no run to send');
  return all;
}

function trackedWords({ url, values, artifacts }: Tracked): string {
  const files = typeof artifacts === 'number' ? `${artifacts} files` : `no files: ${artifacts}`;
  return `MLflow has it: ${url} (${values.toLocaleString('en')} values, ${files})`;
}
