/** Runs jobs in child processes: `answerJobs` is the loop of the child, `askProcess` sends a job from the parent. */
import { type ChildProcess, fork } from 'node:child_process';
import { type Diagnostic, Failure } from '../../base/diagnostics/diagnostic.ts';

export type JobAnswer<T> =
  | { readonly result: T }
  | { readonly refused: readonly Diagnostic[] }
  | { readonly broken: string };

/** Answers the jobs of the parent, one after the other. `stop`, or the end of the parent, aborts the signal of the job. */
export function answerJobs<J, T>(work: (job: J, signal: AbortSignal) => Promise<T>): void {
  let control = new AbortController();
  // The parent decides when this process ends, because it gets the same signals of the terminal.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
  process.on('disconnect', () => control.abort());
  process.on('message', async (message: J | 'stop') => {
    if (message === 'stop') return control.abort();
    control = new AbortController();
    const jobAnswer = await jobAnswerOf(work(message, control.signal));
    if (process.connected) process.send!(jobAnswer);
  });
}

/** Returns the outcome of work as plain data. */
export const jobAnswerOf = <T>(work: Promise<T>): Promise<JobAnswer<T>> =>
  work.then(
    (result) => ({ result }),
    (error: unknown) =>
      error instanceof Failure
        ? { refused: error.diagnostics.map((diagnostic) => ({ ...diagnostic, fixes: [] })) }
        : { broken: error instanceof Error ? (error.stack ?? error.message) : String(error) },
  );

/** @throws Failure of the work, Error */
export function resultOf<T>(jobAnswer: JobAnswer<T>): T {
  if ('refused' in jobAnswer) throw new Failure(jobAnswer.refused);
  if ('broken' in jobAnswer) throw new Error(jobAnswer.broken);
  return jobAnswer.result;
}

export const startProgram = (path: string): ChildProcess =>
  fork(path, [], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], serialization: 'advanced' });

/** Thrown if the process ends without an answer. The message says how it ended. */
export class ProcessEnded extends Error {}

/** @throws Failure of the job, `ProcessEnded` */
export function askProcess<J extends object, T>(child: ChildProcess, job: J): Promise<T> {
  return new Promise((resolve, reject) => {
    const settle = (finish: () => void): void => {
      child.off('error', reject).off('exit', onExit).off('message', onMessage);
      finish();
    };
    const onExit = (code: number | null, signal: string | null): void =>
      settle(() => reject(new ProcessEnded(`its process ended by ${signal ?? `code ${code}`}`)));
    const onMessage = (message: unknown): void =>
      settle(() => {
        try {
          resolve(resultOf(message as JobAnswer<T>));
        } catch (error) {
          reject(error);
        }
      });
    child.once('error', reject).once('exit', onExit).once('message', onMessage);
    // If the process is just ending, the exit event reports it.
    child.send(job, () => {});
  });
}
