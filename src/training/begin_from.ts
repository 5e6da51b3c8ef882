/** The state of a new run before its first step, where it goes on from an earlier one. */
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { failure } from '../base/diagnostics/failure.ts';
import { type Numbers, numberKindOf, numbersOfShape, type StoredTensor } from '../base/storage/tensor_header.ts';
import { type Dataset, type Encoding, rowsOf } from '../data/dataset.ts';
import { rowsBefore } from '../data/pinned.ts';
import type { Tensors } from '../engines/engine.ts';
import type { Plan } from '../graph/plan/plan.ts';
import { checkpointFile, readCheckpoint } from './artifact/checkpoint.ts';
import { readWeights } from './artifact/load.ts';
import type { TrainingState } from './artifact/training_state.ts';
import { type Base, checkedOnly, hasSameData } from './base.ts';
import { roundsSlot } from './embedding/far_rows.ts';
import { type TakeOver, takeOver } from './embedding/grow.ts';
import type { Table } from './embedding/table.ts';

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
  const takeOvers = new Map([...state.tables].map(([name, table]) => [name, ofTable(base, table, plan, dataset)]));
  const targetNumbers = new Map<string, Numbers>();
  for (const [name, { values, state: slots }] of takeOvers) {
    targetNumbers.set(`table/${name}`, servesEarlier ? checkedOnly(values) : values);
    const earlierTable = trained.plan.tables.find((table) => table.name === name)!;
    for (const [slot, numbers] of Object.entries(slots)) {
      // Its rows are rounded from now on.
      if (slot !== roundsSlot || earlierTable.precision) targetNumbers.set(`state/${name}/${slot}`, numbers);
    }
  }
  const path = join(folder, checkpointFile);
  const damaged = (reason: string) => failure('damaged-file', { path, reason });
  const foundNames = new Set<string>();
  const checkpoint = await readCheckpoint(folder, undefined, (name, shape, kind) => {
    const numbers = targetNumbers.get(name);
    if (!numbers) return undefined;
    foundNames.add(name);
    if (numberKindOf(numbers) === kind && numbers.length === numbersOfShape(shape)) return numbers;
    throw damaged(`\`${name}\` is of another type or size`);
  });
  if (!isDeepStrictEqual(checkpoint.progress, progress)) throw damaged('it was changed while it was read');
  const missingName = [...targetNumbers.keys()].find((name) => !foundNames.has(name));
  if (missingName !== undefined) throw damaged(`it has no \`${missingName}\``);
  const servedWeights = servesEarlier ? await readWeights(trained, (name) => takeOvers.get(name)!.values) : {};
  for (const { end } of takeOvers.values()) end();

  const parameters: Record<string, Tensors[string]> = {};
  for (const [name, current] of Object.entries(await state.program.read())) {
    const tensor = checkpoint.tensors.get(`parameter/${name}`);
    if (!tensor) throw damaged(`it has no \`parameter/${name}\``);
    const { data, shape } = tensor;
    if (numberKindOf(data) !== numberKindOf(current.data) || shape.join() !== current.shape.join()) {
      throw damaged(`\`parameter/${name}\` is of another type or size`);
    }
    parameters[name] = servedWeights[name] ?? { ...current, data: data as typeof current.data };
  }
  await state.program.write(parameters);
  takeFeed(base, checkpoint.tensors, state, dataset, steps);
}

function ofTable({ trained }: Base, table: Table, plan: Plan, dataset: Dataset): TakeOver {
  const { encoderOf } = plan.tables.find(({ name }) => name === table.name)!;
  const [before, current] = [trained.encodings.get(encoderOf)!, dataset.encodings.get(encoderOf)!];
  const firstRows = dataset.firstValues?.get(table.name)?.rows;
  return takeOver(table, {
    rows: rowsOf(before),
    rowsBefore: rowsBefore(before, current, table.rows),
    // An id that is new was an unseen one until now.
    ...(trainsUnseen(plan, encoderOf, current) ? { newAs: 0 } : {}),
    ...(firstRows ? { own: new Set(firstRows) } : {}),
  });
}

/** True if training takes steps on the row of unseen values: where rare values have it, or where ids are dropped. */
const trainsUnseen = ({ features }: Plan, owner: string, { kind }: Encoding): boolean =>
  kind === 'vocabulary' &&
  features.some(
    ({ encoderOf, drop = 0, encoder }) =>
      encoderOf === owner && (drop > 0 || (encoder.kind === 'vocabulary' && encoder.minimumCount > 1)),
  );

/** The state of the feed counts rows of the data, which other data has elsewhere: it then begins anew. */
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
  const stored = Object.entries(views).map(([name, view]) => ({ name, view, data: tensors.get(`feed/${name}`)?.data }));
  if (
    !stored.every(({ view, data }) => data && data.length === view.length && numberKindOf(data) === numberKindOf(view))
  )
    return;
  feeder.load(Object.fromEntries(stored.map(({ name, data }) => [name, data])) as typeof views);
}
