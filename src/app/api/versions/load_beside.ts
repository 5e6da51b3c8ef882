/**
 * Reads a run in a process of its own, with less of the processor than the server has: requests are answered meanwhile as before, and what goes wrong with
 * the run, such as too little memory, ends that process alone.
 */
import { open } from 'node:fs/promises';
import { setPriority } from 'node:os';
import { join } from 'node:path';
import { failure } from '../../../base/diagnostics/failure.ts';
import { fileSink } from '../../../base/storage/durable.ts';
import { programBeside } from '../../../base/storage/package_file.ts';
import { packTree, readSafetensors, unpackTree, writeSafetensors } from '../../../base/storage/safetensors.ts';
import { makeTemporary, removeTemporary } from '../../../base/storage/temporary.ts';
import type { EngineName } from '../../../engines/engine.ts';
import type { RetrievalObjective } from '../../../serving/serve/snapshot.ts';
import { type PlainTrained, plainOf, trainedOf } from '../../../training/artifact/load.ts';
import type { CachedRun } from '../cache/cache.ts';
import { askProcess, ProcessEnded, startProgram } from '../child_process.ts';
import { type LoadRequest, load, makeRun, openReader, type Run } from '../run.ts';

/** A value of `nice`: the processor is the server's where both want it. */
const lowPriority = 5;

export interface BesideRequest extends Omit<LoadRequest, 'signal'> {
  /** That of the server. */
  readonly engine: EngineName;
  /** Nothing answers yet that it could slow down. */
  readonly isFirst?: boolean;
  readonly signal?: AbortSignal;
}

/** @throws Failure of `load` and of reading the data, `version-process` */
export async function loadBeside(
  folder: string,
  request: BesideRequest,
  path = programBeside(import.meta.url, 'loader'),
): Promise<Run> {
  const { signal, say, isFirst = false, ...plain } = request;
  const out = makeTemporary('version');
  try {
    signal?.throwIfAborted();
    const child = startProgram(path);
    const stopChild = (): void => void child.kill('SIGKILL');
    signal?.addEventListener('abort', stopChild);
    try {
      if (!isFirst) setPriority(child.pid!, lowPriority);
    } catch {
      // Not every system lets a process have less.
    }
    const loadJob: LoadJob = { folder, request: plain, path: join(out, 'loaded') };
    try {
      for (const line of await askProcess<LoadJob, readonly string[]>(child, loadJob)) say?.(line);
    } catch (error) {
      if (error instanceof ProcessEnded) throw failure('version-process', { folder, reason: error.message });
      throw error;
    } finally {
      signal?.removeEventListener('abort', stopChild);
      stopChild();
      signal?.throwIfAborted();
    }
    return await runOf(await readLoaded(loadJob.path), request.engine, plain);
  } finally {
    removeTemporary(out);
  }
}

/** The answer of the job is the sentences for people. */
export interface LoadJob {
  readonly folder: string;
  readonly request: Omit<LoadRequest, 'say' | 'signal'>;
  readonly path: string;
}

/** A run that another process has read: all that answers, as plain data. Reading files, SQL, encoding and the item tower were its work. */
interface LoadedRun extends CachedRun {
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

export async function writeLoaded(path: string, loaded: LoadedRun): Promise<void> {
  const { text, tensors } = packTree(loaded);
  const handle = await open(path, 'wx', 0o600);
  await writeSafetensors(fileSink(handle), tensors, { contents: text }).finally(() => handle.close());
}

/** Reading does not keep the event loop: arrays are read by the system's threads straight into their memory. */
export async function readLoaded(path: string): Promise<LoadedRun> {
  const { metadata, tensors } = await readSafetensors(path);
  const damaged = (reason: string): Error => failure('damaged-file', { path, reason });
  return unpackTree(metadata.contents!, tensors, damaged) as LoadedRun;
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
