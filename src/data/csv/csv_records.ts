/**
 * Implements the only reader of CSV. Records follow RFC 4180: a quoted value may contain delimiters, line ends and doubled quotes. A quote opens a value only
 * at its beginning. If the quotes of a record do not match, only its first line is rejected, and the next line is read. A single state machine reads a record,
 * because the rules for quotes depend on each other.
 *
 * DuckDB 1.5.5's own reader cannot guarantee this. From ten rows whose fourth is `u3,i3,"open` it reads 3 rows and rejects 1: the six rows after the quote are
 * lost, and with `parallel = false` even the reject. If the eighth row is `u7,i7,close"`, five rows become one value without a reject. `strict_mode = false`
 * and `null_padding` turn such rows into values, and counting lines cannot distinguish them from quoted line ends. It also fails on mixed line ends, and takes
 * repeated headers, zero bytes and byte order marks for values.
 */
import { isUtf8 } from 'node:buffer';

export interface RecordProblem {
  readonly reason: string;
  readonly column?: string;
}

/** Called for the record `bytes[from … to)`, which begins on `line`, from 1. A rejected record has a problem and is a single physical line. */
export type OnRecord = (line: number, from: number, to: number, problem?: RecordProblem) => void;

export interface Scanner {
  /**
   * Passes the records of `bytes` to `onRecord`. `bytes` begin where the last call ended; `final` is true at the end of the file. Returns the number of consumed
   * bytes. Throws FileShapeError if no later record can be trusted.
   */
  scan(bytes: Buffer, final: boolean, onRecord: OnRecord): number;
}

/** The whole file cannot be read because of an error on one line. */
export class FileShapeError extends Error {
  constructor(
    readonly line: number,
    readonly reason: string,
  ) {
    super(`line ${line}: ${reason}`);
  }
}

export const LF = 0x0a;
export const CR = 0x0d;
export const QUOTE = 0x22;
const BOM = [0xef, 0xbb, 0xbf] as const;

export const hasByteOrderMark = (bytes: Buffer, offset: number): boolean =>
  bytes[offset] === BOM[0] && bytes[offset + 1] === BOM[1] && bytes[offset + 2] === BOM[2];

/** Returns the end of the line that contains `offset`: the offset of a line feed or carriage return, or `end`. */
export function findLineEnd(bytes: Buffer, offset: number, end: number): number {
  let lineFeed = bytes.indexOf(LF, offset);
  if (lineFeed === -1 || lineFeed > end) lineFeed = end;
  const carriageReturn = bytes.subarray(offset, lineFeed).indexOf(CR);
  return carriageReturn === -1 ? lineFeed : offset + carriageReturn;
}

/** Returns the offset after the line end at `offset`, if there is one: a line feed, a carriage return, or both. */
export function skipLineEnd(bytes: Buffer, offset: number): number {
  if (bytes[offset] === CR) return bytes[offset + 1] === LF ? offset + 2 : offset + 1;
  return bytes[offset] === LF ? offset + 1 : offset;
}

function detectOtherEncoding(bytes: Buffer): string | undefined {
  const isLittle = bytes[0] === 0xff && bytes[1] === 0xfe;
  const isBig = bytes[0] === 0xfe && bytes[1] === 0xff;
  if (isLittle && bytes[2] === 0 && bytes[3] === 0) return 'UTF-32';
  if (isLittle || isBig) return 'UTF-16';
  return bytes[0] === 0 && bytes[1] === 0 && bytes[2] === 0xfe && bytes[3] === 0xff ? 'UTF-32' : undefined;
}

export const maxRecordBytes = 2_000_000;

const SPACE = 0x20;
const [ORDINARY, STOP] = [0, 1];

export interface CsvShape {
  readonly delimiter: string;
  /** The columns of the header. `fits` tests if a value has the column's type; it is absent if the column allows any text. */
  readonly columns: readonly { readonly name: string; readonly fits?: ((value: string) => boolean) | undefined }[];
}

/** `cut`: the record may continue after these bytes. `trailing`: a closing quote is followed by other characters. */
type ParseOutcome = 'whole' | 'cut' | 'unclosed' | 'trailing';

export class CsvParser {
  private readonly byteKinds = new Uint8Array(256);
  private readonly separator: number;

  constructor(delimiter: string) {
    this.separator = delimiter.charCodeAt(0);
    for (const stop of [LF, CR, this.separator]) this.byteKinds[stop] = STOP;
  }

  /** The end of the last record's line, its number of values, and the number of line ends in them. */
  recordEnd = 0;
  valueCount = 0;
  innerLineEnds = 0;
  /** Three numbers for each value of the last record: its start and end without quotes, and 1 if it contains doubled quotes. */
  spans = new Int32Array(3 * 64);
  private hasDoubledQuotes = 0;

  /** Parses the record at `start`; sets `recordEnd`, `valueCount`, `innerLineEnds` and `spans`. */
  parseRecord(bytes: Buffer, start: number, final: boolean): ParseOutcome {
    const { byteKinds: kinds, separator } = this;
    const { length } = bytes;
    let i = start;
    let valueCount = 1;
    this.innerLineEnds = 0;
    for (;;) {
      if (valueCount * 3 > this.spans.length) this.spans = doubleLength(this.spans);
      const spanIndex = (valueCount - 1) * 3;
      let valueStart = i;
      while (bytes[valueStart] === SPACE) valueStart++;
      if (valueStart < length && bytes[valueStart] === QUOTE) {
        i = this.findClosingQuote(bytes, valueStart + 1);
        if (i === -1) return final ? 'unclosed' : 'cut';
        this.spans[spanIndex] = valueStart + 1;
        this.spans[spanIndex + 1] = i;
        this.spans[spanIndex + 2] = this.hasDoubledQuotes;
        do i++;
        while (i < length && bytes[i] === SPACE);
        if (i < length && kinds[bytes[i]!] === ORDINARY) {
          this.recordEnd = i;
          return 'trailing';
        }
      } else {
        this.spans[spanIndex] = i;
        while (i < length && kinds[bytes[i]!] === ORDINARY) i++;
        this.spans[spanIndex + 1] = i;
        this.spans[spanIndex + 2] = 0;
      }
      if (i >= length && !final) return 'cut';
      if (i < length && bytes[i] === separator) {
        valueCount++;
        i++;
        continue;
      }
      // A carriage return at the end of a piece may be the first half of a line end.
      if (!final && bytes[i] === CR && i + 1 === length) return 'cut';
      this.recordEnd = i;
      this.valueCount = valueCount;
      return 'whole';
    }
  }

  /** Returns the offset of the quote that closes the value at `start`; −1 if there is none. */
  private findClosingQuote(bytes: Buffer, start: number): number {
    const { length } = bytes;
    this.hasDoubledQuotes = 0;
    for (let i = start; i < length; i++) {
      const byte = bytes[i]!;
      if (byte === QUOTE) {
        if (bytes[i + 1] !== QUOTE) return i;
        this.hasDoubledQuotes = 1;
        i++;
      } else if (byte === LF || (byte === CR && bytes[i + 1] !== LF)) this.innerLineEnds++;
    }
    return -1;
  }
}

const doubleLength = (spans: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> => {
  const larger = new Int32Array(2 * spans.length);
  larger.set(spans);
  return larger;
};

export class CsvScanner implements Scanner {
  private readonly parser: CsvParser;
  private line = 1;
  private hasBegun = false;
  private header: Buffer | undefined;
  private isSkipping = false;

  constructor(private readonly shape: CsvShape) {
    this.parser = new CsvParser(shape.delimiter);
  }

  /** Calls `onValue` with the bytes, without quotes, of one value in the record that `scan` has just passed to its callback. */
  readValue(bytes: Buffer, column: number, onValue: (bytes: Buffer, from: number, to: number) => void): void {
    const { spans } = this.parser;
    const [from, to] = [spans[3 * column]!, spans[3 * column + 1]!];
    if (spans[3 * column + 2] === 0) onValue(bytes, from, to);
    else {
      const text = Buffer.from(bytes.toString('latin1', from, to).replaceAll('""', '"'), 'latin1');
      onValue(text, 0, text.length);
    }
  }

  scan(bytes: Buffer, final: boolean, onRecord: OnRecord): number {
    const { parser, shape } = this;
    const { length } = bytes;
    const columnCount = shape.columns.length;
    let offset = 0;
    if (!this.hasBegun) {
      if (length < 4 && !final) return 0;
      this.hasBegun = true;
      offset = skipByteOrderMark(bytes);
    }
    const readEnd = final ? length : Math.max(bytes.lastIndexOf(LF), bytes.lastIndexOf(CR)) + 1;
    const isValidText = isUtf8(bytes.subarray(offset, Math.max(offset, readEnd))) && !bytes.includes(0);
    while (offset < length) {
      if (this.isSkipping) {
        const end = findLineEnd(bytes, offset, length);
        if (!final && end + 1 >= length) return end;
        this.isSkipping = false;
        offset = this.nextLine(bytes, end);
        continue;
      }
      const outcome = parser.parseRecord(bytes, offset, final);
      if (outcome === 'cut' && length - offset <= maxRecordBytes) return offset;
      let { recordEnd: end } = parser;
      if (outcome === 'whole' && end === offset) {
        offset = this.nextLine(bytes, end);
        continue;
      }
      if (this.header === undefined) {
        if (outcome !== 'whole') throw new FileShapeError(this.line, 'the quotes of the header do not work out');
        this.header = Buffer.from(bytes.subarray(offset, end));
        this.line += parser.innerLineEnds;
        offset = this.nextLine(bytes, end);
        continue;
      }
      let problem: RecordProblem | undefined;
      if (outcome !== 'whole') problem = this.quoteProblem(outcome, offset, bytes);
      else if (parser.valueCount !== columnCount) problem = this.countProblem(parser.valueCount);
      else if (end - offset > maxRecordBytes) problem = tooLong;
      else if (parser.innerLineEnds > 0 && this.swallowsRows(bytes, offset, end)) problem = this.swallowedRowsProblem();
      const { innerLineEnds: lines } = parser;
      if (problem !== undefined && (outcome !== 'whole' || lines > 0)) {
        end = findLineEnd(bytes, offset, length);
        if (!final && end + 1 >= length) {
          if (length - offset <= maxRecordBytes) return offset;
          problem = tooLong;
          this.isSkipping = true;
        }
      } else if (problem === undefined) {
        if (!isValidText) problem = this.textProblem(bytes.subarray(offset, end));
        if (hasByteOrderMark(bytes, offset)) problem ??= strayMark;
        // Concatenated files repeat the header.
        else if (columnCount > 1 && this.repeatsHeader(bytes, offset, end)) problem = headerAgain;
      }
      onRecord(this.line, offset, end, problem);
      if (this.isSkipping) return end;
      // Line ends within a value count only if the value was read as one.
      if (outcome === 'whole' && end === parser.recordEnd) this.line += lines;
      offset = this.nextLine(bytes, end);
    }
    return length;
  }

  private repeatsHeader(bytes: Buffer, from: number, to: number): boolean {
    const header = this.header!;
    if (to - from !== header.length || bytes[from] !== header[0]) return false;
    return bytes.compare(header, 0, header.length, from, to) === 0;
  }

  /** Returns the offset after the line end at `end`. */
  private nextLine(bytes: Buffer, end: number): number {
    const nextOffset = skipLineEnd(bytes, end);
    if (nextOffset > end) this.line++;
    return nextOffset;
  }

  private quoteProblem(outcome: ParseOutcome, start: number, bytes: Buffer): RecordProblem {
    if (outcome === 'unclosed') return { reason: 'a quote opens a value and never closes' };
    if (outcome === 'cut') {
      const isOneLine = findLineEnd(bytes, start, bytes.length) === bytes.length;
      return isOneLine
        ? tooLong
        : { reason: `a quote opens a value and does not close in ${maxRecordBytes.toLocaleString('en')} bytes` };
    }
    const { innerLineEnds: lines } = this.parser;
    if (lines === 0) return { reason: 'a quoted value does not end where its quote ends' };
    return { reason: `a quote opens a value, and the next one, on line ${this.line + lines}, does not end it` };
  }

  private countProblem(values: number): RecordProblem {
    const { columns } = this.shape;
    const { innerLineEnds: lines } = this.parser;
    const [verdict, column] = values < columns.length ? ['short', columns[values]!.name] : ['long', undefined];
    const cause = lines === 0 ? '' : `a quote opens a value that continues to line ${this.line + lines}, and `;
    const reason = `${cause}the row is ${verdict}: ${values} values, the header has ${columns.length}`;
    return column === undefined ? { reason } : { reason, column };
  }

  private swallowedRowsProblem(): RecordProblem {
    const lastLine = this.line + this.parser.innerLineEnds;
    return {
      reason: `a quote opens a value that continues to line ${lastLine}, and the lines in it are rows of their own`,
    };
  }

  /**
   * True if a record of several lines was caused by two stray quotes, because nine of ten of its lines are rows by themselves. The required number of lines
   * depends on how often text has the right number of delimiters by chance.
   */
  private swallowsRows(bytes: Buffer, start: number, end: number): boolean {
    const { columns, delimiter } = this.shape;
    if (columns.length < 2) return false;
    const totalLines = this.parser.innerLineEnds + 1;
    const hasTypes = columns.some(({ fits }) => fits !== undefined);
    const [minTypedLines, minTextLines] = columns.length === 2 ? [4, 16] : [2, 4];
    if (totalLines < (hasTypes ? minTypedLines : minTextLines)) return false;
    let otherLines = 0;
    for (let from = start; from < end; ) {
      const to = Math.min(findLineEnd(bytes, from, end), end);
      const values = bytes.toString('utf8', from, to).split(delimiter);
      const isRow =
        values.length === columns.length &&
        columns.every(({ fits }, columnIndex) => {
          const value = values[columnIndex]!.replaceAll('"', '').trim();
          return fits === undefined || value === '' || fits(value);
        });
      if (!isRow && ++otherLines * 10 > totalLines) return false;
      from = skipLineEnd(bytes, to);
    }
    return true;
  }

  private textProblem(record: Buffer): RecordProblem | undefined {
    const { columns, delimiter } = this.shape;
    const hasZero = record.includes(0);
    if (!hasZero && isUtf8(record)) return undefined;
    // Decodes each byte as one character, so that invalid UTF-8 can be inspected.
    const values = splitRecord(record.toString('latin1'), delimiter);
    const invalidIndex = values.findIndex((value) =>
      hasZero ? value.includes('\0') : !isUtf8(Buffer.from(value, 'latin1')),
    );
    return {
      reason: hasZero ? 'a value contains a zero byte' : 'the text is not UTF-8',
      ...(invalidIndex === -1 ? {} : { column: columns[invalidIndex]!.name }),
    };
  }
}

const tooLong: RecordProblem = { reason: `the row is longer than ${maxRecordBytes.toLocaleString('en')} bytes` };
const headerAgain: RecordProblem = { reason: 'the line repeats the header' };
const strayMark: RecordProblem = {
  reason: 'the line begins with a byte order mark, which belongs at the beginning of a file',
};

/** Returns the offset after a byte order mark. Throws FileShapeError if the mark is that of another encoding. */
export function skipByteOrderMark(bytes: Buffer): number {
  const encoding = detectOtherEncoding(bytes);
  if (encoding !== undefined) throw new FileShapeError(1, `it is text in ${encoding}, and should be in UTF-8`);
  return hasByteOrderMark(bytes, 0) ? 3 : 0;
}

/** Returns the values of one complete record without their quotes. */
export function splitRecord(record: string, delimiter: string): string[] {
  const values: string[] = [];
  for (let offset = 0; ; ) {
    let valueStart = offset;
    while (record[valueStart] === ' ') valueStart++;
    let value: string;
    if (record[valueStart] === '"') {
      let close = record.indexOf('"', valueStart + 1);
      while (close !== -1 && record[close + 1] === '"') close = record.indexOf('"', close + 2);
      if (close === -1) close = record.length;
      value = record.slice(valueStart + 1, close).replaceAll('""', '"');
      offset = close + 1;
      while (record[offset] === ' ') offset++;
    } else {
      const end = record.indexOf(delimiter, offset);
      value = record.slice(offset, end === -1 ? undefined : end);
      offset = end === -1 ? record.length : end;
    }
    values.push(value);
    if (offset >= record.length) return values;
    offset++;
  }
}
