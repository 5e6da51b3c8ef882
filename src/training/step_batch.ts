/** Describes the inputs of a step in words that the data's owner knows: events by their keys, labels, drawn items, log q. */
import { invariant } from '../base/diagnostics/diagnostic.ts';
import type { Texts } from '../base/text/texts.ts';
import type { BagColumn, Dataset, Events, IndexedColumn } from '../data/dataset.ts';
import { windowsOf } from '../data/rows/windows.ts';
import type { Tensors } from '../engines/engine.ts';
import { findSequences, type Plan, type RowsOf } from '../graph/plan/plan.ts';
import { rowsPrefix } from '../graph/plan/rows_prefix.ts';
import { makeIdDrop, makePlaceDraw } from './feed/draws.ts';
import type { Feeder } from './feed/feeder.ts';

/** A feature's value as encoded: a code, the codes of a bag, or numbers. */
type RecordedValue = number | readonly number[];

interface BatchEvent {
  /** Row of the training part; with shards, of the events that were at hand. */
  readonly row: number;
  /** Row of the events files, in the order of reading, from 0. */
  readonly event?: number;
  /** Keys as written; null if the event has none, or if the corpus does not have it. */
  readonly user: string | null;
  readonly item: string | null;
  /** null for a missing label. */
  readonly labels: Readonly<Record<string, number | null>>;
  /** By task: the factor of the row in the loss, if the task has a weight. */
  readonly weights: Readonly<Record<string, number>>;
  readonly features: Readonly<Record<string, RecordedValue>>;
}

interface DrawnItem {
  /** Row of the corpus. */
  readonly row: number;
  readonly item: string;
  readonly features: Readonly<Record<string, RecordedValue>>;
}

export interface StepBatch {
  readonly events: readonly BatchEvent[];
  /** One entry for each way to draw. With `perRow`, event i has the items from i · perRow on. */
  readonly negatives: readonly {
    readonly by: string;
    readonly perRow?: number;
    readonly items: readonly DrawnItem[];
  }[];
  /**
   * log q, by input of the graph, which is subtracted from scores. It is multiplied by `power` if items are drawn in proportion to a power of their frequency
   * and the batch's items are not negatives.
   */
  readonly logQ: readonly { readonly input: string; readonly estimator: string; readonly values: readonly number[] }[];
  /** Rows of an input that read the unknown id instead of their own, from 0; absent if no feature drops ids. */
  readonly dropped?: readonly { readonly input: string; readonly rows: readonly number[] }[];
}

/** @param options the step whose inputs the feeder returned last */
export function describeBatch(options: {
  readonly plan: Plan;
  readonly dataset: Dataset;
  readonly feeder: Pick<Feeder, 'rowsOf' | 'events'>;
  readonly rows: Int32Array;
  readonly step: number;
  readonly inputs: Tensors;
}): StepBatch {
  const { plan, dataset, feeder, rows, step, inputs } = options;
  const { corpus, users } = dataset;
  const train = feeder.events;
  const keyOf = (keys: Texts, row: number): string | null => (row < 0 ? null : keys.at(row)!);
  const encodedRow = (columns: ReadonlyMap<string, IndexedColumn>, row: number): Record<string, RecordedValue> =>
    Object.fromEntries([...columns].map(([name, column]) => [name, encodedAt(column, row)]));
  const windowedOf = windowedFeatures(plan, train, step);
  const weightOf = (name: string, row: number): number => {
    const labelValue = train.labels.get(name)?.[row];
    if (labelValue !== undefined) return Number.isNaN(labelValue) ? 0 : labelValue;
    const featureValue = encodedAt(train.features.get(name)!, row);
    return typeof featureValue === 'number' ? featureValue : featureValue[0]!;
  };
  const weightedTasks = plan.tasks.flatMap(({ name, weight }) => (weight === undefined ? [] : [{ name, weight }]));
  const { inputs: inputPlans } = plan.step;

  const drawnByPrefix = new Map<string, DrawnRows>();
  for (const { source } of inputPlans) {
    if (!('rows' in source) || source.rows === undefined) continue;
    const { rows: drawnRows } = source;
    if ('perRow' in drawnRows || drawnRows.kind === 'shared') drawnByPrefix.set(rowsPrefix(drawnRows), drawnRows);
  }
  const droppedRows = inputPlans.flatMap(({ name, source }) => {
    if (source.from !== 'embedding') return [];
    const feature = plan.features.find((otherFeature) => otherFeature.name === source.feature)!;
    const drop = makeIdDrop(feature, source.rows, plan.train.seed);
    return drop ? [{ input: name, rows: drop.droppedPositions(feeder.rowsOf(source.rows).length, step) }] : [];
  });
  return {
    events: Array.from(
      rows,
      (row): BatchEvent => ({
        row,
        event: train.ids && train.ids[row]!,
        user: keyOf(users.keys, train.user[row]!),
        item: keyOf(corpus.keys, train.item[row]!),
        labels: Object.fromEntries(
          [...train.labels].map(([name, values]) => [name, Number.isNaN(values[row]!) ? null : values[row]!]),
        ),
        weights: Object.fromEntries(weightedTasks.map(({ name, weight }) => [name, weightOf(weight, row)])),
        features: { ...encodedRow(train.features, row), ...windowedOf(row) },
      }),
    ),
    negatives: [...drawnByPrefix.values()].map((drawn) => ({
      by: describeDraw(drawn),
      ...('perRow' in drawn ? { perRow: drawn.perRow } : {}),
      items: Array.from(feeder.rowsOf(drawn), (row) => ({
        row,
        item: corpus.keys.at(row)!,
        features: encodedRow(corpus.features, row),
      })),
    })),
    logQ: inputPlans.flatMap(({ name, source }) =>
      source.from === 'log_q' ? [{ input: name, estimator: source.estimator, values: [...inputs[name]!.data] }] : [],
    ),
    ...(droppedRows.length > 0 ? { dropped: droppedRows } : {}),
  };
}

/**
 * Returns the elements of an event's lists that a step with `targets = positions` reads: those of its window up to its position, which are the latest
 * elements of a list that does not fit in its window. Returns nothing without positions.
 */
function windowedFeatures(
  { step: graphPlan, train: { seed } }: Plan,
  { features, rows, ids }: Events,
  step: number,
): (row: number) => Record<string, RecordedValue> {
  const sequences = findSequences(graphPlan);
  if (sequences === undefined) return () => ({});
  const windows = windowsOf(features.get(sequences.feature)!, rows);
  const { windowOf, rows: windowRows } = windows;
  const placeOf = makePlaceDraw(windows, sequences.ahead, seed, ids);
  const readNames = graphPlan.inputs.flatMap(({ source }) =>
    'rows' in source && source.rows?.kind === 'sequences' && 'feature' in source ? [source.feature] : [],
  );
  return (row) =>
    Object.fromEntries(
      [...new Set(readNames)].map((name) => {
        const { column, index } = features.get(name)!;
        const windowRow = windowRows[windowOf[row]!]!;
        invariant(column.kind === 'bags', `${name} is read in sequence and is no list`);
        return [name, codesIn(column, index ? index[windowRow]! : windowRow, placeOf(row, step) + 1)];
      }),
    );
}

type DrawnRows = Extract<RowsOf, { readonly perRow: number } | { readonly kind: 'shared' }>;

function describeDraw(rows: DrawnRows): string {
  if (rows.kind === 'listed') return `listed(${rows.feature})`;
  if (rows.kind === 'sampled' && rows.within !== undefined) return `within ${rows.within}`;
  return rows.kind === 'mined' ? 'mined' : rows.by;
}

function encodedAt({ column, index }: IndexedColumn, row: number): RecordedValue {
  const indexedRow = index ? index[row]! : row;
  switch (column.kind) {
    case 'codes':
      return column.values[indexedRow]!;
    case 'bags':
      return codesIn(column, indexedRow);
    case 'numbers':
      return [...column.values.subarray(indexedRow * column.width, (indexedRow + 1) * column.width)];
  }
}

/** Returns the codes of a bag. Elements that are bags themselves are concatenated. */
function codesIn({ starts, ends, values, inner }: BagColumn, bag: number, max = Number.POSITIVE_INFINITY): number[] {
  const ownCodes = [...values.subarray(starts[bag]!, Math.min(ends[bag]!, starts[bag]! + max))];
  return inner ? ownCodes.flatMap((element) => codesIn(inner, element)) : ownCodes;
}
