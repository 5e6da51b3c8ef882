/** Describes the run that an artifact went on from, and how its data is read again. */
import { defined } from '../../base/util/defined.ts';
import type { Encoding, Fresh, Until } from '../../data/dataset.ts';
import type { Pinned } from '../../data/pinned.ts';

export interface Lineage {
  /** Checksum of the manifest of the run before. */
  readonly checksum: string;
  readonly name: string;
  /** Runs in a row that went before this one. */
  readonly runs: number;
  /** Totals of all of them: steps, epochs and what is drawn for them count on. */
  readonly steps: number;
  readonly epochs: number;
  /** The last training event of the run before. */
  readonly until?: Until;
  /** Says which training events are new. Absent: all. */
  readonly fresh?: Fresh;
  /** Earlier events that each epoch adds for a new one. Absent: none. */
  readonly replay?: number;
  /** Count of the new events. */
  readonly events?: number;
}

export function isLineage(value: unknown): value is Lineage {
  const { checksum, name, runs, steps, epochs, until, fresh, replay } = (value ?? {}) as Partial<
    Record<keyof Lineage, unknown>
  >;
  const freshEvents = (fresh ?? {}) as { readonly after?: unknown; readonly since?: unknown };
  return (
    [checksum, name].every((each) => typeof each === 'string') &&
    [runs, steps, epochs].every((each) => Number.isSafeInteger(each)) &&
    (until === undefined || isUntil(until)) &&
    (fresh === undefined || isUntil(freshEvents.after) || Number.isFinite(freshEvents.since)) &&
    (replay === undefined || isReplay(replay))
  );
}

/** Accepts the number of earlier events for a new one: from 0 on. */
export const isReplay = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0;

function isUntil(value: unknown): boolean {
  const { time, events } = (value ?? {}) as Partial<Until>;
  return Number.isFinite(time) && Number.isSafeInteger(events);
}

/** Reads the data of a run again with the run's own codes. */
export const pinnedBy = (encodings: ReadonlyMap<string, Encoding>, from: Lineage | undefined): Pinned => ({
  encodings,
  ...defined({ fresh: from?.fresh, replay: from?.replay, until: from?.until }),
});
