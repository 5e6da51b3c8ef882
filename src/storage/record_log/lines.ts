/**
 * Lines of a log: `CHECKSUM NUMBER JSON`. The checksum is the CRC-32 of what follows it, in eight hexadecimal digits. The number is that of the line, from 1, so a line
 * that is missing, repeated or moved shows.
 */
import { crc32 } from 'node:zlib';
import { failure } from '../../diagnostics/failure.ts';
import type { LogFiles } from './log_files.ts';

/** Bytes of a line. Memory for more is not given away. */
const longestLine = 64 * 2 ** 20;

export function lineOf(number: number, value: unknown): Buffer {
  const text = `${number} ${JSON.stringify(value)}`;
  return Buffer.from(`${checksumOf(Buffer.from(text))} ${text}\n`);
}

const checksumOf = (bytes: Uint8Array): string => crc32(bytes).toString(16).padStart(8, '0');

export interface ReadLine {
  readonly number: number;
  readonly value: unknown;
}

export interface Ended {
  /** Bytes up to the end of the last whole line. */
  readonly bytes: number;
  /** Whether a part of a line comes after that: what a crash leaves. */
  readonly torn: boolean;
}

/**
 * Gives each line to `each`. A write that a crash cut short is the last line, without its end or with zeros in the place of what did not arrive; anything else that
 * is no line is damage.
 * @throws Failure `items-log`
 */
export async function readLines(files: LogFiles, name: string, each: (line: ReadLine) => void): Promise<Ended> {
  let rest: Uint8Array = new Uint8Array(0);
  let bytes = 0;
  let number = 0;
  let torn = false;
  const take = (line: Uint8Array): void => {
    number++;
    // Whole lines come after one that looks cut short.
    if (torn) throw damaged(files, name, number - 1, 'it is incomplete, and other lines follow');
    if (line.includes(0)) {
      torn = true;
      return;
    }
    each({ number, value: contentOf(line, number, (reason) => damaged(files, name, number, reason)) });
    bytes += line.length + 1;
  };
  for await (const piece of files.read(name)) {
    const all = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    let from = 0;
    for (let end = all.indexOf(10, rest.length); end >= 0; end = all.indexOf(10, from)) {
      take(all.subarray(from, end));
      from = end + 1;
    }
    rest = all.subarray(from);
    if (rest.length > longestLine) throw damaged(files, name, number + 1, 'it is longer than any line of a log');
  }
  return { bytes, torn: torn || rest.length > 0 };
}

function contentOf(line: Uint8Array, number: number, damage: (reason: string) => Error): unknown {
  const text = Buffer.from(line.buffer, line.byteOffset, line.byteLength);
  const body = text.subarray(9);
  if (text.toString('latin1', 0, 9) !== `${checksumOf(body)} `) throw damage('its checksum is not that of its text');
  const space = body.indexOf(32);
  if (body.toString('latin1', 0, space) !== String(number)) throw damage('its number is not that of the line');
  try {
    return JSON.parse(body.toString('utf8', space + 1));
  } catch {
    throw damage('it is not JSON');
  }
}

/** @throws Failure `items-log` */
export const damaged = ({ folder }: LogFiles, name: string, line: number | undefined, reason: string): Error =>
  failure('items-log', {
    path: `${folder}/${name}`,
    line,
    reason,
    advice: 'restore the file from a copy, or move the folder away',
  });
