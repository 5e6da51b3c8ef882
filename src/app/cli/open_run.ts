import { defined } from '../../base/util/defined.ts';
import type { EngineName } from '../../engines/engine.ts';
import type { Run } from '../api/run.ts';
import { say } from './report.ts';
import { makeShardsProgress } from './shards_progress.ts';
import { endable } from './signals.ts';

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
