/** Reads the base run that a new run continues: checks all of it before any training, then copies its state into the new run. */

import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { failure, invariant } from '../base/diagnostics/diagnostic.ts';
import { rejectIfLocked } from '../base/storage/lock.ts';
import {
  type ChunkedNumbers,
  elementCount,
  isChunked,
  type Numbers,
  numberKindOf,
  type StoredNumbers,
  type StoredTensor,
  writeNumbers,
} from '../base/storage/tensor_header.ts';
import { isSameJson } from '../base/util/objects.ts';
import { type Dataset, type Encoding, type Fresh, rowsOf } from '../data/dataset.ts';
import { rowsBefore } from '../data/pinned.ts';
import type { Tensors } from '../engines/engine.ts';
import type { FeaturePlan, GraphPlan, Plan, TowerPlan } from '../graph/plan/plan.ts';
import {
  checkpointFile,
  hasCheckpoint,
  type Progress,
  readCheckpoint,
  type TrainingState,
} from './artifact/checkpoint.ts';
import { describeOtherData, fingerprintOf, type Lineage } from './artifact/identity.ts';
import { type LoadedModel, load, readWeights } from './artifact/load.ts';
import { roundsSlot } from './embedding/far_rows.ts';
import type { Table } from './embedding/table.ts';

export interface Base {
  readonly folder: string;
  /** Loaded without tables and weights, which `beginFrom` reads directly into those of the new run. */
  readonly trained: LoadedModel;
  readonly progress: Progress;
  /** True if the run serves the weights of an earlier epoch than its checkpoint. The new run then starts from the served ones. */
  readonly servesEarlier: boolean;
}

/** @throws Failure `from-itself` */
export async function refuseItself(from: string, out: string, option = 'from'): Promise<void> {
  const realPaths = await Promise.all([from, out].map((folder) => realpath(folder).catch(() => undefined)));
  if (realPaths[0] !== undefined && realPaths[0] === realPaths[1])
    throw failure('from-itself', { folder: out, option });
}

/** @param plan of the new run @throws Failure `not-a-run`, `unfinished-run`, `run-in-use`, `from-other-model`, `lost-file`, `changed-file`, `damaged-file`, … */
export async function readBase(folder: string, plan: Plan): Promise<Base> {
  await rejectIfLocked(folder);
  const baseRun = await load(folder, { withoutWeights: true });
  // A round trip through JSON removes undefined entries, which the stored plan does not have either.
  const foundDifferences = modelDifferences(baseRun.plan, JSON.parse(JSON.stringify(plan)) as Plan);
  if (foundDifferences.length > 0) throw failure('from-other-model', { folder, differences: foundDifferences });
  if (!(await hasCheckpoint(folder))) throw failure('lost-file', { path: 'checkpoint.safetensors', folder });
  const { progress } = await readCheckpoint(folder, undefined, (name, shape, kind) =>
    isTableTensor(name) ? discardNumbers({ length: elementCount(shape), kind }) : undefined,
  );
  const { training } = baseRun.manifest;
  if (progress.step !== training.steps || progress.epoch !== training.epochs) {
    const reason = `it is of step ${progress.step}, and the manifest of step ${training.steps}`;
    throw failure('damaged-file', { path: `${folder}/checkpoint.safetensors`, reason });
  }
  await rejectIfLocked(folder);
  return { folder, trained: baseRun, progress, servesEarlier: servesEarlier(baseRun) };
}

const isTableTensor = (name: string): boolean => name.startsWith('table/') || name.startsWith('state/');

/** A target for numbers that are only checked and not stored: a table may be as large as the memory. */
const discardNumbers = ({ kind, length }: Pick<ChunkedNumbers, 'kind' | 'length'>): ChunkedNumbers => ({
  ...{ kind, length, width: 1 },
  read: () => invariant(false, 'numbers that are not kept are not read'),
  write: () => {},
});

/**
 * True if the served weights come from an earlier epoch than the checkpoint. For tables with a graph the served rows are outputs of the graph, so
 * training can only continue from the checkpoint.
 */
const servesEarlier = ({ manifest: { training }, plan }: LoadedModel): boolean =>
  training.best !== undefined && training.best.epoch !== training.epochs && plan.train.graph === undefined;

export function lineageOf(
  { trained, folder }: Pick<Base, 'trained' | 'folder'>,
  { fresh, replay }: { readonly fresh?: Fresh | undefined; readonly replay?: number | undefined } = {},
): Lineage {
  const { checksum, from, training, data } = trained.manifest;
  const { runs, steps, epochs } = from ?? { runs: 0, steps: 0, epochs: 0 };
  const totals = { runs: runs + 1, steps: steps + training.steps, epochs: epochs + training.epochs };
  return { checksum, name: folder, ...totals, until: data.until, fresh, replay };
}

export const hasSameData = ({ trained }: Base, dataset: Dataset): boolean =>
  describeOtherData(trained.manifest.data.fingerprint, fingerprintOf(dataset)) === undefined;

/** Describes why the weights of one model do not fit the other. Training settings and the order of features do not matter. */
function modelDifferences(before: Plan, now: Plan): string[] {
  const differences = [
    ...describeDifferences('feature', mapByName(before.features), mapByName(now.features), featureDifference),
    ...describeDifferences('table', mapByName(before.tables), mapByName(now.tables), (one, other) =>
      // Initial values concern only new rows, and rates may change.
      one.dim === other.dim && one.encoderOf === other.encoderOf && one.frozen === other.frozen
        ? undefined
        : 'its width or its values',
    ),
    ...before.towers.flatMap((tower, index) => towerDifferences(tower, now.towers[index]!)),
  ];
  const [kindBefore, kindNow] = [before.train.embeddings.kind, now.train.embeddings.kind];
  if (kindBefore !== kindNow)
    differences.push(`the optimizer of the tables is \`${kindNow}\`, and was \`${kindBefore}\``);
  if (!isSameJson(before.train.graph, now.train.graph)) differences.push('the graph between the tables differs');
  // A changed tower or feature is already reported.
  return differences.length > 0 ? differences : trainedDifferences(before.step, now.step);
}

const mapByName = <T extends { readonly name: string }>(named: readonly T[]): ReadonlyMap<string, T> =>
  new Map(named.map((item) => [item.name, item]));

function describeDifferences<T>(
  what: string,
  before: ReadonlyMap<string, T>,
  now: ReadonlyMap<string, T>,
  describeDifference: (one: T, other: T) => string | undefined,
): string[] {
  const missing = [...before.keys()].filter((name) => !now.has(name));
  const changedWords = [...now].flatMap(([name, current]) => {
    const earlier = before.get(name);
    if (earlier === undefined) return [`${what} \`${name}\` is new`];
    const words = describeDifference(earlier, current);
    return words === undefined ? [] : [`${what} \`${name}\` differs: ${words}`];
  });
  return [...missing.map((name) => `${what} \`${name}\` is missing`), ...changedWords];
}

/** Describes the entries of a feature that differ, with both values. */
function featureDifference(before: FeaturePlan, now: FeaturePlan): string | undefined {
  const [one, other] = [before, now] as unknown as readonly [Record<string, unknown>, Record<string, unknown>];
  const entries = new Set([...Object.keys(one), ...Object.keys(other)]);
  const words = [...entries]
    .filter((entry) => !isSameJson(one[entry], other[entry]))
    .map((entry) => `its ${entry} is ${quoteValue(other[entry])}, and was ${quoteValue(one[entry])}`);
  return words.length === 0 ? undefined : words.join(', ');
}

const quoteValue = (value: unknown): string =>
  value === undefined ? 'absent' : `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;

function towerDifferences(before: TowerPlan, now: TowerPlan): string[] {
  const towerWords = `tower \`${now.name}\``;
  if (before.name !== now.name) return [`${towerWords} is new, and \`${before.name}\` is missing`];
  if (before.key !== now.key)
    return [`${towerWords} is keyed by ${quoteValue(now.key)}, and was by ${quoteValue(before.key)}`];
  if (before.width !== now.width) return [`${towerWords} is ${now.width} wide, and was ${before.width}`];
  const vectorPlan = ({ embedded, interests }: TowerPlan) => ({ embedded, interests });
  return isSameJson(vectorPlan(before), vectorPlan(now)) ? [] : [`${towerWords} computes its vector in another way`];
}

/** Compares the parameters of the steps: weights of losses and tasks, and the state of the dense optimizer. */
function trainedDifferences(before: GraphPlan, now: GraphPlan): string[] {
  const parameterTypes = ({ graph }: GraphPlan) =>
    new Map(graph.parameters.map(({ name, node }) => [name, graph.nodes[node]!.type] as const));
  return describeDifferences('the trained number', parameterTypes(before), parameterTypes(now), (one, other) =>
    isSameJson(one, other) ? undefined : 'its shape',
  );
}

/**
 * Copies the tables, the dense weights, the states of their optimizers and the streaming estimators of the base run into `state`, which holds initial values. The
 * files are read row by row into the new tables; if workers share the rows, each stores its own. @param steps number of steps that this run's predecessors have
 * trained together @throws Failure `damaged-file` where the checkpoint is not of the earlier run's model
 */
export async function beginFrom(
  base: Base,
  state: TrainingState,
  { plan, dataset, steps }: { readonly plan: Plan; readonly dataset: Dataset; readonly steps: number },
): Promise<void> {
  const { folder, trained, progress, servesEarlier } = base;
  const takeOvers = new Map(
    [...state.tables].map(([name, table]) => [name, takeOverTable(base, table, plan, dataset)]),
  );
  const targetNumbers = new Map<string, Numbers>();
  for (const [name, { values, state: slots }] of takeOvers) {
    targetNumbers.set(`table/${name}`, servesEarlier ? discardNumbers(values) : values);
    const earlierTable = trained.plan.tables.find((table) => table.name === name)!;
    for (const [slot, numbers] of Object.entries(slots)) {
      // A table whose rows this run begins to round has no such state in the base run.
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
    if (numberKindOf(numbers) === kind && numbers.length === elementCount(shape)) return numbers;
    throw damaged(`\`${name}\` is of another type or size`);
  });
  if (!isSameJson(checkpoint.progress, progress)) throw damaged('it was changed while it was read');
  const missingName = [...targetNumbers.keys()].find((name) => !foundNames.has(name));
  if (missingName !== undefined) throw damaged(`it has no \`${missingName}\``);
  const servedWeights = servesEarlier ? await readWeights(trained, (name) => takeOvers.get(name)!.values) : {};
  for (const { fillNewRows } of takeOvers.values()) fillNewRows();

  const parameters: Record<string, Tensors[string]> = {};
  for (const [name, current] of Object.entries(await state.program.read())) {
    const tensor = checkpoint.tensors.get(`parameter/${name}`);
    if (!tensor) throw damaged(`it has no \`parameter/${name}\``);
    const { data, shape } = tensor;
    if (numberKindOf(data) !== numberKindOf(current.data) || shape.join() !== current.shape.join())
      throw damaged(`\`parameter/${name}\` is of another type or size`);
    parameters[name] = servedWeights[name] ?? { ...current, data: data as typeof current.data };
  }
  await state.program.write(parameters);
  restoreFeeder(base, checkpoint.tensors, state, dataset, steps);
}

function takeOverTable({ trained }: Base, table: Table, plan: Plan, dataset: Dataset): TakeOver {
  const { encoderOf } = plan.tables.find(({ name }) => name === table.name)!;
  const [before, current] = [trained.encodings.get(encoderOf)!, dataset.encodings.get(encoderOf)!];
  const firstRows = dataset.firstValues?.get(table.name)?.rows;
  return prepareTakeOver(table, {
    rows: rowsOf(before),
    rowsBefore: rowsBefore(before, current, table.rows),
    // Until now, new ids were looked up as unseen values.
    copiedRow: trainsUnseenRow(plan, encoderOf, current) ? 0 : undefined,
    keptRows: firstRows && new Set(firstRows),
  });
}

/** True if the row of unseen values is trained, because rare values use it or because ids are dropped. */
const trainsUnseenRow = ({ features }: Plan, owner: string, { kind }: Encoding): boolean =>
  kind === 'vocabulary' &&
  features.some(
    ({ encoderOf, drop = 0, encoder }) =>
      encoderOf === owner && (drop > 0 || (encoder.kind === 'vocabulary' && encoder.minimumCount > 1)),
  );

/** Restores the state of the feeder. It refers to rows of the data, so with other data it starts from scratch. */
function restoreFeeder(
  base: Base,
  tensors: ReadonlyMap<string, StoredTensor>,
  { feeder }: TrainingState,
  dataset: Dataset,
  steps: number,
): void {
  const views = feeder.state();
  // For items not seen so far, the gap between two occurrences counts from the first step of this run.
  for (const [name, view] of Object.entries(views)) if (name.endsWith('/last_seen')) view.fill(steps);
  if (!hasSameData(base, dataset)) return;
  const stored = Object.entries(views).map(([name, view]) => ({ name, view, data: tensors.get(`feed/${name}`)?.data }));
  const fits = stored.every(
    ({ view, data }) => data?.length === view.length && numberKindOf(data) === numberKindOf(view),
  );
  if (fits) feeder.load(Object.fromEntries(stored.map(({ name, data }) => [name, data])) as typeof views);
}

/** Describes how the rows of an older, smaller table map to a table. */
export interface Growth {
  readonly rows: number;
  /** The old row of each current row, −1 for a new row. Absent: all rows have their old index. */
  readonly rowsBefore?: Int32Array | undefined;
  /** The old row whose values new rows copy. Absent: they keep their initial values. */
  readonly copiedRow?: number;
  /** New rows that keep their initial values in any case. */
  readonly keptRows?: ReadonlySet<number>;
}

/** Receives the numbers of the old table, in order. */
interface TakeOver {
  readonly values: ChunkedNumbers;
  /** By name, as `Table.stateNumbers`. The state of new rows stays as before their first step. */
  readonly state: Readonly<Record<string, Numbers>>;
  /** Called after all values: fills the new rows. */
  fillNewRows(): void;
}

export function prepareTakeOver(table: Table, { rows, rowsBefore, copiedRow, keptRows }: Growth): TakeOver {
  const { dim } = table;
  const rowsNow = rowsBefore && currentRowsOf(rowsBefore, rows);
  let newRow: StoredNumbers | undefined;
  const values = table.numbers();
  // State for each row is long if the values are. A short array next to long values counts the steps of the whole table.
  const isOfRows = (slots: Numbers): boolean => isChunked(slots) || !isChunked(values);
  const keepNewRow = (from: number, numbers: StoredNumbers): void => {
    const newRowOffset = copiedRow === undefined ? -1 : copiedRow * dim - from;
    if (newRowOffset >= 0 && newRowOffset < numbers.length) newRow = numbers.slice(newRowOffset, newRowOffset + dim);
  };
  return {
    values: movedNumbers(values, dim, rows, rowsNow, keepNewRow),
    state: Object.fromEntries(
      Object.entries(table.stateNumbers()).map(([name, slots]) => [
        name,
        isOfRows(slots) ? movedNumbers(slots, slots.length / table.rows, rows, rowsNow) : slots,
      ]),
    ),
    fillNewRows() {
      rowsBefore?.forEach((row, index) => {
        if (newRow && row < 0 && !keptRows?.has(index)) writeNumbers(values, index * dim, newRow);
      });
    },
  };
}

/** Returns the current row of each old row; −1 if it no longer exists. */
function currentRowsOf(rowsBefore: Int32Array, rows: number): Int32Array {
  const currentRows = new Int32Array(rows).fill(-1);
  for (const [index, row] of rowsBefore.entries()) if (row >= 0) currentRows[row] = index;
  return currentRows;
}

function movedNumbers(
  into: Numbers,
  width: number,
  rows: number,
  rowsNow: Int32Array | undefined,
  onNumbers?: (from: number, numbers: StoredNumbers) => void,
): ChunkedNumbers {
  return {
    ...{ kind: numberKindOf(into), width, length: rows * width },
    read: () => invariant(false, 'rows of an earlier table are only written'),
    write(from, numbers) {
      onNumbers?.(from, numbers);
      if (!rowsNow) {
        writeNumbers(into, from, numbers);
        return;
      }
      const first = from / width;
      for (let i = 0; i < numbers.length / width; i++) {
        const row = rowsNow[first + i]!;
        if (row >= 0) writeNumbers(into, row * width, numbers.subarray(i * width, (i + 1) * width));
      }
    },
  };
}
