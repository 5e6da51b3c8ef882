/** Finds the training events that are new to a run which continues an earlier one. */

export interface Until {
  /** Seconds since 1970 where the data has dates or times; else the number that orders the events. */
  readonly time: number;
  /** The number of training events with this time: others with it may come later. */
  readonly events: number;
}

/** The new events: after all that a run trained on, or from a time on. */
export type Fresh = { readonly after: Until } | { readonly since: number };

/** @param times of the training events, ascending, in the unit of `Until` */
export function untilOf(times: ArrayLike<number>): Until | undefined {
  const { length } = times;
  if (length === 0) return undefined;
  const time = times[length - 1]!;
  let events = 0;
  while (events < length && times[length - 1 - events] === time) events++;
  return { time, events };
}

/** Returns the rows of the training part that are new, ascending: its end. @param times as above */
export function freshRows(times: ArrayLike<number>, fresh: Fresh): Int32Array {
  let firstRow = 0;
  if ('since' in fresh) while (firstRow < times.length && times[firstRow]! < fresh.since) firstRow++;
  else {
    const { time, events } = fresh.after;
    while (firstRow < times.length && times[firstRow]! < time) firstRow++;
    // Skips those of that time which the run had: events of one time have the order of the files.
    for (let skipped = 0; skipped < events && firstRow < times.length && times[firstRow] === time; skipped++)
      firstRow++;
  }
  return Int32Array.from({ length: times.length - firstRow }, (_, index) => firstRow + index);
}

/** The end of the year 9999. Milliseconds since 1970, and finer units, are past it from January 1978 on. */
const lastSecond = 253_402_300_799;

export const maybeSeconds = (time: number): boolean => Math.abs(time) <= lastSecond;

/** Words a time as a moment, where it may be one: a number below a year after 1970 is an index in an order. */
export function momentWords(time: number): string {
  const isMoment = Math.abs(time) > 365 * 86_400 && maybeSeconds(time);
  return isMoment
    ? `${new Date(time * 1000)
        .toISOString()
        .replace('T', ' ')
        .replace(/(\.000)?Z$/, '')} UTC`
    : String(time);
}
