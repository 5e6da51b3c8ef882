/** A group of workers computes each training step together. Each worker is a separate process. */
import { Failure, failure } from '../base/diagnostics/diagnostic.ts';

/** The failure `worker-lost`: another worker no longer responds. */
export class WorkerLost extends Failure {
  /** @param lastDone the last thing that all workers completed together */
  constructor(
    reason: string,
    who: string | undefined,
    readonly lastDone: string | undefined,
  ) {
    super(failure('worker-lost', { reason, who, last: lastDone }).diagnostics);
  }
}

export interface WorkerGroup {
  /** From 0. */
  readonly rank: number;
  readonly workers: number;
  /** By rank, the names of their machines. */
  readonly machines: readonly string[];
  /** Sends bytes to all workers and returns those of all, by rank. Every worker must call it at the same points between steps. @throws Failure `worker-lost` */
  exchange(bytes: Uint8Array, about?: ExchangeAbout): Promise<readonly Uint8Array[]>;
  /** Sends one part to each worker, by rank. Returns the parts that the workers have sent to this one. */
  allToAll(parts: readonly Uint8Array[], about?: Pick<ExchangeAbout, 'done'>): Promise<readonly Uint8Array[]>;
  /** Sets the activity of this worker for a message that it is slow: `reads its rows`. */
  note(doing: string): Promise<void>;
  /** Tells the others why this worker ends early. Does not throw. */
  leave(reason: string): Promise<void>;
}

interface ExchangeAbout {
  /** True for the longer timeout, because a worker may compile a step or rank a corpus first. */
  readonly isPatient?: boolean;
  /** What is complete after this exchange, for the message about a lost worker: `step 12`. */
  readonly done?: string;
}

/** Describes how the workers of a group connect. */
export interface Meeting {
  readonly rank: number;
  readonly workers: number;
  /** An `init_method` of torch.distributed: `file:///tmp/x`, or `env://` for the variables that a launcher has set. */
  readonly meet: string;
  /** Timeout until all workers have connected. */
  readonly meetSeconds: number;
  /** Timeout of an exchange within a step. */
  readonly seconds: number;
  /** Timeout of an exchange while a worker may be compiling or validating. */
  readonly patientSeconds: number;
  /** Aborted, with the reason, when another worker of this machine has ended. */
  readonly lost?: AbortSignal;
}

/** Runs the work of one worker. If it fails, the other workers get the reason. */
export async function amongWorkers<T>(group: WorkerGroup, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    // If a worker was lost, the others have noticed it too.
    if (error instanceof Failure && !(error instanceof WorkerLost)) await group.leave(error.message);
    throw error;
  }
}
