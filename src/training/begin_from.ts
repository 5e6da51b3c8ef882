/** The state of a new run before its first step, where it goes on from an earlier one. */
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { checkpointFile, readCheckpoint } from '../artifact/checkpoint.ts';
import { readWeights } from '../artifact/load.ts';
import type { TrainingState } from '../artifact/training_state.ts';
import { type Dataset, type Encoding, rowsOf } from '../data/dataset.ts';
import { rowsBefore } from '../data/pinned.ts';
import { failure, invariant } from '../diagnostics/failure.ts';
import { roundsSlot } from '../embedding/far_rows.ts';
import { type TakeOver, takeOver } from '../embedding/grow.ts';
import type { Table } from '../embedding/table.ts';
import type { Tensors } from '../engine/engine.ts';
import type { Plan } from '../plan/plan.ts';
import { countOf, kindOf, type Numbers, type StoredTensor } from '../storage/tensor_header.ts';
import { type Base, hasSameData, unkept } from './base.ts';

/**
 * Takes over tables, the state of their optimizer, dense weights with theirs, and streaming estimators. `state` is at its first values. The
 * files are read into the new tables, row by row: where workers share the rows, each keeps its own.
 * @param steps that were trained before, by all runs in a row
 * @throws Failure `damaged-file` where the checkpoint is not of the earlier run's model
 */
export async function beginFrom(
  base: Base,
  state: TrainingState,
  { plan, dataset, steps }: { readonly plan: Plan; readonly dataset: Dataset; readonly steps: number },
): Promise<void> {
  const { folder, trained, progress, servesEarlier } = base;
  const taken = new Map([...state.tables].map(([name, table]) => [name, ofTable(base, table, plan, dataset)]));
  const into = new Map<string, Numbers>();
  for (const [name, { values, state: slots }] of taken) {
    into.set(`table/${name}`, servesEarlier ? unkept(values) : values);
    const before = trained.plan.tables.find((table) => table.name === name)!;
    for (const [slot, numbers] of Object.entries(slots)) {
      // Its rows are rounded from now on.
      if (slot !== roundsSlot || before.precision) into.set(`state/${name}/${slot}`, numbers);
    }
  }
  const path = join(folder, checkpointFile);
  const damaged = (reason: string) => failure('damaged-file', { path, reason });
  const found = new Set<string>();
  const read = await readCheckpoint(folder, undefined, (name, shape, kind) => {
    const numbers = into.get(name);
    if (!numbers) return undefined;
    found.add(name);
    if (kindOf(numbers) === kind && numbers.length === countOf(shape)) return numbers;
    throw damaged(`\`${name}\` is of another type or size`);
  });
  if (!isDeepStrictEqual(read.progress, progress)) throw damaged('it was changed while it was read');
  const missing = [...into.keys()].find((name) => !found.has(name));
  if (missing !== undefined) throw damaged(`it has no \`${missing}\``);
  const served = servesEarlier ? await readWeights(trained, (name) => taken.get(name)!.values) : {};
  for (const { end } of taken.values()) end();

  const parameters: Record<string, Tensors[string]> = {};
  for (const [name, now] of Object.entries(await state.program.read())) {
    const tensor = read.tensors.get(`parameter/${name}`);
    if (!tensor) throw damaged(`it has no \`parameter/${name}\``);
    const { data, shape } = tensor;
    if (kindOf(data) !== kindOf(now.data) || shape.join() !== now.shape.join()) {
      throw damaged(`\`parameter/${name}\` is of another type or size`);
    }
    parameters[name] = served[name] ?? { ...now, data: data as typeof now.data };
  }
  await state.program.write(parameters);
  takeFeed(base, read.tensors, state, dataset, steps);
}

/** How a table takes over the rows of the one before. */
function ofTable({ trained }: Base, table: Table, plan: Plan, dataset: Dataset): TakeOver {
  const { encoderOf } = plan.tables.find(({ name }) => name === table.name)!;
  const [before, now] = [trained.encodings.get(encoderOf)!, dataset.encodings.get(encoderOf)!];
  const first = dataset.firstValues?.get(table.name)?.rows;
  return takeOver(table, {
    rows: rowsOf(before),
    rowsBefore: rowsBefore(before, now, table.rows),
    // An id that is new was an unseen one until now.
    ...(trainsUnseen(plan, encoderOf, now) ? { newAs: 0 } : {}),
    ...(first ? { own: new Set(first) } : {}),
  });
}

/** Whether training takes steps on the row of unseen values: where rare values have it, or where ids are dropped. */
const trainsUnseen = ({ features }: Plan, owner: string, { kind }: Encoding): boolean =>
  kind === 'vocabulary' &&
  features.some(
    ({ encoderOf, drop = 0, encoder }) =>
      encoderOf === owner && (drop > 0 || (encoder.kind === 'vocabulary' && encoder.minimumCount > 1)),
  );

/** What the feed keeps counts rows of the data, which other data has elsewhere: it then begins anew. */
function takeFeed(
  base: Base,
  tensors: ReadonlyMap<string, StoredTensor>,
  { feeder }: TrainingState,
  dataset: Dataset,
  steps: number,
): void {
  const views = feeder.state();
  // A gap that was never measured counts from the first step of this run.
  for (const [name, view] of Object.entries(views)) if (name.endsWith('/last_seen')) view.fill(steps);
  if (!hasSameData(base, dataset)) return;
  const found = Object.entries(views).map(([name, view]) => {
    const tensor = tensors.get(`feed/${name}`);
    return tensor && tensor.data.length === view.length && kindOf(tensor.data) === kindOf(view)
      ? [name, tensor.data]
      : [];
  });
  if (found.some(({ length }) => length === 0)) return;
  feeder.load(Object.fromEntries(found) as typeof views);
  invariant(found.length === Object.keys(views).length, 'the feed takes over all that it has');
}
