/** Finds equal keys in a batch, and the lists, parts and sequences that its rows read. */
import { invariant } from '../../base/diagnostics/diagnostic.ts';
import type { Events } from '../../data/dataset.ts';
import { type Windows, windowsOf } from '../../data/rows/windows.ts';
import type { Tensor } from '../../graph/graph.ts';
import { type FeaturePlan, findSequences, type GraphPlan } from '../../graph/plan/plan.ts';
import { makePlaceDraw, type PlaceDraw } from './draws.ts';

/** Chains the positions of a batch that have the same key, in ascending order. A key below 0 equals no other. */
export type EqualKeys = ReturnType<typeof makeGroups>;

/** Makes a hash table with linear probing, whose memory is reused from batch to batch. */
export function makeGroups() {
  let keys = new Int32Array(0);
  let firsts = new Int32Array(0);
  let nexts = new Int32Array(0);
  let mask = 0;
  const slotOf = (key: number): number => {
    let slot = (Math.imul(key, 0x9e3779b1) >>> 0) & mask;
    while (firsts[slot]! >= 0 && keys[slot] !== key) slot = (slot + 1) & mask;
    return slot;
  };
  return {
    fill(count: number, numberOf: (position: number) => number): void {
      const tableSize = 2 ** Math.ceil(Math.log2(2 * count + 2));
      if (keys.length !== tableSize) {
        keys = new Int32Array(tableSize);
        firsts = new Int32Array(tableSize);
        mask = tableSize - 1;
      }
      if (nexts.length < count) nexts = new Int32Array(count);
      firsts.fill(-1);
      for (let position = count - 1; position >= 0; position--) {
        const key = numberOf(position);
        nexts[position] = -1;
        if (key < 0) continue;
        const slot = slotOf(key);
        keys[slot] = key;
        nexts[position] = firsts[slot]!;
        firsts[slot] = position;
      }
    },
    /** Returns the first position with this key; −1 if there is none. */
    first: (key: number): number => (key < 0 ? -1 : firsts[slotOf(key)]!),
    /** Returns the next position with the same key; −1 if there is none. */
    next: (position: number): number => nexts[position]!,
  };
}

export type PairList = ReturnType<typeof makePairs>;

export function makePairs() {
  let pairData = new Int32Array(1024);
  let usedLength = 0;
  return {
    clear(): void {
      usedLength = 0;
    },
    add(row: number, column: number): void {
      if (usedLength === pairData.length) {
        const largerData = new Int32Array(2 * usedLength);
        largerData.set(pairData);
        pairData = largerData;
      }
      pairData[usedLength++] = row;
      pairData[usedLength++] = column;
    },
    /** Returns int32 [length, 2], a view that the next `clear` reuses. */
    tensor: (): Tensor => ({ dtype: 'int32', shape: [usedLength / 2, 2], data: pairData.subarray(0, usedLength) }),
  };
}

/** Describes how to order the lists of a batch: each once if the targets are positions, or by length if the step cuts its batch. */
export interface ListsOptions {
  readonly plan: GraphPlan;
  readonly events: Events;
  readonly features: readonly FeaturePlan[];
  readonly seed: number;
}

/** The lists of some rows of a batch, for a graph that reads lists in an order of their own. */
export interface BatchLists {
  readonly cut?: { readonly lengths: readonly number[]; readonly parts: readonly BatchPart[] };
  readonly sequences?: BatchSequences;
}

/** Returns a function whose lists are valid until its next call. */
export function makeLists(options: ListsOptions): (rows: Int32Array, step: number) => BatchLists {
  const windows = windowsOfPlan(options);
  const parts = makeBatchParts(options, windows);
  const sequences = windows && !parts ? makeSequences(windows.windows, windows.max, windows.placeOf) : undefined;
  return (rows, step) => ({
    cut: parts && { lengths: parts.lengths, parts: parts.of(rows, step) },
    sequences: sequences?.(rows, step),
  });
}

function makeBatchParts({ plan, events }: ListsOptions, windows: ReturnType<typeof windowsOfPlan>) {
  const partRows = plan.inputs.flatMap(({ source }) =>
    source.from === 'part_places' && source.rows.kind === 'part' ? [source.rows] : [],
  );
  const [firstPart] = partRows;
  if (firstPart === undefined) return undefined;
  const cutLengths = partRows.map(({ length }) => length).sort((a, b) => a - b);
  const elementsOf = makeElementCounter(events.features, firstPart.feature);
  const ofWindows = windows?.windows;
  const lengthOf = ofWindows ? (event: number) => elementsOf(ofWindows.rows[ofWindows.windowOf[event]!]!) : elementsOf;
  const partsOptions = { lengths: cutLengths, lengthOf, windows: ofWindows, placeOf: windows?.placeOf };
  return { lengths: cutLengths, of: makeParts(partsOptions) };
}

/** Returns a function that counts the elements of the list of a row. */
export function makeElementCounter(columns: Events['features'], list: string): (row: number) => number {
  const listColumn = columns.get(list);
  invariant(listColumn?.column.kind === 'bags', `${list} is no list`);
  const { column, index } = listColumn;
  return (row) => {
    const bag = index ? index[row]! : row;
    return column.ends[bag]! - column.starts[bag]!;
  };
}

export function windowsOfPlan({ plan, events, features, seed }: ListsOptions) {
  const sequences = findSequences(plan);
  if (sequences === undefined) return undefined;
  const { feature: listName, ahead } = sequences;
  const listColumn = events.features.get(listName);
  const max = features.find((feature) => feature.name === listName)?.max;
  invariant(listColumn && max !== undefined, `list ${listName} has no column or no length`);
  const windows = windowsOf(listColumn, events.rows);
  return { windows: windows, max, placeOf: makePlaceDraw(windows, ahead, seed, events.ids) };
}

/** A part of a batch that is cut by the length of a list. It has the rows whose lists fit its length, but not that of a shorter part. */
export interface BatchPart {
  /** Events, in the order of the batch. A part without events has one padding row, because no graph may have empty tensors. */
  readonly rows: Int32Array;
  /** For each row, its index in the batch. */
  readonly positions: Int32Array;
  /** 1 for a row, 0 for padding. */
  readonly known: Float32Array;
  /** Present if the targets are positions. */
  readonly sequences?: BatchSequences;
}

interface PartsOptions {
  /** List lengths of the parts, ascending; the last is the maximum length of the list. */
  readonly lengths: readonly number[];
  /** Returns the number of elements in the list of an event, or in its whole sequence. */
  lengthOf(event: number): number;
  readonly windows?: Windows;
  readonly placeOf?: PlaceDraw;
}

/** Returns a function that cuts a batch into parts, in the order of their lengths. */
export function makeParts(options: PartsOptions): (batch: Int32Array, step?: number) => readonly BatchPart[] {
  const { lengths, lengthOf, windows, placeOf } = options;
  const sequencesOf = windows && lengths.map((length) => makeSequences(windows, length, placeOf));
  return (batch, step) => {
    const placesByPart = lengths.map((): number[] => []);
    batch.forEach((event, position) => {
      const length = lengthOf(event);
      placesByPart[lengths.findIndex((maxLength) => length <= maxLength)]!.push(position);
    });
    return placesByPart.map((positions, index): BatchPart => {
      if (positions.length === 0) return paddingPart(batch[0]!, windows);
      const rows = Int32Array.from(positions, (position) => batch[position]!);
      const known = new Float32Array(positions.length).fill(1);
      return {
        rows,
        positions: Int32Array.from(positions),
        known,
        ...(sequencesOf ? { sequences: sequencesOf[index]!(rows, step) } : {}),
      };
    });
  };
}

/** Returns a padding part: the first elements of the list of any event, whose vector has the weight 0. */
function paddingPart(event: number, windows: Windows | undefined): BatchPart {
  const eventPart = { rows: Int32Array.of(event), positions: Int32Array.of(0), known: Float32Array.of(0) };
  if (!windows) return eventPart;
  const windowIndex = windows.windowOf[event]!;
  return { ...eventPart, sequences: { rows: Int32Array.of(windows.rows[windowIndex]!), positions: Int32Array.of(0) } };
}

/** The lists of a batch as sequences, each window once. */
export interface BatchSequences {
  /** For each window, the event whose list it is, in the order in which the batch reaches the windows. */
  readonly rows: Int32Array;
  /** For each row of the batch, the index of the end of its list, or of a drawn element before, among the elements of all sequences, which have `max` elements each. */
  readonly positions: Int32Array;
}

/** Returns a function whose views the next batch reuses. @param max maximum elements of a sequence @param placeOf default: where the event's list ends */
export function makeSequences(
  windows: Windows,
  max: number,
  placeOf: PlaceDraw = (event) => windows.placeOf[event]!,
): (batch: Int32Array, step?: number) => BatchSequences {
  const { windowOf } = windows;
  /** For each window, its index among those of the batch; −1 between batches. */
  const sequenceOf = new Int32Array(windows.rows.length).fill(-1);
  let rows = new Int32Array(0);
  let positions = new Int32Array(0);
  return (batch, step = 0) => {
    if (rows.length < batch.length) {
      rows = new Int32Array(batch.length);
      positions = new Int32Array(batch.length);
    }
    let usedRows = 0;
    for (let i = 0; i < batch.length; i++) {
      const windowIndex = windowOf[batch[i]!]!;
      invariant(windowIndex >= 0, 'an event without a list is not the target of a position');
      if (sequenceOf[windowIndex]! < 0) {
        rows[usedRows] = windows.rows[windowIndex]!;
        sequenceOf[windowIndex] = usedRows++;
      }
      positions[i] = sequenceOf[windowIndex]! * max + placeOf(batch[i]!, step);
    }
    for (let i = 0; i < batch.length; i++) sequenceOf[windowOf[batch[i]!]!] = -1;
    return { rows: rows.subarray(0, usedRows), positions: positions.subarray(0, batch.length) };
  };
}
