/** Draws points: trials of a study, models by two figures, predicted against observed, and a map of vectors. */
import { axisX, axisY, dot, gridY, line, type Markish, type ScaleOptions, text } from '@observablehq/plot';
import { alternative, escapeHtml, figureText } from './html.ts';
import {
  axisLook,
  type ChartShape,
  chartFigure,
  chartWidths,
  drawPlot,
  gridLook,
  labelLook,
  shortened,
  soft,
} from './plot.ts';

interface ChartPoint {
  readonly x: number;
  readonly y: number;
  readonly name: string;
}

interface ScatterOptions {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly size?: ChartShape['size'];
  readonly points: readonly ChartPoint[];
  readonly scale?: ScaleOptions;
  /** Names at the places of a scale without numbers. */
  readonly choices?: readonly string[];
  /** The subject of the page, which is drawn apart. Names are then written beside the points. */
  readonly own?: string;
  /** True if points on the diagonal are right. */
  readonly diagonal?: true;
}

/** Draws a dot for each point, with the same numbers as a table. */
export function scatterChart({
  title,
  x,
  y,
  size = 'half',
  points,
  scale = {},
  choices,
  own,
  diagonal,
}: ScatterOptions): string {
  const shown = points.filter((point) => Number.isFinite(point.x) && Number.isFinite(point.y));
  if (shown.length === 0) return '';
  const at = { x: 'x', y: 'y' };
  const xs = shown.map((point) => point.x);
  const [left, right] = [Math.min(...xs), Math.max(...xs)];
  const end = Math.max(...shown.flatMap((point) => [point.x, point.y]));
  const apart: Markish[] =
    own === undefined
      ? [dot(shown, { ...at, r: 3.5, fill: 'var(--c0)', fillOpacity: 0.7, stroke: 'none', title: titleOf })]
      : [
          dot(shown, {
            ...at,
            r: 5,
            fill: (point: ChartPoint) => (point.name === own ? 'var(--c0)' : 'var(--quiet)'),
            stroke: 'none',
            title: titleOf,
          }),
          ...shown.map((point) =>
            text([point], {
              ...at,
              ...labelLook,
              ...(point.name === own ? { fill: 'var(--ink)' } : {}),
              text: () => shortened(point.name, 18),
              dy: -12,
              // A name begins at its point where half of it would lie on the axis.
              textAnchor: point.x < left + (right - left) / 4 ? 'start' : 'middle',
              dx: point.x < left + (right - left) / 4 ? -4 : 0,
            }),
          ),
        ];
  const tickFormat = choices ? (place: number): string => shortened(choices[place] ?? '', 12) : figureText;
  const svg = drawPlot(
    { title, size, height: size === 'half' ? 280 : 230 },
    {
      ...{
        marginLeft: 56,
        marginRight: own === undefined ? 14 : 50,
        marginTop: own === undefined ? 10 : 22,
        marginBottom: 42,
      },
      x: { ...scale, ...(choices ? { type: 'point', domain: choices.map((_, i) => i), padding: 0.5 } : {}) },
      y: { nice: true, zero: own !== undefined },
      marks: [
        gridY({ ticks: 5, ...gridLook }),
        axisX({
          ...(choices ? {} : { ticks: scale.type === 'log' ? powersIn(scale.domain as [number, number]) : 5 }),
          ...axisLook,
          tickFormat,
          label: x,
          labelAnchor: 'center',
          labelArrow: 'none',
        }),
        axisY({ ticks: 5, ...axisLook, tickFormat: figureText, label: null }),
        ...(diagonal
          ? [line([0, end], { x: (place) => place, y: (place) => place, stroke: soft, strokeDasharray: '3 3' })]
          : []),
        ...apart,
      ],
    },
  );
  const rows = shown.map((point) => [point.name, figureText(point.x), figureText(point.y)]);
  return chartFigure(title, svg, alternative({ caption: title, head: ['', x, y], rows }));
}

/** Returns the powers of ten in a range, and its ends where these are no powers: numbers between would run into each other. */
function powersIn([from, to]: readonly [number, number]): number[] {
  const first = Math.ceil(Math.log10(from) - 1e-9);
  const count = Math.max(0, Math.floor(Math.log10(to) + 1e-9) - first + 1);
  const powers = Array.from({ length: count }, (_, i) => 10 ** (first + i));
  return [...new Set([from, ...powers.filter((power) => power > 2 * from && power < to / 2), to])];
}

const titleOf = ({ name, x, y }: ChartPoint): string => `${name}: ${figureText(x)}, ${figureText(y)}`;

export interface MapPoint {
  readonly x: number;
  readonly y: number;
  readonly title: string;
  /** Index of a group; −1 if it has none. */
  readonly group: number;
}

export interface MapOptions {
  readonly groups: readonly string[];
  /** True if groups have an order, so that they are shades of one colour. */
  readonly isOrdered?: boolean;
  readonly size?: ChartShape['size'];
}

const mapMargin = 6;
/** Never 0, so that equal vectors have a scale. */
const spanOf = (values: readonly number[]): number => Math.max(...values) - Math.min(...values) || 1;
const shades = [0.9, 0.5, 0.25];

/** Draws a dot for each vector, without axes, because their directions mean nothing by themselves. Of points that are near each other the first has its name. */
export function mapChart(
  title: string,
  points: readonly MapPoint[],
  { groups, isOrdered = false, size = 'half' }: MapOptions,
): string {
  const fillOf = (group: number): string => (group < 0 ? 'var(--quiet)' : isOrdered ? 'var(--c0)' : `var(--c${group})`);
  const opacityOf = (group: number): number => (isOrdered && group >= 0 ? shades[group]! : 0.75);
  // Points without a group lie below the others, and few events below many.
  const order = isOrdered ? [...groups.keys()].reverse() : [...groups.keys()];
  const layers = [-1, ...order].map((group) => ({ group, points: points.filter((point) => point.group === group) }));
  const height = size === 'half' ? 420 : 300;
  const inner = [chartWidths[size] - 2 * mapMargin, height - 2 * mapMargin] as const;
  const [xs, ys] = [points.map(({ x }) => x), points.map(({ y }) => y)];
  const perPixel = Math.max(spanOf(xs) / inner[0], spanOf(ys) / inner[1]);
  const domain = (values: readonly number[], pixels: number): [number, number] => {
    const middle = (Math.min(...values) + Math.max(...values)) / 2;
    return [middle - (perPixel * pixels) / 2, middle + (perPixel * pixels) / 2];
  };
  const [xDomain, yDomain] = [domain(xs, inner[0]), domain(ys, inner[1])];
  const placed = points.map(({ x, y }) => ({ x: (x - xDomain[0]) / perPixel, y: (yDomain[1] - y) / perPixel }));
  const names = namesOn(
    placed.map((place, i) => ({
      ...place,
      name: shortened(points[i]!.title.replace(/ \([^()]*\)$/, ''), longestName),
    })),
    inner,
  );
  const svg = drawPlot(
    { title, height, size },
    {
      margin: mapMargin,
      x: { axis: null, domain: xDomain },
      y: { axis: null, domain: yDomain },
      marks: [
        ...layers.map(({ group, points: layer }) =>
          dot(layer, {
            x: 'x',
            y: 'y',
            r: 3,
            fill: fillOf(group),
            fillOpacity: opacityOf(group),
            stroke: 'none',
            title: 'title',
          }),
        ),
        ...names.map(({ at, name, isLeft }) =>
          text([points[at]!], {
            x: 'x',
            y: 'y',
            text: () => name,
            ...labelLook,
            fill: 'var(--ink)',
            ...(isLeft ? { textAnchor: 'end', dx: -6 } : { textAnchor: 'start', dx: 6 }),
          }),
        ),
      ],
    },
  );
  const entries = groups.map(
    (name, i) =>
      `<li><span class="dot" style="background:${fillOf(i)};opacity:${opacityOf(i)}"></span>${escapeHtml(name)}</li>`,
  );
  const others = layers[0]!.points.length > 0 && groups.length > 0 ? ['<li><span class="dot"></span>others</li>'] : [];
  return chartFigure(
    title,
    svg,
    groups.length === 0 ? '' : `<ul class="legend">${[...entries, ...others].join('')}</ul>`,
  );
}

const mostNames = 12;
const longestName = 24;
/** Size of a character of a phone, where words are larger than the chart's own, and the free space around a name. */
const [nameHeight, nameCharacter, nameSpace] = [20, 8, 14];

interface PlacedName {
  readonly at: number;
  readonly name: string;
  readonly isLeft: boolean;
}

/** Chooses points whose names have room, the first points first. What a title ends with in brackets, such as a year, is left to the pointer. */
function namesOn(
  places: readonly { readonly x: number; readonly y: number; readonly name: string }[],
  [width, height]: readonly [number, number],
): PlacedName[] {
  const boxes: { left: number; right: number; top: number; bottom: number }[] = [];
  const chosen: PlacedName[] = [];
  for (const [at, { x, y, name }] of places.entries()) {
    if (chosen.length === mostNames) break;
    // A number is a key, and says nothing to a reader.
    if (!/\p{L}/u.test(name)) continue;
    const long = nameCharacter * name.length + 8;
    const isLeft = x + long > width;
    const box = {
      left: isLeft ? x - long : x,
      right: isLeft ? x : x + long,
      top: y - nameHeight / 2,
      bottom: y + nameHeight / 2,
    };
    const isFree = boxes.every(
      (other) =>
        box.left > other.right + nameSpace ||
        other.left > box.right + nameSpace ||
        box.top > other.bottom + nameSpace ||
        other.top > box.bottom + nameSpace,
    );
    if (!isFree || box.left < 0 || box.top < 0 || box.bottom > height) continue;
    boxes.push(box);
    chosen.push({ at, name, isLeft });
  }
  return chosen;
}
