/** The state of a new run before its first step, where it goes on from an earlier one. */
import { join } from 'node:path';
import { checkpointFile } from '../artifact/checkpoint.ts';
import type { TrainingState } from '../artifact/training_state.ts';
import { type Dataset, type Encoding, rowsOf } from '../data/dataset.ts';
import { rowsBefore } from '../data/pinned.ts';
import { failure, invariant } from '../diagnostics/failure.ts';
import { takeOver } from '../embedding/grow.ts';
import type { Table } from '../embedding/table.ts';
import type { Tensors } from '../engine/engine.ts';
import type { Plan } from '../plan/plan.ts';
import { type Kind, kindOf, type StoredTensor } from '../storage/tensor_header.ts';
import { type Base, hasSameData } from './base.ts';

/**
 * Takes over tables, the state of their optimizer, dense weights with theirs, and streaming estimators. `state` is at its first values.
 * @param steps that were trained before, by all runs in a row
 * @throws Failure `damaged-file` where the checkpoint is not of the earlier run's model
 */
export async function beginFrom(
  base: Base,
  state: TrainingState,
  { plan, dataset, steps }: { readonly plan: Plan; readonly dataset: Dataset; readonly steps: number },
): Promise<void> {
  const take = takerOf(base);
  for (const table of state.tables.values()) takeTable(base, table, plan, dataset, take);
  const served = base.trained.parameters;
  const parameters: Record<string, Tensors[string]> = {};
  for (const [name, now] of Object.entries(await state.program.read())) {
    const { data } = take(`parameter/${name}`, kindOf(now.data), now.shape);
    parameters[name] = served[name] ?? { ...now, data: data as typeof now.data };
  }
  await state.program.write(parameters);
  takeFeed(base, state, dataset, steps);
}

type Take = (name: string, kind: Kind, shape: readonly number[]) => StoredTensor;

function takerOf({ folder, tensors }: Base): Take {
  return (name, kind, shape) => {
    const tensor = tensors.get(name);
    const fits = tensor && kindOf(tensor.data) === kind && tensor.shape.join() === shape.join();
    if (fits) return tensor;
    const reason = tensor ? `\`${name}\` is of another type or size` : `it has no \`${name}\``;
    throw failure('damaged-file', { path: join(folder, checkpointFile), reason });
  };
}

function takeTable({ trained }: Base, table: Table, plan: Plan, dataset: Dataset, take: Take): void {
  const { encoderOf } = plan.tables.find(({ name }) => name === table.name)!;
  const [before, now] = [trained.encodings.get(encoderOf)!, dataset.encodings.get(encoderOf)!];
  const rows = rowsOf(before);
  const state = Object.entries(table.stateNumbers()).map(([slot, data]) => {
    const length = data.length < table.rows ? data.length : (data.length / table.rows) * rows;
    return [slot, take(`state/${table.name}/${slot}`, kindOf(data), [length]).data] as const;
  });
  const values = take(`table/${table.name}`, 'F32', [rows, table.dim]).data as Float32Array;
  const first = dataset.firstValues?.get(table.name)?.rows;
  takeOver(
    table,
    {
      values: trained.tables.get(table.name)?.read() ?? values,
      state: Object.fromEntries(state) as Record<string, Float32Array | Int32Array>,
    },
    {
      rowsBefore: rowsBefore(before, now, table.rows),
      // An id that is new was an unseen one until now.
      ...(trainsUnseen(plan, encoderOf, now) ? { newAs: 0 } : {}),
      ...(first ? { own: new Set(first) } : {}),
    },
  );
}

/** Whether training takes steps on the row of unseen values: where rare values have it, or where ids are dropped. */
export const trainsUnseen = ({ features }: Plan, owner: string, { kind }: Encoding): boolean =>
  kind === 'vocabulary' &&
  features.some(
    ({ encoderOf, drop = 0, encoder }) =>
      encoderOf === owner && (drop > 0 || (encoder.kind === 'vocabulary' && encoder.minimumCount > 1)),
  );

/** What the feed keeps counts rows of the data, which other data has elsewhere: it then begins anew. */
function takeFeed(base: Base, { feeder }: TrainingState, dataset: Dataset, steps: number): void {
  const views = feeder.state();
  // A gap that was never measured counts from the first step of this run.
  for (const [name, view] of Object.entries(views)) if (name.endsWith('/last_seen')) view.fill(steps);
  if (!hasSameData(base, dataset)) return;
  const found = Object.entries(views).map(([name, view]) => {
    const tensor = base.tensors.get(`feed/${name}`);
    return tensor && tensor.data.length === view.length && kindOf(tensor.data) === kindOf(view)
      ? [name, tensor.data]
      : [];
  });
  if (found.some(({ length }) => length === 0)) return;
  feeder.load(Object.fromEntries(found) as typeof views);
  invariant(found.length === Object.keys(views).length, 'the feed takes over all that it has');
}
