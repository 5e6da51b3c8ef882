/**
 * The checkpoint holds the whole state of a run in one safetensors file, so that a resumed run continues as if it had never stopped. Random numbers need no
 * state, because they are drawn from (seed, epoch, step). The file is replaced atomically and contains its own checksum.
 */
import { join } from 'node:path';
import { failure, invariant } from '../../base/diagnostics/diagnostic.ts';
import { writeDurably } from '../../base/storage/durable.ts';
import { exists } from '../../base/storage/run_files.ts';
import { type ReadOptions, readMetadata, readSafetensors, writeSafetensors } from '../../base/storage/safetensors.ts';
import {
  type Checksum,
  type ExpectedTensor,
  type Numbers,
  numberKindOf,
  type StoredTensor,
} from '../../base/storage/tensor_header.ts';
import { isObject } from '../../base/util/objects.ts';
import type { Program, Tensors } from '../../engines/engine.ts';
import type { Plan } from '../../graph/plan/plan.ts';
import type { Tables } from '../embedding/tables.ts';
import type { Feeder } from '../feed/feeder.ts';

/** The progress of a run. Every number survives JSON bit for bit. */
export interface Progress {
  /** Number of finished epochs. */
  readonly epoch: number;
  /** Steps done in the current epoch. */
  readonly stepOfEpoch: number;
  /** Steps done since the start of the run. */
  readonly step: number;
  /** Sums of the outputs over the steps of the current epoch, weighted by rows; and the number of these rows. */
  readonly sums: Readonly<Record<string, number>>;
  readonly rows: number;
  /** The best epoch so far by the stopping metric, with the checksum of its weights file. */
  readonly best?: BestEpoch;
  /** Checksums of metrics.jsonl and steps.jsonl at the checkpoint. Later lines are removed on resume. */
  readonly metrics: Checksum;
  readonly steps: Checksum;
}

export interface BestEpoch extends Checksum {
  readonly epoch: number;
  readonly value: number;
}

export interface Checkpoint {
  readonly progress: Progress;
  /** By name: tables with their optimizer state, dense weights with their slots, and the streaming estimators. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
}

export const checkpointFile = 'checkpoint.safetensors';

const format = 'tower-checkpoint-2';

/** @throws Failure `cannot-write`; the previous checkpoint then remains. */
export async function writeCheckpoint(
  folder: string,
  progress: Progress,
  tensors: readonly StoredTensor<Numbers>[],
): Promise<void> {
  const metadata = { format, progress: JSON.stringify(progress) };
  const keptWords = (await hasCheckpoint(folder)) ? 'the checkpoint before this one' : undefined;
  const path = join(folder, checkpointFile);
  await writeDurably(path, (sink) => writeSafetensors(sink, tensors, metadata, true), keptWords);
}

export const hasCheckpoint = (folder: string): Promise<boolean> => exists(join(folder, checkpointFile));

/**
 * Reads and verifies the checkpoint. @param expected types and shapes of its tensors, by name @param into returns the memory to read a tensor into, such as its
 * table's @throws Failure `cannot-read`, `damaged-file`
 */
export async function readCheckpoint(
  folder: string,
  expected?: ReadonlyMap<string, ExpectedTensor>,
  into?: ReadOptions['allocate'],
): Promise<Checkpoint> {
  const path = join(folder, checkpointFile);
  const { tensors, metadata } = await readSafetensors(path, {
    hasChecksum: true,
    finite: (name) => name.startsWith('table/'),
    expected,
    allocate: into,
  });
  return { progress: progressOf(path, metadata), tensors };
}

/** Reads the progress of the run. Does not verify the tensors: `readCheckpoint` does. @throws Failure `cannot-read`, `damaged-file` */
export async function readProgress(folder: string): Promise<Progress> {
  const path = join(folder, checkpointFile);
  return progressOf(path, await readMetadata(path));
}

function progressOf(path: string, metadata: Readonly<Record<string, string>>): Progress {
  if (metadata.format !== format || metadata.progress === undefined) {
    throw failure('damaged-file', { path, reason: 'it is not a checkpoint of this version' });
  }
  const progress = progressIn(metadata.progress);
  if (progress === undefined)
    throw failure('damaged-file', { path, reason: 'it does not say how far the run has come' });
  return progress;
}

function progressIn(text: string): Progress | undefined {
  let value: Partial<Progress> | null;
  try {
    value = JSON.parse(text) as Partial<Progress> | null;
  } catch {
    return undefined;
  }
  const { epoch, stepOfEpoch, step, rows, sums, best, metrics, steps } = value ?? {};
  const isBest = ({ epoch: bestEpoch, value: figure, ...checksum }: BestEpoch): boolean =>
    isChecksum(checksum) && isCount(bestEpoch) && bestEpoch >= 1 && bestEpoch <= epoch! && Number.isFinite(figure);
  const isComplete =
    [epoch, stepOfEpoch, step, rows].every(isCount) &&
    isObject(sums) &&
    Object.values(sums).every(Number.isFinite) &&
    [metrics, steps].every(isChecksum) &&
    (best === undefined || (isObject(best) && isBest(best)));
  return isComplete ? (value as Progress) : undefined;
}

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;

const isChecksum = (value: unknown): boolean => {
  const { sha256, bytes } = (value ?? {}) as Partial<Checksum>;
  return typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256) && isCount(bytes);
};

export interface TrainingState {
  readonly tables: Tables;
  readonly program: Program;
  readonly feeder: Feeder;
}

export async function saveState(folder: string, progress: Progress, state: TrainingState): Promise<void> {
  await writeCheckpoint(folder, progress, await stateTensors(state));
}

/**
 * Returns everything that a step changes: `table/<table>` and `state/<table>/<slot>` of the tables; `parameter/<name>` for the dense weights, the slots of
 * their optimizer and the weights of the tasks; `feed/<input>/…` for streaming estimators. Tensors that the host holds are views, not copies.
 */
export async function stateTensors(state: TrainingState): Promise<StoredTensor<Numbers>[]> {
  const parameters = await state.program.read();
  return [
    ...[...hostNumbers(state)].map(([name, { shape, data }]) => ({ name, shape, data })),
    ...parameterTensors(parameters),
  ];
}

/**
 * Restores the state from the checkpoint. Large tables are read directly into their own memory.
 * @throws Failure `damaged-file` if the checkpoint belongs to another model
 */
export async function restoreState(folder: string, state: TrainingState): Promise<Progress> {
  const hostViews = hostNumbers(state);
  const currentTensors = parameterTensors(await state.program.read()).map((tensor) => [tensor.name, tensor] as const);
  const expected = new Map<string, ExpectedTensor>(
    [...hostViews, ...currentTensors].map(([name, { shape, data }]) => [name, { dtype: numberKindOf(data), shape }]),
  );
  const { progress, tensors } = await readCheckpoint(folder, expected, (name) => hostViews.get(name)?.data);
  const parameters: Record<string, Tensors[string]> = {};
  for (const [name, { shape, data }] of tensors) {
    if (!name.startsWith('parameter/')) continue;
    invariant(!(data instanceof Float64Array), `${name} is float64`);
    const wholeDtype = data instanceof Int32Array ? 'int32' : 'bool';
    const dtype = data instanceof Float32Array ? 'float32' : wholeDtype;
    parameters[name.slice('parameter/'.length)] = { dtype, shape, data };
  }
  await state.program.write(parameters);
  return progress;
}

/** Returns views, not copies, of all numbers that the host holds. */
function hostNumbers({ tables, feeder }: TrainingState): Map<string, { shape: number[]; data: Numbers }> {
  const hostViews = new Map<string, { shape: number[]; data: Numbers }>();
  const add = (name: string, data: Numbers, shape = [data.length]) => hostViews.set(name, { shape, data });
  for (const table of tables.values()) {
    add(`table/${table.name}`, table.numbers(), [table.rows, table.dim]);
    for (const [slot, data] of Object.entries(table.stateNumbers())) add(`state/${table.name}/${slot}`, data);
  }
  for (const [name, data] of Object.entries(feeder.state())) add(`feed/${name}`, data);
  return hostViews;
}

const parameterTensors = (parameters: Tensors): StoredTensor[] =>
  Object.entries(parameters).map(([name, { shape, data }]) => ({ name: `parameter/${name}`, shape, data }));

/** Returns the names of parameters that belong to the trained model, without the slots of their optimizer. */
export const weightNames = ({ towers, step, predictions }: Plan): ReadonlySet<string> =>
  new Set([
    ...[...towers.map(({ embedded }) => embedded), ...(predictions ? [predictions] : [])].flatMap(({ graph }) =>
      graph.parameters.map(({ name }) => name),
    ),
    ...step.graph.parameters.filter(({ trainable }) => trainable).map(({ name }) => name),
  ]);

/** Returns the tables as the towers read them, and the dense weights without the slots of their optimizer. */
export function weightTensors(plan: Plan, tables: Tables, parameters: Tensors): StoredTensor<Numbers>[] {
  const weightSet = weightNames(plan);
  return [
    ...[...tables.values()].map((table) => ({
      name: `table/${table.name}`,
      shape: [table.rows, table.dim],
      data: table.shownNumbers(),
    })),
    ...parameterTensors(parameters).filter(({ name }) => weightSet.has(name.slice('parameter/'.length))),
  ];
}
