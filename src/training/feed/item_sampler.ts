/** Draws items of the corpus as negatives. The draws depend only on the seed and the step. */

import { invariant } from '../../base/diagnostics/diagnostic.ts';
import { makeRandom } from '../../base/random/random.ts';
import { listRowIndexes } from '../../base/util/objects.ts';
import type { Corpus, Events } from '../../data/dataset.ts';
import type { Draw, GraphPlan, ListedRows, MinedRows, SampledRows } from '../../graph/plan/plan.ts';
import { rowsPrefix } from '../../graph/plan/rows_prefix.ts';
import type { FeedState } from './input_source.ts';
import { latestRows } from './latest.ts';

/** Fills `rows` with corpus rows, with replacement. @param batch the events, which a draw within groups of items depends on */
export type ItemSampler = (step: number, rows: Int32Array, batch?: Int32Array) => void;

/**
 * `uniform` draws all items with a training event alike; `frequency` draws in proportion to training events, or to a power of them; `corpus` draws all items
 * alike, even without a training event. If no item has any event, all are drawn alike.
 */
export function makeSampler(corpus: Corpus, draw: Draw, seed: number): ItemSampler {
  const { by } = draw;
  const alias = by === 'frequency' ? makeAlias(weightsOf(corpus, draw)) : undefined;
  const trainedItems = by === 'uniform' ? trainedRows(corpus) : undefined;
  const kind = { uniform: 0, frequency: 1, corpus: 2 }[by];
  return (step, rows) => {
    const random = makeRandom(seed, samplingStream, kind, step);
    if (trainedItems)
      for (let i = 0; i < rows.length; i++) rows[i] = trainedItems[random.integer(trainedItems.length)]!;
    else if (!alias) for (let i = 0; i < rows.length; i++) rows[i] = random.integer(corpus.rows);
    else {
      for (let i = 0; i < rows.length; i++) {
        const row = random.integer(corpus.rows);
        rows[i] = random.next() < alias.keep[row]! ? row : alias.other[row]!;
      }
    }
  };
}

/** Returns the chance that a draw gives a corpus row; 0 for −1, an item that is not in the corpus. */
export function drawChance(corpus: Corpus, draw: Draw): (row: number) => number {
  const { rows, trainingCounts } = corpus;
  const { by } = draw;
  const trainedCount = trainedRows(corpus).length;
  const weights = weightsOf(corpus, draw);
  const weightTotal = weights.reduce((sum, weight) => sum + weight, 0);
  return (row) => {
    if (row < 0) return 0;
    if (by === 'corpus' || weightTotal === 0) return 1 / rows;
    if (by === 'frequency') return weights[row]! / weightTotal;
    return trainingCounts[row]! > 0 ? 1 / trainedCount : 0;
  };
}

/** Returns the number of items that a draw may give, at least 1. */
export function poolSize(corpus: Corpus, by: Draw['by']): number {
  return Math.max(1, by === 'corpus' ? corpus.rows : trainedRows(corpus).length);
}

/** Returns the number of events of each item, to the power of the draw. */
function weightsOf({ rows, trainingCounts }: Corpus, { power = 1 }: Draw): Float64Array {
  return Float64Array.from(trainingCounts.subarray(0, rows), (count) => (count > 0 ? count ** power : 0));
}

/** Returns the rows that occur in training events; all if none does. */
function trainedRows({ rows, trainingCounts }: Corpus): Int32Array {
  const allRows = listRowIndexes(rows);
  const trained = allRows.filter((row) => trainingCounts[row]! > 0);
  return trained.length > 0 ? trained : allRows;
}

const samplingStream = 0x5a3b;

/** Walker's alias method (Vose 1991): a draw picks one row, and keeps it with probability `keep`, or else takes `other`. */
export function makeAlias(weights: ArrayLike<number>): { keep: Float64Array; other: Int32Array } | undefined {
  const { length } = weights;
  let weightTotal = 0;
  for (let i = 0; i < length; i++) weightTotal += weights[i]!;
  if (weightTotal === 0) return undefined;
  const keepChance = new Float64Array(length);
  const otherRow = new Int32Array(length);
  const lowColumns: number[] = [];
  const highColumns: number[] = [];
  for (let i = 0; i < length; i++) {
    keepChance[i] = (weights[i]! * length) / weightTotal;
    otherRow[i] = i;
    (keepChance[i]! < 1 ? lowColumns : highColumns).push(i);
  }
  while (lowColumns.length > 0 && highColumns.length > 0) {
    const lowRow = lowColumns.pop()!;
    const highRow = highColumns.pop()!;
    otherRow[lowRow] = highRow;
    keepChance[highRow]! -= 1 - keepChance[lowRow]!;
    (keepChance[highRow]! < 1 ? lowColumns : highColumns).push(highRow);
  }
  for (const i of highColumns) keepChance[i] = 1;
  // Rounding left these rows. Their chance is practically 1, but an item without weight must never be drawn.
  for (const i of lowColumns) if (weights[i]! > 0) keepChance[i] = 1;
  return { keep: keepChance, other: otherRow };
}

const minedStream = 0x317e;

export interface Mined {
  readonly rows: MinedRows;
  readonly items: OwnItems;
  /** Returns the users of an epoch as ascending rows. They depend only on the seed and the epoch. */
  usersOf(epoch: number): Int32Array;
  /** Stores the best items of these users. @param minedItems int32 [users, best], −1 where a user has fewer */
  storeMined(users: Int32Array, minedItems: Int32Array): void;
  /** Returns the entries of a checkpoint: the users, −1 for none, and their items. */
  state(): FeedState;
}

/** @param candidates the users who have an event to train on, ascending, which `events` need not have all of */
export function makeMined(
  { user: userOf }: Pick<Events, 'user'>,
  candidates: Int32Array,
  corpus: Corpus,
  minedRows: MinedRows,
  seed: number,
): Mined {
  const userCount = Math.min(minedRows.users, candidates.length);
  const { best, perRow } = minedRows;
  const users = new Int32Array(userCount).fill(-1);
  const items = new Int32Array(userCount * best).fill(-1);
  const sample = makeSampler(corpus, { by: 'uniform' }, seed);
  let placeOf: Map<number, number> | undefined;
  const places = (): Map<number, number> => (placeOf ??= new Map([...users].map((user, index) => [user, index])));
  let rows = new Int32Array(0);
  let known = new Uint8Array(0);
  return {
    rows: minedRows,
    usersOf(epoch) {
      const order = makeRandom(seed, minedStream, 0, epoch).permutation(candidates.length);
      return order
        .subarray(0, userCount)
        .map((index) => candidates[index]!)
        .sort();
    },
    storeMined(minedUsers, minedItems) {
      const isAsPlanned = minedUsers.length === userCount && minedItems.length === items.length;
      invariant(isAsPlanned, 'the mined items are as many as planned');
      users.set(minedUsers);
      items.set(minedItems);
      placeOf = undefined;
    },
    items(batch, step) {
      const drawCount = batch.length * perRow;
      if (rows.length < drawCount) {
        rows = new Int32Array(drawCount);
        known = new Uint8Array(drawCount).fill(1);
      }
      const drawnItems = rows.subarray(0, drawCount);
      sample(step, drawnItems);
      const random = makeRandom(seed, minedStream, 1, step);
      for (let i = 0; i < batch.length; i++) {
        const user = userOf[batch[i]!]!;
        const place = user < 0 ? undefined : places().get(user);
        const count = place === undefined ? 0 : countItems(items, place * best, best);
        if (count === 0) continue;
        for (let n = 0; n < perRow; n++) drawnItems[i * perRow + n] = items[place! * best + random.integer(count)]!;
      }
      return { rows: drawnItems, known: known.subarray(0, drawCount) };
    },
    // A checkpoint may be read into these arrays, so the index is built again.
    state() {
      placeOf = undefined;
      return { users, items };
    },
  };
}

/** Counts the items before the first −1, at most `best`. */
function countItems(items: Int32Array, from: number, best: number): number {
  for (let count = 0; count < best; count++) if (items[from + count]! < 0) return count;
  return best;
}

/** Items that each row of a batch has for itself as negatives, row-major. `known` is 0 where a row has none, and the corpus row there has no meaning. */
interface OwnRowsOfBatch {
  readonly rows: Int32Array;
  readonly known: Uint8Array;
  /** The weights of listed items, 1 in a list without; −1 where a row has none. */
  readonly weights?: Float32Array;
}

/** Draws the own items of a batch's events at a step. Returns views that the next step reuses. */
export type OwnItems = (batch: Int32Array, step: number) => OwnRowsOfBatch;

/** The listed and mined negatives of a plan. */
interface PlannedItems {
  /** Draws them for the events of a batch, once for all inputs that read the same ones. */
  ownRowsOfBatch(batch: Int32Array, step: number): (rows: ListedRows | MinedRows) => OwnRowsOfBatch;
  readonly mined: readonly Mined[];
  state(): FeedState;
}

export function makeOwnItems(options: {
  readonly plan: GraphPlan;
  readonly events: Events;
  readonly corpus: Corpus;
  readonly seed: number;
  readonly latestUsers?: Int32Array;
}): PlannedItems {
  const { plan, events, corpus, seed } = options;
  const itemsByPrefix = new Map<string, OwnItems>();
  const mined: Mined[] = [];
  for (const { source } of plan.inputs) {
    const rows = 'rows' in source ? source.rows : undefined;
    if (rows === undefined || itemsByPrefix.has(rowsPrefix(rows))) continue;
    if (rows.kind === 'listed') itemsByPrefix.set(rowsPrefix(rows), makeListed(events, rows, seed));
    if (rows.kind !== 'mined') continue;
    const minedItems = makeMined(events, options.latestUsers ?? latestRows(events).users, corpus, rows, seed);
    mined.push(minedItems);
    itemsByPrefix.set(rowsPrefix(rows), minedItems.items);
  }
  return {
    ownRowsOfBatch(batch, step) {
      const ownItems = new Map([...itemsByPrefix].map(([name, drawItems]) => [name, drawItems(batch, step)]));
      return (rows) => ownItems.get(rowsPrefix(rows))!;
    },
    mined,
    state: () => Object.assign({}, ...mined.map(stateOf)) as FeedState,
  };
}

const stateOf = ({ rows: of, state }: Mined): FeedState =>
  Object.fromEntries(Object.entries(state()).map(([part, view]) => [`${rowsPrefix(of)}${part}`, view]));

const listedStream = 0x115d;

/**
 * Draws negatives from a list of each event. They depend only on the seed and the step; the next step reuses the views. From a list longer than `perRow`, that
 * many items are drawn without replacement; a shorter one is padded with the event's own item, which counts nothing. Items outside the corpus are excluded.
 */
export function makeListed(events: Events, { feature, perRow }: ListedRows, seed: number): OwnItems {
  const listItems = events.givenItems?.get(feature);
  invariant(listItems, `list ${feature} has no items of the corpus`);
  const { bags, index } = listItems;
  let rows = new Int32Array(0);
  let knownFlags = new Uint8Array(0);
  let weights = new Float32Array(0);
  /** Places in `bags.values`. */
  const placesOfList: number[] = [];
  return (batch, step) => {
    const drawCount = batch.length * perRow;
    if (rows.length < drawCount) {
      rows = new Int32Array(drawCount);
      knownFlags = new Uint8Array(drawCount);
      weights = new Float32Array(drawCount);
    }
    knownFlags.fill(0, 0, drawCount);
    weights.fill(-1, 0, drawCount);
    const random = makeRandom(seed, listedStream, ...Buffer.from(feature), step);
    for (let i = 0; i < batch.length; i++) {
      const bag = index ? index[batch[i]!]! : batch[i]!;
      placesOfList.length = 0;
      for (let index = bags.starts[bag]!; index < bags.ends[bag]!; index++)
        if (bags.values[index]! >= 0) placesOfList.push(index);
      // The own item is looked up in any case.
      rows.fill(Math.max(0, events.item[batch[i]!]!), i * perRow, (i + 1) * perRow);
      const count = Math.min(perRow, placesOfList.length);
      const isTooLong = placesOfList.length > perRow;
      for (let n = 0; n < count; n++) {
        if (isTooLong) {
          const other = n + random.integer(placesOfList.length - n);
          [placesOfList[n], placesOfList[other]] = [placesOfList[other]!, placesOfList[n]!];
        }
        rows[i * perRow + n] = bags.values[placesOfList[n]!]!;
        knownFlags[i * perRow + n] = 1;
        weights[i * perRow + n] = bags.weights?.[placesOfList[n]!] ?? 1;
      }
    }
    return {
      rows: rows.subarray(0, drawCount),
      known: knownFlags.subarray(0, drawCount),
      weights: weights.subarray(0, drawCount),
    };
  };
}

// Draws negatives among the items that share a value with the row's own item, such as those of its market.

const groupStream = 0x6e40;

/**
 * Draws for each event, each alike, from the items of the training part that have the code of the event's own item, without that item. An event whose item has
 * no other item with its code, or is not in the corpus, draws from the whole training part. The draws depend only on the seed and the step.
 */
export function makeGroupSampler(
  events: Pick<Events, 'item'>,
  corpus: Corpus,
  { within: groupFeature, perRow }: Required<Pick<SampledRows, 'within' | 'perRow'>>,
  seed: number,
): ItemSampler {
  const codeOf = makeCodes(corpus, groupFeature);
  const trained = trainedRows(corpus);
  const grouped = trained.slice().sort((a, b) => codeOf(a) - codeOf(b) || a - b);
  /** First place and end of the items of each code in `grouped`. */
  const groups = new Map<number, { readonly from: number; to: number }>();
  const placeOf = new Int32Array(corpus.rows).fill(-1);
  for (const [place, item] of grouped.entries()) {
    placeOf[item] = place;
    const group = groups.get(codeOf(item));
    if (group) group.to = place + 1;
    else groups.set(codeOf(item), { from: place, to: place + 1 });
  }
  return (step, rows, batch) => {
    invariant(batch && rows.length === batch.length * perRow, 'items are drawn for the events of a batch');
    const random = makeRandom(seed, groupStream, ...Buffer.from(groupFeature), step);
    for (let i = 0; i < batch.length; i++) {
      const ownItem = events.item[batch[i]!]!;
      const group = ownItem < 0 ? undefined : groups.get(codeOf(ownItem));
      const ownPlace = ownItem < 0 ? -1 : placeOf[ownItem]!;
      const count = group ? group.to - group.from - (ownPlace < 0 ? 0 : 1) : 0;
      for (let index = i * perRow; index < (i + 1) * perRow; index++) {
        if (!group || count === 0) {
          rows[index] = trained[random.integer(trained.length)]!;
          continue;
        }
        const place = group.from + random.integer(count);
        rows[index] = grouped[ownPlace >= 0 && place >= ownPlace ? place + 1 : place]!;
      }
    }
  };
}

function makeCodes({ features }: Corpus, feature: string): (item: number) => number {
  const groupColumn = features.get(feature);
  invariant(groupColumn?.column.kind === 'codes', `feature ${feature} has one code for each item`);
  const { values } = groupColumn.column;
  const { index } = groupColumn;
  return (item) => values[index ? index[item]! : item]!;
}
