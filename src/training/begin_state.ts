/** How a run begins: the same where it is trained and where a step of it is taken again. */
import { defined } from '../base/util/defined.ts';
import type { Dataset, Events, TrainingShards } from '../data/dataset.ts';
import { labelSums } from '../data/dataset.ts';
import type { Engine, Tensors } from '../engines/engine.ts';
import type { WorkerGroup } from '../engines/group.ts';
import type { Graph } from '../graph/graph.ts';
import { initialValues } from '../graph/initial.ts';
import type { Plan, TaskPlan } from '../graph/plan/plan.ts';
import { inPrecision, type Precision } from '../graph/plan/precision.ts';
import type { TrainingState } from './artifact/training_state.ts';
import type { AnyEpoch } from './batches.ts';
import { largestStep, makeTables, type Tables } from './embedding/tables.ts';
import { type Feeder, makeFeeder } from './feed/feeder.ts';
import { connectGraph } from './feed/graph.ts';
import { fitted } from './fitted_step.ts';
import { type EventOrder, orderOf } from './order.ts';
import { feedFromShards } from './shards/feed.ts';
import { makeTableWire } from './workers/table_wire.ts';
import { sharedStep } from './workers/talk.ts';

/**
 * Tables at their first values.
 * @throws Failure `too-large-for-memory`, `table-too-large` before anything is allocated
 */
export const tablesOf = ({ plan, dataset, group, sharesTables }: TrainingTablesOptions): Tables =>
  makeTables(
    fitted(plan, dataset.corpus.rows),
    dataset.encodings,
    largestStep(dataset, orderOf(plan, dataset.parts.train)),
    dataset.firstValues,
    group && sharesTables ? makeTableWire(group) : undefined,
  );

export interface TrainingTablesOptions {
  readonly plan: Plan;
  readonly dataset: Dataset;
  readonly group?: WorkerGroup;
  /** True if the workers of the group share the rows of tables; otherwise each holds all of them. */
  readonly sharesTables?: boolean;
}

export interface BegunState extends TrainingState {
  readonly order: EventOrder<AnyEpoch>;
  readonly graph: Graph;
  /** The workers that take each step together; absent: this one alone. */
  readonly group?: WorkerGroup;
}

export interface BeginOptions {
  readonly plan: Plan;
  readonly dataset: Dataset;
  readonly engine: Engine;
  readonly precision: Precision;
}

/** The state before the first step; `tables` are at their first values. */
export async function beginState(
  { plan, dataset, engine, precision }: BeginOptions,
  tables: Tables,
  group?: WorkerGroup,
): Promise<BegunState> {
  const { step, train } = fitted(plan, dataset.corpus.rows);
  const graph = inPrecision(group ? sharedStep(step) : step.graph, precision, plan);
  connectGraph(plan, tables, dataset.parts.train);
  const feederOf = (events: Events): Feeder =>
    makeFeeder({
      plan: step,
      events,
      corpus: dataset.corpus,
      features: plan.features,
      tables,
      seed: train.seed,
      batch: train.batch,
      ...defined({ share: group }),
    });
  const { shards } = dataset;
  const { order, feeder } = shards
    ? await feedFromShards(shards, plan, feederOf)
    : { order: orderOf(plan, dataset.parts.train), feeder: feederOf(dataset.parts.train) };
  try {
    const initialTensors = {
      ...initialValues(step.graph, train.seed),
      ...labelMeans(plan, dataset.parts.train, shards?.labelSums),
    };
    await group?.note('prepares its step');
    const program = await engine.prepare(graph, initialTensors);
    return { tables, program, feeder, order, graph, ...defined({ group }) };
  } catch (error) {
    feeder.close();
    throw error;
  }
}

/**
 * Returns what a score adds as `mean`: the mean of the task's label over the training part, float32 [1], by the parameter that holds it.
 * @param known sums by task, where the events are in files
 */
export function labelMeans(
  { tasks }: Pick<Plan, 'tasks'>,
  events: Events,
  known?: TrainingShards['labelSums'],
): Tensors {
  return Object.fromEntries(
    tasks.flatMap((task) => {
      if (task.mean === undefined || task.label === undefined) return [];
      const data = Float32Array.of(meanOf(task, events, known));
      return [[task.mean, { dtype: 'float32' as const, shape: [1], data }]];
    }),
  );
}

/** Each event counts as in the loss. 0 where none counts. */
function meanOf(task: TaskPlan, events: Events, known?: TrainingShards['labelSums']): number {
  const { sum, total } = (known ? known.get(task.name)! : labelSums(task, events)).weighted;
  return total === 0 ? 0 : sum / total;
}
