/** Creates the initial state of a run, both for training and for repeating one of its steps, and takes steps from it. */

import { invariant } from '../base/diagnostics/diagnostic.ts';
import { type Dataset, type Events, sumLabels, type TrainingShards } from '../data/dataset.ts';
import type { Engine, Program, Tensors } from '../engines/engine.ts';
import type { WorkerGroup } from '../engines/group.ts';
import { type Graph, tensorOf } from '../graph/graph.ts';
import { graphInPrecision, type Precision } from '../graph/in_bfloat16.ts';
import { initialValues } from '../graph/initial.ts';
import { type FeaturePlan, type GraphPlan, hasMinedRows, type Plan } from '../graph/plan/plan.ts';
import type { TrainingState } from './artifact/checkpoint.ts';
import type { Edges } from './embedding/propagation.ts';
import { sharedIn, type Table, tableNorm } from './embedding/table.ts';
import { largestStep, makeTables, type Tables } from './embedding/tables.ts';
import type { FeedWatch } from './feed/draws.ts';
import { type Feeder, makeFeeder } from './feed/feeder.ts';
import { type LatestEvents, latestInMemory, latestInShards } from './feed/latest.ts';
import { type AnyEpoch, type EventOrder, orderOf } from './feed/order.ts';
import { planWithFittedStep } from './fitted_step.ts';
import type { Rates } from './learning_rates.ts';
import { makeTaskRows } from './metrics_log.ts';
import { feedFromShards } from './shards/feed.ts';
import type { StepWatch } from './step_profile.ts';
import type { TrainOptions } from './train_options.ts';
import { fetchRows, makeTableWire, packStep, sendGradients, unpackStep } from './workers/table_wire.ts';
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

// Takes one step of a training: alone, or together with other workers.

export interface StepTaken {
  readonly inputs: Tensors;
  readonly outputs: Tensors;
  /** By task, the sum of weights of the rows of all workers; absent if one worker has all rows. */
  readonly counts?: ReadonlyMap<string, number>;
  readonly stops: boolean;
  /** Times of the start, the inputs, the outputs, and the update of the tables. */
  readonly times: readonly [number, number, number, number];
}

export interface TrainingStepRequest {
  readonly rows: Int32Array;
  /** From 1, including the steps of earlier runs. */
  readonly number: number;
  readonly rates: Rates;
  readonly signal: AbortSignal | undefined;
  readonly watch?: StepWatch | undefined;
  readonly norms?: StepNorms | undefined;
  /** Called with inputs and outputs before the tables change. */
  onOutputs?(given: Pick<StepTaken, 'inputs' | 'outputs' | 'counts'>): void;
}

export async function takeStep(plan: Plan, state: InitialState, request: TrainingStepRequest): Promise<StepTaken> {
  const { feeder, program, group } = state;
  const { rows, number, rates, signal, watch, norms, onOutputs } = request;
  const fetchStart = performance.now();
  const rateInputs = { rate: rates.dense, factor: rates.denseFactor };
  const sharedTables = group ? sharedIn(state.tables) : [];
  if (group && sharedTables.length > 0) {
    feeder.collectLookups(rows, number, rateInputs);
    await fetchRows(sharedTables, group);
    watch?.partEnded('exchange', 'rows of tables', fetchStart);
  }
  const inputs = feeder.inputs(rows, number, rateInputs, watch);
  const inputsReadyAt = performance.now();
  await norms?.measureGradients(inputs);
  const fedAt = performance.now();
  // Norms are no part of a step, so their time is excluded.
  const start = fetchStart + (fedAt - inputsReadyAt);
  const outputs = await program.run(inputs);
  const ranAt = performance.now();
  watch?.partEnded('engine', 'the graph', fedAt);
  if (!group) {
    onOutputs?.({ inputs, outputs });
    feeder.apply(outputs, rates.factor, undefined, combineWatches(watch, norms));
    return { inputs, outputs, stops: false, times: [start, fedAt, ranAt, performance.now()] };
  }
  const gatherStart = performance.now();
  feeder.accumulate(outputs);
  watch?.partEnded('gradients', 'all tables', gatherStart);
  const exchangeStart = performance.now();
  const isAborted = signal?.aborted === true;
  const exchangedCounts = await exchangeGradients(plan, state, group, inputs, { number, stops: isAborted });
  watch?.partEnded('exchange', 'gradients of rows', exchangeStart);
  onOutputs?.({ inputs, outputs, ...exchangedCounts });
  const updateStart = performance.now();
  feeder.update(rates.factor);
  watch?.partEnded('update', 'all tables', updateStart);
  return { inputs, outputs, ...exchangedCounts, times: [start, fedAt, ranAt, performance.now()] };
}

function combineWatches(watch: StepWatch | undefined, norms: StepNorms | undefined): FeedWatch | undefined {
  if (!norms) return watch;
  return { partEnded: (...given) => watch?.partEnded(...given), gradientsReady: (table) => norms.measureTable(table) };
}

/** Adds the gradients of all workers to each table, in the order of ranks, so that each worker gets the same bits. */
async function exchangeGradients(
  plan: Plan,
  { tables }: InitialState,
  group: WorkerGroup,
  inputs: Tensors,
  { number, stops }: { readonly number: number; readonly stops: boolean },
): Promise<Pick<StepTaken, 'counts' | 'stops'>> {
  const trainedTables = plan.tables.flatMap(({ name, frozen }) => (frozen ? [] : [tables.get(name)!]));
  const ownTaskRows = makeTaskRows(plan)(inputs);
  const taskNames = [...ownTaskRows.keys()];
  const ownNumbers = [stops ? 1 : 0, ...ownTaskRows.values()];
  const sendNumbers = trainedTables.some(({ remote }) => remote) ? sendGradients : exchangeAll;
  const numbersOfWorkers = await sendNumbers(trainedTables, group, ownNumbers, `step ${number}`);
  const sum = (index: number): number => numbersOfWorkers.reduce((total, numbers) => total + numbers[index]!, 0);
  return { stops: sum(0) > 0, counts: new Map(taskNames.map((name, index) => [name, sum(index + 1)])) };
}

/** Exchanges all gradients, because each worker holds all rows. @returns the numbers of each worker */
async function exchangeAll(
  trainedTables: readonly Table[],
  group: WorkerGroup,
  numbers: readonly number[],
  doneWords: string,
): Promise<readonly (readonly number[])[]> {
  const ownMessage = packStep({ numbers, gradients: trainedTables.map((table) => table.drain()) });
  const messages = (await group.exchange(ownMessage, { done: doneWords })).map(unpackStep);
  trainedTables.forEach((table, index) => {
    for (const { gradients } of messages) if (gradients[index]!.codes.length > 0) table.add(gradients[index]!);
  });
  return messages.map((message) => message.numbers);
}

// * Measures the norms of gradients and embedding tables at some of the steps, because they show first when a training goes wrong. A separate graph computes
// them from the weights and inputs of a step, so that the step itself does not change.

/** Minimum number of steps between two measurements: each costs as much as a step, and together they must cost little. */
const minStepsBetween = 100;
/** Maximum number of measured steps in a run: a chart shows no more. */
const maxNormSteps = 240;

export const normsEvery = (steps: number): number => Math.max(minStepsBetween, Math.ceil(steps / maxNormSteps));

export const [gradientPrefix, tablePrefix] = ['gradient_norm:', 'table_norm:'] as const;
export const isNorm = (name: string): boolean => name.startsWith(gradientPrefix) || name.startsWith(tablePrefix);

/** Returns the name of a norm as trackers group it: `table_norm/movie_id`. */
export const trackedNorm = (name: string): string => name.replace(':', '/');

/** Separates tables from the other gradients, because a tower may have the name of a table. */
export const tableGradientPrefix = `${gradientPrefix}table/`;

export class StepNorms {
  readonly values: Record<string, number> = {};

  constructor(
    tables: readonly Table[],
    private readonly gradients: (inputs: Tensors) => Promise<Tensors>,
  ) {
    for (const table of tables) this.add(`${tablePrefix}${table.name}`, tableNorm(table));
  }

  /** Measures the gradients. Must be called before the step runs, which changes the weights. */
  async measureGradients(inputs: Tensors): Promise<void> {
    for (const [name, { data }] of Object.entries(await this.gradients(inputs))) this.add(name, data[0]!);
  }

  /** Measures a table when its rows have their gradients. */
  measureTable(table: Table): void {
    this.add(`${tableGradientPrefix}${table.name}`, table.gradientNorm());
  }

  /** A number that is not finite cannot be written, and is omitted; the loss shows the problem soon enough. */
  private add(name: string, value: number): void {
    if (Number.isFinite(value)) this.values[name] = value;
  }
}

export class Norms {
  private program: Program | undefined;
  private readonly tables: readonly Table[];

  /** @param interval measures the first step, and each multiple of this */
  constructor(
    plan: Plan,
    private readonly engine: Engine,
    private readonly state: InitialState,
    private readonly graph: () => GraphPlan | undefined,
    private readonly interval: number,
  ) {
    this.tables = plan.tables.flatMap(({ name, frozen }) => (frozen ? [] : [state.tables.get(name)!]));
  }

  normsAt(step: number): StepNorms | undefined {
    if (step !== 1 && step % this.interval !== 0) return undefined;
    return new StepNorms(this.tables, (inputs) => this.gradients(inputs));
  }

  async close(): Promise<void> {
    await this.program?.close();
  }

  private async gradients(inputs: Tensors): Promise<Tensors> {
    const graph = this.graph()?.graph;
    if (!graph) return {};
    const allParameters = await this.state.program.read();
    const ownParameters = Object.fromEntries(graph.parameters.map(({ name }) => [name, allParameters[name]!]));
    if (this.program) await this.program.write(ownParameters);
    else this.program = await this.engine.prepare(graph, ownParameters);
    return this.program.run(inputs);
  }
}

/** Returns undefined if norms are not requested, if workers share a step, or if the step computes its matrix of scores in pieces. */
export function normsOf(options: TrainOptions, state: InitialState, steps: number): Norms | undefined {
  const { plan, dataset, engine, norms } = options;
  if (!norms || state.group || planWithFittedStep(plan, dataset.corpus.rows) !== plan) return undefined;
  return new Norms(plan, engine, state, norms, normsEvery(steps));
}
