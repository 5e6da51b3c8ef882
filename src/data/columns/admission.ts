/**
 * Admits values to a vocabulary that grows from run to run. A value is admitted once it has enough training events, summed over consecutive runs; it expires
 * after a number of days without a training event.
 */
import { makeKeyTable } from '../../base/text/key_table.ts';
import { compareTexts, concatTexts, packTexts, pickTexts, type Texts } from '../../base/text/texts.ts';
import type { Admission, WaitingValues } from '../dataset.ts';

export interface AdmissionRule {
  readonly minimumCount: number;
  readonly expireDays?: number;
}

export interface Occurrences {
  /** Texts by code; code 0 stands for missing values. */
  readonly texts: Texts;
  readonly counts: ArrayLike<number>;
  /** By code: the time when the text was last seen. */
  readonly seen: ArrayLike<number>;
  readonly now: number;
}

export interface Admitted {
  readonly values: Texts;
  readonly admission: Admission;
}

const secondsOfDay = 86_400;

/**
 * Returns the new vocabulary. Remaining values keep their order and are followed by the admitted ones, the most frequent first, equally frequent ones sorted by
 * UTF-16 code units. Without `before` this is the order of a vocabulary that is learned once.
 */
export function admit(
  { minimumCount, expireDays }: AdmissionRule,
  { texts, counts, seen, now }: Occurrences,
  before?: { readonly values: Texts; readonly admission?: Admission },
): Admitted {
  const expiryTime = expireDays === undefined ? Number.NEGATIVE_INFINITY : now - expireDays * secondsOfDay;
  const oldValues = before?.values ?? packTexts([]);
  const lastSeen = new Float64Array(oldValues.length).map((_, index) => before?.admission?.seen?.[index] ?? now);
  const oldCodes = makeKeyTable(oldValues, oldValues.length).rowsOf(texts);
  const waitedValues = before?.admission?.waiting ?? noValues;
  // Expired occurrences do not count towards an admission.
  const unexpired = indexesWhere(waitedValues.seen, (last) => last >= expiryTime);
  const earlierTexts = pickTexts(waitedValues.values, unexpired);
  const waitingIndexes = makeKeyTable(earlierTexts, earlierTexts.length).rowsOf(texts);
  // Values without a code: first those that were waiting, then new ones.
  const events = unexpired.map((index) => waitedValues.events[index]!);
  const lastTimes = unexpired.map((index) => waitedValues.seen[index]!);
  const fresh: number[] = [];
  for (let code = 1; code < texts.length; code++) {
    if (counts[code] === 0) continue;
    const [oldCode, waitingIndex] = [oldCodes[code]!, waitingIndexes[code]!];
    if (oldCode >= 0) lastSeen[oldCode] = Math.max(lastSeen[oldCode]!, seen[code]!);
    else if (waitingIndex >= 0) {
      events[waitingIndex]! += counts[code]!;
      lastTimes[waitingIndex] = Math.max(lastTimes[waitingIndex]!, seen[code]!);
    } else {
      fresh.push(code);
      events.push(counts[code]!);
      lastTimes.push(seen[code]!);
    }
  }
  const candidateTexts = concatTexts(earlierTexts, pickTexts(texts, fresh));
  const enters = (index: number): boolean => events[index]! >= Math.max(1, minimumCount);
  const living = indexesWhere(lastTimes, (time) => time >= expiryTime);
  const entering = living.filter(enters).sort((a, b) => events[b]! - events[a]! || compareTexts(candidateTexts, a, b));
  // The sort exploits sorted runs: the waiting values and most of the new ones are in order.
  const waiting = living.filter((index) => !enters(index)).sort((a, b) => compareTexts(candidateTexts, a, b));
  const staying = indexesWhere(lastSeen, (time) => time >= expiryTime);
  const times = [...staying.map((index) => lastSeen[index]!), ...entering.map((index) => lastTimes[index]!)];
  return {
    values: concatTexts(pickTexts(oldValues, staying), pickTexts(candidateTexts, entering)),
    admission: {
      ...(expireDays === undefined ? {} : { seen: Float64Array.from(times) }),
      waiting: {
        values: pickTexts(candidateTexts, waiting),
        events: Float64Array.from(waiting, (index) => events[index]!),
        seen: Float64Array.from(waiting, (index) => lastTimes[index]!),
      },
    },
  };
}

const noValues: WaitingValues = { values: packTexts([]), events: new Float64Array(0), seen: new Float64Array(0) };

function indexesWhere(times: ArrayLike<number>, is: (time: number) => boolean): number[] {
  const indexes: number[] = [];
  for (let index = 0; index < times.length; index++) if (is(times[index]!)) indexes.push(index);
  return indexes;
}

/** Returns the new code of each old code, null for an expired value; undefined if no value has expired. */
export function recoded(before: Texts, now: Texts): readonly (number | null)[] | undefined {
  const codes = makeKeyTable(now, now.length);
  const newCodes = Array.from(codes.rowsOf(before), (row) => row + 1 || null);
  return newCodes.includes(null) ? [0, ...newCodes] : undefined;
}
