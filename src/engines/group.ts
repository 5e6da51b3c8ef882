/** Several workers that take each step of a training together, each in a process of its own. */
import { Failure, failure } from '../base/diagnostics/failure.ts';

/** Code `worker-lost`. */
export class WorkerLost extends Failure {
  /** @param last what all workers last did together */
  constructor(
    reason: string,
    who: string | undefined,
    readonly last: string | undefined,
  ) {
    super(failure('worker-lost', { reason, who, last }).diagnostics);
  }
}

export interface WorkerGroup {
  /** From 0. */
  readonly rank: number;
  readonly workers: number;
  /** By rank, the names of their machines. */
  readonly machines: readonly string[];
  /**
   * Bytes of each worker to all, in the order of ranks. All workers call it equally often, and between the same steps.
   * @throws Failure `worker-lost`
   */
  exchange(bytes: Uint8Array, about?: ExchangeAbout): Promise<readonly Uint8Array[]>;
  /** Bytes for each worker, by rank. Returns those of each worker for this one. */
  allToAll(parts: readonly Uint8Array[], about?: Pick<ExchangeAbout, 'done'>): Promise<readonly Uint8Array[]>;
  /** What this worker does next, in the words of a message that says it is slow: `reads its rows`. */
  note(doing: string): Promise<void>;
  /** Why this worker ends before the others, for their messages. It does not throw. */
  leave(reason: string): Promise<void>;
}

interface ExchangeAbout {
  /** A worker may compile a step or rank a corpus before it comes. */
  readonly isPatient?: boolean;
  /** What all workers have done together when it is over, for a message that one is lost: `step 12`. */
  readonly done?: string;
}

/** Where the workers of a group meet. */
export interface Meeting {
  readonly rank: number;
  readonly workers: number;
  /** As torch.distributed reads it: `file:///tmp/x`, or `env://` for what a launcher has set. */
  readonly meet: string;
  /** How long a worker waits until all have come. */
  readonly meetSeconds: number;
  /** And in a step. */
  readonly seconds: number;
  /** And while a worker may be compiling or validating. */
  readonly patientSeconds: number;
  /** Another worker of this machine has ended, for this reason. */
  readonly lost?: AbortSignal;
}

/** The work of one of several workers: where it cannot go on, the others get the reason. */
export async function amongWorkers<T>(group: WorkerGroup, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    // The others know already that one is lost.
    if (error instanceof Failure && !(error instanceof WorkerLost)) await group.leave(error.message);
    throw error;
  }
}
