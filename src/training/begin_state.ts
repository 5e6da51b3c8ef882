/** Creates the initial state of a run, both for training and for repeating one of its steps. */
import { invariant } from '../base/diagnostics/diagnostic.ts';
import { type Dataset, type Events, sumLabels, type TrainingShards } from '../data/dataset.ts';
import type { Tensors } from '../engines/engine.ts';
import type { WorkerGroup } from '../engines/group.ts';
import { type Graph, tensorOf } from '../graph/graph.ts';
import { graphInPrecision, type Precision } from '../graph/in_bfloat16.ts';
import { initialValues } from '../graph/initial.ts';
import { type FeaturePlan, hasMinedRows, type Plan } from '../graph/plan/plan.ts';
import type { TrainingState } from './artifact/checkpoint.ts';
import type { Edges } from './embedding/propagation.ts';
import { largestStep, makeTables, type Tables } from './embedding/tables.ts';
import { type Feeder, makeFeeder } from './feed/feeder.ts';
import { type LatestEvents, latestInMemory, latestInShards } from './feed/latest.ts';
import { type AnyEpoch, type EventOrder, orderOf } from './feed/order.ts';
import { planWithFittedStep } from './fitted_step.ts';
import { feedFromShards } from './shards/feed.ts';
import type { TrainOptions } from './train_options.ts';
import { makeTableWire } from './workers/table_wire.ts';
import { sharedStep } from './workers/talk.ts';

/** Makes the tables with their initial values. @throws Failure `too-large-for-memory`, `table-too-large` before anything is allocated */
export function tablesOf(options: Pick<TrainOptions, 'plan' | 'dataset' | 'group' | 'sharesTables'>): Tables {
  const { plan, dataset, group, sharesTables } = options;
  const maxSizes = largestStep(dataset, orderOf(plan, dataset.parts.train));
  const wire = group && sharesTables ? makeTableWire(group) : undefined;
  const stepPlan = planWithFittedStep(plan, dataset.corpus.rows);
  return makeTables(stepPlan, dataset.encodings, maxSizes, dataset.firstValues, wire);
}

export interface InitialState extends TrainingState {
  readonly order: EventOrder<AnyEpoch>;
  readonly graph: Graph;
  readonly group?: WorkerGroup;
  /** Present if an epoch begins with the vectors of users. */
  readonly latest?: LatestEvents;
}

export async function beginState(
  { plan, dataset, engine }: Pick<TrainOptions, 'plan' | 'dataset' | 'engine'>,
  precision: Precision,
  tables: Tables,
  group?: WorkerGroup,
): Promise<InitialState> {
  const { step, train } = planWithFittedStep(plan, dataset.corpus.rows);
  const graph = graphInPrecision(group ? sharedStep(step) : step.graph, precision, plan);
  connectGraph(plan, tables, dataset.parts.train);
  const latest = await latestFor(plan, dataset);
  const means = labelMeans(plan, dataset.parts.train, dataset.shards?.labelSums);
  await group?.note('prepares its step');
  const program = await engine.prepare(graph, { ...initialValues(step.graph, train.seed), ...means });
  const { shards } = dataset;
  const feederOf = (events: Events): Feeder =>
    makeFeeder({
      plan: step,
      events,
      latestUsers: latest?.users,
      corpus: dataset.corpus,
      features: plan.features,
      tables,
      seed: train.seed,
      batch: train.batch,
      share: group,
    });
  try {
    const { order, feeder } = shards
      ? await feedFromShards({ ...dataset, shards }, plan, feederOf)
      : { order: orderOf(plan, dataset.parts.train), feeder: feederOf(dataset.parts.train) };
    return { tables, program, feeder, order, graph, group, latest };
  } catch (error) {
    await program.close();
    throw error;
  }
}

export async function closeState({ feeder, program }: TrainingState): Promise<void> {
  feeder.close();
  await program.close();
}

/** Returns undefined if a plan does not ask the towers about users. @throws Failure `shards-damaged` */
async function latestFor(plan: Plan, { parts, shards, users }: Dataset): Promise<LatestEvents | undefined> {
  if (!hasMinedRows(plan)) return undefined;
  return shards ? latestInShards(shards.latest!) : latestInMemory(parts.train, users.seen);
}

/**
 * Returns the value of `mean` in scores: the mean of the task's label over the training part, float32 [1], by the name of its parameter.
 * @param knownSums sums by task, where the events are in files
 */
export function labelMeans(
  { tasks }: Pick<Plan, 'tasks'>,
  events: Events,
  knownSums?: TrainingShards['labelSums'],
): Tensors {
  return Object.fromEntries(
    tasks.flatMap((task) => {
      if (task.mean === undefined || task.label === undefined) return [];
      // Events are weighted as in the loss. The mean is 0 if all weights are 0.
      const { sum, total } = (knownSums ? knownSums.get(task.name)! : sumLabels(task, events)).weighted;
      return [[task.mean, tensorOf(Float32Array.of(total === 0 ? 0 : sum / total))]];
    }),
  );
}

/** Builds the edges of `train.graph`, if there is one, from the training events alone: held-out events are not in the graph. */
export function connectGraph(
  { train, features }: Pick<Plan, 'train' | 'features'>,
  tables: Tables,
  training: Events,
): void {
  if (train.graph === undefined) return;
  const [first, second] = train.graph.tables;
  const { graph } = tables.get(first)!;
  invariant(graph && graph === tables.get(second)!.graph, `tables ${first} and ${second} share a graph`);
  graph.setEdges(edgesOf(codesOf(training, features, first), codesOf(training, features, second), training.rows));
}

interface GraphCodes {
  codeAt(row: number): number;
  /** The code of values outside of the vocabulary; −1 if there is no such code. */
  readonly unknown: number;
}

function codesOf({ features }: Events, plans: readonly FeaturePlan[], name: string): GraphCodes {
  const indexed = features.get(name);
  const plan = plans.find((feature) => feature.name === name);
  invariant(plan && indexed?.column.kind === 'codes', `feature ${name} has one code a row`);
  const { index, column } = indexed;
  const { values } = column;
  return {
    codeAt: index ? (row) => values[index[row]!]! : (row) => values[row]!,
    // All unknown values share a row of the table. As a node of the graph it would connect unrelated values.
    unknown: plan.encoder.kind === 'vocabulary' ? 0 : -1,
  };
}

/** Returns each distinct pair once, in ascending order of the first code. */
function edgesOf(first: GraphCodes, second: GraphCodes, rows: number): Edges {
  const neighboursOf = new Map<number, Set<number>>();
  for (let row = 0; row < rows; row++) {
    const [a, b] = [first.codeAt(row), second.codeAt(row)];
    if (a === first.unknown || b === second.unknown) continue;
    neighboursOf.set(a, (neighboursOf.get(a) ?? new Set()).add(b));
  }
  const count = [...neighboursOf.values()].reduce((sum, neighbours) => sum + neighbours.size, 0);
  const edges = { first: new Int32Array(count), second: new Int32Array(count) };
  let edge = 0;
  for (const a of [...neighboursOf.keys()].sort((x, y) => x - y)) {
    for (const b of neighboursOf.get(a)!) {
      edges.first[edge] = a;
      edges.second[edge++] = b;
    }
  }
  return edges;
}
