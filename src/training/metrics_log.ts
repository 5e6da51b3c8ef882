/**
 * `metrics.jsonl` has one JSON object per line for each finished epoch; `steps.jsonl` has one for each step. A checkpoint contains their lengths and checksums.
 * On resume, later lines are cut off, and a log that has changed is refused.
 */
import { createHash, type Hash } from 'node:crypto';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { awaitRead, awaitWrite, failure, invariant } from '../base/diagnostics/diagnostic.ts';
import { closeQuietly, openRunFile, readRunFile } from '../base/storage/run_files.ts';
import type { Checksum } from '../base/storage/tensor_header.ts';
import { isObject } from '../base/util/objects.ts';
import type { Tensors } from '../engines/engine.ts';
import type { Graph } from '../graph/graph.ts';
import type { InputSource, Plan, TaskPlan } from '../graph/plan/plan.ts';

export const metricsFile = 'metrics.jsonl';
export const stepsFile = 'steps.jsonl';

/** Opens a log: a new one, or an existing one in its state at a checkpoint. @throws Failure `lost-file`, `damaged-file`, `cannot-write` */
async function openLog(folder: string, name: string, saved?: Checksum) {
  const path = join(folder, name);
  const hash = saved ? await hashOf(folder, name, saved) : createHash('sha256');
  const { O_WRONLY, O_CREAT, O_TRUNC, O_APPEND } = constants;
  // Opening a log must not wait for a reader, as it would for a named pipe.
  const [noFollow, noWait] = [constants.O_NOFOLLOW ?? 0, constants.O_NONBLOCK ?? 0];
  const openFlags = O_WRONLY | O_APPEND | noFollow | noWait | (saved ? 0 : O_CREAT | O_TRUNC);
  const handle = await awaitWrite(path, open(path, openFlags));
  let bytes = saved?.bytes ?? 0;
  if (saved) await awaitWrite(path, handle.truncate(bytes));
  return {
    path,
    checksum: (): Checksum => ({ sha256: hash.copy().digest('hex'), bytes }),
    /** Writes lines, which are durable once `sync` has ended. */
    async write(lines: string): Promise<void> {
      const buffer = Buffer.from(lines);
      await awaitWrite(path, handle.writeFile(buffer));
      hash.update(buffer);
      bytes += buffer.length;
    },
    sync: () => awaitWrite(path, handle.sync()),
    close: () => awaitWrite(path, handle.close()),
  };
}

async function hashOf(folder: string, name: string, { bytes, sha256 }: Checksum): Promise<Hash> {
  const path = join(folder, name);
  const handle = await openRunFile(folder, name);
  try {
    const { size } = await handle.stat();
    if (size < bytes)
      throw failure('damaged-file', { path, reason: `it has ${size} bytes, and had ${bytes} at the checkpoint` });
    const hash = createHash('sha256');
    const buffer = new Uint8Array(Math.min(4 * 2 ** 20, bytes));
    for (let index = 0; index < bytes; ) {
      const length = Math.min(buffer.length, bytes - index);
      const { bytesRead } = await awaitRead(path, handle.read(buffer, 0, length, index));
      if (bytesRead === 0) throw failure('damaged-file', { path, reason: 'it is cut off' });
      hash.update(buffer.subarray(0, bytesRead));
      index += bytesRead;
    }
    if (hash.copy().digest('hex') !== sha256)
      throw failure('damaged-file', { path, reason: 'it differs from its state at the checkpoint' });
    return hash;
  } finally {
    await closeQuietly(handle);
  }
}

export type MetricsLog = Awaited<ReturnType<typeof openMetricsLog>>;

export async function openMetricsLog(folder: string, saved?: Checksum) {
  const runLog = await openLog(folder, metricsFile, saved);
  return {
    ...runLog,
    async append(record: Readonly<Record<string, unknown>>): Promise<void> {
      await runLog.write(`${JSON.stringify(record)}\n`);
      await runLog.sync();
    },
  };
}

export const readMetricsLog = (folder: string): Promise<Record<string, unknown>[]> => readLog(folder, metricsFile);

/** @throws Failure `lost-file`, `damaged-file`, `cannot-read` */
export async function readLog(folder: string, name: string): Promise<Record<string, unknown>[]> {
  const text = (await readRunFile(folder, name)).toString('utf8');
  return text
    .split('\n')
    .flatMap((line, index) => (line === '' ? [] : [parsedRecord(line, join(folder, name), index + 1)]));
}

/** @throws Failure `damaged-file` with the line, if it is not a JSON object */
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

/** Significant digits of a logged number: one fewer than distinguish two adjacent float32 numbers. */
export const stepDigits = 7;

export type StepsLog = Awaited<ReturnType<typeof openStepsLog>>;

/** Opens `steps.jsonl`: every scalar of every step, such as losses and the weights of tasks: `{"step":7,"loss":0.61,"weight:like":1.2}`. */
export async function openStepsLog(folder: string, graph: Graph, saved?: Checksum) {
  const scalarNames = scalarOutputs(graph);
  const jsonKeys = scalarNames.map((name) => JSON.stringify(name));
  const runLog = await openLog(folder, stepsFile, saved);
  let unwritten = '';
  const writeLines = async (): Promise<void> => {
    if (unwritten === '') return;
    const lines = unwritten;
    unwritten = '';
    await runLog.write(lines);
  };
  return {
    checksum: runLog.checksum,
    /** Buffers the line until the next `write`. @param extraNumbers further finite numbers, which not every step has */
    add(step: number, outputs: Tensors, extraNumbers: Readonly<Record<string, number>> = {}): void {
      let line = `{"step":${step}`;
      for (const [i, name] of scalarNames.entries())
        line += `,${jsonKeys[i]}:${Number(outputs[name]!.data[0]!.toPrecision(stepDigits))}`;
      for (const [name, value] of Object.entries(extraNumbers))
        line += `,${JSON.stringify(name)}:${Number(value.toPrecision(stepDigits))}`;
      unwritten += `${line}}\n`;
    },
    write: writeLines,
    async sync(): Promise<void> {
      await writeLines();
      await runLog.sync();
    },
    close: runLog.close,
  };
}

/**
 * Describes a step, whose scalars are added to their means over an epoch. The loss of a task is weighted by the weights of the step's rows in
 * that task, so a batch without such rows does not change the mean; every other scalar is weighted by the number of rows.
 */
interface StepNumbers {
  readonly epoch: number;
  readonly step: number;
  /** For each task, the sum of the rows' weights, if the inputs are only those of some rows. */
  readonly counts?: ReadonlyMap<string, number>;
}

export type StepSums = ReturnType<typeof makeStepSums>;

/** Prefix of an output's name in a checkpoint, for the sum of weights of its rows. */
const countedPrefix = 'counted:';

export function makeStepSums(
  { step: { graph, inputs }, tasks }: Pick<Plan, 'step' | 'tasks'>,
  saved?: { readonly sums: Readonly<Record<string, number>>; readonly rows: number },
) {
  const scalarNames = scalarOutputs(graph);
  invariant(scalarNames.includes('loss'), `graph ${graph.name} gives no loss`);
  const taskRows = makeTaskRows({ tasks, step: { graph, inputs } });
  // The loss of a single task is the whole loss.
  const taskOf = (name: string): string | undefined =>
    tasks.find((task) => name === `loss:${task.name}` || (name === 'loss' && tasks.length === 1))?.name;
  const taskNames = scalarNames.map(taskOf);
  const weightedSums = new Float64Array(scalarNames.map((name) => saved?.sums[name] ?? 0));
  let rowTotal = saved?.rows ?? 0;
  const countedWeights = new Float64Array(scalarNames.map((name) => saved?.sums[countedPrefix + name] ?? rowTotal));
  return {
    /** @throws Failure `loss-not-finite` */
    add(
      inputs: Tensors,
      outputs: Tensors,
      rows: number,
      { epoch, step, counts = taskRows(inputs) }: StepNumbers,
    ): void {
      for (let i = 0; i < scalarNames.length; i++) {
        const value = outputs[scalarNames[i]!]!.data[0]!;
        if (!Number.isFinite(value)) {
          throw failure('loss-not-finite', { epoch, step, value: String(value), output: wordsOf(scalarNames[i]!) });
        }
        const weight = counts.get(taskNames[i] ?? '') ?? rows;
        weightedSums[i]! += value * weight;
        countedWeights[i]! += weight;
      }
      rowTotal += rows;
    },
    get rows() {
      return rowTotal;
    },
    /** Returns the mean of `loss`; 0 if no row counted. */
    loss(): number {
      const i = scalarNames.indexOf('loss');
      return countedWeights[i] === 0 ? 0 : weightedSums[i]! / countedWeights[i]!;
    },
    /** Returns the means of all scalars but `loss`. The loss of a task for which no row counted is absent. */
    means: (): Record<string, number> =>
      Object.fromEntries(
        scalarNames.flatMap((name, i) =>
          name === 'loss' || countedWeights[i] === 0 ? [] : [[name, weightedSums[i]! / countedWeights[i]!]],
        ),
      ),
    /** Returns the sums for a checkpoint, which restores them bit for bit. */
    sums(): Record<string, number> {
      const sums: Record<string, number> = {};
      for (const [i, name] of scalarNames.entries()) {
        sums[name] = weightedSums[i]!;
        // For most outputs all rows count.
        if (countedWeights[i] !== rowTotal) sums[countedPrefix + name] = countedWeights[i]!;
      }
      return sums;
    },
  };
}

export function scalarOutputs({ outputs, nodes }: Graph): readonly string[] {
  return outputs.filter(({ node }) => nodes[node]!.type.shape.length === 0).map(({ name }) => name);
}

const wordsOf = (output: string): string =>
  output.startsWith('loss:') ? `the loss of task \`${output.slice('loss:'.length)}\`` : `the ${output}`;

/** Returns, by task, the sum of the weights of a batch's rows, by which the task's loss is divided. A task that is absent counts all rows alike. */
type TaskRows = (inputs: Tensors) => ReadonlyMap<string, number>;

export function makeTaskRows({ tasks, step }: Pick<Plan, 'tasks' | 'step'>): TaskRows {
  const factorNames = tasks.flatMap((task) => {
    const names = step.inputs.flatMap(({ name, source }) => (isFactor(source, task) ? [name] : []));
    return names.length === 0 ? [] : [[task.name, names] as const];
  });
  return (inputs) =>
    new Map(factorNames.map(([task, names]) => [task, sumOfProducts(names.map((name) => inputs[name]!))]));
}

/** True if the weight of a row in a task is multiplied by this input. */
function isFactor(source: InputSource, { label, only, weight }: TaskPlan): boolean {
  if (source.from === 'label_known') return source.label === label;
  if (source.from === 'label') return source.label === only || source.label === weight;
  return source.from === 'numbers' && source.feature === weight && source.rows.kind === 'events';
}

function sumOfProducts(factors: readonly Tensors[string][]): number {
  let sum = 0;
  for (let row = 0; row < factors[0]!.data.length; row++) {
    sum += factors.reduce((product, { data }) => product * data[row]!, 1);
  }
  return sum;
}
