/** One step of a training: alone, or together with other workers. */
import { defined } from '../defined.ts';
import type { Table } from '../embedding/table.ts';
import type { Tensors } from '../engine/engine.ts';
import type { Group } from '../engine/group.ts';
import type { FeedWatch } from '../feed/watch.ts';
import type { Plan } from '../plan/plan.ts';
import type { BegunState } from './begin_state.ts';
import type { StepNorms } from './norms.ts';
import type { StepWatch } from './profile/step_watch.ts';
import type { Rates } from './rates.ts';
import { makeTaskRows } from './step_sums.ts';
import { packed, unpacked } from './workers/message.ts';
import { fetchRows, sendGradients, sharedIn } from './workers/table_wire.ts';

export interface StepTaken {
  readonly inputs: Tensors;
  readonly outputs: Tensors;
  /** By task, of the rows of all workers; absent where one worker has all rows. */
  readonly counts?: ReadonlyMap<string, number>;
  /** A worker was asked to stop after this step. */
  readonly stops: boolean;
  /** When it began, had its inputs, had its outputs, and had changed the tables. */
  readonly times: readonly [number, number, number, number];
}

export interface StepAsked {
  readonly rows: Int32Array;
  /** From 1, with those of earlier runs. */
  readonly number: number;
  readonly rates: Rates;
  readonly signal: AbortSignal | undefined;
  /** Looks on, and changes nothing. */
  readonly watch?: StepWatch | undefined;
  readonly norms?: StepNorms | undefined;
  /** Reads what the step gave before the tables change. */
  seen?(given: Pick<StepTaken, 'inputs' | 'outputs' | 'counts'>): void;
}

export async function takeStep(plan: Plan, state: BegunState, asked: StepAsked): Promise<StepTaken> {
  const { feeder, program, group } = state;
  const { rows, number, rates, signal, watch, norms, seen } = asked;
  const began = performance.now();
  const extra = { rate: rates.dense, factor: rates.denseFactor };
  const shared = group ? sharedIn(state.tables) : [];
  if (group && shared.length > 0) {
    feeder.ask(rows, number, extra);
    await fetchRows(shared, group);
    watch?.done('exchange', 'rows of tables', began);
  }
  const inputs = feeder.inputs(rows, number, extra, watch);
  const given = performance.now();
  await norms?.before(inputs);
  const fed = performance.now();
  // As if norms took no time: they are no part of a step.
  const start = began + (fed - given);
  const outputs = await program.run(inputs);
  const ran = performance.now();
  watch?.done('engine', 'the graph', fed);
  if (!group) {
    seen?.({ inputs, outputs });
    feeder.apply(outputs, rates.factor, undefined, watchOf(watch, norms));
    return { inputs, outputs, stops: false, times: [start, fed, ran, performance.now()] };
  }
  const gathered = performance.now();
  feeder.accumulate(outputs);
  watch?.done('gradients', 'all tables', gathered);
  const added = performance.now();
  const heard = await exchangeGradients(plan, state, group, inputs, { number, stops: signal?.aborted === true });
  watch?.done('exchange', 'gradients of rows', added);
  seen?.({ inputs, outputs, ...heard });
  const exchanged = performance.now();
  feeder.update(rates.factor);
  watch?.done('update', 'all tables', exchanged);
  return { inputs, outputs, ...heard, times: [start, fed, ran, performance.now()] };
}

function watchOf(watch: StepWatch | undefined, norms: StepNorms | undefined): FeedWatch | undefined {
  if (!norms) return watch;
  return {
    done: (...given) => watch?.done(...given),
    learning: (table) => norms.learning(table),
  };
}

/** Gives each table the gradients of all workers, in the order of ranks: the same bits on each worker. */
async function exchangeGradients(
  plan: Plan,
  { tables }: BegunState,
  group: Group,
  inputs: Tensors,
  { number, stops }: { readonly number: number; readonly stops: boolean },
): Promise<Pick<StepTaken, 'counts' | 'stops'>> {
  const trained = plan.tables.flatMap(({ name, frozen }) => (frozen ? [] : [tables.get(name)!]));
  const own = makeTaskRows(plan)(inputs);
  const names = [...own.keys()];
  const said = [stops ? 1 : 0, ...own.values()];
  const send = trained.some(({ remote }) => remote) ? sendGradients : exchangeAll;
  const heard = await send(trained, group, said, `step ${number}`);
  const sum = (at: number): number => heard.reduce((total, numbers) => total + numbers[at]!, 0);
  return {
    stops: sum(0) > 0,
    ...defined({ counts: new Map(names.map((name, at) => [name, sum(at + 1)])) }),
  };
}

/** Each worker holds all rows, so each gets all gradients. @returns the numbers of each worker */
async function exchangeAll(
  trained: readonly Table[],
  group: Group,
  numbers: readonly number[],
  done: string,
): Promise<readonly (readonly number[])[]> {
  const sent = packed({ numbers, gradients: trained.map((table) => table.drain()) });
  const heard = (await group.exchange(sent, { done })).map((bytes) => unpacked(bytes, numbers.length, trained.length));
  trained.forEach((table, at) => {
    for (const { gradients } of heard) if (gradients[at]!.codes.length > 0) table.add(gradients[at]!);
  });
  return heard.map((each) => each.numbers);
}
