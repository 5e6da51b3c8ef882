/**
 * Which values of a vocabulary get a code, day after day. A value enters with enough training events, counted over all runs in a row; it
 * leaves when no training event has had it for so many days.
 */

import { makeKeyTable } from '../../text/key_table.ts';
import { compareTexts, joinedTexts, packTexts, pickTexts, type Texts } from '../../text/texts.ts';

/** What a run knows of its values, so that the next one counts on. */
export interface Admission {
  /** When each value of the vocabulary was last seen, in seconds since 1970. Absent: values do not leave. */
  readonly seen?: Float64Array;
  readonly waiting: Waiting;
}

/** Values that are too rare as yet, in the order of their UTF-16 units. */
interface Waiting {
  readonly values: Texts;
  /** How many events each had. */
  readonly events: Float64Array;
  /** When the last of them was. */
  readonly seen: Float64Array;
}

export interface AdmissionRule {
  readonly minimumCount: number;
  readonly expireDays?: number;
}

/** Of the training events that no earlier run has counted. */
export interface Occurrences {
  /** Texts by code; the first is that of missing values. */
  readonly texts: Texts;
  /** By code. */
  readonly counts: ArrayLike<number>;
  /** By code: when it was last seen. */
  readonly seen: ArrayLike<number>;
  /** The last training event. */
  readonly now: number;
}

export interface Admitted {
  readonly values: Texts;
  readonly admission: Admission;
}

const secondsOfDay = 86_400;

/**
 * Values that stay keep their order; those that enter follow, the most frequent first, equally frequent ones in the order of their UTF-16
 * units. Without `before` that is the order of a vocabulary that is learned once.
 */
export function admit(
  { minimumCount, expireDays }: AdmissionRule,
  { texts, counts, seen, now }: Occurrences,
  before?: { readonly values: Texts; readonly admission?: Admission },
): Admitted {
  const oldest = expireDays === undefined ? Number.NEGATIVE_INFINITY : now - expireDays * secondsOfDay;
  const old = before?.values ?? packTexts([]);
  const lastSeen = new Float64Array(old.length).map((_, at) => before?.admission?.seen?.[at] ?? now);
  const codes = makeKeyTable(old, old.length).rowsOf(texts);
  const waited = before?.admission?.waiting ?? nobody;
  // What came too long ago does not count towards an admission today.
  const counting = placesOf(waited.seen, (last) => last >= oldest);
  const earlier = pickTexts(waited.values, counting);
  const places = makeKeyTable(earlier, earlier.length).rowsOf(texts);
  /** Values without a code: those that waited, then new ones. */
  const events = counting.map((at) => waited.events[at]!);
  const last = counting.map((at) => waited.seen[at]!);
  const fresh: number[] = [];
  for (let code = 1; code < texts.length; code++) {
    if (counts[code] === 0) continue;
    const [known, place] = [codes[code]!, places[code]!];
    if (known >= 0) lastSeen[known] = Math.max(lastSeen[known]!, seen[code]!);
    else if (place >= 0) {
      events[place]! += counts[code]!;
      last[place] = Math.max(last[place]!, seen[code]!);
    } else {
      fresh.push(code);
      events.push(counts[code]!);
      last.push(seen[code]!);
    }
  }
  const others = joinedTexts(earlier, pickTexts(texts, fresh));
  const enters = (at: number): boolean => events[at]! >= Math.max(1, minimumCount);
  const living = placesOf(last, (time) => time >= oldest);
  const entering = living.filter(enters).sort((a, b) => events[b]! - events[a]! || compareTexts(others, a, b));
  // Arrays are sorted by their runs: those that waited, and most new ones, are in order.
  const waiting = living.filter((at) => !enters(at)).sort((a, b) => compareTexts(others, a, b));
  const staying = placesOf(lastSeen, (time) => time >= oldest);
  const times = [...staying.map((at) => lastSeen[at]!), ...entering.map((at) => last[at]!)];
  return {
    values: joinedTexts(pickTexts(old, staying), pickTexts(others, entering)),
    admission: {
      ...(expireDays === undefined ? {} : { seen: Float64Array.from(times) }),
      waiting: {
        values: pickTexts(others, waiting),
        events: Float64Array.from(waiting, (at) => events[at]!),
        seen: Float64Array.from(waiting, (at) => last[at]!),
      },
    },
  };
}

const nobody: Waiting = { values: packTexts([]), events: new Float64Array(0), seen: new Float64Array(0) };

function placesOf(times: ArrayLike<number>, is: (time: number) => boolean): number[] {
  const places: number[] = [];
  for (let at = 0; at < times.length; at++) if (is(times[at]!)) places.push(at);
  return places;
}

/** The code now of each code before, where some values have left: null for those. */
export function recoded(before: Texts, now: Texts): readonly (number | null)[] | undefined {
  const codes = makeKeyTable(now, now.length);
  const found = Array.from(codes.rowsOf(before), (row) => row + 1 || null);
  return found.includes(null) ? [0, ...found] : undefined;
}
