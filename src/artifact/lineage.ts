/** Which run an artifact went on from, and what that means for the data that it is asked about. */
import type { Encoding } from '../data/dataset.ts';
import type { Pinned } from '../data/pinned.ts';
import type { Fresh, Until } from '../data/rows/fresh.ts';
import { defined } from '../defined.ts';

export interface Lineage {
  /** Of the manifest of the run before. */
  readonly checksum: string;
  /** Its folder, as it was named. */
  readonly name: string;
  /** How many runs in a row went before this one. */
  readonly runs: number;
  /** What all of them trained together: steps, epochs and what is drawn for them count on. */
  readonly steps: number;
  readonly epochs: number;
  /** The last training event of the run before. */
  readonly until?: Until;
  /** Which training events are new. Absent: all. */
  readonly fresh?: Fresh;
  /** Earlier events that each epoch adds for a new one. Absent: none. */
  readonly replay?: number;
  /** How many of them there are. */
  readonly events?: number;
}

/** Whether what a file has is one. */
export function isLineage(value: unknown): value is Lineage {
  const { checksum, name, runs, steps, epochs, until, fresh, replay } = (value ?? {}) as Partial<
    Record<keyof Lineage, unknown>
  >;
  const given = (fresh ?? {}) as { readonly after?: unknown; readonly since?: unknown };
  return (
    [checksum, name].every((each) => typeof each === 'string') &&
    [runs, steps, epochs].every((each) => Number.isSafeInteger(each)) &&
    (until === undefined || isUntil(until)) &&
    (fresh === undefined || isUntil(given.after) || Number.isFinite(given.since)) &&
    (replay === undefined || isReplay(replay))
  );
}

/** How many earlier events for a new one: a number from 0 on. */
export const isReplay = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0;

function isUntil(value: unknown): boolean {
  const { time, events } = (value ?? {}) as Partial<Until>;
  return Number.isFinite(time) && Number.isSafeInteger(events);
}

/** How the data of a run is read again: with the run's own codes. */
export const pinnedBy = (encodings: ReadonlyMap<string, Encoding>, from: Lineage | undefined): Pinned => ({
  encodings,
  ...defined({ fresh: from?.fresh, replay: from?.replay, until: from?.until }),
});
