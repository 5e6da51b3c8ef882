/** Profiles one training: chooses the steps that it watches, and writes the profile after the last step. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writing } from '../base/diagnostics/system_reason.ts';
import { writeTextDurably } from '../base/storage/durable.ts';
import type { Engine, OpTimes } from '../engines/engine.ts';
import type { Graph } from '../graph/graph.ts';
import type { BegunState } from './begin_state.ts';
import type { EventOrder } from './feed/order.ts';
import { planWithFittedStep } from './fitted_step.ts';
import {
  type BlockPosition,
  blockOf,
  type Profile,
  profileFile,
  profileFolder,
  profileOf,
  type SampledStep,
  StepSamples,
  type StepWatch,
  traceFile,
} from './step_profile.ts';
import type { TrainOptions } from './train_options.ts';

export interface ProfilerOptions {
  readonly folder: string;
  readonly engine: Engine;
  readonly graph: Graph;
  readonly towers: readonly string[];
  /** Source positions of the model's flow steps, scores and losses, by node label. */
  readonly places: ReadonlyMap<string, BlockPosition>;
  readonly batchRows: number;
}

export class Profiler {
  private readonly samples = new StepSamples();
  private readonly steps: ReadonlySet<number>;

  /** @param steps arguments of `sampledSteps` */
  constructor(
    private readonly options: ProfilerOptions,
    ...steps: Parameters<typeof sampledSteps>
  ) {
    this.steps = sampledSteps(...steps);
  }

  begin(step: number): StepWatch | undefined {
    return this.steps.has(step) ? this.samples.begin(step) : undefined;
  }

  /** Runs the graph op by op, and writes both files. Returns undefined if no step was watched. @throws Failure `cannot-write`, and those of the engine */
  async end({ program, group }: BegunState): Promise<Profile | undefined> {
    const { folder, engine, graph, towers, places, batchRows: rows } = this.options;
    const { steps, inputs } = this.samples;
    if (steps.length === 0) return undefined;
    const opTimes = await this.timesOf(program, group !== undefined);
    const engineNames = { name: engine.name, version: engine.version };
    const profile = profileOf({ engine: engineNames, graph, towers, places, rows, steps, inputs, times: opTimes });
    const runs = typeof opTimes === 'string' ? [] : opTimes.runs;
    const trace = traceOf({ graph, towers, places, engine: engine.name, steps, runs });
    await writing(join(folder, profileFolder), mkdir(join(folder, profileFolder), { recursive: true }));
    await writeTextDurably(join(folder, traceFile), `${JSON.stringify(trace)}\n`);
    await writeTextDurably(join(folder, profileFile), `${JSON.stringify(profile, undefined, 1)}\n`);
    return profile;
  }

  private async timesOf(program: BegunState['program'], isShared: boolean): Promise<OpTimes | string> {
    const { engine, graph } = this.options;
    // The ops of a shared step cannot run here: they wait for other workers, which have ended by now.
    if (isShared) return 'The graph is one row: ops are not listed, because workers shared the steps.';
    if (!engine.timeOps) return `The graph is one row: the engine ${engine.name} does not distinguish its ops.`;
    if (this.samples.inputs.length === 0) return 'The graph is one row: the inputs of a step are too large to be kept.';
    return engine.timeOps(graph, await program.read(), this.samples.inputs);
  }
}

/** Returns undefined if no profile is requested. The last argument has the steps done before, and the steps of the whole run. */
export function profilerOf(
  { folder, engine, plan, dataset, profile }: TrainOptions,
  { graph }: BegunState,
  order: Pick<EventOrder, 'steps'>,
  [done, total]: readonly [number, number],
): Profiler | undefined {
  if (!profile) return undefined;
  const { towers, train } = planWithFittedStep(plan, dataset.corpus.rows);
  return new Profiler(
    { folder, engine, graph, places: profile.places, batchRows: train.batch, towers: towers.map(({ name }) => name) },
    done,
    total,
    order.steps,
  );
}

const maxSamples = 16;

/** Samples are taken within this many steps, so that an early stop does not leave a profile without steps. */
const sampledRange = 400;

/**
 * Returns steps that are spread evenly over the first ones of this call. The first tenth is excluded, because everything happens there for the first time.
 * @param done steps that were done before
 * @param total steps of the whole run
 * @param stepsPerEpoch steps of an epoch: the last one may have fewer rows, and is excluded if there are others
 */
export function sampledSteps(done: number, total: number, stepsPerEpoch: number): ReadonlySet<number> {
  const steps = Math.min(sampledRange, total - done);
  const firstSampled = Math.ceil(steps / 10);
  const isWhole = (step: number): boolean => stepsPerEpoch === 1 || step % stepsPerEpoch !== 0;
  const wholeSteps = Array.from(
    { length: Math.max(0, steps - firstSampled) },
    (_, index) => done + firstSampled + index + 1,
  ).filter(isWhole);
  if (wholeSteps.length <= maxSamples)
    return new Set(wholeSteps.length > 0 ? wholeSteps : [total].filter((step) => step > done));
  return new Set(
    Array.from({ length: maxSamples }, (_, index) => wholeSteps[Math.floor((index * wholeSteps.length) / maxSamples)]!),
  );
}

// A profile as a Chrome trace, which chrome://tracing and Perfetto open: the sampled steps as they ran, and next to them the runs op by op. Times are
// microseconds.
// https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU

/** `X` is something that began at `ts` and took `dur`; `M` names a process or a thread. */
type TraceEvent =
  | {
      readonly ph: 'X';
      readonly name: string;
      readonly cat: string;
      readonly ts: number;
      readonly dur: number;
      readonly pid: number;
      readonly tid: number;
      readonly args: Readonly<Record<string, string | number>>;
    }
  | {
      readonly ph: 'M';
      readonly name: 'process_name' | 'thread_name';
      readonly pid: number;
      readonly tid: number;
      readonly args: { readonly name: string };
    };

export interface Trace {
  readonly displayTimeUnit: 'ms';
  readonly traceEvents: readonly TraceEvent[];
}

interface TraceOptions {
  readonly graph: Graph;
  readonly towers: readonly string[];
  readonly places: ReadonlyMap<string, BlockPosition>;
  readonly engine: string;
  readonly steps: readonly SampledStep[];
  readonly runs: OpTimes['runs'];
}

const [training, apart] = [1, 2];
/** Milliseconds between two runs, so that they can be distinguished. */
const gap = 1;

function traceOf({ graph, towers, places, engine, steps, runs }: TraceOptions): Trace {
  const traceEvents: TraceEvent[] = [
    named('process_name', training, 0, 'training, sampled steps'),
    named('thread_name', training, 1, 'steps'),
    named('thread_name', training, 2, 'host and engine'),
  ];
  for (const { step, start, milliseconds, parts } of steps) {
    traceEvents.push(complete(`step ${step}`, 'step', start, milliseconds, [training, 1], { step }));
    for (const part of parts) {
      traceEvents.push(complete(part.name, part.part, part.start, part.milliseconds, [training, 2], { step }));
    }
  }
  if (runs.length > 0) {
    traceEvents.push(
      named('process_name', apart, 0, `ops on ${engine}, measured after training`),
      named('thread_name', apart, 1, 'ops'),
    );
  }
  let runStart = 0;
  for (const [index, run] of runs.entries()) {
    for (const { op, node, start, milliseconds } of run) {
      const { label = '', op: kind } = node === undefined ? { op: 'several' } : graph.nodes[node]!;
      const { name: block, place } = blockOf(label, towers, places);
      const where = place && { place: `${place.file}:${place.line}:${place.column}` };
      const args = { block, op: kind, label, run: index + 1, ...(node === undefined ? {} : { node }), ...where };
      traceEvents.push(complete(op, block, runStart + start, milliseconds, [apart, 1], args));
    }
    const lastOp = run.at(-1);
    runStart += gap + (lastOp ? lastOp.start + lastOp.milliseconds : 0);
  }
  return { displayTimeUnit: 'ms', traceEvents: traceEvents };
}

const complete = (
  name: string,
  cat: string,
  start: number,
  milliseconds: number,
  [pid, tid]: readonly [number, number],
  args: Readonly<Record<string, string | number>>,
): TraceEvent => ({ ph: 'X', name, cat, ts: microseconds(start), dur: microseconds(milliseconds), pid, tid, args });

const microseconds = (milliseconds: number): number => Math.round(milliseconds * 1e6) / 1000;

const named = (name: 'process_name' | 'thread_name', pid: number, tid: number, text: string): TraceEvent => ({
  ph: 'M',
  name,
  pid,
  tid,
  args: { name: text },
});
