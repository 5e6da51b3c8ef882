/** The questions of an evaluation: a query, and its held-out items. One question an event, or one a user with all held-out items. */

import type { BagColumn, Events } from '../data/dataset.ts';
import { everyRow } from '../every_row.ts';
import type { ScoringTask } from '../scoring/scorer.ts';

/** What a figure is the mean of. */
export type Per = 'event' | 'user';

export interface Questions {
  /** The event whose features ask. Per user it is the first that the user holds out: nothing that came later is read. */
  readonly asks: Int32Array;
  /** The held-out events of each question, as bags of their rows. Per user an item that is held out twice counts once. */
  readonly held: BagColumn;
}

const made = new WeakMap<Events, Partial<Record<Per, Questions>>>();

/** The questions of a task, in the order of the events that ask. */
export function questionsOf({ events, per = 'event' }: Pick<ScoringTask, 'events' | 'per'>): Questions {
  const known = made.get(events) ?? {};
  made.set(events, known);
  return (known[per] ??= per === 'user' ? perUser(events) : perEvent(events));
}

function perEvent({ rows }: Events): Questions {
  const asks = everyRow(rows);
  return { asks, held: { kind: 'bags', starts: asks, ends: asks.map((row) => row + 1), values: asks } };
}

/** An event without a user is a question of its own. */
function perUser({ rows, user, item }: Events): Questions {
  const rowsOf = new Map<number, number[]>();
  for (let row = 0; row < rows; row++) {
    const key = user[row]! < 0 ? -1 - row : user[row]!;
    const known = rowsOf.get(key);
    if (known) known.push(row);
    else rowsOf.set(key, [row]);
  }
  const values: number[] = [];
  const starts: number[] = [];
  const ends: number[] = [];
  const asks: number[] = [];
  for (const all of rowsOf.values()) {
    const items = new Set<number>();
    asks.push(all[0]!);
    starts.push(values.length);
    for (const row of all) {
      // Which of the items outside the corpus are the same is not known: each counts.
      if (item[row]! >= 0 && items.has(item[row]!)) continue;
      items.add(item[row]!);
      values.push(row);
    }
    ends.push(values.length);
  }
  const held = {
    kind: 'bags' as const,
    starts: Int32Array.from(starts),
    ends: Int32Array.from(ends),
    values: Int32Array.from(values),
  };
  return { asks: Int32Array.from(asks), held };
}
