/** The listed and mined negatives that a step asks for. */
import type { Corpus, Events } from '../data/dataset.ts';
import { invariant } from '../diagnostics/failure.ts';
import type { GraphPlan, ListedRows, MinedRows } from '../plan/plan.ts';
import { rowsPrefix } from '../plan/rows_prefix.ts';
import { makeRandom } from '../random/random.ts';
import { type Mined, makeMined, type OwnItems, type OwnRowsOfBatch } from './mined.ts';
import type { FeedState } from './source.ts';

export interface PlannedItems {
  /** Those of the events of a batch, once for all inputs that ask alike. */
  of(batch: Int32Array, step: number): (rows: ListedRows | MinedRows) => OwnRowsOfBatch;
  readonly mined: readonly Mined[];
  /** What a checkpoint must hold. */
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
    const found = makeMined(events, corpus, rows, seed);
    mined.push(found);
    items.set(rowsPrefix(rows), found.items);
  }
  return {
    of(batch, step) {
      const given = new Map([...items].map(([name, make]) => [name, make(batch, step)]));
      return (rows) => given.get(rowsPrefix(rows))!;
    },
    mined,
    state: () => Object.assign({}, ...mined.map(stateOf)) as FeedState,
  };
}

const stateOf = ({ of, state }: Mined): FeedState =>
  Object.fromEntries(Object.entries(state()).map(([part, view]) => [`${rowsPrefix(of)}${part}`, view]));

// Negatives from a list of each event: a function of the seed and the step alone.

/** Sets these draws apart from all others of the same seed. */
const listedStream = 0x115d;

/**
 * A function whose views the next step reuses. A list that is longer than asked for gives that many of its items without replacement; a
 * shorter one is filled up with the own item, which counts nothing. Items that the corpus does not have are left out.
 */
export function makeListed(events: Events, { feature, perRow }: ListedRows, seed: number): OwnItems {
  const given = events.givenItems?.get(feature);
  invariant(given, `list ${feature} has no items of the corpus`);
  const { bags, index } = given;
  let rows = new Int32Array(0);
  let known = new Uint8Array(0);
  const found: number[] = [];
  return (batch, step) => {
    const length = batch.length * perRow;
    if (rows.length < length) {
      rows = new Int32Array(length);
      known = new Uint8Array(length);
    }
    known.fill(0, 0, length);
    const random = makeRandom(seed, listedStream, ...Buffer.from(feature), step);
    for (let i = 0; i < batch.length; i++) {
      const bag = index ? index[batch[i]!]! : batch[i]!;
      found.length = 0;
      for (let at = bags.starts[bag]!; at < bags.ends[bag]!; at++)
        if (bags.values[at]! >= 0) found.push(bags.values[at]!);
      // The own item is looked up anyway.
      rows.fill(Math.max(0, events.item[batch[i]!]!), i * perRow, (i + 1) * perRow);
      const count = Math.min(perRow, found.length);
      const chooses = found.length > perRow;
      for (let n = 0; n < count; n++) {
        if (chooses) {
          const other = n + random.integer(found.length - n);
          [found[n], found[other]] = [found[other]!, found[n]!];
        }
        rows[i * perRow + n] = found[n]!;
        known[i * perRow + n] = 1;
      }
    }
    return { rows: rows.subarray(0, length), known: known.subarray(0, length) };
  };
}
