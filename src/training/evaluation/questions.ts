/** The questions of an evaluation: a query, and its held-out items. One question an event, or one a user with all held-out items. */
import { everyRow } from '../../base/util/every_row.ts';
import type { BagColumn, Events } from '../../data/dataset.ts';
import type { ScoringTask } from '../scoring/scorer.ts';

/** The figures are means over events or over users. */
export type Per = 'event' | 'user';

export interface Questions {
  /** The event whose features ask. Per user it is the first that the user holds out: nothing that came later is read. */
  readonly asks: Int32Array;
  /** The held-out events of each question, as bags of their rows. Per user an item that is held out twice counts once. */
  readonly held: BagColumn;
}

const questionsCache = new WeakMap<Events, Partial<Record<Per, Questions>>>();

export function questionsOf({ events, per = 'event' }: Pick<ScoringTask, 'events' | 'per'>): Questions {
  const cachedQuestions = questionsCache.get(events) ?? {};
  questionsCache.set(events, cachedQuestions);
  return (cachedQuestions[per] ??= per === 'user' ? perUser(events) : perEvent(events));
}
/** Values of one bag, as a view. */
export const bagAt = ({ starts, ends, values }: BagColumn, bag: number): Int32Array =>
  values.subarray(starts[bag]!, ends[bag]!) as Int32Array;

function perEvent({ rows }: Events): Questions {
  const asks = everyRow(rows);
  return { asks, held: { kind: 'bags', starts: asks, ends: asks.map((row) => row + 1), values: asks } };
}

/** An event without a user is a question of its own. */
function perUser({ rows, user, item }: Events): Questions {
  const rowsOf = new Map<number, number[]>();
  for (let row = 0; row < rows; row++) {
    const key = user[row]! < 0 ? -1 - row : user[row]!;
    const ownRows = rowsOf.get(key);
    if (ownRows) ownRows.push(row);
    else rowsOf.set(key, [row]);
  }
  const values: number[] = [];
  const starts: number[] = [];
  const ends: number[] = [];
  const asks: number[] = [];
  for (const rowsOfUser of rowsOf.values()) {
    const items = new Set<number>();
    asks.push(rowsOfUser[0]!);
    starts.push(values.length);
    for (const row of rowsOfUser) {
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
