/** Workers that did not come, or that are gone or slow: what the process of the group knows, in words. */
import { type Failure, failure } from '../../base/diagnostics/failure.ts';
import { defined } from '../../base/util/defined.ts';
import { WorkerLost } from '../group.ts';

interface LostWorker {
  readonly rank: number;
  readonly machine: string;
  readonly state: 'gone' | 'left' | 'slow';
  /** Of one that left: its own message. */
  readonly said?: string;
  /** Of one that is slow: at what it is, and for how long. */
  readonly doing?: string;
  readonly seconds?: number;
}

export interface Lost {
  readonly who: readonly LostWorker[];
  /** What all workers last did together: `step 12`. */
  readonly last?: string | null;
}

export function lostWorker(reason: string, { who, last }: Lost, own: number): Failure {
  const words = who.map((worker) => wordsOf(worker, own));
  return new WorkerLost(reason, words.length === 0 ? undefined : words.join('; '), last ?? undefined);
}

function wordsOf({ rank, machine, state, said, doing, seconds }: LostWorker, own: number): string {
  const name = rank === own ? 'this worker' : `worker ${rank} on ${machine}`;
  if (state === 'left') return `${name} ended: ${said}`;
  if (state === 'gone') return `${name} is gone`;
  return `${name} is too slow: it ${doing}, since ${seconds} seconds`;
}

/** @param meeting the request that was refused */
export function notMet(reason: string, missing: readonly number[] | undefined, meeting: object): Failure {
  const { meet, meetSeconds } = meeting as { readonly meet: string; readonly meetSeconds: number };
  const { MASTER_ADDR, MASTER_PORT } = process.env;
  const where = meet === 'env://' ? `${MASTER_ADDR}:${MASTER_PORT}` : meet.replace('file://', '');
  return failure('workers-not-met', { where, seconds: meetSeconds, reason, ...defined({ missing }) });
}
