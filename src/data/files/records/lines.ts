/**
 * Lines `user item item …`, as the sets of LightGCN and S3-Rec have them, with spaces or tabs between words. Every item of a line is a
 * record. A line that cannot be read is one record with a problem, so each line with something in it is accounted for.
 */
import { isUtf8 } from 'node:buffer';
import { firstByte } from './csv.ts';
import { CR, type EachRecord, hasMark, LF, lineEnd, type Problem, pastLineEnd, type Scanner } from './scanner.ts';

export const lineColumns = [
  { name: 'user', type: 'VARCHAR' },
  { name: 'item', type: 'VARCHAR' },
  { name: 'position', type: 'BIGINT' },
] as const;

const maxLineBytes = 16_000_000;

const [SPACE, TAB] = [0x20, 0x09];

/** The user of a line is `bytes[from … to)`; its items follow. */
type EachGoodLine = (line: number, from: number, to: number, items: readonly (readonly [number, number])[]) => void;

export class LinesScanner implements Scanner {
  private readonly lines = new LineWalker(maxLineBytes);

  take(bytes: Buffer, final: boolean, each: EachRecord): number {
    return this.read(
      bytes,
      final,
      (line, _from, _to, items) => {
        for (const [start, end] of items) each(line, start, end);
      },
      each,
    );
  }

  /** As `take`, with the good lines as a whole. */
  read(bytes: Buffer, final: boolean, good: EachGoodLine, bad: EachRecord): number {
    return this.lines.walk(bytes, final, (line, from, to, isTooLong) => {
      const words = isTooLong ? [] : wordsOf(bytes, from, to);
      const problem = isTooLong ? tooLong : problemOf(bytes, from, to, words.length);
      if (problem !== undefined) bad(line, from, to, problem);
      else if (words.length > 0) good(line, ...words[0]!, words.slice(1));
    });
  }
}

function wordsOf(bytes: Buffer, from: number, to: number): (readonly [number, number])[] {
  const words: [number, number][] = [];
  for (let offset = from; offset < to; ) {
    while (offset < to && isBlank(bytes[offset]!)) offset++;
    const start = offset;
    while (offset < to && !isBlank(bytes[offset]!)) offset++;
    if (offset > start) words.push([start, offset]);
  }
  return words;
}

const isBlank = (byte: number): boolean => byte === SPACE || byte === TAB;

/** A line of blanks is no record. */
function problemOf(bytes: Buffer, from: number, to: number, words: number): Problem | undefined {
  if (words === 0) return undefined;
  const lineBytes = bytes.subarray(from, to);
  if (lineBytes.includes(0)) return { reason: 'the line holds a zero byte' };
  if (!isUtf8(lineBytes)) return { reason: 'the text is not UTF-8' };
  if (hasMark(bytes, from))
    return { reason: 'the line begins with a byte order mark, which belongs at the beginning of a file' };
  return words === 1 ? { reason: 'the line has a user and no item', column: 'item' } : undefined;
}

const tooLong: Problem = { reason: `the line is longer than ${maxLineBytes.toLocaleString('en')} bytes` };

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
