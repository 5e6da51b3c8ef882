/** Writes the curves of a run for TensorBoard: means over windows of steps, and each epoch with its validation at its last step. */
import type { Tensors } from '../engines/engine.ts';
import type { Graph } from '../graph/graph.ts';
import type { Origin } from './artifact/write_artifact.ts';
import { scalarOutputs } from './metrics_log.ts';
import { openEventFile, stepMeans } from './tracking/event_file.ts';
import type { EpochRecord } from './train_options.ts';
import { trackedNorm } from './training_step.ts';

export type EventLog = Awaited<ReturnType<typeof openEventLog>>;

export interface EventLogOptions {
  readonly folder: string;
  readonly graph: Graph;
  readonly origin: Origin;
  /** Steps done before this log begins. */
  readonly doneSteps: number;
  readonly steps: number;
}

export async function openEventLog({ folder, graph, origin, doneSteps, steps }: EventLogOptions) {
  const scalarNames = scalarOutputs(graph);
  const sources = [...origin.sources, ...(origin.data ? [origin.data] : [])];
  const texts = Object.fromEntries(sources.map(({ name, text }) => [name, fenceText(text)]));
  const file = await openEventFile(folder, doneSteps, texts);
  const stepWindows = stepMeans(scalarNames, steps, (step, values) => file.scalars(step, inGroup('step', values)));
  const scalarsOf = (outputs: Tensors): number[] => scalarNames.map((name) => outputs[name]!.data[0]!);
  return {
    add: (step: number, outputs: Tensors): void => stepWindows.add(step, scalarsOf(outputs)),
    /** Numbers of this step alone, by name: `table_norm:movie_id` is `table_norm/movie_id` there. */
    addNorms: (step: number, values: Readonly<Record<string, number>>): void =>
      file.scalars(step, Object.fromEntries(Object.entries(values).map(([name, value]) => [trackedNorm(name), value]))),
    addEpoch({ step, loss, scalars, rates, examplesPerSecond, milliseconds, validation = {} }: EpochRecord): void {
      file.scalars(step, {
        ...inGroup('epoch', { loss, ...scalars }),
        ...inGroup('validation', validation),
        ...inGroup('rate', rates),
        ...inGroup('speed', { examples_per_second: examplesPerSecond }),
        ...inGroup('milliseconds', milliseconds),
      });
    },
    write: file.write,
    async close(): Promise<void> {
      stepWindows.endWindow();
      await file.write();
      await file.close();
    },
  };
}

const inGroup = (group: string, values: Readonly<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [`${group}/${name}`, value]));

/** Wraps a model in a Markdown fence that is longer than any run of backticks in it. */
function fenceText(text: string): string {
  const longestTicks = [...text.matchAll(/`+/g)].reduce((longest, [ticks]) => Math.max(longest, ticks.length), 2);
  const fence = '`'.repeat(longestTicks + 1);
  return `${fence}\n${text}\n${fence}`;
}
