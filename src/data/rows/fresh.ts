/** Which training events are new to a run that goes on from an earlier one. */

/** The last training event of a run. */
export interface Until {
  /** Seconds since 1970 where the data has dates or times; else the number that orders the events. */
  readonly time: number;
  /** How many training events have this time: the rest of them may come later. */
  readonly events: number;
}

/** After all that a run trained on, or from a time on. */
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

/** The rows of the training part that are new, ascending: its end. @param times as above */
export function freshRows(times: ArrayLike<number>, fresh: Fresh): Int32Array {
  let first = 0;
  if ('since' in fresh) while (first < times.length && times[first]! < fresh.since) first++;
  else {
    const { time, events } = fresh.after;
    while (first < times.length && times[first]! < time) first++;
    // Those of that time which the run had: events of one time keep the order of the files.
    for (let had = 0; had < events && first < times.length && times[first] === time; had++) first++;
  }
  return Int32Array.from({ length: times.length - first }, (_, at) => first + at);
}

/** The end of the year 9999. Milliseconds since 1970, and finer units, are past it from January 1978 on. */
const lastSecond = 253_402_300_799;

/** Whether a time may count seconds since 1970. */
export const maybeSeconds = (time: number): boolean => Math.abs(time) <= lastSecond;

/** A moment in words, where it may be one: a number below a year after 1970 is a place in an order. */
export function momentWords(time: number): string {
  const isMoment = Math.abs(time) > 365 * 86_400 && maybeSeconds(time);
  return isMoment
    ? `${new Date(time * 1000)
        .toISOString()
        .replace('T', ' ')
        .replace(/(\.000)?Z$/, '')} UTC`
    : String(time);
}
