/**
 * The snapshot of a model with the items that were written since: those of the data that nothing replaced, and the written ones after them. The best
 * `k` of all parts contain the best `k` of all, so the answer is what a snapshot made of all these items would give, with the same bits.
 */
import { invariant } from '../../../base/diagnostics/failure.ts';
import { defined } from '../../../base/util/defined.ts';
import type { Bits } from '../../../engines/scan/bits.ts';
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

interface SnapshotPart {
  readonly snapshot: Snapshot;
  readonly first: number;
  readonly alive?: Bits;
}

/** The rows of the data come first, then those of the segments in their order. Long because each method of a snapshot finds the part that answers. */
export function liveSnapshot({ base, written, kept, hidden }: LiveParts): Snapshot {
  const { rows: first, version, width, columns, objectives } = base;
  const snapshotParts: SnapshotPart[] = [{ snapshot: base, first: 0, ...(hidden > 0 && { alive: kept }) }];
  let rowCount = first;
  let count = first - hidden;
  for (const { snapshot, alive, count: own } of written) {
    snapshotParts.push({ snapshot, first: rowCount, ...(own < snapshot.rows && { alive }) });
    rowCount += snapshot.rows;
    count += own;
  }
  const itemRow = (key: string): number => {
    for (let at = written.length - 1; at >= 0; at--) {
      const slot = written[at]!.slotOf(key);
      if (slot >= 0) return snapshotParts[at + 1]!.first + slot;
    }
    const row = base.itemRow(key);
    return row >= 0 && kept.has(row) ? row : -1;
  };
  const placeOf = (row: number): readonly [Snapshot, number] => {
    let at = snapshotParts.length - 1;
    while (snapshotParts[at]!.first > row) at--;
    return [snapshotParts[at]!.snapshot, row - snapshotParts[at]!.first];
  };
  const seenBy = (user: number): number[] =>
    base.seenBy(user).flatMap((row) => {
      if (kept.has(row)) return [row];
      // Written again, it is the same item; deleted, it is none.
      const currentRow = itemRow(base.keyAt(row));
      return currentRow < 0 ? [] : [currentRow];
    });
  let directions: Snapshot | undefined;

  const top = (requests: readonly TopRequest[]): TopAnswer[] => {
    const splitRequests = requests.map((request) => {
      const { exclude = [], excludeRows = [], seenBy: user, within: only, ...both } = request;
      invariant(only === undefined, 'rows of two parts are not given as one set');
      const excludedRows = [...excludeRows];
      const unknownKeys: string[] = [];
      for (const key of exclude) {
        const row = itemRow(key);
        if (row < 0) unknownKeys.push(key);
        else excludedRows.push(row);
      }
      if (user !== undefined) excludedRows.push(...seenBy(userRowOf(user, base.userRow)));
      return { both, without: excludedRows, unknown: unknownKeys };
    });
    const partAnswers = snapshotParts.map((part) => {
      const { snapshot, first: from, alive: within } = part;
      const to = from + snapshot.rows;
      return snapshot.top(
        splitRequests.map(({ both, without }) => ({
          ...both,
          ...defined({ within }),
          excludeRows: without.flatMap((row) => (row >= from && row < to ? [row - from] : [])),
        })),
      );
    });
    return requests.map(({ k }, i) => ({
      version,
      items: snapshotParts.reduce<readonly TopItem[]>(
        (best, part, at) => merged(best, partAnswers[at]![i]!.items, k, part.first),
        [],
      ),
      candidates: partAnswers.reduce((sum, of) => sum + of[i]!.candidates, 0),
      unknown: splitRequests[i]!.unknown,
      ...defined({ exact: partAnswers[0]![i]!.exact }),
    }));
  };

  return {
    version,
    rows: rowCount,
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
    written: written.map(({ of, snapshot }, at) => ({ of, first: snapshotParts[at + 1]!.first, rows: snapshot.rows })),
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

function merged(before: readonly TopItem[], added: readonly TopItem[], k: number, first: number): readonly TopItem[] {
  if (added.length === 0) return before;
  const mergedItems: TopItem[] = [];
  let [a, b] = [0, 0];
  while (mergedItems.length < k && (a < before.length || b < added.length)) {
    const takesBefore = b === added.length || (a < before.length && before[a]!.score >= added[b]!.score);
    mergedItems.push(takesBefore ? before[a++]! : { ...added[b]!, row: first + added[b++]!.row });
  }
  return mergedItems;
}
