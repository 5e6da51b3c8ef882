/** Walks the lines of a file that comes in pieces, wherever the pieces end. */
import { firstByte } from './csv.ts';
import { CR, LF, lineEnd, pastLineEnd } from './text_bytes.ts';

/** A line is `bytes[from … to)`. One that is too long is given once, as far as it is known; its rest is passed over. */
export type EachLine = (line: number, from: number, to: number, isTooLong: boolean) => void;

export class LineWalker {
  private line = 1;
  private begun = false;
  private skipping = false;
  hasMark = false;
  /** A line ended at a carriage return alone. */
  hasReturns = false;

  /** @param longest bytes of the longest line */
  constructor(private readonly longest: number) {}

  /** Returns the number of bytes that are done with, as `take` of a scanner does. */
  walk(bytes: Buffer, final: boolean, each: EachLine): number {
    const { length } = bytes;
    let at = 0;
    if (!this.begun) {
      if (length < 4 && !final) return 0;
      this.begun = true;
      at = firstByte(bytes);
      this.hasMark = at > 0;
    }
    const hasReturns = bytes.includes(CR);
    while (at < length) {
      const lineFeed = hasReturns ? -1 : bytes.indexOf(LF, at);
      const end = hasReturns ? lineEnd(bytes, at, length) : lineFeed === -1 ? length : lineFeed;
      const isOpen = !final && (end === length || (bytes[end] === CR && end + 1 === length));
      if (this.skipping) {
        if (isOpen) return end;
        this.skipping = false;
      } else {
        if (isOpen && length - at <= this.longest) return at;
        each(this.line, at, end, isOpen || end - at > this.longest);
        if (isOpen) {
          this.skipping = true;
          return end;
        }
      }
      if (bytes[end] === CR && bytes[end + 1] !== LF) this.hasReturns = true;
      at = pastLineEnd(bytes, end);
      this.line++;
    }
    return length;
  }
}
