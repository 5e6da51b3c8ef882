/** Profiles one training: chooses the steps that it watches, and writes the profile after the last step. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { awaitWrite } from '../base/diagnostics/diagnostic.ts';
import { writeTextDurably } from '../base/storage/durable.ts';
import { listRowIndexes } from '../base/util/objects.ts';
import { copyTensors } from '../engines/check.ts';
import type { OpTimes, Tensors } from '../engines/engine.ts';
import type { EventOrder } from './feed/order.ts';
import { planWithFittedStep } from './fitted_step.ts';
import {
  blockOf,
  type Profile,
  type ProfiledGraph,
  profileFile,
  profileFolder,
  profileOf,
  type SampledStep,
  type StepMeasurements,
  StepWatch,
  traceFile,
} from './step_profile.ts';
import type { TrainOptions } from './train_options.ts';
import type { InitialState } from './training_step.ts';

/** Maximum number of steps whose inputs are stored to time each op, and their maximum bytes together. */
const [maxInputs, maxBytes] = [5, 2 ** 29];

export class Profiler {
  private readonly steps: SampledStep[] = [];
  private readonly inputs: Tensors[] = [];
  private inputBytes = 0;
  private origin: number | undefined;

  /** @param sampled the steps to watch */
  constructor(
    private readonly options: Pick<TrainOptions, 'folder' | 'engine'>,
    private readonly profiled: ProfiledGraph & { readonly rows: number },
    private readonly sampled: ReadonlySet<number>,
  ) {}

  watchStep(step: number): StepWatch | undefined {
    if (!this.sampled.has(step)) return undefined;
    this.origin ??= performance.now();
    return new StepWatch(step, this.origin, {
      keep: (inputs) => this.keep(inputs),
      end: (sampled) => this.steps.push(sampled),
    });
  }

  private keep(inputs: Tensors): void {
    const bytes = Object.values(inputs).reduce((sum, { data }) => sum + data.byteLength, 0);
    if (this.inputs.length === maxInputs || this.inputBytes + bytes > maxBytes) return;
    this.inputBytes += bytes;
    this.inputs.push(copyTensors(inputs));
  }

  /** Runs the graph op by op, and writes both files. Returns undefined if no step was watched. @throws Failure `cannot-write`, and those of the engine */
  async end({ program, group }: InitialState): Promise<Profile | undefined> {
    const { steps, inputs, profiled } = this;
    const { folder, engine } = this.options;
    if (steps.length === 0) return undefined;
    const times = await this.timesOf(program, group !== undefined);
    const engineNames = { name: engine.name, version: engine.version };
    const measurements = { ...profiled, engine: engineNames, steps, inputs, times };
    const profile = profileOf(measurements);
    await awaitWrite(join(folder, profileFolder), mkdir(join(folder, profileFolder), { recursive: true }));
    await writeTextDurably(join(folder, traceFile), `${JSON.stringify(traceOf(measurements))}\n`);
    await writeTextDurably(join(folder, profileFile), `${JSON.stringify(profile, undefined, 1)}\n`);
    return profile;
  }

  private async timesOf(program: InitialState['program'], isShared: boolean): Promise<OpTimes | string> {
    const { engine } = this.options;
    // The ops of a shared step cannot run here: they wait for other workers, which have ended by now.
    if (isShared) return 'The graph is one row: ops are not listed, because workers shared the steps.';
    if (!engine.timeOps) return `The graph is one row: the engine ${engine.name} does not distinguish its ops.`;
    if (this.inputs.length === 0) return 'The graph is one row: the inputs of a step are too large to be kept.';
    return engine.timeOps(this.profiled.graph, await program.read(), this.inputs);
  }
}

/** Returns undefined if no profile is requested. The last argument has the steps done before, and the steps of the whole run. */
export function profilerOf(
  { folder, engine, plan, dataset, profile }: TrainOptions,
  { graph }: InitialState,
  order: Pick<EventOrder, 'steps'>,
  [doneSteps, total]: readonly [number, number],
): Profiler | undefined {
  if (!profile) return undefined;
  const { towers, train } = planWithFittedStep(plan, dataset.corpus.rows);
  return new Profiler(
    { folder, engine },
    { graph, places: profile.places, rows: train.batch, towers: towers.map(({ name }) => name) },
    sampledSteps(doneSteps, total, order.steps),
  );
}

const maxSamples = 16;

/** Samples are taken within this many steps, so that an early stop does not leave a profile without steps. */
const sampledRange = 400;

/**
 * Returns steps that are spread evenly over the first ones of this call. The first tenth is excluded, because everything happens there for the first time. @param
 * doneSteps steps that were done before @param total steps of the whole run @param stepsPerEpoch steps of an epoch: the last one may have fewer rows, and is
 * excluded if there are others
 */
export function sampledSteps(doneSteps: number, total: number, stepsPerEpoch: number): ReadonlySet<number> {
  const steps = Math.min(sampledRange, total - doneSteps);
  const firstSampled = Math.ceil(steps / 10);
  const isFullBatch = (step: number): boolean => stepsPerEpoch === 1 || step % stepsPerEpoch !== 0;
  const wholeSteps = [...listRowIndexes(Math.max(0, steps - firstSampled))]
    .map((index) => doneSteps + firstSampled + index + 1)
    .filter(isFullBatch);
  if (wholeSteps.length === 0) return new Set([total].filter((step) => step > doneSteps));
  const sampleCount = Math.min(maxSamples, wholeSteps.length);
  const stepAt = (index: number): number => wholeSteps[Math.floor((index * wholeSteps.length) / sampleCount)]!;
  return new Set(Array.from({ length: sampleCount }, (_, index) => stepAt(index)));
}

// A profile as a Chrome trace, which chrome://tracing and Perfetto open: the sampled steps as they ran, and next to them the runs op by op. Times are
// microseconds.
// https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU

export type Trace = ReturnType<typeof traceOf>;

const [trainingProcess, opByOpProcess] = [1, 2];
/** Milliseconds between two runs, so that they can be distinguished. */
const runGap = 1;

function traceOf({ graph, towers, places, engine, steps, times }: StepMeasurements) {
  const runs = typeof times === 'string' ? [] : times.runs;
  const traceEvents: (ReturnType<typeof nameEvent> | ReturnType<typeof completeEvent>)[] = [
    nameEvent('process_name', trainingProcess, 0, 'training, sampled steps'),
    nameEvent('thread_name', trainingProcess, 1, 'steps'),
    nameEvent('thread_name', trainingProcess, 2, 'host and engine'),
  ];
  for (const { step, start, milliseconds, parts } of steps) {
    traceEvents.push(completeEvent(`step ${step}`, 'step', { start, milliseconds }, [trainingProcess, 1], { step }));
    for (const timed of parts)
      traceEvents.push(completeEvent(timed.name, timed.part, timed, [trainingProcess, 2], { step }));
  }
  if (runs.length > 0) {
    traceEvents.push(
      nameEvent('process_name', opByOpProcess, 0, `ops on ${engine.name}, measured after training`),
      nameEvent('thread_name', opByOpProcess, 1, 'ops'),
    );
  }
  let runStart = 0;
  for (const [index, run] of runs.entries()) {
    for (const { op, node, start, milliseconds } of run) {
      const { label = '', op: kind } = node === undefined ? { op: 'several' } : graph.nodes[node]!;
      const { name: block, place } = blockOf(label, towers, places);
      const position = place && { place: `${place.file}:${place.line}:${place.column}` };
      const args = { block, op: kind, label, run: index + 1, ...(node === undefined ? {} : { node }), ...position };
      const time = { start: runStart + start, milliseconds };
      traceEvents.push(completeEvent(op, block, time, [opByOpProcess, 1], args));
    }
    const lastOp = run.at(-1);
    runStart += runGap + (lastOp ? lastOp.start + lastOp.milliseconds : 0);
  }
  return { displayTimeUnit: 'ms', traceEvents };
}

/** Returns something that began at `start` and took some milliseconds. */
const completeEvent = (
  name: string,
  cat: string,
  { start, milliseconds }: { readonly start: number; readonly milliseconds: number },
  [pid, tid]: readonly [number, number],
  args: Readonly<Record<string, string | number>>,
) => ({ ph: 'X' as const, name, cat, ts: microseconds(start), dur: microseconds(milliseconds), pid, tid, args });

const microseconds = (milliseconds: number): number => Math.round(milliseconds * 1e6) / 1000;

/** Returns the name of a process or of a thread. */
const nameEvent = (name: 'process_name' | 'thread_name', pid: number, tid: number, text: string) => ({
  ...{ ph: 'M' as const, name, pid, tid },
  args: { name: text },
});
