/**
 * `metrics.jsonl`: one JSON object a line for each finished epoch; `steps.jsonl`: one for each step. Their lengths at a checkpoint
 * are part of the checkpoint, so that lines of work that was lost are cut off on resume and nothing stands in them twice.
 */
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { failure } from '../diagnostics/failure.ts';
import { systemReason } from './system_reason.ts';

export const metricsFile = 'metrics.jsonl';
export const stepsFile = 'steps.jsonl';

export interface Log {
  readonly path: string;
  /** Length of the file so far. */
  readonly bytes: number;
  /** Writes lines; they are safe once `sync` has ended. */
  write(lines: string): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

export interface MetricsLog {
  readonly path: string;
  /** Length of the file so far. */
  readonly bytes: number;
  append(record: Readonly<Record<string, unknown>>): Promise<void>;
  close(): Promise<void>;
}

/** Opens a log and keeps its first `keepBytes`. */
export async function openLog(folder: string, name: string, keepBytes: number): Promise<Log> {
  const path = join(folder, name);
  const guard = async <T>(work: Promise<T>): Promise<T> =>
    work.catch((error: unknown) => {
      const reason = systemReason(error);
      throw reason === undefined ? error : failure('cannot-write', { path, reason });
    });
  const handle = await guard(open(path, 'a'));
  await guard(handle.truncate(keepBytes));
  let bytes = keepBytes;
  return {
    path,
    get bytes() {
      return bytes;
    },
    async write(lines) {
      const buffer = Buffer.from(lines);
      await guard(handle.writeFile(buffer));
      bytes += buffer.length;
    },
    sync: () => guard(handle.sync()),
    close: () => handle.close(),
  };
}

export async function openMetricsLog(folder: string, keepBytes: number): Promise<MetricsLog> {
  const log = await openLog(folder, metricsFile, keepBytes);
  return {
    path: log.path,
    get bytes() {
      return log.bytes;
    },
    async append(record) {
      await log.write(`${JSON.stringify(record)}\n`);
      await log.sync();
    },
    close: log.close,
  };
}

export const readMetricsLog = (folder: string): Promise<Record<string, unknown>[]> => readLog(folder, metricsFile);

export async function readLog(folder: string, name: string): Promise<Record<string, unknown>[]> {
  const text = await readFile(join(folder, name), 'utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
