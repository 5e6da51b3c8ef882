/** Draws points: trials of a study, models by two figures, predicted against observed, and a map of vectors. */
import { axisX, axisY, dot, gridY, line, type Markish, type ScaleOptions } from '@observablehq/plot';
import { alternative, escapeHtml, figureText } from './html.ts';
import {
  axisLook,
  type ChartShape,
  chartFigure,
  chartWidths,
  drawPlot,
  gridLook,
  namedAxisLook,
  shortenName,
  soft,
  svgElement,
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
export function scatterChart(options: ScatterOptions): string {
  const { title, x, y, size = 'half', points, scale = {}, choices, own, diagonal } = options;
  const shown = points.filter((point) => Number.isFinite(point.x) && Number.isFinite(point.y));
  if (shown.length === 0) return '';
  const at = { x: 'x', y: 'y' };
  const axisEnd = Math.max(...shown.flatMap((point) => [point.x, point.y]));
  const pointMarks: Markish[] =
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
          // The subject has its name first, and then the best.
          nameMark(
            shown
              .toSorted((a, b) => Number(b.name === own) - Number(a.name === own) || b.y - a.y)
              .map((point) => ({ ...point, name: shortenName(point.name, 18), isQuiet: point.name !== own })),
          ),
        ];
  const numberTicks = scale.type === 'log' ? powersIn(scale.domain as [number, number]) : 5;
  const ticks = choices ? undefined : numberTicks;
  const tickFormat = choices ? (place: number): string => shortenName(choices[place] ?? '', 12) : figureText;
  const svg = drawPlot(
    { title, size, height: size === 'half' ? 280 : 230 },
    {
      ...{ marginLeft: 56, marginRight: 14, marginTop: own === undefined ? 10 : 22, marginBottom: 42 },
      x: { ...scale, ...(choices ? { type: 'point', domain: choices.map((_, i) => i), padding: 0.5 } : {}) },
      y: { nice: true, zero: own !== undefined },
      marks: [
        gridY({ ticks: 5, ...gridLook }),
        axisX({ ticks, ...namedAxisLook, tickFormat, label: x }),
        axisY({ ticks: 5, ...axisLook, tickFormat: figureText, label: null }),
        ...(diagonal
          ? [line([0, axisEnd], { x: (place) => place, y: (place) => place, stroke: soft, strokeDasharray: '3 3' })]
          : []),
        ...pointMarks,
      ],
    },
  );
  const rows = shown.map((point) => [point.name, figureText(point.x), figureText(point.y)]);
  return chartFigure(title, svg, alternative({ caption: title, head: ['', x, y], rows }));
}

/** Returns the powers of ten in a range, and its ends where these are no powers: numbers between would run into each other. */
function powersIn([from, to]: readonly [number, number]): number[] {
  const firstExponent = Math.ceil(Math.log10(from) - 1e-9);
  const count = Math.max(0, Math.floor(Math.log10(to) + 1e-9) - firstExponent + 1);
  const powers = Array.from({ length: count }, (_, i) => 10 ** (firstExponent + i));
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
        // What a title ends with in brackets, such as a year, is left to the pointer. A number is a key, and says nothing to a reader.
        nameMark(
          points
            .map(({ title, ...at }) => ({ ...at, name: shortenName(title.replace(/ \([^()]*\)$/, ''), maxNameLength) }))
            .filter(({ name }) => /\p{L}/u.test(name)),
        ),
      ],
    },
  );
  const entries = groups.map(
    (name, i) =>
      `<li><span class="dot" style="background:${fillOf(i)};opacity:${opacityOf(i)}"></span>${escapeHtml(name)}</li>`,
  );
  const others = layers[0]!.points.length > 0 && groups.length > 0 ? ['<li><span class="dot"></span>others</li>'] : [];
  const legend = groups.length === 0 ? '' : `<ul class="legend">${[...entries, ...others].join('')}</ul>`;
  return chartFigure(title, svg, legend);
}

const maxNames = 12;
const maxNameLength = 24;
/** Size of a character of a phone, where words are larger than the chart's own, and the free space around a name. */
const [nameHeight, nameCharacter, nameSpace] = [22, 10.5, 3];

/** Writes names beside points, right, left, above or below, the first points first. Names never lie on each other: one without room is left to the pointer. */
function nameMark(points: readonly (ChartPoint & { readonly isQuiet?: boolean })[]): Markish {
  return (_index, { x: xOf, y: yOf }, _values, { width, height, marginLeft, marginBottom }, { document }) => {
    const outline = { stroke: 'var(--paper)', 'stroke-width': 4, 'stroke-linejoin': 'round', 'paint-order': 'stroke' };
    const group = svgElement(document, 'g', { fill: soft, ...outline });
    const takenSpans: { left: number; right: number; middle: number }[] = [];
    for (const { x, y, name, isQuiet } of points) {
      if (takenSpans.length === maxNames) break;
      const [pointX, pointY, long] = [xOf!(x), yOf!(y), nameCharacter * name.length];
      const labelPositions = [
        { anchor: 'start', at: pointX + 8, left: pointX + 8, middle: pointY },
        { anchor: 'end', at: pointX - 8, left: pointX - 8 - long, middle: pointY },
        { anchor: 'middle', at: pointX, left: pointX - long / 2, middle: pointY - 15 },
        { anchor: 'middle', at: pointX, left: pointX - long / 2, middle: pointY + 15 },
      ];
      const freePosition = labelPositions.find(({ left, middle }) => {
        const isInside = left >= marginLeft && left + long <= width && middle >= nameHeight / 2;
        const isFree = takenSpans.every(
          (takenSpan) =>
            left > takenSpan.right + nameSpace ||
            left + long < takenSpan.left - nameSpace ||
            Math.abs(middle - takenSpan.middle) > nameHeight + nameSpace,
        );
        return isInside && isFree && middle <= height - marginBottom - nameHeight / 2;
      });
      if (!freePosition) continue;
      takenSpans.push({ left: freePosition.left, right: freePosition.left + long, middle: freePosition.middle });
      const { at, middle, anchor } = freePosition;
      const label = svgElement(document, 'text', { x: at, y: middle, dy: '0.32em', 'text-anchor': anchor });
      if (!isQuiet) label.setAttribute('fill', 'var(--ink)');
      label.textContent = name;
      group.appendChild(label);
    }
    return group;
  };
}
