/**
 * The snapshot of a model with the items that were written since: those of the data that nothing replaced, and the written ones after them. The best
 * `k` of both parts contain the best `k` of all, so the answer is what a snapshot made of all these items would give, with the same bits.
 */
import { defined } from '../../defined.ts';
import { invariant } from '../../diagnostics/failure.ts';
import type { Bits } from '../../scan/bits.ts';
import type { Snapshot, TopAnswer, TopItem, TopRequest } from '../snapshot.ts';
import { userRowOf } from '../top_request.ts';
import type { WrittenView } from './written_items.ts';

export interface LiveParts {
  readonly base: Snapshot;
  readonly written: WrittenView;
  /** Items of the data that are neither replaced nor deleted. */
  readonly kept: Bits;
}

/** Row `base.rows` + i is slot i of the written items. Long because each method of a snapshot finds the part that answers. */
export function liveSnapshot({ base, written, kept }: LiveParts): Snapshot {
  const { rows: first, version, width, columns, objectives } = base;
  const { snapshot: added, alive, slotOf } = written;
  const keptCount = kept.count();
  const within = keptCount < first ? kept : undefined;
  const itemRow = (key: string): number => {
    const slot = slotOf(key);
    if (slot >= 0) return first + slot;
    const row = base.itemRow(key);
    return row >= 0 && kept.has(row) ? row : -1;
  };
  /** The part that has a row, and its row there. */
  const placeOf = (row: number): readonly [Snapshot, number] => (row < first ? [base, row] : [added, row - first]);
  const seenBy = (user: number): number[] =>
    base.seenBy(user).flatMap((row) => {
      if (kept.has(row)) return [row];
      // Written again, it is the same item; deleted, it is none.
      const now = itemRow(base.keyAt(row));
      return now < 0 ? [] : [now];
    });
  let directions: Snapshot | undefined;

  const top = (requests: readonly TopRequest[]): TopAnswer[] => {
    const split = requests.map((request) => {
      const { exclude = [], excludeRows = [], seenBy: user, within: only, ...both } = request;
      invariant(only === undefined, 'rows of two parts are not given as one set');
      const without = [...excludeRows];
      const unknown: string[] = [];
      for (const key of exclude) {
        const row = itemRow(key);
        if (row < 0) unknown.push(key);
        else without.push(row);
      }
      if (user !== undefined) without.push(...seenBy(userRowOf(user, base.userRow)));
      return { both, without, unknown };
    });
    const ofBase = base.top(
      split.map(({ both, without }) => ({
        ...both,
        ...defined({ within }),
        excludeRows: without.filter((row) => row < first),
      })),
    );
    const ofAdded = added.top(
      split.map(({ both, without }) => ({
        ...both,
        within: alive,
        excludeRows: without.flatMap((row) => (row >= first ? [row - first] : [])),
      })),
    );
    return requests.map(({ k }, i) => ({
      version,
      items: merged(ofBase[i]!.items, ofAdded[i]!.items, k, first),
      candidates: ofBase[i]!.candidates + ofAdded[i]!.candidates,
      unknown: split[i]!.unknown,
      ...defined({ exact: ofBase[i]!.exact }),
    }));
  };

  return {
    version,
    rows: first + added.rows,
    count: keptCount + alive.count(),
    width,
    columns,
    objectives,
    ...defined({ recall: base.recall }),
    top,
    itemRow,
    corpusRow: (key) => (itemRow(key) < 0 ? -1 : base.corpusRow(key)),
    keyAt(row) {
      const [part, own] = placeOf(row);
      return part.keyAt(own);
    },
    titleAt(row) {
      const [part, own] = placeOf(row);
      return part.titleAt(own);
    },
    valuesOf(row, names) {
      const [part, own] = placeOf(row);
      return part.valuesOf(own, names);
    },
    userRow: base.userRow,
    itemVector(row) {
      const [part, own] = placeOf(row);
      return part.itemVector(own);
    },
    seenBy,
    users: base.users,
    usersWith: base.usersWith,
    withGraph: (graph) => liveSnapshot({ base: base.withGraph(graph), written, kept }),
    directions: () =>
      (directions ??= liveSnapshot({
        base: base.directions(),
        written: { ...written, snapshot: added.directions() },
        kept,
      })),
  };
}

/** Of equal scores the item whose row comes first: those of the data. */
function merged(base: readonly TopItem[], added: readonly TopItem[], k: number, first: number): TopItem[] {
  const items: TopItem[] = [];
  let [a, b] = [0, 0];
  while (items.length < k && (a < base.length || b < added.length)) {
    const takesBase = b === added.length || (a < base.length && base[a]!.score >= added[b]!.score);
    items.push(takesBase ? base[a++]! : { ...added[b]!, row: first + added[b++]!.row });
  }
  return items;
}
