import { resolve } from 'node:path';
import type { Dataset } from '../data/dataset.ts';
import { defined } from '../defined.ts';
import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import { failure } from '../diagnostics/failure.ts';
import type { EngineName } from '../engine/engine.ts';
import { type Choice, chooseEngine } from '../engine/engines.ts';
import type { Plan } from '../plan/plan.ts';
import type { FolderLock } from '../storage/lock.ts';
import type { TrainResult } from '../training/train_options.ts';
import type { TrainingEvent } from '../training/training_events.ts';
import { type CheckRequest, checkAndLower, type Lowering, readingOf } from './check.ts';
import { version } from './version.ts';

export interface TrainRequest extends CheckRequest {
  /** Folder of the run, which becomes the model. */
  readonly out: string;
  /** What everything random follows from: the same as `set: { seed }`, and it wins over that. Default: the model's, else 1. */
  readonly seed?: number;
  readonly engine?: EngineName;
  /** Go on with the run that the folder holds. */
  readonly resume?: boolean;
  /** End the run that the folder holds as it is at its checkpoint: a model, marked as stopped. */
  readonly finish?: boolean;
  /** Replace the run that the folder holds; files that Tower did not write stay. */
  readonly force?: boolean;
  /** Pauses after a validation, which it gets from how many there are. `resume` goes on from there, with the same bits. */
  readonly until?: (validations: number) => number;
  /** Ends training after the step it is in, with a checkpoint. */
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: TrainingEvent) => void;
  /** Called once everything is known and before the first step. */
  readonly onReady?: (ready: TrainReady) => void;
}

export interface TrainReady extends Choice {
  readonly warnings: readonly Diagnostic[];
  readonly plan: Plan;
  readonly dataset: Dataset;
}

export interface Trained extends TrainResult {
  readonly plan: Plan;
  readonly dataset: Dataset;
  readonly engine: Choice['engine'];
}

/**
 * Checks, reads the data, trains, and leaves a model in `out`.
 * @throws Failure with diagnostics for whatever is wrong with the model, the data, the folder or the machine; the reason of
 * `signal` when that comes before the rows are read
 */
export async function train(path: string, request: TrainRequest): Promise<Trained> {
  const { seed } = request;
  const set = seed === undefined ? request.set : { ...request.set, seed };
  const checked = await checkAndLower(path, { ...request, ...defined({ set }) });
  const { data, lowered } = checked;
  if (!data) throw failure('data-missing', { path });
  const { claimFolder } = await import('../training/claim.ts');
  // Before the bad rows of the data are written there.
  const lock = await claimFolder(request.out, { ...request, plan: lowered.plan });
  try {
    return await trainIn(lock, { ...request, ...defined({ set }) }, checked, data);
  } finally {
    await lock.release();
  }
}

async function trainIn(
  lock: FolderLock,
  request: TrainRequest,
  checked: Lowering,
  data: NonNullable<Lowering['data']>,
): Promise<Trained> {
  const { signal, set } = request;
  const { plan } = checked.lowered;
  const { readDataset } = await import('../data/read.ts');
  // The database reads in threads of its own while this one loads the engine.
  const reading = readDataset(data.description, plan, {
    folder: request.out,
    model: checked.model,
    ...readingOf(request),
  });
  reading.catch(() => {});
  const choice = await chooseEngine(request.engine);
  const [dataset, run] = await Promise.all([reading, import('../training/train.ts')]);
  request.onReady?.({ ...choice, plan, dataset, warnings: checked.diagnostics });
  const result = await run.train({
    plan,
    dataset,
    engine: choice.engine,
    folder: request.out,
    lock,
    tower: version,
    origin: {
      sources: checked.sources.map(({ name, text }) => ({ name, text })),
      data: { name: resolve(data.source.name), text: data.source.text },
      ...defined({ settings: set && Object.fromEntries(Object.entries(set).map(([k, v]) => [k, String(v)])) }),
    },
    ...defined({
      resume: request.resume,
      finish: request.finish,
      force: request.force,
      signal,
      until: request.until,
      onEvent: request.onEvent,
    }),
  });
  return { ...result, plan, dataset, engine: choice.engine };
}
