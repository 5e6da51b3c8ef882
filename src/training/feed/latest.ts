/** The latest training event of each user, in memory or in shards. When an epoch begins, the vectors of users are computed from it. */
import { invariant } from '../../base/diagnostics/diagnostic.ts';
import type { BagColumn, Events, IndexedColumn, LatestInShards } from '../../data/dataset.ts';
import { lastRowsOfUsers } from '../../data/rows/gather_rows.ts';
import { concatRows } from './order.ts';

export interface LatestEvents {
  /** The users who have one, ascending. */
  readonly users: Int32Array;
  /**
   * Returns the events of some users, ascending, in chunks of `maxUsers` users, of which the last may have fewer. The chunks are the same in memory and in shards.
   * @throws Failure `shards-damaged`
   */
  chunks(users: Int32Array, maxUsers: number): AsyncIterable<LatestChunk>;
}

interface LatestChunk {
  readonly users: Int32Array;
  /** Index of the first of them among the users that were asked for. */
  readonly from: number;
  readonly columns: ReadonlyMap<string, IndexedColumn>;
  /** For each user, the row in the columns. */
  readonly rows: Int32Array;
  /** Returns the corpus rows of all training events of a user of the chunk; −1 for an item that the corpus lacks. @param index index in `users` */
  seenBy(index: number): Int32Array;
}

/** Returns the users with events to train on, ascending, and the last of these events of each. */
export function latestRows({ user, fresh, replay = 0 }: Pick<Events, 'user' | 'fresh' | 'replay'>): {
  readonly users: Int32Array;
  readonly rows: Int32Array;
} {
  // New events are the end of the training part, so a user who has some has one as the last event.
  const trained = fresh && replay === 0 ? new Set(fresh) : undefined;
  const rows = lastRowsOfUsers({ user }).filter((row) => trained?.has(row) ?? true);
  const rowOf = new Map(Array.from(rows, (row) => [user[row]!, row]));
  const users = Int32Array.from(rowOf.keys()).sort();
  return { users, rows: users.map((userId) => rowOf.get(userId)!) };
}

/** @param seenItems corpus rows of the training events of each user */
export function latestInMemory(events: Events, seenItems: BagColumn): LatestEvents {
  const latest = latestRows(events);
  const rowOf = new Map(Array.from(latest.users, (user, index) => [user, latest.rows[index]!]));
  return {
    users: latest.users,
    async *chunks(users, maxUsers) {
      for (let from = 0; from < users.length; from += maxUsers) {
        const chunk = users.subarray(from, from + maxUsers);
        const rows = chunk.map((user) => rowOf.get(user)!);
        yield { users: chunk, from, columns: events.features, rows, seenBy: (i) => bagOf(seenItems, chunk[i]!) };
      }
    },
  };
}

/** @throws Failure `shards-damaged` */
export async function latestInShards(latest: LatestInShards): Promise<LatestEvents> {
  const usersOfRanges: Int32Array[] = [];
  for (let range = 0; range < latest.ranges; range++)
    usersOfRanges.push((await latest.read(range)).user.slice().sort());
  return {
    users: concatRows(usersOfRanges),
    async *chunks(users, maxUsers) {
      const chunkAt = ({ features, earlier }: Events, rows: Int32Array, from: number): LatestChunk => {
        const chunk = users.subarray(from, from + rows.length);
        return { users: chunk, from, columns: features, rows, seenBy: (i) => bagOf(earlier!.bags, rows[i]!) };
      };
      let from = 0;
      let leftover: { readonly events: Events; readonly rows: Int32Array } | undefined;
      for (let range = 0; range < latest.ranges; range++) {
        const events: Events = await latest.read(range, leftover);
        const rows = rowsOfUsers(events.user, users.subarray(from));
        let takenRows = 0;
        for (; takenRows + maxUsers <= rows.length; takenRows += maxUsers) {
          yield chunkAt(events, rows.subarray(takenRows, takenRows + maxUsers), from);
          from += maxUsers;
        }
        leftover = takenRows < rows.length ? { events, rows: rows.subarray(takenRows) } : undefined;
      }
      if (leftover) yield chunkAt(leftover.events, leftover.rows, from);
      invariant(from + (leftover?.rows.length ?? 0) === users.length, 'each user has a latest event');
    },
  };
}

/** Returns the rows of the first of these users, as far as there are any: both ascend by ranges. */
function rowsOfUsers(user: Int32Array, users: Int32Array): Int32Array {
  const rowOf = new Map(Array.from(user, (userId, row) => [userId, row]));
  let end = 0;
  while (end < users.length && rowOf.has(users[end]!)) end++;
  return users.subarray(0, end).map((userId) => rowOf.get(userId)!);
}

const bagOf = ({ starts, ends, values }: BagColumn, bag: number): Int32Array =>
  values.subarray(starts[bag]!, ends[bag]!);
