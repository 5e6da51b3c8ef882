/**
 * Lines `user item item …`, as the sets of LightGCN and S3-Rec have them, with spaces or tabs between words. Every item of a line is a
 * record. A line that cannot be read is one record with a problem, so each line with something in it is accounted for.
 */
import { isUtf8 } from 'node:buffer';
import { LineWalker } from './line_walker.ts';
import type { EachRecord, Problem, Scanner } from './scanner.ts';
import { hasMark } from './text_bytes.ts';

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
