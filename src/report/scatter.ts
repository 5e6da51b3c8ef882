import { alternative, escapeHtml, figure } from './html.ts';
import { ticks } from './ticks.ts';

export interface Scatter {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  /** Of a range: its ends, and whether it is drawn by its logarithm. */
  readonly from?: number;
  readonly to?: number;
  readonly log?: true;
  /** In place of a range: x is the place of one of these. */
  readonly choices?: readonly string[];
  readonly points: readonly { readonly x: number; readonly y: number; readonly name: string }[];
}

const [width, height] = [460, 230];
const edge = { left: 58, right: 14, top: 12, bottom: 40 };

/** A dot for each point, with the same numbers as a table. */
export function scatter({ title, x, y, from = 0, to = 1, log, choices, points }: Scatter): string {
  const shown = points.filter((point) => Number.isFinite(point.y));
  if (shown.length === 0) return '';
  const ys = shown.map((point) => point.y);
  const up = ticks(Math.min(...ys), Math.max(...ys));
  const [low, high] = [up[0]!, up.at(-1)! === up[0]! ? up[0]! + 1 : up.at(-1)!];
  const scale = (value: number): number => (log ? Math.log(value) : value);
  const [left, right] = choices ? [-0.5, choices.length - 0.5] : [scale(from), scale(to)];
  const atX = (value: number): number =>
    place(edge.left + ((scale(value) - left) / (right - left)) * (width - edge.left - edge.right));
  const atY = (value: number): number =>
    place(height - edge.bottom - ((value - low) / (high - low)) * (height - edge.top - edge.bottom));
  const grid = up.map(
    (value) =>
      `<path class="grid" d="M${edge.left} ${atY(value)}H${width - edge.right}"/><text x="${edge.left - 8}" y="${atY(value)}" dy=".35em" text-anchor="end">${figure(value)}</text>`,
  );
  const feet = choices
    ? choices.map((text, at) => [at, text.length > 14 ? `${text.slice(0, 13)}…` : text] as const)
    : feetOf(from, to, log === true).map((value) => [value, figure(value)] as const);
  const labels = feet.map(
    ([value, text]) =>
      `<text x="${atX(value)}" y="${height - edge.bottom + 18}" text-anchor="middle">${escapeHtml(text)}</text>`,
  );
  const dots = shown.map(
    (point) =>
      `<circle class="dot s0" cx="${atX(point.x)}" cy="${atY(point.y)}" r="4" fill-opacity=".7"><title>${escapeHtml(point.name)}: ${figure(point.y)}</title></circle>`,
  );
  const rows = shown.map((point) => [point.name, figure(point.y)]);
  return [
    `<figure><figcaption>${escapeHtml(title)}</figcaption>`,
    `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeHtml(title)}"><title>${escapeHtml(title)}</title>`,
    ...grid,
    ...labels,
    `<text x="${(edge.left + width - edge.right) / 2}" y="${height - 4}" text-anchor="middle">${escapeHtml(x)}</text>`,
    ...dots,
    '</svg>',
    alternative({ caption: title, head: [x, y], rows }),
    '</figure>',
  ].join('\n');
}

/** Of a logarithm the ends and two between them. */
function feetOf(from: number, to: number, log: boolean): readonly number[] {
  if (!log) return ticks(from, to).filter((value) => value >= from && value <= to);
  return [0, 1, 2, 3].map((part) => Number(Math.exp(Math.log(from) + (part / 3) * Math.log(to / from)).toPrecision(2)));
}

const place = (value: number): number => Math.round(value * 10) / 10;
