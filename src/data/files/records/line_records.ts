/**
 * Reads records of lines, `user item item …` separated by spaces or tabs, as in the data sets of LightGCN and S3-Rec, where every item of a line is a record;
 * and of JSON, one object in each line or the elements of one array. An unreadable line is one record with a problem, so every line is counted.
 */
import { isUtf8 } from 'node:buffer';
import {
  CR,
  FileShapeError,
  findLineEnd,
  hasByteOrderMark,
  LF,
  type OnRecord,
  QUOTE,
  type RecordProblem,
  type Scanner,
  skipByteOrderMark,
  skipLineEnd,
} from '../../csv/csv_records.ts';
import type { JsonScanner } from './scan_file.ts';

const maxObjectBytes = 16_000_000;
/** Maximum nesting of objects and lists. The database's own reader crashes at a much greater depth. */
const maxDepth = 200;

const [BACKSLASH, COLON, COMMA] = [0x5c, 0x3a, 0x2c];
const [OPEN_OBJECT, CLOSE_OBJECT, OPEN_LIST, CLOSE_LIST] = [0x7b, 0x7d, 0x5b, 0x5d];

export class JsonLinesScanner implements JsonScanner {
  private readonly lines = new LineWalker(maxObjectBytes);
  private areRecordsGood = true;

  /** True if the database can read the file itself: it ends lines only at line feeds. */
  get plain(): boolean {
    return this.areRecordsGood && !this.lines.hasMark && !this.lines.hasReturns;
  }

  scan(bytes: Buffer, final: boolean, onRecord: OnRecord): number {
    const readEnd = final ? bytes.length : Math.max(bytes.lastIndexOf(LF), bytes.lastIndexOf(CR)) + 1;
    const isValidText = isUtf8(bytes.subarray(0, readEnd));
    return this.lines.walk(bytes, final, (line, from, to, isTooLong) => {
      if (isBlank(bytes, from, to)) return;
      const problem = isTooLong ? tooLong : objectProblem(bytes, from, to, isValidText);
      onRecord(line, from, to, problem);
      if (problem !== undefined) this.areRecordsGood = false;
    });
  }
}

export class JsonArrayScanner implements JsonScanner {
  private line = 1;
  /** What comes next: the beginning of the array, its first element or end, an element, what follows an element, or the end of the file. */
  private state: 'start' | 'first' | 'element' | 'after' | 'end' = 'start';
  plain = true;

  scan(bytes: Buffer, final: boolean, onRecord: OnRecord): number {
    const { length } = bytes;
    let offset = 0;
    if (this.state === 'start') {
      if (length < 4 && !final) return 0;
      offset = skipByteOrderMark(bytes);
    }
    for (;;) {
      for (; offset < length && isSpace(bytes[offset]!); offset++) {
        if (bytes[offset] === CR && offset + 1 === length && !final) return offset;
        if (isLineEnd(bytes, offset)) this.line++;
      }
      if (offset === length) {
        if (final && this.state !== 'end') throw new FileShapeError(this.line, 'the array of objects does not close');
        return length;
      }
      const byte = bytes[offset]!;
      if (this.state === 'end') throw new FileShapeError(this.line, 'something follows the array of objects');
      if (this.state === 'start') {
        if (byte !== OPEN_LIST) throw new FileShapeError(this.line, 'no array begins here');
        this.state = 'first';
        offset++;
      } else if (byte === CLOSE_LIST && this.state !== 'element') {
        this.state = 'end';
        offset++;
      } else if (this.state === 'after') {
        if (byte !== COMMA) throw new FileShapeError(this.line, 'a comma should be between two objects');
        this.state = 'element';
        offset++;
      } else {
        const end = elementEnd(bytes, offset);
        if (end === length && !final) {
          if (length - offset > maxObjectBytes) throw new FileShapeError(this.line, tooLong.reason);
          return offset;
        }
        const problem = objectProblem(bytes, offset, end, false);
        if (problem === notJson) throw new FileShapeError(this.line, notJson.reason);
        onRecord(this.line, offset, end, problem);
        if (problem !== undefined) this.plain = false;
        for (; offset < end; offset++) if (isLineEnd(bytes, offset)) this.line++;
        this.state = 'after';
      }
    }
  }
}

const tooLong: RecordProblem = {
  reason: `the JSON object is longer than ${maxObjectBytes.toLocaleString('en')} bytes`,
};
const notJson: RecordProblem = { reason: 'this is not JSON' };
const noObject: RecordProblem = { reason: 'this is JSON, but not an object with names' };
const notText: RecordProblem = { reason: 'the text is not UTF-8' };
const tooDeep: RecordProblem = { reason: `objects and lists lie more than ${maxDepth} deep in each other` };
const strayMark: RecordProblem = { reason: 'a byte order mark belongs at the beginning of a file' };

/** Returns the reason why a record is not an object with unique names; undefined if it is one. `isValidText`: it is known to be UTF-8. */
function objectProblem(bytes: Buffer, from: number, to: number, isValidText: boolean): RecordProblem | undefined {
  if (hasByteOrderMark(bytes, from)) return strayMark;
  let depth = 0;
  let deepest = 0;
  let nameCount = 0;
  for (let i = from; i < to; i++) {
    switch (bytes[i]) {
      case QUOTE:
        for (i++; i < to && bytes[i] !== QUOTE; i++) if (bytes[i] === BACKSLASH) i++;
        break;
      case COLON:
        if (depth === 1) nameCount++;
        break;
      case OPEN_OBJECT:
      case OPEN_LIST:
        if (++depth > deepest) deepest = depth;
        break;
      case CLOSE_OBJECT:
      case CLOSE_LIST:
        depth--;
    }
  }
  if (deepest > maxDepth) return tooDeep;
  if (!isValidText && !isUtf8(bytes.subarray(from, to))) return notText;
  const value = parseJsonText(bytes.toString('utf8', from, to));
  if (value === undefined) return notJson;
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return noObject;
  if (Object.keys(value).length === nameCount) return undefined;
  return { reason: `the object has ${repeatedName(bytes.toString('utf8', from, to))} twice` };
}

/** Parses a JSON value; undefined if it is invalid. NaN and Infinity, which Python and DuckDB write, become null. Other code checks that numbers are finite. */
export function parseJsonText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const strictText = text.replaceAll(
      /("(?:[^"\\]|\\.)*")|-?\b(?:NaN|Infinity)\b/g,
      (_, string?: string) => string ?? 'null',
    );
    if (strictText === text) return undefined;
    try {
      return JSON.parse(strictText);
    } catch {
      return undefined;
    }
  }
}

/** Finds a name that an object has twice, in its source form. */
function repeatedName(text: string): string {
  const seenNames = new Set<string>();
  let depth = 0;
  let lastToken = '';
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]:]/g)) {
    if (token === '{' || token === '[') depth++;
    else if (token === '}' || token === ']') depth--;
    else if (token !== ':') lastToken = token;
    else if (depth === 1) {
      const name = JSON.parse(lastToken) as string;
      if (seenNames.has(name)) return `\`${name}\``;
      seenNames.add(name);
    }
  }
  return 'a name';
}

/** Returns the end of the value at `start`: the offset of a comma, bracket or space outside of its own brackets. */
function elementEnd(bytes: Buffer, start: number): number {
  let depth = 0;
  let isQuoted = false;
  for (let i = start; i < bytes.length; i++) {
    const byte = bytes[i]!;
    if (byte === BACKSLASH && isQuoted) i++;
    else if (byte === QUOTE) isQuoted = !isQuoted;
    else if (isQuoted) continue;
    else if (byte === OPEN_OBJECT || byte === OPEN_LIST) depth++;
    else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) {
      if (depth === 0) return i;
      if (--depth === 0) return i + 1;
    } else if (depth === 0 && (byte === COMMA || isSpace(byte))) return i;
  }
  return bytes.length;
}

function isBlank(bytes: Buffer, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (!isSpace(bytes[i]!)) return false;
  return true;
}

/** True at a line feed, and at a carriage return that no line feed follows. */
const isLineEnd = (bytes: Buffer, offset: number): boolean =>
  bytes[offset] === LF || (bytes[offset] === CR && bytes[offset + 1] !== LF);

const isSpace = (byte: number): boolean => byte === 0x20 || byte === 0x09 || byte === LF || byte === CR;

export const lineColumns = [
  { name: 'user', type: 'VARCHAR' },
  { name: 'item', type: 'VARCHAR' },
  { name: 'position', type: 'BIGINT' },
] as const;

const maxLineBytes = 16_000_000;

const [SPACE, TAB] = [0x20, 0x09];

/** Called for each good line: its user is `bytes[from … to)`, and `items` are the ranges of its items. */
export type OnGoodLine = (
  line: number,
  from: number,
  to: number,
  items: readonly (readonly [number, number])[],
) => void;

export class LinesScanner implements Scanner {
  private readonly lines = new LineWalker(maxLineBytes);

  scan(bytes: Buffer, final: boolean, onRecord: OnRecord): number {
    return this.read(
      bytes,
      final,
      (line, _from, _to, items) => {
        for (const [start, end] of items) onRecord(line, start, end);
      },
      onRecord,
    );
  }

  /** Does the same as `scan`, but passes on good lines as a whole. */
  read(bytes: Buffer, final: boolean, onGood: OnGoodLine, onBad: OnRecord): number {
    return this.lines.walk(bytes, final, (line, from, to, isTooLong) => {
      const words = isTooLong ? [] : wordsOf(bytes, from, to);
      const problem = isTooLong ? longLine : problemOf(bytes, from, to, words.length);
      if (problem !== undefined) onBad(line, from, to, problem);
      else if (words.length > 0) onGood(line, ...words[0]!, words.slice(1));
    });
  }
}

function wordsOf(bytes: Buffer, from: number, to: number): (readonly [number, number])[] {
  const words: [number, number][] = [];
  for (let offset = from; offset < to; ) {
    while (offset < to && isBlankByte(bytes[offset]!)) offset++;
    const start = offset;
    while (offset < to && !isBlankByte(bytes[offset]!)) offset++;
    if (offset > start) words.push([start, offset]);
  }
  return words;
}

const isBlankByte = (byte: number): boolean => byte === SPACE || byte === TAB;

/** A blank line is not a record. */
function problemOf(bytes: Buffer, from: number, to: number, words: number): RecordProblem | undefined {
  if (words === 0) return undefined;
  const lineBytes = bytes.subarray(from, to);
  if (lineBytes.includes(0)) return { reason: 'the line holds a zero byte' };
  if (!isUtf8(lineBytes)) return { reason: 'the text is not UTF-8' };
  if (hasByteOrderMark(bytes, from))
    return { reason: 'the line begins with a byte order mark, which belongs at the beginning of a file' };
  return words === 1 ? { reason: 'the line has a user and no item', column: 'item' } : undefined;
}

const longLine: RecordProblem = { reason: `the line is longer than ${maxLineBytes.toLocaleString('en')} bytes` };

class LineWalker {
  private line = 1;
  private hasBegun = false;
  private isSkipping = false;
  hasMark = false;
  /** True if a line ended with only a carriage return. */
  hasReturns = false;

  constructor(private readonly maxBytes: number) {}

  /**
   * Passes the lines `bytes[from … to)` to `onLine`, and returns the number of consumed bytes, like `scan` of a scanner. A line that is too long is passed
   * once, truncated, and its rest is skipped.
   */
  walk(
    bytes: Buffer,
    final: boolean,
    onLine: (line: number, from: number, to: number, isTooLong: boolean) => void,
  ): number {
    const { length } = bytes;
    let offset = 0;
    if (!this.hasBegun) {
      if (length < 4 && !final) return 0;
      this.hasBegun = true;
      offset = skipByteOrderMark(bytes);
      this.hasMark = offset > 0;
    }
    const hasReturns = bytes.includes(CR);
    while (offset < length) {
      // Searching for a line feed alone is faster.
      const lineFeed = hasReturns ? findLineEnd(bytes, offset, length) : bytes.indexOf(LF, offset);
      const end = lineFeed === -1 ? length : lineFeed;
      const isOpen = !final && (end === length || (bytes[end] === CR && end + 1 === length));
      if (!this.isSkipping) {
        if (isOpen && length - offset <= this.maxBytes) return offset;
        onLine(this.line, offset, end, isOpen || end - offset > this.maxBytes);
      }
      this.isSkipping = isOpen;
      if (isOpen) return end;
      if (bytes[end] === CR && bytes[end + 1] !== LF) this.hasReturns = true;
      offset = skipLineEnd(bytes, end);
      this.line++;
    }
    return length;
  }
}
