/** Makes the listed and mined negatives of a step. */
import { invariant } from '../../base/diagnostics/failure.ts';
import { makeRandom } from '../../base/random/random.ts';
import type { Corpus, Events } from '../../data/dataset.ts';
import type { GraphPlan, ListedRows, MinedRows } from '../../graph/plan/plan.ts';
import { rowsPrefix } from '../../graph/plan/rows_prefix.ts';
import { type Mined, makeMined, type OwnItems, type OwnRowsOfBatch } from './mined.ts';
import type { FeedState } from './source.ts';

export interface PlannedItems {
  /** Makes those of the events of a batch, once for all inputs that read the same. */
  of(batch: Int32Array, step: number): (rows: ListedRows | MinedRows) => OwnRowsOfBatch;
  readonly mined: readonly Mined[];
  state(): FeedState;
}

export function makeOwnItems(of: {
  readonly plan: GraphPlan;
  readonly events: Events;
  readonly corpus: Corpus;
  readonly seed: number;
}): PlannedItems {
  const { plan, events, corpus, seed } = of;
  const items = new Map<string, OwnItems>();
  const mined: Mined[] = [];
  for (const { source } of plan.inputs) {
    const rows = 'rows' in source ? source.rows : undefined;
    if (rows === undefined || items.has(rowsPrefix(rows))) continue;
    if (rows.kind === 'listed') items.set(rowsPrefix(rows), makeListed(events, rows, seed));
    if (rows.kind !== 'mined') continue;
    const minedItems = makeMined(events, corpus, rows, seed);
    mined.push(minedItems);
    items.set(rowsPrefix(rows), minedItems.items);
  }
  return {
    of(batch, step) {
      const ownItems = new Map([...items].map(([name, make]) => [name, make(batch, step)]));
      return (rows) => ownItems.get(rowsPrefix(rows))!;
    },
    mined,
    state: () => Object.assign({}, ...mined.map(stateOf)) as FeedState,
  };
}

const stateOf = ({ of, state }: Mined): FeedState =>
  Object.fromEntries(Object.entries(state()).map(([part, view]) => [`${rowsPrefix(of)}${part}`, view]));

/** Sets these draws apart from all others of the same seed. */
const listedStream = 0x115d;

/**
 * Draws negatives from a list of each event: a function of the seed and the step alone, whose views the next step reuses. A longer list than
 * `perRow` gives that many of its items without replacement; a shorter one is filled up with the own item, which counts nothing. Items that
 * the corpus does not have are excluded.
 */
export function makeListed(events: Events, { feature, perRow }: ListedRows, seed: number): OwnItems {
  const listItems = events.givenItems?.get(feature);
  invariant(listItems, `list ${feature} has no items of the corpus`);
  const { bags, index } = listItems;
  let rows = new Int32Array(0);
  let knownFlags = new Uint8Array(0);
  const itemsOfList: number[] = [];
  return (batch, step) => {
    const length = batch.length * perRow;
    if (rows.length < length) {
      rows = new Int32Array(length);
      knownFlags = new Uint8Array(length);
    }
    knownFlags.fill(0, 0, length);
    const random = makeRandom(seed, listedStream, ...Buffer.from(feature), step);
    for (let i = 0; i < batch.length; i++) {
      const bag = index ? index[batch[i]!]! : batch[i]!;
      itemsOfList.length = 0;
      for (let at = bags.starts[bag]!; at < bags.ends[bag]!; at++)
        if (bags.values[at]! >= 0) itemsOfList.push(bags.values[at]!);
      // The own item is looked up anyway.
      rows.fill(Math.max(0, events.item[batch[i]!]!), i * perRow, (i + 1) * perRow);
      const count = Math.min(perRow, itemsOfList.length);
      const isTooLong = itemsOfList.length > perRow;
      for (let n = 0; n < count; n++) {
        if (isTooLong) {
          const other = n + random.integer(itemsOfList.length - n);
          [itemsOfList[n], itemsOfList[other]] = [itemsOfList[other]!, itemsOfList[n]!];
        }
        rows[i * perRow + n] = itemsOfList[n]!;
        knownFlags[i * perRow + n] = 1;
      }
    }
    return { rows: rows.subarray(0, length), known: knownFlags.subarray(0, length) };
  };
}
