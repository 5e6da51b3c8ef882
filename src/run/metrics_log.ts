/**
 * `metrics.jsonl`: one JSON object a line for each finished epoch. Its length at a checkpoint is part of the checkpoint, so that
 * lines of work that was lost are cut off on resume and no epoch stands in it twice.
 */
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { failure } from '../diagnostics/failure.ts';
import { systemReason } from './system_reason.ts';

export interface MetricsLog {
  readonly path: string;
  /** Length of the file so far. */
  readonly bytes: number;
  append(record: Readonly<Record<string, unknown>>): Promise<void>;
  close(): Promise<void>;
}

/** Opens the log and keeps its first `keepBytes`. */
export async function openMetricsLog(folder: string, keepBytes: number): Promise<MetricsLog> {
  const path = join(folder, 'metrics.jsonl');
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
    async append(record) {
      const line = Buffer.from(`${JSON.stringify(record)}\n`);
      await guard(handle.writeFile(line));
      await guard(handle.sync());
      bytes += line.length;
    },
    close: () => handle.close(),
  };
}

export async function readMetricsLog(folder: string): Promise<Record<string, unknown>[]> {
  const text = await readFile(join(folder, 'metrics.jsonl'), 'utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
