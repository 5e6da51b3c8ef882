import type { Run } from '../api/run.ts';
import { defined } from '../defined.ts';
import type { EngineName } from '../engine/engine.ts';
import { endable } from './signals.ts';

/** The options of a command that asks a trained model about its data. */
export interface RunOptions {
  readonly data?: string;
  readonly allow?: readonly string[];
  readonly engine?: EngineName;
  readonly unfinished?: boolean;
}

/** Loads a trained model and reads its data, which Ctrl-C ends. */
export async function openRun(folder: string, { data, allow, engine, unfinished }: RunOptions): Promise<Run> {
  const { load } = await import('../api/run.ts');
  return endable(async (signal) => {
    const run = await load(folder, {
      ...defined({ data, allow, engine, unfinished }),
      signal,
    });
    // The database reads in threads of its own while this one loads the engine.
    await Promise.all([run.dataset(), run.engine()]);
    return run;
  });
}
