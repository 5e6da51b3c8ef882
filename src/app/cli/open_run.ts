import { constants } from 'node:os';
import { Failure } from '../../base/diagnostics/failure.ts';
import { defined } from '../../base/util/defined.ts';
import type { EngineName } from '../../engines/engine.ts';
import type { Evaluation } from '../../training/evaluation/evaluate.ts';
import type { Run } from '../api/run.ts';
import { makeShardsProgress } from './progress.ts';
import { say } from './report.ts';
import { type EndingSignal, endable, Interrupted, signals } from './signals.ts';

export interface RunOptions {
  readonly data?: string;
  readonly allow?: readonly string[];
  readonly engine?: EngineName;
  readonly unfinished?: boolean;
  readonly memory?: string;
  readonly shards?: string;
  readonly cache?: boolean;
}

/**
 * Loads a trained model and reads its data, which Ctrl-C ends.
 * @param needs `answers`: of the data what recommendations need, which an earlier start may have kept
 */
export async function openRun(
  folder: string,
  { memory, shards, ...options }: RunOptions,
  needs: 'rows' | 'answers' = 'rows',
): Promise<Run> {
  const { load } = await import('../api/run.ts');
  return endable(async (signal) => {
    const { data, allow, engine, unfinished, cache } = options;
    const passes = makeShardsProgress();
    const run = await load(folder, {
      ...defined({ data, allow, engine, unfinished, cache, memory, shards }),
      ...{ signal, say, onPass: passes.onPass },
      // The run says where its rows are; a line is for rows that are written anew.
      onDecision: (decision) => {
        if (decision.rows === 'shards') passes.onDecision(decision);
      },
    });
    // The database reads in threads of its own while this one loads the engine.
    await Promise.all([needs === 'rows' ? run.dataset() : run.recommender(), run.engine()]).finally(passes.end);
    return run;
  });
}

// A signal that lets training finish its step, and a second one that ends it immediately.

/**
 * Milliseconds. The terminal sends Ctrl-C to the whole process group, and `npm run` passes it on, so one Ctrl-C arrives twice. A
 * second signal within this time counts as the first.
 */
const samePress = 500;

/**
 * An `AbortSignal` that the first signal aborts with an `Interrupted`. A second signal calls `beforeExit` and ends the process.
 */
export function interruptible(beforeExit: () => void): AbortSignal {
  const interrupt = new AbortController();
  let firstSignalAt: number | undefined;
  const stopAtSignal = (signal: EndingSignal = 'SIGINT'): void => {
    if (firstSignalAt === undefined) {
      firstSignalAt = performance.now();
      interrupt.abort(new Interrupted(signal));
      say('\nstopping after this step, with a checkpoint; press Ctrl-C again to stop now');
    } else if (performance.now() - firstSignalAt > samePress) {
      beforeExit();
      process.exit(128 + constants.signals[signal]);
    }
  };
  for (const signal of signals) process.on(signal, stopAtSignal);
  return interrupt.signal;
}

/** Leaves `report.html` in a run's folder. What was asked for is done by then: where it cannot be written, that is said and no failure. */
export async function leaveReport(folder: string, evaluation?: Evaluation): Promise<void> {
  const { writeReport } = await import('../api/report.ts');
  try {
    say(`report: ${await writeReport(folder, evaluation)}`);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    say(`no report: ${error.diagnostics.map(({ message }) => message).join('; ')}`);
  }
}
