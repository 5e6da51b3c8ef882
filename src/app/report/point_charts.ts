/** Draws points: trials of a study, models by two figures, predicted against observed, and a map of vectors. */
import { axisX, axisY, dot, gridY, line, type Markish, type ScaleOptions, text } from '@observablehq/plot';
import { alternative, escapeHtml, figureText } from './html.ts';
import { axisLook, type ChartShape, chartFigure, chartWidths, drawPlot, gridLook, shortened, soft } from './plot.ts';

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
          text(shown, {
            ...at,
            text: ({ name }: ChartPoint) => shortened(name, 18),
            dy: -11,
            fill: (point: ChartPoint) => (point.name === own ? 'var(--ink)' : soft),
          }),
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
          ...(choices ? {} : { ticks: 5 }),
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

const titleOf = ({ name, x, y }: ChartPoint): string => `${name}: ${figureText(x)}, ${figureText(y)}`;

export interface MapPoint {
  readonly x: number;
  readonly y: number;
  readonly title: string;
  /** Index of a group; −1 if it has none. */
  readonly group: number;
}

const mapMargin = 6;
/** Never 0, so that equal vectors have a scale. */
const spanOf = (values: readonly number[]): number => Math.max(...values) - Math.min(...values) || 1;

/** Draws a dot for each vector, without axes, because their directions mean nothing by themselves. */
export function mapChart(title: string, points: readonly MapPoint[], groups: readonly string[]): string {
  const colourOf = (group: number): string => (group < 0 ? 'var(--quiet)' : `var(--c${group})`);
  // Points without a group lie below the others.
  const layers = [-1, ...groups.keys()].map((group) => points.filter((point) => point.group === group));
  const height = 420;
  const inner = [chartWidths.half - 2 * mapMargin, height - 2 * mapMargin] as const;
  const [xs, ys] = [points.map(({ x }) => x), points.map(({ y }) => y)];
  const perPixel = Math.max(spanOf(xs) / inner[0], spanOf(ys) / inner[1]);
  const domain = (values: readonly number[], pixels: number): [number, number] => {
    const middle = (Math.min(...values) + Math.max(...values)) / 2;
    return [middle - (perPixel * pixels) / 2, middle + (perPixel * pixels) / 2];
  };
  const svg = drawPlot(
    { title, height },
    {
      margin: mapMargin,
      x: { axis: null, domain: domain(xs, inner[0]) },
      y: { axis: null, domain: domain(ys, inner[1]) },
      marks: layers.map((layer) =>
        dot(layer, {
          x: 'x',
          y: 'y',
          r: 3,
          fill: colourOf(layer[0]?.group ?? -1),
          fillOpacity: 0.75,
          stroke: 'none',
          title: 'title',
        }),
      ),
    },
  );
  const entries = groups.map(
    (name, i) => `<li><span class="dot" style="background:${colourOf(i)}"></span>${escapeHtml(name)}</li>`,
  );
  const others = layers[0]!.length > 0 && groups.length > 0 ? ['<li><span class="dot"></span>others</li>'] : [];
  return chartFigure(
    title,
    svg,
    groups.length === 0 ? '' : `<ul class="legend">${[...entries, ...others].join('')}</ul>`,
  );
}
