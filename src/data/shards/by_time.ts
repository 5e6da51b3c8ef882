/** Orders events by time, without comparing any two of them. */
import { ascendingIndexes } from '../rows/gather.ts';

/** An event in the order of time: events of one time have the order of their rows. */
export interface Moment {
  readonly time: number;
  readonly row: number;
}

export const isBefore = (time: number, row: number, cut: Moment): boolean =>
  time < cut.time || (time === cut.time && row < cut.row);

export interface Times {
  readonly times: Float64Array;
  readonly rows: Int32Array;
}

/** The number of candidates that are sorted at the end. */
const maxSorted = 2 ** 22;
const bins = 2 ** 16;

/** The range of an event of a rank: `left` more come before it from `low` on, and `within` are from `low` to `high`. */
interface RankSearch {
  low: number;
  high: number;
  left: number;
  within: number;
}

/**
 * Finds for each rank the event that has so many events before it; undefined where there are no more. Each round counts the times of all
 * pieces in equal ranges and goes on in the range that has the event, so memory does not grow with the rows.
 */
export async function momentsAt(
  pieces: () => AsyncIterable<Times>,
  ranks: readonly number[],
  sortable = maxSorted,
): Promise<(Moment | undefined)[]> {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  let total = 0;
  for await (const { times } of pieces()) {
    total += times.length;
    for (let i = 0; i < times.length; i++) {
      low = Math.min(low, times[i]!);
      high = Math.max(high, times[i]!);
    }
  }
  const searches = ranks.map((rank) => (rank < total ? { low, high, left: rank, within: total } : undefined));
  const openSearches = searches.filter((search) => search !== undefined);
  for (;;) {
    const wideSearches = openSearches.filter((search) => search.within > sortable && search.low < search.high);
    if (wideSearches.length === 0) break;
    await narrow(pieces, wideSearches);
  }
  const candidatesOf = await candidates(pieces, openSearches);
  return searches.map((search) => search && momentOf(candidatesOf.get(search)!, search.left));
}

async function narrow(pieces: () => AsyncIterable<Times>, searches: readonly RankSearch[]): Promise<void> {
  const rounds = searches.map((search) => ({
    search,
    width: (search.high - search.low) / bins,
    counts: new Float64Array(bins),
    lows: new Float64Array(bins).fill(Number.POSITIVE_INFINITY),
    highs: new Float64Array(bins).fill(Number.NEGATIVE_INFINITY),
  }));
  for await (const { times } of pieces()) {
    for (const { search, width, counts, lows, highs } of rounds) {
      const { low, high } = search;
      for (let i = 0; i < times.length; i++) {
        const time = times[i]!;
        if (time < low || time > high) continue;
        const bin = Math.min(bins - 1, Math.floor((time - low) / width));
        counts[bin]!++;
        lows[bin] = Math.min(lows[bin]!, time);
        highs[bin] = Math.max(highs[bin]!, time);
      }
    }
  }
  for (const { search, counts, lows, highs } of rounds) {
    let bin = 0;
    while (search.left >= counts[bin]!) search.left -= counts[bin++]!;
    Object.assign(search, { low: lows[bin]!, high: highs[bin]!, within: counts[bin]! });
  }
}

async function candidates(
  pieces: () => AsyncIterable<Times>,
  searches: readonly RankSearch[],
): Promise<ReadonlyMap<RankSearch, Times>> {
  const collectors = searches.map((search) => {
    const { within } = search;
    return { search, at: 0, times: new Float64Array(within), rows: new Int32Array(within) };
  });
  for await (const piece of pieces()) {
    for (const collector of collectors) {
      const { low, high } = collector.search;
      for (let i = 0; i < piece.times.length; i++) {
        if (piece.times[i]! < low || piece.times[i]! > high) continue;
        collector.times[collector.at] = piece.times[i]!;
        collector.rows[collector.at++] = piece.rows[i]!;
      }
    }
  }
  return new Map(collectors.map(({ search, times, rows }) => [search, { times, rows }]));
}

function momentOf({ times, rows }: Times, left: number): Moment {
  const byRow = ascendingIndexes(rows);
  const byTime = ascendingIndexes(Float64Array.from(byRow, (index) => times[index]!));
  const place = byRow[byTime[left]!]!;
  return { time: times[place]!, row: rows[place]! };
}
