/**
 * The snapshot of a model with the items that were written since: those of the data that nothing replaced, and the written ones after them. The best
 * `k` of all parts contain the best `k` of all, so the answer is what a snapshot made of all these items would give, with the same bits.
 */
import { defined } from '../../defined.ts';
import { invariant } from '../../diagnostics/failure.ts';
import type { Bits } from '../../scan/bits.ts';
import type { Snapshot, TopAnswer, TopItem, TopRequest } from '../snapshot.ts';
import { userRowOf } from '../top_request.ts';
import type { SegmentView } from './segment.ts';

export interface LiveParts {
  readonly base: Snapshot;
  readonly written: readonly SegmentView[];
  /** Items of the data that are neither replaced nor deleted, and how many are. */
  readonly kept: Bits;
  readonly hidden: number;
}

/** Rows of one snapshot among those of all. */
interface Part {
  readonly snapshot: Snapshot;
  readonly first: number;
  /** Absent: each row has an item. */
  readonly alive?: Bits;
}

/** The rows of the data come first, then those of the segments in their order. Long because each method of a snapshot finds the part that answers. */
export function liveSnapshot({ base, written, kept, hidden }: LiveParts): Snapshot {
  const { rows: first, version, width, columns, objectives } = base;
  const parts: Part[] = [{ snapshot: base, first: 0, ...(hidden > 0 && { alive: kept }) }];
  let rows = first;
  let count = first - hidden;
  for (const { snapshot, alive, count: own } of written) {
    parts.push({ snapshot, first: rows, ...(own < snapshot.rows && { alive }) });
    rows += snapshot.rows;
    count += own;
  }
  const itemRow = (key: string): number => {
    for (let at = written.length - 1; at >= 0; at--) {
      const slot = written[at]!.slotOf(key);
      if (slot >= 0) return parts[at + 1]!.first + slot;
    }
    const row = base.itemRow(key);
    return row >= 0 && kept.has(row) ? row : -1;
  };
  /** The part that has a row, and its row there. */
  const placeOf = (row: number): readonly [Snapshot, number] => {
    let at = parts.length - 1;
    while (parts[at]!.first > row) at--;
    return [parts[at]!.snapshot, row - parts[at]!.first];
  };
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
    const answers = parts.map((part) => {
      const { snapshot, first: from, alive: within } = part;
      const to = from + snapshot.rows;
      return snapshot.top(
        split.map(({ both, without }) => ({
          ...both,
          ...defined({ within }),
          excludeRows: without.flatMap((row) => (row >= from && row < to ? [row - from] : [])),
        })),
      );
    });
    return requests.map(({ k }, i) => ({
      version,
      items: parts.reduce<readonly TopItem[]>(
        (best, part, at) => merged(best, answers[at]![i]!.items, k, part.first),
        [],
      ),
      candidates: answers.reduce((sum, of) => sum + of[i]!.candidates, 0),
      unknown: split[i]!.unknown,
      ...defined({ exact: answers[0]![i]!.exact }),
    }));
  };

  return {
    version,
    rows,
    count,
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
    written: written.map(({ of, snapshot }, at) => ({ of, first: parts[at + 1]!.first, rows: snapshot.rows })),
    users: base.users,
    usersWith: base.usersWith,
    withGraph: (graph) => liveSnapshot({ base: base.withGraph(graph), written, kept, hidden }),
    directions: () =>
      (directions ??= liveSnapshot({
        base: base.directions(),
        written: written.map((part) => ({ ...part, snapshot: part.snapshot.directions() })),
        kept,
        hidden,
      })),
  };
}

/** Of equal scores the item whose row comes first: those of earlier parts. */
function merged(before: readonly TopItem[], added: readonly TopItem[], k: number, first: number): readonly TopItem[] {
  if (added.length === 0) return before;
  const items: TopItem[] = [];
  let [a, b] = [0, 0];
  while (items.length < k && (a < before.length || b < added.length)) {
    const takesBefore = b === added.length || (a < before.length && before[a]!.score >= added[b]!.score);
    items.push(takesBefore ? before[a++]! : { ...added[b]!, row: first + added[b++]!.row });
  }
  return items;
}
