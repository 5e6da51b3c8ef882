import { intervalBars } from './interval_bars.ts';

export interface ChartBar {
  readonly name: string;
  readonly value: number;
  readonly text: string;
}

/**
 * A bar a line, from 0; the numbers are next to the bars, so there is no axis.
 * @param full value of a bar over the whole width; default: the largest
 */
export const barChart = (title: string, bars: readonly ChartBar[], full?: number): string =>
  intervalBars(
    title,
    bars.map((bar) => ({ ...bar, tone: 'plain' as const })),
    full,
  );
