/**
 * All that a run must remember to go on as if it had never stopped, in one safetensors file. Random numbers need no state: they
 * are drawn from (seed, epoch, step). The file is replaced whole, or not at all.
 */
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { failure } from '../diagnostics/failure.ts';
import { writeDurably } from './durable.ts';
import { readSafetensors, type StoredNumbers, type StoredTensor, writeSafetensors } from './safetensors.ts';

/** Where a run stands. Every number survives JSON bit for bit. */
export interface Progress {
  /** Epochs that are finished. */
  readonly epoch: number;
  /** Steps done of the epoch after those. */
  readonly stepOfEpoch: number;
  /** Steps done since the start of the run. */
  readonly step: number;
  /** Sums over the unfinished epoch's steps, weighted by their rows, by output; and the rows. */
  readonly sums: Readonly<Record<string, number>>;
  readonly rows: number;
  /** The best epoch so far by the stopping metric, and the file that holds its weights. */
  readonly best?: { readonly epoch: number; readonly value: number; readonly file: string };
  /** Set once there is nothing left to train. */
  readonly finished?: 'epochs' | 'patience';
  /** Length of metrics.jsonl. */
  readonly metricsBytes: number;
  /** Length of steps.jsonl. */
  readonly stepsBytes: number;
}

export interface Checkpoint {
  readonly progress: Progress;
  /** Tables with their optimizers' state, dense weights with their slots, the streaming estimators: by name. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
}

export const checkpointFile = 'checkpoint.safetensors';

/** @throws Failure `cannot-write`; the checkpoint before it then stays as it was. */
export async function writeCheckpoint(
  folder: string,
  progress: Progress,
  tensors: readonly StoredTensor[],
): Promise<void> {
  const metadata = { format: 'tower-checkpoint-1', progress: JSON.stringify(progress) };
  const kept = (await hasCheckpoint(folder)) ? 'the checkpoint before this one' : undefined;
  await writeDurably(join(folder, checkpointFile), (sink) => writeSafetensors(sink, tensors, metadata), kept);
}

export async function hasCheckpoint(folder: string): Promise<boolean> {
  return stat(join(folder, checkpointFile)).then(
    () => true,
    () => false,
  );
}

/**
 * @param into memory to read a tensor into, such as its table's
 * @throws Failure `cannot-read`, `damaged-file`
 */
export async function readCheckpoint(
  folder: string,
  into?: (name: string) => StoredNumbers | undefined,
): Promise<Checkpoint> {
  const path = join(folder, checkpointFile);
  const { tensors, metadata } = await readSafetensors(path, into ? { into } : {});
  if (metadata.format !== 'tower-checkpoint-1' || metadata.progress === undefined) {
    throw failure('damaged-file', { path, reason: 'it is no checkpoint of this version' });
  }
  return { progress: JSON.parse(metadata.progress) as Progress, tensors };
}

export async function removeCheckpoint(folder: string): Promise<void> {
  await rm(join(folder, checkpointFile), { force: true });
}
