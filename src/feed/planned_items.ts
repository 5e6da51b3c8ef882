/** The listed and mined negatives that a step asks for. */
import type { Corpus, Events } from '../data/dataset.ts';
import type { GraphPlan, ListedRows, MinedRows } from '../plan/plan.ts';
import { rowsPrefix } from '../plan/rows_prefix.ts';
import { makeListed } from './listed.ts';
import { type Mined, makeMined } from './mined.ts';
import type { OwnItems, OwnRowsOfBatch } from './own_items.ts';
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
