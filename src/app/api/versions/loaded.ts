/** A run that another process has read: all that answers, as plain data. Reading files, SQL, encoding and the item tower were its work. */
import type { EngineName } from '../../../engines/engine.ts';
import type { RetrievalObjective } from '../../../serving/serve/snapshot.ts';
import { type PlainTrained, plainOf, trainedOf } from '../../../training/artifact/load.ts';
import type { CachedRun } from '../cache/cache.ts';
import { type LoadRequest, load, makeRun, openReader, type Run } from '../run.ts';

export interface LoadedRun extends CachedRun {
  readonly trained: PlainTrained;
  readonly objectives: readonly RetrievalObjective[];
}

/**
 * Resolves once what was read is also kept in the folder of the run, for the next start.
 * @throws Failure of `load`, of reading the data, and of vectors that are not finite
 */
export async function readWhole(folder: string, request: LoadRequest): Promise<LoadedRun> {
  const loadedRun = await load(folder, request);
  const { snapshot } = await loadedRun.recommender();
  return { trained: plainOf(loadedRun.trained), ...(await loadedRun.kept()), objectives: snapshot.objectives };
}

export async function runOf(loaded: LoadedRun, engine: EngineName, request: LoadRequest): Promise<Run> {
  const { served, notes, objectives } = loaded;
  const trained = await trainedOf(loaded.trained);
  let wholeRun: Promise<Run> | undefined;
  /** Rows that only training and evaluation read. */
  const readRun = (): Promise<Run> => (wholeRun ??= load(trained.folder, { ...request, engine }));
  return makeRun(trained, engine, {
    notes: async () => notes,
    dataset: async () => (await readRun()).dataset(),
    columns: async () => (await readRun()).itemColumns(),
    objectives: async () => objectives,
    reader: () => openReader(trained, request),
    known: { served, notes },
  });
}
