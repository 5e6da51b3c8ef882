/** Draws curves: lines over one axis, with levels to compare them with, the numbers under the pointer, and all as a table. */
import { axisX, axisY, dot, gridY, lineY, type Markish, ruleX, ruleY, text } from '@observablehq/plot';
import type { ChartSeries } from './curves.ts';
import { alternative, escapeHtml, figureText, type HtmlTable, table } from './html.ts';
import {
  axisLook,
  type ChartShape,
  chartFigure,
  chartWidths,
  drawPlot,
  gridLook,
  type Hovered,
  hoverMarks,
  labelLook,
  namedAxisLook,
  shortenName,
  soft,
} from './plot.ts';

export interface LineChart {
  readonly title: string;
  /** Unit of x, such as `epoch`. */
  readonly x: string;
  readonly series: readonly ChartSeries[];
  readonly mark?: { readonly x: number; readonly name: string };
  /** Figures that do not change along x, such as those of baselines. */
  readonly levels?: readonly { readonly name: string; readonly y: number }[];
  readonly size?: ChartShape['size'];
}

const markLook = { frameAnchor: 'top', lineAnchor: 'bottom', fill: soft, dy: -1 } as const;
const colourCount = 6;
const dashes = [undefined, '6 3', '2 3'];
/** Further series would have the look of an earlier one. */
export const maxSeries = colourCount * dashes.length;
const colourAt = (series: number): string => `var(--c${series % colourCount})`;
const dashAt = (series: number): string | undefined => dashes[Math.floor(series / colourCount) % dashes.length];

/** Maximum rows of a table, because nobody reads a longer one. */
const maxRows = 40;
/** Up to this number, points are drawn as dots. */
const maxDots = 30;
const maxHovers = 60;

/** Draws lines over one axis, with a legend and the numbers as a table; of a single x only the table. */
export function lineChart({ title, x, series, mark, levels = [], size = 'half' }: LineChart): string {
  const finiteSeries = series.map((chartSeries) => ({
    ...chartSeries,
    points: chartSeries.points.filter(([, y]) => Number.isFinite(y)),
  }));
  const xValues = [...new Set(finiteSeries.flatMap(({ points }) => points.map(([at]) => at)))].sort((a, b) => a - b);
  if (xValues.length === 0) return '';
  const data: HtmlTable = { caption: title, ...rowsOf(x, series, xValues) };
  // Of a single point per line, numbers are easier to read than dots.
  if (xValues.length === 1) return table(data);
  const [left, right] = [xValues[0]!, xValues.at(-1)!];
  const hovers = hoversOf(x, finiteSeries, xValues, size === 'half' ? 3 : 2);
  const lines = Math.max(...hovers.map((hover) => hover.text.split('\n').length));
  const [marginLeft, marginRight] = [52, 14];
  const bandWidth = (chartWidths[size] - marginLeft - marginRight) / hovers.length + 1;
  const height = size === 'half' ? 270 : 210;
  const svg = drawPlot(
    { title, size, height },
    {
      ...{ marginLeft, marginRight, marginTop: 16 * lines + 4, marginBottom: 40, insetTop: 6 },
      x: { domain: [left, right] },
      y: { nice: true, zero: false },
      marks: [
        gridY({ ticks: 5, ...gridLook }),
        axisY({ ticks: 5, ...axisLook, tickFormat: figureText, label: null }),
        axisX({ ticks: wholeTicks(left, right), ...namedAxisLook, tickFormat: figureText, label: x }),
        ...levels.map(({ y }) => ruleY([y], { stroke: soft, strokeDasharray: '2 3' })),
        ...levelNames(levels, finiteSeries, height).map(({ name, y }) =>
          text([y], { x: () => right, y: (at) => at, text: () => name, textAnchor: 'end', dy: -7, ...labelLook }),
        ),
        ...(mark
          ? [
              ruleX([mark.x], { stroke: soft, strokeDasharray: '3 3' }),
              text([mark.x], {
                ...{ x: (at: number) => at, text: () => mark.name, ...markLook },
                ...(mark.x > (left + right) / 2 ? { textAnchor: 'end', dx: -5 } : { textAnchor: 'start', dx: 5 }),
              }),
            ]
          : []),
        ...finiteSeries.flatMap(seriesMarks),
        ...hoverMarks(hovers, bandWidth),
      ],
    },
  );
  return chartFigure(title, svg, legend(finiteSeries), alternative(data));
}

function seriesMarks({ points, isApart }: ChartSeries, i: number): Markish[] {
  const at = { x: '0', y: '1' };
  if (isApart) return [dot(points, { ...at, r: 3.5, fill: colourAt(i), stroke: 'none' })];
  return [
    lineY(points, { ...at, stroke: colourAt(i), strokeWidth: 2, strokeDasharray: dashAt(i) }),
    ...(points.length > maxDots ? [] : [dot(points, { ...at, r: 2.5, fill: colourAt(i), stroke: 'none' })]),
  ];
}

type Level = NonNullable<LineChart['levels']>[number];

/** Returns the names of levels from the highest on. Levels that are near each other share a line of words, which would lie on each other otherwise. */
function levelNames(levels: readonly Level[], series: readonly ChartSeries[], height: number): Level[] {
  const values = [...levels.map(({ y }) => y), ...series.flatMap(({ points }) => points.map(([, y]) => y))];
  const minGap = (24 / (height - 80)) * (Math.max(...values) - Math.min(...values));
  const names: Level[] = [];
  for (const level of levels.toSorted((a, b) => b.y - a.y)) {
    const above = names.at(-1);
    if (above && above.y - level.y < minGap)
      names[names.length - 1] = { ...above, name: `${above.name}, ${level.name}` };
    else names.push(level);
  }
  return names;
}

/** Returns about five whole numbers along the axis. */
function wholeTicks(left: number, right: number): number[] {
  const rough = Math.max(1, (right - left) / 5);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough)!;
  const firstTick = Math.ceil(left / step);
  return Array.from({ length: Math.floor(right / step) - firstTick + 1 }, (_, i) => (firstTick + i) * step);
}

function hoversOf(x: string, series: readonly ChartSeries[], xValues: readonly number[], perLine: number): Hovered[] {
  const every = Math.ceil(xValues.length / maxHovers);
  return xValues
    .filter((_, i) => i % every === 0 || i === xValues.length - 1)
    .map((xValue) => {
      const words = [
        `${x} ${figureText(xValue)}`,
        ...series.flatMap(({ name, points }) => {
          const lastPoint = points.findLast(([pointX]) => pointX <= xValue);
          return lastPoint ? [`${shortenName(name, 16)} ${figureText(lastPoint[1])}`] : [];
        }),
      ];
      const lineStarts = Array.from({ length: Math.ceil(words.length / (perLine + 1)) }, (_, i) => i * (perLine + 1));
      return {
        x: xValue,
        text: lineStarts.map((from) => words.slice(from, from + perLine + 1).join('   ')).join('\n'),
      };
    });
}

function legend(series: readonly ChartSeries[]): string {
  if (series.length < 2) return '';
  const key = (i: number): string =>
    series[i]!.isApart
      ? `<span class="dot" style="background:${colourAt(i)}"></span>`
      : `<span class="key" style="border-top:2px ${['solid', 'dashed', 'dotted'][Math.floor(i / colourCount) % 3]} ${colourAt(i)}"></span>`;
  const entries = series.map(({ name }, i) => `<li>${key(i)}${escapeHtml(name)}</li>`);
  return `<ul class="legend">${entries.join('')}</ul>`;
}

/** Returns a row for each x. If there are too many, returns evenly spaced ones and the last. */
function rowsOf(x: string, series: readonly ChartSeries[], xValues: readonly number[]): Omit<HtmlTable, 'caption'> {
  const every = Math.ceil(xValues.length / maxRows);
  const columns = series.map(({ points }) => new Map(points));
  return {
    head: [x, ...series.map(({ name }) => name)],
    rows: xValues
      .filter((_, i) => i % every === 0 || i === xValues.length - 1)
      .map((xValue) => [figureText(xValue), ...columns.map((column) => figureText(column.get(xValue) ?? Number.NaN))]),
  };
}
