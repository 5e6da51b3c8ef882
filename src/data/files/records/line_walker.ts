/** The lines of a file that comes in pieces, wherever the pieces end. */
import { firstByte } from './csv.ts';
import { CR, LF, lineEnd, pastLineEnd } from './text_bytes.ts';

/** A line is `bytes[from … to)`. One that is too long is given once, as far as it is known; its rest is passed over. */
export type EachLine = (line: number, from: number, to: number, isTooLong: boolean) => void;

export class LineWalker {
  private line = 1;
  private begun = false;
  private skipping = false;
  /** Whether the file begins with a byte order mark. */
  hasMark = false;
  /** Whether a line ended at a carriage return alone. */
  hasReturns = false;

  /** @param longest bytes of the longest line */
  constructor(private readonly longest: number) {}

  /** As `take` of a scanner: how many bytes are done with. */
  walk(bytes: Buffer, final: boolean, each: EachLine): number {
    const { length } = bytes;
    let at = 0;
    if (!this.begun) {
      if (length < 4 && !final) return 0;
      this.begun = true;
      at = firstByte(bytes);
      this.hasMark = at > 0;
    }
    const returns = bytes.includes(CR);
    while (at < length) {
      const feed = returns ? -1 : bytes.indexOf(LF, at);
      const end = returns ? lineEnd(bytes, at, length) : feed === -1 ? length : feed;
      const open = !final && (end === length || (bytes[end] === CR && end + 1 === length));
      if (this.skipping) {
        if (open) return end;
        this.skipping = false;
      } else {
        if (open && length - at <= this.longest) return at;
        each(this.line, at, end, open || end - at > this.longest);
        if (open) {
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
