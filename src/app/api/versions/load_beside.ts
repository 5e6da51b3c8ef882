/**
 * Reads a run in a process of its own, with less of the processor than the server has: requests are answered meanwhile as before, and what goes wrong with
 * the run, such as too little memory, ends that process alone.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { setPriority } from 'node:os';
import { join } from 'node:path';
import { Failure, failure } from '../../../base/diagnostics/failure.ts';
import { programBeside } from '../../../base/storage/package_file.ts';
import { readPlain } from '../../../base/storage/plain_file.ts';
import { makeTemporary, removeTemporary } from '../../../base/storage/temporary.ts';
import type { EngineName } from '../../../engines/engine.ts';
import type { LoadRequest, Run } from '../run.ts';
import { type LoadedRun, runOf } from './loaded.ts';
import type { LoadAnswer, LoadJob } from './loader.ts';

/** A value of `nice`: the processor is the server's where both want it. */
const lowPriority = 5;

export interface BesideRequest extends Omit<LoadRequest, 'signal'> {
  /** That of the server. */
  readonly engine: EngineName;
  /** Nothing answers yet that it could slow down. */
  readonly isFirst?: boolean;
  /** Ends the process. */
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
    const child = fork(path, [], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], serialization: 'advanced' });
    const stopChild = (): void => void child.kill('SIGKILL');
    signal?.addEventListener('abort', stopChild);
    try {
      const loadAnswer = await answerOf(child, { folder, request: plain, out }, isFirst).catch((error: unknown) => {
        signal?.throwIfAborted();
        throw error;
      });
      signal?.throwIfAborted();
      if ('broken' in loadAnswer) throw new Error(loadAnswer.broken);
      if ('refused' in loadAnswer) throw new Failure(loadAnswer.refused);
      for (const line of loadAnswer.said) say?.(line);
    } finally {
      signal?.removeEventListener('abort', stopChild);
      stopChild();
    }
    return await runOf((await readPlain(join(out, 'loaded'))) as LoadedRun, request.engine, plain);
  } finally {
    removeTemporary(out);
  }
}

function answerOf(child: ChildProcess, job: LoadJob, isFirst: boolean): Promise<LoadAnswer> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      const reason = `its process ended by ${signal ?? `code ${code}`}`;
      reject(failure('version-process', { folder: job.folder, reason }));
    });
    child.once('message', (answer: LoadAnswer) => resolve(answer));
    try {
      if (!isFirst) setPriority(child.pid!, lowPriority);
    } catch {
      // Not every system lets a process have less.
    }
    child.send(job, () => {});
  });
}
