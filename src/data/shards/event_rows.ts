/** Packs encoded events into blocks of some rows each, and unpacks them. */
import { invariant } from '../../base/diagnostics/failure.ts';
import { defined } from '../../base/util/defined.ts';
import type { BagColumn, Column, Events, IndexedBags, IndexedColumn } from '../dataset.ts';
import { bagSpans } from '../rows/raw.ts';
import { type ColumnBlock, joinedArrays, type OwnBlock } from './block.ts';

/** The form of a column in a block. A column of items or users is stored only once, and events have the row of their item or user. */
export type ColumnSpec =
  | { readonly kind: 'items' | 'users' | 'codes' }
  | { readonly kind: 'numbers'; readonly width: number }
  | { readonly kind: 'bags'; readonly weights: boolean; readonly items: boolean; readonly inner: boolean };

export interface EventsSpec {
  readonly features: readonly (readonly [name: string, spec: ColumnSpec])[];
  readonly labels: readonly string[];
  /** Features whose items are stored as `givenItems`. */
  readonly given: readonly string[];
  readonly earlier: boolean;
}

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
): ColumnSpecs =>
  [...columns].map(([name, { column }]): ColumnSpecs[number] => {
    const side = sides.get(name);
    if (side !== undefined) return [name, { kind: side }];
    if (column.kind === 'codes') return [name, { kind: 'codes' }];
    if (column.kind === 'numbers') return [name, { kind: 'numbers', width: column.width }];
    return [name, { kind: 'bags', ...bagSpec(column) }];
  });

export const specOf = (
  { features, labels, givenItems, earlier }: Events,
  sides: ReadonlyMap<string, 'items' | 'users'>,
  keepsGiven: (feature: string) => boolean,
): EventsSpec => ({
  features: specsOf(features, sides),
  labels: [...labels.keys()],
  given: [...(givenItems?.keys() ?? [])].filter(keepsGiven),
  earlier: earlier !== undefined,
});

const bagSpec = ({ weights, items, inner }: BagColumn) => ({
  weights: weights !== undefined,
  items: items !== undefined,
  inner: inner !== undefined,
});

/** @param userOf maps rows to users, if events number users differently than the data set */
export function packEvents(
  events: Events,
  { features, labels, given, earlier }: EventsSpec,
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
    else packBags(block, name, column, columnRows);
  }
}

function packIndexed(block: OwnBlock, name: string, { bags, index }: IndexedBags, rows: Int32Array): void {
  packBags(block, name, bags, index ? pick(index, rows) : rows);
}

type PickedArray = Int32Array | Float32Array | Float64Array;

type PackedBags = Pick<BagColumn, 'starts' | 'ends' | 'weights' | 'items'> & { readonly values: PickedArray };

export function packBags(block: OwnBlock, name: string, bags: PackedBags, rows: Int32Array): void {
  const { starts, ends, values, weights, items } = bags;
  const lengths = new Int32Array(rows.length);
  let total = 0;
  for (let i = 0; i < rows.length; i++) total += lengths[i] = ends[rows[i]!]! - starts[rows[i]!]!;
  const copy = <T extends PickedArray>(source: T): T => {
    const copied = emptyLike(source, total);
    let target = 0;
    for (let i = 0; i < rows.length; i++)
      for (let k = starts[rows[i]!]!; k < ends[rows[i]!]!; k++) copied[target++] = source[k]!;
    return copied;
  };
  block.set(`${name} lengths`, lengths);
  block.set(name, copy(values));
  if (weights) block.set(`${name} weights`, copy(weights));
  if (items) block.set(`${name} items`, copy(items));
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
  { features, labels, given, earlier }: EventsSpec,
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
    ...defined({
      givenItems: given.length > 0 ? new Map(given.map((name) => [name, unpackGiven(`given ${name}`)])) : undefined,
      earlier: earlier ? unpackGiven('#earlier') : undefined,
    }),
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
  { weights = false, items = false, inner = false }: Partial<Extract<ColumnSpec, { kind: 'bags' }>>,
  innerBags: SharedColumns['inner'],
): BagColumn {
  return {
    ...{
      ...bagSpans(joinedArrays(blocks, `${name} lengths`, Int32Array)),
      values: joinedArrays(blocks, name, Int32Array),
    },
    ...defined({
      weights: weights ? joinedArrays(blocks, `${name} weights`, Float32Array) : undefined,
      items: items ? joinedArrays(blocks, `${name} items`, Int32Array) : undefined,
      inner: inner ? innerBags.get(name) : undefined,
    }),
  };
}
