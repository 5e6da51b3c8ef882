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

export interface ValueCounts {
  /** Texts by code; code 0 stands for missing values. */
  readonly texts: Texts;
  readonly counts: ArrayLike<number>;
  /** By code: the time when the text was last seen. */
  readonly lastSeen: ArrayLike<number>;
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
  { texts, counts, lastSeen: seen, now }: ValueCounts,
  before?: { readonly values: Texts; readonly admission?: Admission },
): Admitted {
  const expiryTime = expireDays === undefined ? Number.NEGATIVE_INFINITY : now - expireDays * secondsOfDay;
  const earlierValues = before?.values ?? packTexts([]);
  const earlierSeen = new Float64Array(earlierValues.length).map((_, index) => before?.admission?.seen?.[index] ?? now);
  const oldCodes = makeKeyTable(earlierValues, earlierValues.length).rowsOf(texts);
  const waitingBefore = before?.admission?.waiting ?? noValues;
  // Expired occurrences do not count towards an admission.
  const unexpired = indexesWhere(waitingBefore.seen, (last) => last >= expiryTime);
  const earlierTexts = pickTexts(waitingBefore.values, unexpired);
  const waitingIndexes = makeKeyTable(earlierTexts, earlierTexts.length).rowsOf(texts);
  // Values without a code: first those that were waiting, then new ones.
  const eventCounts = unexpired.map((index) => waitingBefore.eventCounts[index]!);
  const lastTimes = unexpired.map((index) => waitingBefore.seen[index]!);
  const newCodes: number[] = [];
  for (let code = 1; code < texts.length; code++) {
    if (counts[code] === 0) continue;
    const [oldCode, waitingIndex] = [oldCodes[code]!, waitingIndexes[code]!];
    if (oldCode >= 0) earlierSeen[oldCode] = Math.max(earlierSeen[oldCode]!, seen[code]!);
    else if (waitingIndex >= 0) {
      eventCounts[waitingIndex]! += counts[code]!;
      lastTimes[waitingIndex] = Math.max(lastTimes[waitingIndex]!, seen[code]!);
    } else {
      newCodes.push(code);
      eventCounts.push(counts[code]!);
      lastTimes.push(seen[code]!);
    }
  }
  const candidateTexts = concatTexts(earlierTexts, pickTexts(texts, newCodes));
  const isAdmitted = (index: number): boolean => eventCounts[index]! >= Math.max(1, minimumCount);
  const candidates = indexesWhere(lastTimes, (time) => time >= expiryTime);
  const admitted = candidates
    .filter(isAdmitted)
    .sort((a, b) => eventCounts[b]! - eventCounts[a]! || compareTexts(candidateTexts, a, b));
  // The sort exploits sorted runs: the waiting values and most of the new ones are in order.
  const stillWaiting = candidates
    .filter((index) => !isAdmitted(index))
    .sort((a, b) => compareTexts(candidateTexts, a, b));
  const staying = indexesWhere(earlierSeen, (time) => time >= expiryTime);
  const times = [...staying.map((index) => earlierSeen[index]!), ...admitted.map((index) => lastTimes[index]!)];
  return {
    values: concatTexts(pickTexts(earlierValues, staying), pickTexts(candidateTexts, admitted)),
    admission: {
      ...(expireDays === undefined ? {} : { seen: Float64Array.from(times) }),
      waiting: {
        values: pickTexts(candidateTexts, stillWaiting),
        eventCounts: Float64Array.from(stillWaiting, (index) => eventCounts[index]!),
        seen: Float64Array.from(stillWaiting, (index) => lastTimes[index]!),
      },
    },
  };
}

const noValues: WaitingValues = { values: packTexts([]), eventCounts: new Float64Array(0), seen: new Float64Array(0) };

function indexesWhere(times: ArrayLike<number>, test: (time: number) => boolean): number[] {
  const indexes: number[] = [];
  for (let index = 0; index < times.length; index++) if (test(times[index]!)) indexes.push(index);
  return indexes;
}

/** Returns the new code of each old code, null for an expired value; undefined if no value has expired. */
export function mapCodes(before: Texts, now: Texts): readonly (number | null)[] | undefined {
  const codeOfEarlier = Array.from(makeKeyTable(now, now.length).rowsOf(before), (row) => row + 1 || null);
  return codeOfEarlier.includes(null) ? [0, ...codeOfEarlier] : undefined;
}
