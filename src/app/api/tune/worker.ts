/** The program of a worker: trains the jobs that it is sent, one after the other, and ends when its parent does. */
import { Failure } from '../../../base/diagnostics/failure.ts';
import { type TrainJob, trainJob } from './train_job.ts';
import type { WorkerAnswer } from './workers.ts';

let control = new AbortController();

// The parent decides how a study ends: it is sent the same signals of the terminal.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});

process.on('disconnect', () => control.abort());
process.on('message', (message: TrainJob | 'stop') => {
  if (message === 'stop') control.abort();
  else void answer(message);
});

async function answer(job: TrainJob): Promise<void> {
  control = new AbortController();
  const workerAnswer = await trainJob(job, control.signal).then(
    (trained): WorkerAnswer => ({ trained }),
    (error: unknown): WorkerAnswer =>
      error instanceof Failure
        ? { refused: error.diagnostics.map((one) => ({ ...one, fixes: [] })) }
        : { broken: error instanceof Error ? (error.stack ?? error.message) : String(error) },
  );
  if (process.connected) process.send!(workerAnswer);
}
