/**
 * Loads a run in a child process of lower priority, so that the server keeps answering requests, and a failure such as a lack of memory ends only
 * that process.
 */

import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { setPriority } from 'node:os';
import { join } from 'node:path';
import { failure } from '../../../base/diagnostics/diagnostic.ts';
import { makeFileSink } from '../../../base/storage/durable.ts';
import { findChildProgram } from '../../../base/storage/package_file.ts';
import { readSafetensors, writeSafetensors } from '../../../base/storage/safetensors.ts';
import { makeTemporaryFolder, removeTemporaryFolder } from '../../../base/storage/temporary.ts';
import type { EngineName } from '../../../engines/engine.ts';
import { openServable, packServable, type Servable } from '../../../retrieval/servable.ts';
import type { RetrievalObjective } from '../../../retrieval/vectors.ts';
import type { VersionFile } from '../../../serving/server/versions/versions.ts';
import { fromPlainModel, type PlainModel, toPlainModel } from '../../../training/artifact/load.ts';
import { askProcess, ProcessEnded, startProgram } from '../child_process.ts';
import { type LoadRequest, load, makeRun, openReader, openReaderOfEvents, type Run } from '../run.ts';

/** A `nice` value that gives the server precedence. */
const lowPriority = 5;

export interface ProcessLoadRequest extends Omit<LoadRequest, 'signal'> {
  /** The engine of the server. */
  readonly engine: EngineName;
  /** True for the first run of a server: there are no requests to slow down. */
  readonly isFirst?: boolean;
  /** The file of an earlier load, which is returned if it still exists. */
  readonly file?: VersionFile;
  readonly signal?: AbortSignal;
}

/** Loads a run in a child process, into a temporary file that any process can open. @throws Failure of `load` and of reading the data, `version-process` */
export async function loadToFile(folder: string, request: ProcessLoadRequest): Promise<VersionFile> {
  const { signal, say, isFirst = false, file, ...plain } = request;
  signal?.throwIfAborted();
  if (file && existsSync(file.path)) return file;
  const out = makeTemporaryFolder('version');
  try {
    const child = startProgram(findChildProgram(import.meta.url, 'loader'));
    const stopChild = (): void => void child.kill('SIGKILL');
    signal?.addEventListener('abort', stopChild);
    try {
      if (!isFirst) setPriority(child.pid!, lowPriority);
    } catch {
      // Some systems do not allow a lower priority.
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
    return { path: loadJob.path, remove: () => removeTemporaryFolder(out) };
  } catch (error) {
    removeTemporaryFolder(out);
    throw error;
  }
}

/** The result of the job is the list of progress messages for the user. */
export interface LoadJob {
  readonly folder: string;
  readonly request: Omit<LoadRequest, 'say' | 'signal'>;
  readonly path: string;
}

/** A run as plain data that a child process has loaded: with files read, columns encoded and item vectors computed. */
interface LoadedRun {
  readonly servable: Servable;
  readonly trained: PlainModel;
  readonly objectives: readonly RetrievalObjective[];
}

/**
 * Loads a run. Resolves once the result is also cached in the folder of the run for the next start.
 * @throws Failure of `load`, of reading the data, and of vectors that are not finite
 */
export async function readWhole(folder: string, request: LoadRequest): Promise<LoadedRun> {
  const loadedRun = await load(folder, request);
  const { snapshot } = await loadedRun.recommender();
  const servable = await loadedRun.kept();
  return { servable, trained: toPlainModel(loadedRun.trained), objectives: snapshot.objectives };
}

export async function writeLoaded(path: string, loaded: LoadedRun): Promise<void> {
  const { texts, tensors } = packServable(loaded);
  const handle = await open(path, 'wx', 0o600);
  await writeSafetensors(makeFileSink(handle), tensors, texts).finally(() => handle.close());
}

/** Reads a loaded run without blocking the event loop: threads of the system read the arrays directly into their memory. */
export async function readLoaded(path: string): Promise<LoadedRun> {
  const damaged = (reason: string): Error => failure('damaged-file', { path, reason });
  // The file is of this process's own child, so its contents need no check.
  return openServable(await readSafetensors(path), damaged) as LoadedRun;
}

export async function runOf(loaded: LoadedRun, engine: EngineName, request: LoadRequest): Promise<Run> {
  const { servable, objectives } = loaded;
  const trained = await fromPlainModel(loaded.trained);
  let wholeRun: Promise<Run> | undefined;
  /** Loads the rows that only training and evaluation need. */
  const readRun = (): Promise<Run> => (wholeRun ??= load(trained.folder, { ...request, engine }));
  return makeRun(trained, engine, {
    dataset: async () => (await readRun()).dataset(),
    known: async () => ({ dataset: await (await readRun()).knownRows(), notes: servable.notes }),
    columns: async () => (await readRun()).itemColumns(),
    objectives: async () => objectives,
    reader: () => openReader(trained, request),
    eventReader: (known) => openReaderOfEvents(trained, request, known),
    made: servable,
  });
}
