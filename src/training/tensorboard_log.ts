/** Writes the curves of a run for TensorBoard: means over windows of steps, and each epoch with its validation at its last step. */
import type { Tensors } from '../engines/engine.ts';
import type { Graph } from '../graph/graph.ts';
import type { Origin } from './artifact/write_artifact.ts';
import { scalarOutputs } from './metrics_log.ts';
import { trackedNorm } from './norms.ts';
import { openEventFile, stepMeans } from './tracking/event_file.ts';
import type { EpochRecord } from './training_events.ts';

export type EventLog = Awaited<ReturnType<typeof openEventLog>>;

export interface EventLogOptions {
  readonly folder: string;
  readonly graph: Graph;
  readonly origin: Origin;
  /** Steps done before this log begins. */
  readonly done: number;
  readonly steps: number;
}

export async function openEventLog({ folder, graph, origin, done, steps }: EventLogOptions) {
  const scalarNames = scalarOutputs(graph);
  const sourceTexts = [...origin.sources, ...(origin.data ? [origin.data] : [])].map(({ name, text }) => [
    name,
    fenced(text),
  ]);
  const file = await openEventFile(folder, done, Object.fromEntries(sourceTexts));
  const stepWindows = stepMeans(scalarNames, steps, (step, values) => file.scalars(step, under('step', values)));
  return {
    add: (step: number, outputs: Tensors): void =>
      stepWindows.add(
        step,
        scalarNames.map((name) => outputs[name]!.data[0]!),
      ),
    /** Numbers of this step alone, by name: `table_norm:movie_id` is `table_norm/movie_id` there. */
    addNorms: (step: number, values: Readonly<Record<string, number>>): void =>
      file.scalars(step, Object.fromEntries(Object.entries(values).map(([name, value]) => [trackedNorm(name), value]))),
    addEpoch({ step, loss, scalars, rates, examplesPerSecond, milliseconds, validation = {} }: EpochRecord): void {
      file.scalars(step, {
        ...under('epoch', { loss, ...scalars }),
        ...under('validation', validation),
        ...under('rate', rates),
        ...under('speed', { examples_per_second: examplesPerSecond }),
        ...under('milliseconds', milliseconds),
      });
    },
    write: file.write,
    async close(): Promise<void> {
      stepWindows.end();
      await file.write();
      await file.close();
    },
  };
}

const under = (group: string, values: Readonly<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [`${group}/${name}`, value]));

/** Wraps a model in a Markdown fence that is longer than any run of backticks in it. */
function fenced(text: string): string {
  const longestTicks = [...text.matchAll(/`+/g)].reduce((most, [ticks]) => Math.max(most, ticks.length), 2);
  const fence = '`'.repeat(longestTicks + 1);
  return `${fence}\n${text}\n${fence}`;
}
