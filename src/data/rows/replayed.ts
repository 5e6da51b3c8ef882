/**
 * Replay: earlier events that a run on new ones trains on as well, drawn anew each epoch. New events alone train a model to separate today's
 * few items, and it forgets the others (experience replay: Lin 1992; for recommenders Mi et al., RecSys 2020).
 */
import type { Events } from '../dataset.ts';

type ReplayedEvents = Pick<Events, 'rows' | 'fresh' | 'replay'>;

/** Returns the number of earlier events in an epoch: `replay` for each new one, and at most all. */
export function replayedEvents({ rows, fresh, replay = 0 }: ReplayedEvents): number {
  return fresh === undefined ? 0 : Math.min(rows - fresh.length, Math.round(replay * fresh.length));
}

export function replayedShare(events: ReplayedEvents): number {
  const added = replayedEvents(events);
  return added === 0 ? 0 : added / (events.rows - events.fresh!.length);
}

export function earlierEvents({ rows, fresh = new Int32Array(0) }: ReplayedEvents): Int32Array {
  const isNew = new Uint8Array(rows);
  for (const row of fresh) isNew[row] = 1;
  const earlier = new Int32Array(rows - fresh.length);
  let length = 0;
  for (let row = 0; row < rows; row++) if (isNew[row] === 0) earlier[length++] = row;
  return earlier;
}
