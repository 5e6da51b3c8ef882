/** The parts of the bar of a score: each task's share, from zero to the right, or to the left where it is negative. */

export interface Segment {
  readonly name: string;
  readonly value: number;
  /** In percent of the bar. */
  readonly left: number;
  readonly width: number;
  /** The place of its task, for its colour. */
  readonly at: number;
}

/** What a bar spans, for all items of an answer alike. */
export interface Span {
  readonly low: number;
  readonly high: number;
}

export type Parts = Readonly<Record<string, number>>;

const sumOf = (parts: Parts, sign: 1 | -1): number =>
  Object.values(parts).reduce((sum, value) => sum + (value * sign > 0 ? value : 0), 0);

export function spanOf(all: readonly Parts[]): Span {
  const low = Math.min(0, ...all.map((parts) => sumOf(parts, -1)));
  const high = Math.max(0, ...all.map((parts) => sumOf(parts, 1)));
  return { low, high: high > low ? high : low + 1 };
}

export function segmentsOf(parts: Parts, { low, high }: Span, names: readonly string[]): readonly Segment[] {
  const percent = (value: number): number => (100 * value) / (high - low);
  let [below, above] = [0, 0];
  return names.map((name, at) => {
    const value = parts[name] ?? 0;
    const from = value < 0 ? (below += value) : above;
    if (value > 0) above += value;
    return { name, value, at, left: percent(from - low), width: percent(Math.abs(value)) };
  });
}

/** Where zero is, in percent of the bar. */
export const zeroOf = ({ low, high }: Span): number => (-100 * low) / (high - low);
