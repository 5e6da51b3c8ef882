import type { Interval } from '../../training/evaluation/slices.ts';
import { alternative, escapeHtml, figureText, table } from './html.ts';

interface ChartBar {
  readonly name: string;
  readonly value: number;
  readonly text: string;
}

/**
 * Draws one bar per line, from 0. The numbers are next to the bars, so there is no axis.
 * @param full value of a bar over the whole width; default: the largest
 */
export const barChart = (title: string, bars: readonly ChartBar[], full?: number): string =>
  intervalBars(
    title,
    bars.map((bar) => ({ ...bar, tone: 'plain' as const })),
    full,
  );

export interface ChartSeries {
  readonly name: string;
  /** Sorted by x. */
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface LineChart {
  readonly title: string;
  /** Unit of x, such as `epoch`. */
  readonly x: string;
  readonly series: readonly ChartSeries[];
  readonly mark?: { readonly x: number; readonly name: string };
}

/** Width of a phone, so that words are not much smaller there. */
export const chartWidth = 460;
const [width, height] = [chartWidth, 250];
export const chartEdge = { left: 58, right: 14, top: 12, bottom: 40 };
/** Maximum numbers along the x axis. More would overlap. */
const mostFeet = 7;
/** Maximum rows of a table, because nobody reads a longer one. */
const mostRows = 40;
/** Up to this number, points are drawn as dots. */
const fewPoints = 30;

/** Draws lines over one axis, with a legend and the numbers as a table; of a single x only the table. Lines differ in dashes and in colour. */
export function lineChart({ title, x, series, mark }: LineChart): string {
  const points = series.flatMap((each) => each.points).filter(([, y]) => Number.isFinite(y));
  if (points.length === 0) return '';
  const [xs, ys] = [points.map(([at]) => at), points.map(([, y]) => y)];
  // Of a single point per line, numbers are easier to read than dots.
  if (least(xs) === most(xs)) return table({ caption: title, ...rowsOf(x, series) });
  const wholeTicks = ticks(least(xs), most(xs)).filter(Number.isInteger);
  const shownTicks = wholeTicks.filter((_, at) => at % Math.ceil(wholeTicks.length / mostFeet) === 0);
  const yTicks = ticks(least(ys), most(ys));
  const [left, right] = [least(xs), most(xs)];
  const [low, high] = [yTicks[0]!, yTicks.at(-1)!];
  const atX = (value: number): number =>
    chartEdge.left + ((value - left) / (right - left)) * (width - chartEdge.left - chartEdge.right);
  const atY = (value: number): number =>
    height - chartEdge.bottom - ((value - low) / (high - low)) * (height - chartEdge.top - chartEdge.bottom);

  const xLabels = shownTicks
    .filter((value) => value >= left && value <= right)
    .map(
      (value) =>
        `<text x="${tenths(atX(value))}" y="${height - chartEdge.bottom + 18}" text-anchor="middle">${figureText(value)}</text>`,
    );
  const lines = series.map((each, i) => {
    const finitePoints = each.points.filter(([, y]) => Number.isFinite(y));
    const way = finitePoints.map(([at, y], n) => `${n === 0 ? 'M' : 'L'}${tenths(atX(at))} ${tenths(atY(y))}`).join('');
    const dots =
      finitePoints.length > fewPoints
        ? ''
        : finitePoints
            .map(
              ([at, y]) => `<circle class="dot s${i % colours}" cx="${tenths(atX(at))}" cy="${tenths(atY(y))}" r="3"/>`,
            )
            .join('');
    return `<path class="line s${i % colours}" d="${way}"/>${dots}`;
  });
  const markLine = mark
    ? `<path class="mark" d="M${tenths(atX(mark.x))} ${chartEdge.top}V${height - chartEdge.bottom}"/><text x="${tenths(atX(mark.x))}" y="${chartEdge.top + 4}" dx="${mark.x > (left + right) / 2 ? -5 : 5}" dy=".35em" text-anchor="${mark.x > (left + right) / 2 ? 'end' : 'start'}">${escapeHtml(mark.name)}</text>`
    : '';
  return chartFigure({ title, x, height, yTicks, atY }, xLabels, [
    markLine,
    ...lines,
    ...readouts(series, { x, atX, atY }),
    '</svg>',
    legend(series),
    alternative({ caption: title, ...rowsOf(x, series) }),
  ]);
}

/** Draws a chart with its grid, and with labels below it. */
export function chartFigure(
  axes: { title: string; x: string; height: number; yTicks: readonly number[]; atY(value: number): number },
  xLabels: readonly string[],
  body: readonly string[],
): string {
  const { x, height, yTicks, atY } = axes;
  const title = escapeHtml(axes.title);
  const gridLines = yTicks.map((value) => {
    const y = tenths(atY(value));
    return `<path class="grid" d="M${chartEdge.left} ${y}H${width - chartEdge.right}"/><text x="${chartEdge.left - 8}" y="${y}" dy=".35em" text-anchor="end">${figureText(value)}</text>`;
  });
  return [
    `<figure><figcaption>${title}</figcaption>`,
    `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}"><title>${title}</title>`,
    ...gridLines,
    ...xLabels,
    `<text x="${(chartEdge.left + width - chartEdge.right) / 2}" y="${height - 4}" text-anchor="middle">${escapeHtml(x)}</text>`,
    ...body,
    '</figure>',
  ].join('\n');
}

const mostPlaces = 120;
const [readoutWidth, readoutLine] = [204, 18];

/**
 * Makes a strip for each x under which the pointer may be, with the content that is then shown: a line, dots on the series, the numbers in a box. Only CSS
 * shows and hides it, so that a report needs no script.
 */
function readouts(
  series: readonly ChartSeries[],
  { x, atX, atY }: { readonly x: string; atX(value: number): number; atY(value: number): number },
): string[] {
  const kept = series.map(({ name, points }) => ({ name, points: points.filter(([, y]) => Number.isFinite(y)) }));
  const all = [...new Set(kept.flatMap(({ points }) => points.map(([at]) => at)))].sort((a, b) => a - b);
  const every = Math.ceil(all.length / mostPlaces);
  const xPositions = all.filter((_, i) => i % every === 0 || i === all.length - 1);
  const bottom = height - chartEdge.bottom;
  return xPositions.map((at, i) => {
    const xHere = atX(at);
    const hitStart = i === 0 ? chartEdge.left : (atX(xPositions[i - 1]!) + xHere) / 2;
    const hitEnd = i === xPositions.length - 1 ? width - chartEdge.right : (atX(xPositions[i + 1]!) + xHere) / 2;
    const shownPoints = kept.flatMap(({ name, points }, n) => {
      const lastPoint = points.findLast(([own]) => own <= at);
      return lastPoint ? [{ name, n, at: lastPoint[0], y: lastPoint[1] }] : [];
    });
    const readoutLeft = xHere > (chartEdge.left + width - chartEdge.right) / 2 ? xHere - readoutWidth - 10 : xHere + 10;
    const readoutTexts = [
      `<text class="name" x="${tenths(readoutLeft + 8)}" y="${chartEdge.top + 15}">${escapeHtml(x)} ${figureText(at)}</text>`,
      ...shownPoints.map(
        ({ name, n, y }, line) =>
          `<path class="line s${n % colours}" d="M${tenths(readoutLeft + 8)} ${chartEdge.top + 11 + (line + 1) * readoutLine}h14"/><text x="${tenths(readoutLeft + 28)}" y="${chartEdge.top + 15 + (line + 1) * readoutLine}">${escapeHtml(name.length > 15 ? `${name.slice(0, 14)}…` : name)} ${figureText(y)}</text>`,
      ),
    ];
    const dots = shownPoints.map(
      ({ n, at: own, y }) =>
        `<circle class="dot s${n % colours}" cx="${tenths(atX(own))}" cy="${tenths(atY(y))}" r="4"/>`,
    );
    return `<g class="at"><rect class="hit" x="${tenths(hitStart)}" y="${chartEdge.top}" width="${tenths(hitEnd - hitStart)}" height="${bottom - chartEdge.top}"/><g class="read" aria-hidden="true"><path class="mark" d="M${tenths(xHere)} ${chartEdge.top}V${bottom}"/>${dots.join('')}<rect class="box" x="${tenths(readoutLeft)}" y="${chartEdge.top}" width="${readoutWidth}" height="${8 + (shownPoints.length + 1) * readoutLine}" rx="4"/>${readoutTexts.join('')}</g></g>`;
  });
}

/** Number of classes `s0`… in the style sheet. Further lines reuse them. */
const colours = 12;
export const mostSeries = colours;

function legend(series: readonly ChartSeries[]): string {
  const entries = series.map(
    ({ name }, i) =>
      `<li><svg class="key" viewBox="0 0 26 8" aria-hidden="true"><path class="line s${i % colours}" d="M0 4H26"/></svg>${escapeHtml(name)}</li>`,
  );
  return `<ul class="legend">${entries.join('')}</ul>`;
}

/** Returns a row for each x. If there are too many, returns evenly spaced ones and the last. */
function rowsOf(x: string, series: readonly ChartSeries[]): { head: string[]; rows: string[][] } {
  const all = [...new Set(series.flatMap(({ points }) => points.map(([at]) => at)))].sort((a, b) => a - b);
  const every = Math.ceil(all.length / mostRows);
  const kept = all.filter((_, i) => i % every === 0 || i === all.length - 1);
  const columns = series.map(({ points }) => new Map(points));
  return {
    head: [x, ...series.map(({ name }) => name)],
    rows: kept.map((at) => [figureText(at), ...columns.map((column) => figureText(column.get(at) ?? Number.NaN))]),
  };
}

const least = (values: readonly number[]): number => values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
const most = (values: readonly number[]): number => values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
export const tenths = (value: number): number => Math.round(value * 10) / 10;

export interface IntervalBar {
  readonly name: string;
  readonly value: number;
  readonly interval?: Interval;
  readonly text: string;
  /** `own`: the subject of the page. `plain`: there is no comparison. */
  readonly tone: 'own' | 'above' | 'level' | 'below' | 'plain';
}

/**
 * Draws one bar per line, from 0, with its interval as a whisker. The bars are HTML boxes, so that words stay as large on a phone, where they go above the bar.
 * @param full value of a bar over the whole width; default: the largest
 */
export function intervalBars(title: string, bars: readonly IntervalBar[], full?: number): string {
  const fullLength = full ?? bars.reduce((most, { value, interval }) => Math.max(most, value, interval?.high ?? 0), 0);
  const share = (value: number): string =>
    `${fullLength === 0 ? 0 : Math.round((1000 * Math.max(0, value)) / fullLength) / 10}%`;
  const lines = bars.map(({ name, value, interval, text, tone }) => {
    const whisker = interval
      ? `<span class="whisker" style="left:${share(interval.low)};width:${share(interval.high - Math.max(0, interval.low))}"></span>`
      : '';
    return `<li class="${tone}"><span class="who"><bdi>${escapeHtml(name)}</bdi></span><span class="track" aria-hidden="true"><span class="fill" style="width:${share(value)}"></span>${whisker}</span><span class="says">${escapeHtml(text)}</span></li>`;
  });
  return `<figure><figcaption>${escapeHtml(title)}</figcaption>\n<ul class="intervals">\n${lines.join('\n')}\n</ul></figure>`;
}

/** Returns four to seven round numbers that cover [low, high], in steps of 1, 2 or 5 times a power of ten. */
export function ticks(low: number, high: number): number[] {
  if (!(high > low)) {
    const room = low === 0 ? 1 : Math.abs(low) / 2;
    return ticks(low - room, low + room);
  }
  const rough = (high - low) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].findLast((factor) => factor * power <= rough) ?? 1);
  const first = Math.floor(low / step + 1e-9);
  const lastTick = Math.ceil(high / step - 1e-9);
  return Array.from({ length: lastTick - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}
