import { constants } from 'node:os';
import { Failure } from '../../base/diagnostics/diagnostic.ts';
import type { Evaluation } from '../../training/evaluation/evaluate_model.ts';
import { writeReport } from '../api/report.ts';
import { type LoadRequest, load, type Run } from '../api/run.ts';
import { makeShardsProgress } from './progress.ts';
import { say } from './report.ts';
import { type EndingSignal, Interrupted, signals, withInterruptSignal } from './signals.ts';

export type RunOptions = Pick<
  LoadRequest,
  'data' | 'allow' | 'engine' | 'unfinished' | 'memory' | 'shards' | 'cache' | 'asOf'
>;

/**
 * Loads a trained model and reads its data. Ctrl-C ends the reading.
 * @param needs `dataset`: the data of the training. `knownRows`: also rows added since. `recommender`: what recommendations need, which may be cached
 */
export async function openRun(
  folder: string,
  options: RunOptions,
  needs: 'dataset' | 'knownRows' | 'recommender' = 'dataset',
): Promise<Run> {
  return withInterruptSignal(async (signal) => {
    const passes = makeShardsProgress();
    const run = await load(folder, {
      ...options,
      signal,
      say,
      onPass: passes.onPass,
      // Shards that are there already are used without a word. Only writing them again is reported.
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
const repeatedSignalTime = 500;

/** Returns an `AbortSignal` that the first signal aborts with an `Interrupted`. A second signal calls `beforeExit` and ends the process. */
export function interruptible(beforeExit: () => void): AbortSignal {
  const interrupt = new AbortController();
  let firstSignalAt: number | undefined;
  const stopAtSignal = (signal: EndingSignal = 'SIGINT'): void => {
    if (firstSignalAt === undefined) {
      firstSignalAt = performance.now();
      interrupt.abort(new Interrupted(signal));
      say('stopping after this step, with a checkpoint; press Ctrl-C again to stop now');
    } else if (performance.now() - firstSignalAt > repeatedSignalTime) {
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
