/**
 * `metrics.jsonl`: one JSON object a line for each finished epoch; `steps.jsonl`: one for each step. Their lengths and checksums at
 * a checkpoint are part of it. On resume the lines of work that was lost are cut off, and a log that is not what it was is refused.
 */
import { createHash, type Hash } from 'node:crypto';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { failure } from '../base/diagnostics/failure.ts';
import { reading, writing } from '../base/diagnostics/system_reason.ts';
import { closeRead, openRunFile, readRunFile } from '../base/storage/run_files.ts';
import type { Checksum } from '../base/storage/tensor_header.ts';
import { isObject } from '../base/util/defined.ts';
import type { Tensors } from '../engines/engine.ts';
import type { Graph } from '../graph/graph.ts';
import { scalarOutputs } from './step_sums.ts';

export const metricsFile = 'metrics.jsonl';
export const stepsFile = 'steps.jsonl';

interface RunLog {
  readonly path: string;
  /** Covers all that is written so far. */
  checksum(): Checksum;
  /** Writes lines; they are safe once `sync` has ended. */
  write(lines: string): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

export interface MetricsLog extends Pick<RunLog, 'path' | 'checksum' | 'close'> {
  append(record: Readonly<Record<string, unknown>>): Promise<void>;
}

const pieceBytes = 4 * 2 ** 20;

/**
 * Opens a log: a new one, or one as it was when `kept` was its checksum.
 * @throws Failure `lost-file`, `damaged-file`, `cannot-write`
 */
async function openLog(folder: string, name: string, checkpointed?: Checksum): Promise<RunLog> {
  const path = join(folder, name);
  const hash = checkpointed ? await hashOf(folder, name, checkpointed) : createHash('sha256');
  const { O_WRONLY, O_CREAT, O_TRUNC, O_APPEND } = constants;
  // No log waits for a reader, as a named pipe would.
  const [noFollow, noWait] = [constants.O_NOFOLLOW ?? 0, constants.O_NONBLOCK ?? 0];
  const openFlags = O_WRONLY | O_APPEND | noFollow | noWait | (checkpointed ? 0 : O_CREAT | O_TRUNC);
  const handle = await writing(path, open(path, openFlags));
  let bytes = checkpointed?.bytes ?? 0;
  if (checkpointed) await writing(path, handle.truncate(bytes));
  return {
    path,
    checksum: () => ({ sha256: hash.copy().digest('hex'), bytes }),
    async write(lines) {
      const buffer = Buffer.from(lines);
      await writing(path, handle.writeFile(buffer));
      hash.update(buffer);
      bytes += buffer.length;
    },
    sync: () => writing(path, handle.sync()),
    close: () => writing(path, handle.close()),
  };
}

/** Hashes the first bytes of a log, which must be as they were. */
async function hashOf(folder: string, name: string, { bytes, sha256 }: Checksum): Promise<Hash> {
  const path = join(folder, name);
  const handle = await openRunFile(folder, name);
  try {
    const { size } = await handle.stat();
    if (size < bytes) {
      throw failure('damaged-file', { path, reason: `it has ${size} bytes, and had ${bytes} at the checkpoint` });
    }
    const hash = createHash('sha256');
    const readBuffer = new Uint8Array(Math.min(pieceBytes, bytes));
    for (let at = 0; at < bytes; ) {
      const { bytesRead } = await reading(
        path,
        handle.read(readBuffer, 0, Math.min(readBuffer.length, bytes - at), at),
      );
      if (bytesRead === 0) throw failure('damaged-file', { path, reason: 'it is cut off' });
      hash.update(readBuffer.subarray(0, bytesRead));
      at += bytesRead;
    }
    if (hash.copy().digest('hex') !== sha256) {
      throw failure('damaged-file', { path, reason: 'it differs from its state at the checkpoint' });
    }
    return hash;
  } finally {
    await closeRead(handle);
  }
}

export async function openMetricsLog(folder: string, checkpointed?: Checksum): Promise<MetricsLog> {
  const runLog = await openLog(folder, metricsFile, checkpointed);
  return {
    path: runLog.path,
    checksum: runLog.checksum,
    async append(record) {
      await runLog.write(`${JSON.stringify(record)}\n`);
      await runLog.sync();
    },
    close: runLog.close,
  };
}

export const readMetricsLog = (folder: string): Promise<Record<string, unknown>[]> => readLog(folder, metricsFile);

/** @throws Failure `lost-file`, `damaged-file`, `cannot-read` */
export async function readLog(folder: string, name: string): Promise<Record<string, unknown>[]> {
  const text = (await readRunFile(folder, name)).toString('utf8');
  return text.split('\n').flatMap((line, at) => (line === '' ? [] : [parsedRecord(line, join(folder, name), at + 1)]));
}

/** @throws Failure `damaged-file` with the line, for what is not a JSON object */
export function parsedRecord(text: string, path: string, line: number): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (isObject(value)) return value;
  throw failure('damaged-file', { path, reason: `line ${line} is not a JSON object` });
}

/** `steps.jsonl`: every scalar of every step, such as losses and the weights of tasks: `{"step":7,"loss":0.61,"weight:like":1.2}`. */
export interface StepsLog {
  /** Covers the file as far as it is written. */
  checksum(): Checksum;
  /**
   * Buffers the line until the next `write`.
   * @param more finite numbers that not every step has
   */
  add(step: number, outputs: Tensors, more?: Readonly<Record<string, number>>): void;
  write(): Promise<void>;
  /** Writes, and makes what is written safe. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** Digits that distinguish two neighbouring float32, except the last. */
export const stepDigits = 7;

export async function openStepsLog(folder: string, graph: Graph, checkpointed?: Checksum): Promise<StepsLog> {
  const scalarNames = scalarOutputs(graph);
  const jsonKeys = scalarNames.map((name) => JSON.stringify(name));
  const runLog = await openLog(folder, stepsFile, checkpointed);
  let unwritten = '';
  const writeLines = async (): Promise<void> => {
    if (unwritten === '') return;
    const lines = unwritten;
    unwritten = '';
    await runLog.write(lines);
  };
  return {
    checksum: runLog.checksum,
    add(step, outputs, more = {}) {
      let line = `{"step":${step}`;
      for (let i = 0; i < scalarNames.length; i++) {
        line += `,${jsonKeys[i]}:${Number(outputs[scalarNames[i]!]!.data[0]!.toPrecision(stepDigits))}`;
      }
      for (const [name, value] of Object.entries(more)) {
        line += `,${JSON.stringify(name)}:${Number(value.toPrecision(stepDigits))}`;
      }
      unwritten += `${line}}\n`;
    },
    write: writeLines,
    async sync() {
      await writeLines();
      await runLog.sync();
    },
    close: runLog.close,
  };
}
