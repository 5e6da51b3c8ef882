/** Jobs in processes of their own, each with its engine and its tables: several train side by side. */
import { type ChildProcess, fork } from 'node:child_process';
import type { Diagnostic } from '../../../base/diagnostics/diagnostic.ts';
import { Failure } from '../../../base/diagnostics/failure.ts';
import { programBeside } from '../../../base/storage/package_file.ts';
import type { TrainedJob, TrainJob } from './train_job.ts';

export interface TuneWorkers {
  run(job: TrainJob, signal: AbortSignal): Promise<TrainedJob>;
  close(): Promise<void>;
}

export type WorkerAnswer =
  | { readonly trained: TrainedJob }
  | { readonly refused: readonly Diagnostic[] }
  | { readonly broken: string };

/** @param path of what a process runs */
export function makeWorkers(path = programBeside(import.meta.url, 'worker')): TuneWorkers {
  const idleWorkers: ChildProcess[] = [];
  const allWorkers = new Set<ChildProcess>();
  const takeWorker = (): ChildProcess => {
    const idleWorker = idleWorkers.pop();
    if (idleWorker) return idleWorker;
    const child = fork(path, [], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], serialization: 'advanced' });
    allWorkers.add(child);
    child.once('exit', () => {
      allWorkers.delete(child);
      // The system may end a process between two jobs as well.
      const idleIndex = idleWorkers.indexOf(child);
      if (idleIndex >= 0) idleWorkers.splice(idleIndex, 1);
    });
    return child;
  };
  return {
    async run(job, signal) {
      const child = takeWorker();
      // One that ends right now may still look connected; its exit says so.
      const stopJob = (): void => void (child.connected && child.send('stop', () => {}));
      signal.addEventListener('abort', stopJob, { once: true });
      try {
        const workerAnswer = await answerOf(child, job);
        if ('broken' in workerAnswer) throw new Error(workerAnswer.broken);
        if ('refused' in workerAnswer) throw new Failure(workerAnswer.refused);
        // A process that ended, which failed its job, takes no other.
        if (allWorkers.has(child)) idleWorkers.push(child);
        return workerAnswer.trained;
      } finally {
        signal.removeEventListener('abort', stopJob);
      }
    },
    async close() {
      const ends = [...allWorkers].map((child) => new Promise((done) => child.once('exit', done)));
      for (const child of allWorkers) if (child.connected) child.disconnect();
      await Promise.all(ends);
    },
  };
}

/** A process that ends by itself has failed this one trial: the system may have ended it for its memory. */
function answerOf(child: ChildProcess, job: TrainJob): Promise<WorkerAnswer> {
  return new Promise((resolve) => {
    const exit = (code: number | null, signal: string | null): void => {
      child.off('message', message);
      const message_ = `its process ended by ${signal ?? `code ${code}`}`;
      resolve({ trained: { state: 'failed', values: [], message: message_ } });
    };
    const message = (answer: unknown): void => {
      child.off('exit', exit);
      resolve(answer as WorkerAnswer);
    };
    child.once('exit', exit);
    child.once('message', message);
    // Of a process that ends right now the exit says so.
    child.send(job, () => {});
  });
}
