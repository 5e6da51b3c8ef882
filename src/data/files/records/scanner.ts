/** Contracts of scanners, which find the records of a file byte by byte. */

export interface Problem {
  readonly reason: string;
  readonly column?: string;
}

/** A record is `bytes[from … to)` and begins on `line`, from 1. One with a problem is rejected, and is one physical line. */
export type EachRecord = (line: number, from: number, to: number, problem?: Problem) => void;

export interface Scanner {
  /**
   * Gives the records of `bytes` to `each`. `bytes` begin where the last call ended, and `final` says that nothing follows them.
   * Answers how many bytes are done with. Throws ShapeError where no record after this place could be trusted.
   */
  take(bytes: Buffer, final: boolean, each: EachRecord): number;
}

/** The file as a whole cannot be read, for a mistake on one line. */
export class FileShapeError extends Error {
  constructor(
    readonly line: number,
    readonly reason: string,
  ) {
    super(`line ${line}: ${reason}`);
  }
}
