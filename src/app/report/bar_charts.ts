/** Draws bars, and dots with intervals: a line for each name, with its number beside it. */
import { axisX, barX, dotX, gridX, rect, ruleX, ruleY, text } from '@observablehq/plot';
import type { Interval } from '../../training/evaluation/slices.ts';
import { alternative, figureText, type HtmlTable } from './html.ts';
import { axisLook, type ChartShape, chartFigure, drawPlot, gridLook, shortenName, soft } from './plot.ts';

export interface ChartBar {
  readonly name: string;
  readonly value: number;
  readonly text: string;
  /** False for a bar that is shown only for comparison. Default: true. */
  readonly isOwn?: boolean;
}

interface BarChart {
  readonly size?: ChartShape['size'];
  /** Value of a bar over the whole width; default: the largest. */
  readonly full?: number;
  /** A value to compare all bars with, such as the mean. */
  readonly level?: { readonly name: string; readonly value: number };
}

/** Height of a row, in which words have room on a phone too. */
const rowHeight = 27;
/** Width of a character of a phone, where words are larger than the chart's own. */
const characterWidth = 9;

/** Names end at the left edge of the bars, and values at the right edge of the chart. */
const nameLook = { frameAnchor: 'left', textAnchor: 'end' } as const;
const valueLook = { frameAnchor: 'right', textAnchor: 'end', fill: soft } as const;

const fillOf = ({ isOwn = true }: ChartBar): string => (isOwn ? 'var(--c0)' : 'var(--quiet)');

/** Draws one bar per line, from 0. The numbers are next to the bars, so there is no axis. */
export function barChart(
  title: string,
  bars: readonly ChartBar[],
  { size = 'half', full, level }: BarChart = {},
): string {
  const axisEnd = full ?? Math.max(...bars.map(({ value }) => value), level?.value ?? 0, Number.MIN_VALUE);
  const maxLength = size === 'half' ? 22 : 15;
  const marginFor = (labels: readonly string[]): number =>
    characterWidth * Math.min(maxLength, Math.max(...labels.map(({ length }) => length))) + 16;
  const marginLeft = marginFor(bars.map(({ name }) => name));
  const marginRight = marginFor(bars.map((bar) => bar.text));
  const row = (_: ChartBar, i: number): number => i;
  const marginTop = level ? 22 : 2;
  const svg = drawPlot(
    { title, size, height: rowHeight * bars.length + marginTop + 4 },
    {
      ...{ marginLeft, marginRight, marginTop, marginBottom: 2 },
      x: { domain: [0, axisEnd], axis: null },
      y: { type: 'band', domain: bars.map((_, i) => i), axis: null, padding: 0.3 },
      marks: [
        barX(bars, { x1: 0, x2: 'value', y: row, fill: fillOf, rx: 2 }),
        ...(level
          ? [
              ruleX([level.value], { stroke: 'var(--ink)', strokeDasharray: '3 3' }),
              text([level.value], { x: (at) => at, text: () => level.name, frameAnchor: 'top', dy: -8, fill: soft }),
            ]
          : []),
        text(bars, { y: row, text: ({ name }) => shortenName(name, maxLength), ...nameLook, dx: -8 }),
        text(bars, { y: row, text: 'text', ...valueLook, dx: marginRight }),
      ],
    },
  );
  return chartFigure(title, svg);
}

export interface IntervalBar {
  readonly name: string;
  readonly value: number;
  readonly interval?: Interval;
  /** The difference to the subject of the page, in words. */
  readonly difference?: string;
  /** `own`: the subject of the page. `plain`: shown beside it, without a verdict. */
  readonly tone: 'own' | 'above' | 'level' | 'below' | 'plain';
}

/** Tones differ in form too, for those who do not see colours. */
const looks = {
  own: { fill: 'var(--c0)', symbol: 'circle' },
  above: { fill: 'var(--bad)', symbol: 'triangle' },
  level: { fill: 'var(--fair)', symbol: 'diamond' },
  below: { fill: 'var(--quiet)', symbol: 'circle' },
  plain: { fill: 'var(--quiet)', symbol: 'square' },
} as const;

/**
 * Draws a line for each bar: a dot and its interval. The interval of the subject is a shaded band behind all lines.
 * @param below parts of the figure below the picture
 */
export function intervalChart(title: string, bars: readonly IntervalBar[], ...below: readonly string[]): string {
  const marginLeft = characterWidth * Math.min(18, Math.max(...bars.map(({ name }) => name.length))) + 14;
  const row = (bar: IntervalBar): number => bars.indexOf(bar);
  const measured = bars.filter(({ interval }) => interval);
  const bounds = bars.flatMap(({ value, interval }) => [value, interval?.low ?? value, interval?.high ?? value]);
  const [lowest, highest] = [Math.min(...bounds), Math.max(...bounds)];
  const intervalEnds = { x1: (bar: IntervalBar) => bar.interval!.low, x2: (bar: IntervalBar) => bar.interval!.high };
  const svg = drawPlot(
    { title, height: (rowHeight + 3) * bars.length + 34 },
    {
      ...{ marginLeft, marginRight: 78, marginTop: 4, marginBottom: 30, insetRight: 8 },
      // Dots need no zero: where all figures are alike, it would hide how they differ.
      x: { nice: true, zero: lowest < highest / 2 },
      y: { type: 'point', domain: bars.map((_, i) => i), axis: null, padding: 0.6 },
      marks: [
        gridX({ ticks: 4, ...gridLook }),
        axisX({ ticks: 4, ...axisLook, tickFormat: figureText, label: null }),
        rect(
          measured.filter(({ tone }) => tone === 'own'),
          { ...intervalEnds, fill: 'var(--wash)' },
        ),
        ...measured.map((bar) =>
          ruleY([bar], { ...intervalEnds, y: row, stroke: looks[bar.tone].fill, strokeWidth: 2 }),
        ),
        ...bars.map((bar) => dotX([bar], { x: 'value', y: row, r: 5.5, ...looks[bar.tone] })),
        ...bars.map((bar) =>
          text([bar], {
            ...{ y: row, text: ({ name }: IntervalBar) => shortenName(name, 18), ...nameLook, dx: -10 },
            fontWeight: bar.tone === 'own' ? 700 : undefined,
          }),
        ),
        text(bars, { y: row, text: ({ value }) => value.toFixed(4), ...valueLook, dx: 76 }),
      ],
    },
  );
  return chartFigure(title, svg, ...below, alternative(intervalTable(title, bars)));
}

const intervalTable = (caption: string, bars: readonly IntervalBar[]): HtmlTable => ({
  caption,
  head: ['ranked by', 'figure', '95 % interval', 'difference to it'],
  rows: bars.map(({ name, value, interval, difference = '' }) => [
    name,
    value.toFixed(4),
    interval ? `${interval.low.toFixed(4)} to ${interval.high.toFixed(4)}` : '–',
    difference,
  ]),
});
