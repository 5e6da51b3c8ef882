/** The work of one of several workers: where it cannot go on, the others get the reason. */
import { Failure } from '../../base/diagnostics/failure.ts';
import { type Group, WorkerLost } from '../../engines/group.ts';

export async function amongWorkers<T>(group: Group, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    // The others know already that one is lost.
    if (error instanceof Failure && !(error instanceof WorkerLost)) await group.leave(error.message);
    throw error;
  }
}
