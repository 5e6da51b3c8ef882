/**
 * Replay: earlier events that a run on new ones trains on as well, drawn anew each epoch. New events alone
 * train a model to separate today's few items, and it forgets the rest (experience replay: Lin 1992; of recommenders Mi et al., RecSys 2020).
 */
import type { Events } from '../dataset.ts';

type Part = Pick<Events, 'rows' | 'fresh' | 'replay'>;

/** How many earlier events an epoch adds: `replay` for each new one, and never more than there are. */
export function replayedEvents({ rows, fresh, replay = 0 }: Part): number {
  return fresh === undefined ? 0 : Math.min(rows - fresh.length, Math.round(replay * fresh.length));
}

/** The chance of an earlier event to be in an epoch. */
export function replayedShare(events: Part): number {
  const added = replayedEvents(events);
  return added === 0 ? 0 : added / (events.rows - events.fresh!.length);
}

/** The events that are not new, ascending. */
export function earlierEvents({ rows, fresh = new Int32Array(0) }: Part): Int32Array {
  const isNew = new Uint8Array(rows);
  for (const row of fresh) isNew[row] = 1;
  const earlier = new Int32Array(rows - fresh.length);
  let next = 0;
  for (let row = 0; row < rows; row++) if (isNew[row] === 0) earlier[next++] = row;
  return earlier;
}
