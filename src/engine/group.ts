/** Several workers that take each step of a training together, each in a process of its own. */

export interface Group {
  /** From 0. */
  readonly rank: number;
  readonly workers: number;
  /**
   * Bytes of each worker to all, in the order of ranks. All workers call it equally often, and between the same steps.
   * @param patience `patient` where a worker may compile a step or rank a corpus before it comes
   * @throws Failure `worker-lost`
   */
  exchange(bytes: Uint8Array, patience?: 'patient'): Promise<readonly Uint8Array[]>;
}

/** Where the workers of a group meet. */
export interface Meeting {
  readonly rank: number;
  readonly workers: number;
  /** As torch.distributed reads it: `file:///tmp/x`, or `env://` for what a launcher has set. */
  readonly meet: string;
  /** How long a worker waits for the others in a step. */
  readonly seconds: number;
  /** And while a worker may be compiling or validating. */
  readonly patientSeconds: number;
  /** Another worker of this machine has ended, for this reason. */
  readonly lost?: AbortSignal;
}
