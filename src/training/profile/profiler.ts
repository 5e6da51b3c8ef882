/** The profile of one training: which steps it watches, and what it makes of them once the last step is done. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writing } from '../../base/diagnostics/system_reason.ts';
import { writeTextDurably } from '../../base/storage/durable.ts';
import type { Engine } from '../../engines/engine.ts';
import type { OpTimes } from '../../engines/op_times.ts';
import type { Graph } from '../../graph/graph.ts';
import type { BegunState } from '../begin_state.ts';
import { fitted } from '../fitted_step.ts';
import type { EventOrder } from '../order.ts';
import type { TrainOptions } from '../train_options.ts';
import type { BlockPosition } from './block_of.ts';
import { profileFile, profileFolder, traceFile } from './files.ts';
import { type Profile, profileOf } from './profile.ts';
import { StepSamples, type StepWatch } from './step_watch.ts';
import { traceOf } from './trace.ts';

export interface ProfilerOptions {
  readonly folder: string;
  readonly engine: Engine;
  readonly graph: Graph;
  readonly towers: readonly string[];
  /** Positions of steps, scores and losses, by the label of their nodes. */
  readonly places: ReadonlyMap<string, BlockPosition>;
  readonly rows: number;
}

export class Profiler {
  private readonly samples = new StepSamples();
  private readonly steps: ReadonlySet<number>;

  /** @param steps as of `sampledSteps` */
  constructor(
    private readonly of: ProfilerOptions,
    ...steps: Parameters<typeof sampledSteps>
  ) {
    this.steps = sampledSteps(...steps);
  }

  begin(step: number): StepWatch | undefined {
    return this.steps.has(step) ? this.samples.begin(step) : undefined;
  }

  /**
   * Runs the graph op by op, and writes both files. Undefined where no step was watched.
   * @throws Failure `cannot-write`, and those of the engine
   */
  async end({ program, group }: BegunState): Promise<Profile | undefined> {
    const { folder, engine, graph, towers, places, rows } = this.of;
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
    const { engine, graph } = this.of;
    // Its ops wait for other workers, which have ended by now.
    if (isShared) return 'The graph is one row: its ops are not timed while workers share a step.';
    if (!engine.timeOps) return `The graph is one row: the engine ${engine.name} does not distinguish its ops.`;
    if (this.samples.inputs.length === 0) return 'The graph is one row: the inputs of a step are too large to be kept.';
    return engine.timeOps(graph, await program.read(), this.samples.inputs);
  }
}

/** Undefined where no profile is requested. `steps`: done before, and of the whole run. */
export function profilerOf(
  { folder, engine, plan, dataset, profile }: TrainOptions,
  { graph }: BegunState,
  order: Pick<EventOrder, 'steps'>,
  [done, total]: readonly [number, number],
): Profiler | undefined {
  if (!profile) return undefined;
  const { towers, train } = fitted(plan, dataset.corpus.rows);
  return new Profiler(
    {
      ...{ folder, engine, graph, places: profile.places, rows: train.batch },
      towers: towers.map(({ name }) => name),
    },
    done,
    total,
    order.steps,
  );
}

const maxSamples = 16;

/** They lie among so many steps: an early stop must not leave a profile without steps. */
const sampledRange = 400;

/**
 * Steps spread evenly over the first of those that this call takes, without the first tenth, in which everything is done for the first
 * time.
 * @param done steps that were done before
 * @param total steps of the whole run
 * @param ofEpoch steps of an epoch: the last one may have fewer rows, and is left out where there are others
 */
export function sampledSteps(done: number, total: number, ofEpoch: number): ReadonlySet<number> {
  const steps = Math.min(sampledRange, total - done);
  const firstSampled = Math.ceil(steps / 10);
  const isWhole = (step: number): boolean => ofEpoch === 1 || step % ofEpoch !== 0;
  const wholeSteps = Array.from(
    { length: Math.max(0, steps - firstSampled) },
    (_, at) => done + firstSampled + at + 1,
  ).filter(isWhole);
  if (wholeSteps.length <= maxSamples)
    return new Set(wholeSteps.length > 0 ? wholeSteps : [total].filter((step) => step > done));
  return new Set(
    Array.from({ length: maxSamples }, (_, at) => wholeSteps[Math.floor((at * wholeSteps.length) / maxSamples)]!),
  );
}
