/** Saves and restores the tensors of a checkpoint: tables, dense weights, streaming estimators. */
import { invariant } from '../../base/diagnostics/failure.ts';
import { type Expected, type Numbers, numberKindOf, type StoredTensor } from '../../base/storage/tensor_header.ts';
import type { Program, Tensors } from '../../engines/engine.ts';
import type { Plan } from '../../graph/plan/plan.ts';
import type { Tables } from '../embedding/tables.ts';
import type { Feeder } from '../feed/feeder.ts';
import { type Progress, readCheckpoint, writeCheckpoint } from './checkpoint.ts';

export interface TrainingState {
  readonly tables: Tables;
  readonly program: Program;
  readonly feeder: Feeder;
}

export async function saveState(folder: string, progress: Progress, state: TrainingState): Promise<void> {
  await writeCheckpoint(folder, progress, await stateTensors(state));
}

/**
 * All that a step changes: `table/<table>` and `state/<table>/<slot>` of the tables; `parameter/<name>` of the dense weights, their
 * optimizer's slots among them, and of what weighs the tasks; `feed/<input>/…` of streaming estimators. Views where the host holds it.
 */
export async function stateTensors(state: TrainingState): Promise<StoredTensor<Numbers>[]> {
  const parameters = await state.program.read();
  return [
    ...[...hostNumbers(state)].map(([name, { shape, data }]) => ({ name, shape, data })),
    ...parameterTensors(parameters),
  ];
}

/**
 * Large tables are read straight into their own memory.
 * @throws Failure `damaged-file` where the checkpoint is not of this model
 */
export async function restoreState(folder: string, state: TrainingState): Promise<Progress> {
  const hostViews = hostNumbers(state);
  const current = parameterTensors(await state.program.read()).map((tensor) => [tensor.name, tensor] as const);
  const expected = new Map<string, Expected>(
    [...hostViews, ...current].map(([name, { shape, data }]) => [name, { dtype: numberKindOf(data), shape }]),
  );
  const { progress, tensors } = await readCheckpoint(folder, expected, (name) => hostViews.get(name)?.data);
  const parameters: Record<string, Tensors[string]> = {};
  for (const [name, { shape, data }] of tensors) {
    if (!name.startsWith('parameter/')) continue;
    invariant(!(data instanceof Float64Array), `${name} is float64`);
    const dtype = data instanceof Float32Array ? 'float32' : data instanceof Int32Array ? 'int32' : 'bool';
    parameters[name.slice('parameter/'.length)] = { dtype, shape, data };
  }
  await state.program.write(parameters);
  return progress;
}

/** Returns views, not copies, of all that the host holds. */
function hostNumbers({ tables, feeder }: TrainingState): Map<string, { shape: number[]; data: Numbers }> {
  const views = new Map<string, { shape: number[]; data: Numbers }>();
  for (const table of tables.values()) {
    views.set(`table/${table.name}`, { shape: [table.rows, table.dim], data: table.numbers() });
    for (const [slot, data] of Object.entries(table.stateNumbers())) {
      views.set(`state/${table.name}/${slot}`, { shape: [data.length], data });
    }
  }
  for (const [name, data] of Object.entries(feeder.state())) {
    views.set(`feed/${name}`, { shape: [data.length], data });
  }
  return views;
}

const parameterTensors = (parameters: Tensors): StoredTensor[] =>
  Object.entries(parameters).map(([name, { shape, data }]) => ({ name: `parameter/${name}`, shape, data }));

/** Parameters that belong to the trained model: not the slots of their optimizer. */
export const weightNames = ({ towers, step, predictions }: Plan): ReadonlySet<string> =>
  new Set([
    ...[...towers.map(({ embedded }) => embedded), ...(predictions ? [predictions] : [])].flatMap(({ graph }) =>
      graph.parameters.map(({ name }) => name),
    ),
    ...step.graph.parameters.filter(({ trainable }) => trainable).map(({ name }) => name),
  ]);

/** Returns tables as the towers read them, and dense weights without their optimizer's slots. */
export function weightTensors(plan: Plan, tables: Tables, parameters: Tensors): StoredTensor<Numbers>[] {
  const weightSet = weightNames(plan);
  return [
    ...[...tables.values()].map((table) => ({
      name: `table/${table.name}`,
      shape: [table.rows, table.dim],
      data: table.shownNumbers(),
    })),
    ...parameterTensors(parameters).filter(({ name }) => weightSet.has(name.slice('parameter/'.length))),
  ];
}
