/** Takes one step of a training: alone, or together with other workers. */
import type { Tensors } from '../engines/engine.ts';
import type { WorkerGroup } from '../engines/group.ts';
import type { Plan } from '../graph/plan/plan.ts';
import type { InitialState } from './begin_state.ts';
import { sharedIn, type Table } from './embedding/table.ts';
import type { FeedWatch } from './feed/draws.ts';
import type { Rates } from './learning_rates.ts';
import { makeTaskRows } from './metrics_log.ts';
import type { StepNorms } from './norms.ts';
import type { StepWatch } from './step_profile.ts';
import { fetchRows, packStep, sendGradients, unpackStep } from './workers/table_wire.ts';

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
