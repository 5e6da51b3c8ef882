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

/** Finds line ends, byte order marks and the encoding of a text before it is decoded. */

export const LF = 0x0a;
export const CR = 0x0d;
export const QUOTE = 0x22;
const BOM = [0xef, 0xbb, 0xbf] as const;

export function hasMark(bytes: Buffer, at: number): boolean {
  return bytes[at] === BOM[0] && bytes[at + 1] === BOM[1] && bytes[at + 2] === BOM[2];
}

/** Returns the end of the line that holds `at`: a line feed, a carriage return, or `end`. */
export function lineEnd(bytes: Buffer, at: number, end: number): number {
  let lineFeed = bytes.indexOf(LF, at);
  if (lineFeed === -1 || lineFeed > end) lineFeed = end;
  const carriageReturn = bytes.subarray(at, lineFeed).indexOf(CR);
  return carriageReturn === -1 ? lineFeed : at + carriageReturn;
}

/** Past the line end at `at`, where there is one: a line feed, a carriage return, or the two. */
export function pastLineEnd(bytes: Buffer, at: number): number {
  if (bytes[at] === CR) return bytes[at + 1] === LF ? at + 2 : at + 1;
  return bytes[at] === LF ? at + 1 : at;
}

export function otherEncoding(bytes: Buffer): string | undefined {
  const isLittle = bytes[0] === 0xff && bytes[1] === 0xfe;
  const isBig = bytes[0] === 0xfe && bytes[1] === 0xff;
  if (isLittle && bytes[2] === 0 && bytes[3] === 0) return 'UTF-32';
  if (isLittle || isBig) return 'UTF-16';
  return bytes[0] === 0 && bytes[1] === 0 && bytes[2] === 0xfe && bytes[3] === 0xff ? 'UTF-32' : undefined;
}
