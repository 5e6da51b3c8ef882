/**
 * Which values of a vocabulary get a code, day after day. A value enters with enough training events, counted over all runs in a row; it
 * leaves when no training event has had it for so many days.
 */

import { makeKeyTable } from '../../text/key_table.ts';
import { joinedTexts, pickTexts, type Texts } from '../../text/texts.ts';

/** What a run knows of its values, so that the next one counts on. */
export interface Admission {
  /** When each value of the vocabulary was last seen, in seconds since 1970. Absent: values do not leave. */
  readonly seen?: readonly number[];
  /** Values that are too rare as yet: how many events they had, and when the last was. */
  readonly waiting: readonly Waiting[];
}

type Waiting = readonly [value: string, events: number, seen: number];

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

interface Known {
  events: number;
  seen: number;
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
  const old = before?.values ?? [];
  const codes = makeKeyTable(old, old.length);
  const lastSeen = Float64Array.from({ length: old.length }, (_, at) => before?.admission?.seen?.[at] ?? now);
  const others = new Map<string, Known>();
  // What came too long ago does not count towards an admission today.
  for (const [value, events, last] of before?.admission?.waiting ?? []) {
    if (last >= oldest) others.set(value, { events, seen: last });
  }
  for (let code = 1; code < texts.length; code++) {
    if (counts[code] === 0) continue;
    const text = texts.at(code)!;
    const row = codes.rowOf(text);
    if (row >= 0) lastSeen[row] = Math.max(lastSeen[row]!, seen[code]!);
    else {
      const known = others.get(text) ?? { events: 0, seen: Number.NEGATIVE_INFINITY };
      others.set(text, { events: known.events + counts[code]!, seen: Math.max(known.seen, seen[code]!) });
    }
  }
  const staying = Array.from(lastSeen.keys()).filter((at) => lastSeen[at]! >= oldest);
  const living = [...others].filter(([, known]) => known.seen >= oldest);
  const enters = ({ events }: Known): boolean => events >= Math.max(1, minimumCount);
  const entering = living
    .filter(([, known]) => enters(known))
    .sort(([a, one], [b, other]) => other.events - one.events || (a < b ? -1 : 1));
  const waiting = living
    .filter(([, known]) => !enters(known))
    .map(([value, { events, seen: last }]): Waiting => [value, events, last]);
  return {
    values: joinedTexts(
      pickTexts(old, staying),
      entering.map(([value]) => value),
    ),
    admission: {
      ...(expireDays === undefined
        ? {}
        : { seen: [...staying.map((at) => lastSeen[at]!), ...entering.map(([, known]) => known.seen)] }),
      waiting: waiting.sort(([a], [b]) => (a < b ? -1 : 1)),
    },
  };
}

/** The code now of each code before, where some values have left: null for those. */
export function recoded(before: Texts, now: Texts): readonly (number | null)[] | undefined {
  const codes = makeKeyTable(now, now.length);
  const found = Array.from(codes.rowsOf(before), (row) => row + 1 || null);
  return found.includes(null) ? [0, ...found] : undefined;
}
