/** Packs encoded events into blocks of some rows each, and unpacks them. */
import { invariant } from '../../base/diagnostics/diagnostic.ts';
import { ascendingIndexes } from '../../base/util/ascending_indexes.ts';
import { listRowIndexes } from '../../base/util/objects.ts';
import type { BagColumn, Column, Events, IndexedBags, IndexedColumn } from '../dataset.ts';
import { bagSpans } from '../rows/raw.ts';
import { type ColumnBlock, joinedArrays, type OwnBlock } from './column_block.ts';

/** The form of a column in a block. A column of items or users is stored only once, and events have the row of their item or user. */
export type ColumnSpec =
  | { readonly kind: 'items' | 'users' | 'codes' }
  | { readonly kind: 'numbers'; readonly width: number }
  | {
      readonly kind: 'bags';
      readonly weights: boolean;
      readonly items: boolean;
      readonly inner: boolean;
      /** True if bags that overlap share their values, as in memory. */
      readonly shared: boolean;
    };

export interface EventsSpec {
  readonly features: readonly (readonly [name: string, spec: ColumnSpec])[];
  readonly labels: readonly string[];
  /** Features whose items are stored as `givenItems`. */
  readonly given: readonly string[];
  readonly earlier: boolean;
  /** True if rows say whether they are new. */
  readonly marks?: boolean;
}

export const withEarlier = (spec: EventsSpec): EventsSpec => ({ ...spec, earlier: true });

/** Columns that all blocks share: those with one row for each item or user, and the bags that are elements of lists. */
export interface SharedColumns {
  readonly items: ReadonlyMap<string, IndexedColumn>;
  readonly users: ReadonlyMap<string, IndexedColumn>;
  readonly inner: ReadonlyMap<string, BagColumn>;
}

type ColumnSpecs = EventsSpec['features'];

/** @param sides features whose columns have one row for each item or user */
export const specsOf = (
  columns: ReadonlyMap<string, IndexedColumn>,
  sides: ReadonlyMap<string, 'items' | 'users'> = new Map(),
  isShared: (feature: string) => boolean = () => false,
): ColumnSpecs =>
  [...columns].map(([name, { column }]): ColumnSpecs[number] => {
    const side = sides.get(name);
    if (side !== undefined) return [name, { kind: side }];
    if (column.kind === 'codes') return [name, { kind: 'codes' }];
    if (column.kind === 'numbers') return [name, { kind: 'numbers', width: column.width }];
    return [name, { kind: 'bags', ...bagSpec(column), shared: isShared(name) }];
  });

export const specOf = (
  { features, labels, givenItems, earlier, marks }: Events,
  sides: ReadonlyMap<string, 'items' | 'users'>,
  keepsGiven: (feature: string) => boolean,
  isShared?: (feature: string) => boolean,
): EventsSpec => ({
  features: specsOf(features, sides, isShared),
  labels: [...labels.keys()],
  given: [...(givenItems?.keys() ?? [])].filter(keepsGiven),
  earlier: earlier !== undefined,
  ...(marks ? { marks: true } : {}),
});

const bagSpec = ({ weights, items, inner }: BagColumn) => ({
  weights: weights !== undefined,
  items: items !== undefined,
  inner: inner !== undefined,
});

/** @param userOf maps rows to users, if events number users differently than the data set */
export function packEvents(
  events: Events,
  { features, labels, given, earlier, marks }: EventsSpec,
  rows: Int32Array,
  userOf?: Int32Array,
): OwnBlock {
  const block: OwnBlock = new Map();
  const user = pick(events.user, rows);
  block.set('#row', pick(events.ids!, rows));
  block.set('#item', pick(events.item, rows));
  block.set('#user', userOf ? user.map((index) => (index < 0 ? index : userOf[index]!)) : user);
  for (const name of labels) block.set(`label ${name}`, pick(events.labels.get(name)!, rows));
  packColumns(block, events.features, features, rows);
  for (const name of given) packIndexed(block, `given ${name}`, events.givenItems!.get(name)!, rows);
  if (earlier) packIndexed(block, '#earlier', events.earlier!, rows);
  if (marks) block.set('#mark', pick(events.marks!, rows));
  return block;
}

export function packColumns(
  block: OwnBlock,
  columns: ReadonlyMap<string, IndexedColumn>,
  specs: ColumnSpecs,
  rows: Int32Array,
): void {
  for (const [name, spec] of specs) {
    const { column, index } = columns.get(name)!;
    if (spec.kind === 'items' || spec.kind === 'users') continue;
    const columnRows = index ? pick(index, rows) : rows;
    if (column.kind === 'codes') block.set(name, pick(column.values, columnRows));
    else if (column.kind === 'numbers') block.set(name, pick(column.values, columnRows, column.width));
    else packBags(block, name, column, columnRows, spec.kind === 'bags' && spec.shared);
  }
}

function packIndexed(block: OwnBlock, name: string, { bags, index }: IndexedBags, rows: Int32Array): void {
  packBags(block, name, bags, index ? pick(index, rows) : rows);
}

type PickedArray = Int32Array | Float32Array | Float64Array;

type PackedBags = Pick<BagColumn, 'starts' | 'ends' | 'weights' | 'items'> & { readonly values: PickedArray };

/** @param shared true if values of bags that overlap are written once */
export function packBags(block: OwnBlock, name: string, bags: PackedBags, rows: Int32Array, shared = false): void {
  const { values, weights, items } = bags;
  const lengths = new Int32Array(rows.length);
  for (let i = 0; i < rows.length; i++) lengths[i] = bags.ends[rows[i]!]! - bags.starts[rows[i]!]!;
  const runs = shared ? runsOf(bags, rows) : undefined;
  const starts = runs?.starts ?? pick(bags.starts, rows);
  const counts = runs?.counts ?? lengths;
  const total = counts.reduce((sum, count) => sum + count, 0);
  const copy = <T extends PickedArray>(source: T): T => {
    const copied = emptyLike(source, total);
    let target = 0;
    for (let i = 0; i < rows.length; i++)
      for (let k = starts[i]!, end = k + counts[i]!; k < end; k++) copied[target++] = source[k]!;
    return copied;
  };
  block.set(`${name} lengths`, lengths);
  if (runs) {
    block.set(`${name} counts`, runs.counts);
    block.set(`${name} shifts`, runs.shifts);
  }
  block.set(name, copy(values));
  if (weights) block.set(`${name} weights`, copy(weights));
  if (items) block.set(`${name} items`, copy(items));
}

/**
 * Divides bags into runs that overlap. The first bag of a run brings its values along: `counts` of them, from `starts` on. A bag begins `shifts` values after
 * those that the bags before it bring along, so that blocks can be joined.
 */
function runsOf({ starts, ends }: Pick<BagColumn, 'starts' | 'ends'>, rows: Int32Array) {
  const ownStarts = pick(starts, rows);
  const runStarts = ownStarts.slice();
  const counts = new Int32Array(rows.length);
  const firstOf = listRowIndexes(rows.length);
  const byStart = ascendingIndexes(ownStarts).filter((i) => ends[rows[i]!]! > ownStarts[i]!);
  for (let from = 0, to = 0; from < byStart.length; from = to) {
    const start = ownStarts[byStart[from]!]!;
    let end = start;
    let first = rows.length;
    for (to = from; to < byStart.length && (to === from || ownStarts[byStart[to]!]! < end); to++) {
      first = Math.min(first, byStart[to]!);
      end = Math.max(end, ends[rows[byStart[to]!]!]!);
    }
    for (let index = from; index < to; index++) firstOf[byStart[index]!] = first;
    runStarts[first] = start;
    counts[first] = end - start;
  }
  const places = new Int32Array(rows.length);
  let before = 0;
  const shifts = ownStarts.map((start, i) => {
    const first = firstOf[i]!;
    if (first === i) places[i] = before;
    const shift = counts[first] === 0 ? 0 : places[first]! + start - runStarts[first]! - before;
    before += counts[i]!;
    return shift;
  });
  return { starts: runStarts, counts, shifts };
}

const emptyLike = <T extends PickedArray>(values: T, length: number): T =>
  new (values.constructor as new (length: number) => T)(length);

/** Returns the values of some rows with `width` numbers each. */
export function pick<T extends PickedArray>(values: T, rows: Int32Array, width = 1): T {
  const pickedValues = emptyLike(values, rows.length * width);
  if (width === 1) for (let i = 0; i < rows.length; i++) pickedValues[i] = values[rows[i]!]!;
  else
    for (let i = 0; i < rows.length; i++)
      for (let k = 0; k < width; k++) pickedValues[i * width + k] = values[rows[i]! * width + k]!;
  return pickedValues;
}

export function unpackEvents(
  blocks: readonly ColumnBlock[],
  { features, labels, given, earlier, marks }: EventsSpec,
  shared: SharedColumns,
): Events {
  const ids = joinedArrays(blocks, '#row', Int32Array);
  const item = joinedArrays(blocks, '#item', Int32Array);
  const user = joinedArrays(blocks, '#user', Int32Array);
  const unpackFeature = (name: string, spec: ColumnSpec): IndexedColumn => {
    if (spec.kind === 'items') return byEntity(shared.items.get(name), item);
    if (spec.kind === 'users') return byEntity(shared.users.get(name), user);
    return { column: unpackColumn(blocks, name, spec, shared.inner) };
  };
  const unpackGiven = (name: string): IndexedBags => ({
    bags: unpackBags(blocks, name, { weights: blocks.some((block) => block.has(`${name} weights`)) }, shared.inner),
  });
  return {
    rows: ids.length,
    ids,
    item,
    user,
    features: new Map(features.map(([name, spec]) => [name, unpackFeature(name, spec)])),
    labels: new Map(labels.map((name) => [name, joinedArrays(blocks, `label ${name}`, Float32Array)])),
    givenItems: given.length > 0 ? new Map(given.map((name) => [name, unpackGiven(`given ${name}`)])) : undefined,
    earlier: earlier ? unpackGiven('#earlier') : undefined,
    marks: marks ? joinedArrays(blocks, '#mark', Int32Array) : undefined,
  };
}

/** Unpacks a column that the blocks themselves contain. */
export function unpackColumn(
  blocks: readonly ColumnBlock[],
  name: string,
  spec: ColumnSpec,
  inner: SharedColumns['inner'],
): Column {
  if (spec.kind === 'numbers') return { ...spec, values: joinedArrays(blocks, name, Float32Array) };
  if (spec.kind === 'bags') return unpackBags(blocks, name, spec, inner);
  invariant(spec.kind === 'codes', `the column ${name} is in the blocks`);
  return { kind: 'codes', values: joinedArrays(blocks, name, Int32Array) };
}

/** Returns a column of items or users, indexed by event. */
function byEntity(sharedColumn: IndexedColumn | undefined, rows: Int32Array): IndexedColumn {
  invariant(sharedColumn, 'a column that events share is there');
  return { column: sharedColumn.column, index: sharedColumn.index ? pick(sharedColumn.index, rows) : rows };
}

function unpackBags(
  blocks: readonly ColumnBlock[],
  name: string,
  { weights = false, items = false, inner = false, shared = false }: Partial<Extract<ColumnSpec, { kind: 'bags' }>>,
  innerBags: SharedColumns['inner'],
): BagColumn {
  return {
    ...{
      ...(shared ? spansOfRuns(blocks, name) : bagSpans(joinedArrays(blocks, `${name} lengths`, Int32Array))),
      values: joinedArrays(blocks, name, Int32Array),
    },
    weights: weights ? joinedArrays(blocks, `${name} weights`, Float32Array) : undefined,
    items: items ? joinedArrays(blocks, `${name} items`, Int32Array) : undefined,
    inner: inner ? innerBags.get(name) : undefined,
  };
}

function spansOfRuns(blocks: readonly ColumnBlock[], name: string): Pick<BagColumn, 'kind' | 'starts' | 'ends'> {
  const [lengths, counts, shifts] = ['lengths', 'counts', 'shifts'].map((part) =>
    joinedArrays(blocks, `${name} ${part}`, Int32Array),
  ) as [Int32Array, Int32Array, Int32Array];
  let before = 0;
  const starts = counts.map((count, i) => {
    const start = before + shifts[i]!;
    before += count;
    return start;
  });
  return { kind: 'bags', starts, ends: starts.map((start, i) => start + lengths[i]!) };
}
