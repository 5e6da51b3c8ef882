/** Writes lines at the end of a file of a log. */
import { lineOf } from './lines.ts';
import type { LogFile } from './log_files.ts';

/** Bytes that are written at a time where many records are: they become JSON without a pause. */
const pieceBytes = 2 ** 16;

/** A file that is written to. */
export interface Started {
  readonly file: LogFile;
  readonly number: number;
  bytes: number;
  lines: number;
}

/** @param wrote gets each value */
export async function writeLines<T>(
  to: Started,
  values: AsyncIterable<T> | Iterable<T>,
  wrote: (value: T) => void = () => {},
): Promise<void> {
  let lines: Uint8Array[] = [];
  let bytes = 0;
  const flush = async (): Promise<void> => {
    await writeAll(to.file, Buffer.concat(lines));
    to.bytes += bytes;
    lines = [];
    bytes = 0;
  };
  for await (const value of values) {
    const line = lineOf(++to.lines, value);
    bytes += line.length;
    lines.push(line);
    wrote(value);
    if (bytes >= pieceBytes) await flush();
  }
  if (lines.length > 0) await flush();
}

export async function writeAll(file: LogFile, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += await file.write(bytes.subarray(at));
}
