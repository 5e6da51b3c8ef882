/** The contract of a log that several servers share, such as a stream of Redis. */
import type { LogFormat } from '../../../base/storage/record_log/record_log.ts';
import type { PositionedWrite, WriteLog } from '../../../base/storage/record_log/write_log.ts';

/** Says which writes a later one makes superfluous, so that they are removed from the stream. */
export interface WriteReplacement<W> {
  /** The item or the user that a write is about. */
  subjectOf(write: W): string;
  /** True if no earlier write about the same subject is needed any more. */
  replaces(write: W): boolean;
  /** Number of replacing writes after which the replaced ones are removed. */
  readonly removedAfter: number;
}

export interface SharedLog<W> extends WriteLog<readonly W[]> {
  readonly id: string;
  /** Removes the entries up to a position, if the address has `?trim=yes`. */
  forget(position: number): void;
  close(): Promise<void>;
}

export interface SharedLogOptions {
  readonly say?: (line: string) => void;
}

export interface SharedWrites<W> {
  readonly id: string;
  readonly end: number;
  readonly writes: readonly PositionedWrite<W>[];
}

export interface SharedLogAccess {
  /** Opens a log that other servers may use at the same time. @throws Failure `log-address`, `log-server` */
  openSharedLog<W>(
    address: string,
    format: LogFormat<readonly W[]>,
    replacement: WriteReplacement<W>,
    options?: SharedLogOptions,
  ): Promise<SharedLog<W>>;
  /** Reads a log that servers may be writing. @throws Failure `log-address`, `log-server` */
  readSharedLog<W>(
    address: string,
    format: LogFormat<readonly W[]>,
    options?: SharedLogOptions,
  ): Promise<SharedWrites<W>>;
}
