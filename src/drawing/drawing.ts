/** The boxes of a model in rows, each below what it reads, with arrows between; its towers side by side always, its tasks under both. */

import { escapeHtml } from '../text/escape_html.ts';
import type { Box, Drawing } from './drawn.ts';
import { gapX, gapY, heightOf, lineHeight, type Placed, type Placement, place, titleHeight } from './place.ts';

/** Of one character, on an average line of the widest of the usual fonts. */
const characterWidth = 6.8;
/** Of the mark that folds, with the gap after it. */
const markWidth = 13;
/** Within a box, left and right of its text. */
const padding = 9;

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** What it shows, for who cannot see it. */
  readonly title: string;
  /** What an `svg` element of that size holds. */
  readonly svg: string;
}

export interface DrawingOptions {
  /** Boxes are narrowed, and rows broken, so that the picture is no wider where that is possible. */
  readonly width?: number;
  /** Ids of boxes that show their name and what comes out of them alone. */
  readonly folded?: ReadonlySet<string>;
  /** Whether boxes are buttons that fold and open: of a page with a script. */
  readonly canFold?: boolean;
  /** Default: that it is a model, and what of it is shown. */
  readonly title?: string;
}

/** What a page or a Markdown file has room for. */
const usualWidth = 1100;

export function drawModel(model: string, drawing: Drawing, options: DrawingOptions = {}): Picture {
  const { width = usualWidth, folded = new Set() } = options;
  const shown: Drawing = {
    towers: drawing.towers.map((tower) => ({ ...tower, boxes: tower.boxes.map((box) => fold(box, folded)) })),
    tasks: drawing.tasks.map((box) => fold(box, folded)),
  };
  const placement = place(shown, width, widthOf);
  const all = [...placement.placed.values()];
  const { title = `The model ${model}: its towers, what they read, their channels and tasks`, canFold = false } =
    options;
  return {
    width: placement.width,
    height: placement.height,
    title,
    svg: [
      `<title>${escapeHtml(title)}</title>`,
      '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path class="head" d="M0 0L8 4L0 8z"/></marker></defs>',
      ...placement.towers.map(
        ({ name, middle }) =>
          `<text class="tower" x="${middle}" y="18" text-anchor="middle">tower ${escapeHtml(name)}</text>`,
      ),
      ...all.flatMap((to) => to.box.reads.flatMap((id) => arrow(placement, placement.placed.get(id), to))),
      ...all.map((each) => draw(each, canFold ? folded.has(each.box.id) : undefined)),
    ].join('\n'),
  };
}

/** A folded box keeps what comes out of it. */
function fold(box: Box, folded: ReadonlySet<string>): Box {
  if (!folded.has(box.id)) return box;
  const gives = box.lines.at(-1)?.gives;
  return { ...box, lines: gives === undefined ? [] : [{ text: gives }] };
}

/** As its longest line needs, within bounds. */
function widthOf(boxes: readonly Box[], least: number, most: number): number {
  const longest = Math.max(
    0,
    ...boxes.flatMap(({ lines }) => lines.flatMap(({ text, gives = '' }) => [text.length, gives.length])),
    ...boxes.map((box) => titleOf(box).length + 3),
  );
  return Math.min(most, Math.max(least, Math.ceil(longest * characterWidth) + 2 * padding));
}

/** Straight where nothing is between; else down the gap between two columns, where no box is. */
function arrow({ placed }: Placement, from: Placed | undefined, to: Placed): string[] {
  if (from === undefined) return [];
  const [x, y] = [from.x + from.width / 2, from.y + heightOf(from.box)];
  const [toX, toY] = [to.x + to.width / 2, to.y];
  const isBetween = ({ tower, y: top }: Placed): boolean => tower === from.tower && top > y && top < toY;
  const start = `<path class="arrow" marker-end="url(#head)" d="M${x} ${y}`;
  if (![...placed.values()].some((other) => other !== to && isBetween(other))) {
    const bend = Math.min(40, (toY - y) / 2);
    return [`${start}C${x} ${y + bend} ${toX} ${toY - bend} ${toX} ${toY}"/>`];
  }
  // Of a task the gap is next to what it reads, of another box next to the box.
  const column = to.tower === from.tower ? to : from;
  const isIn = to.tower === from.tower;
  // In one column what goes in is on the outer side, and what goes out on the inner one.
  const isLeft = isIn ? (x === toX ? from.tower === 0 : x < toX) : toX <= x;
  const middle = isLeft ? column.x - gapX / 2 : column.x + column.width + gapX / 2;
  // Where both share a gap they do not share a line.
  const gap = middle + (isIn ? -1 : 1) * 3;
  const [down, up] = [from.bottom, toY - gapY];
  const half = gapY / 2;
  return [
    `${start}V${down}C${x} ${down + half} ${gap} ${down + half} ${gap} ${down + gapY}V${up}C${gap} ${up + half} ${toX} ${up + half} ${toX} ${toY}"/>`,
  ];
}

/** Points down where the box is open. The square around it is what a finger hits. */
function foldMark(x: number, y: number, isFolded: boolean): string {
  const path = isFolded ? `M${x} ${y - 9}l6 4.5l-6 4.5z` : `M${x - 1} ${y - 8}l8 0l-4 6z`;
  return `<g data-fold=""><rect class="hit" x="${x - padding}" y="${y - titleHeight + 7}" width="${markWidth + padding}" height="${titleHeight}"/><path class="fold" d="${path}"/></g>`;
}

const titleOf = ({ kind, name, weights }: Box): string =>
  `${prefix[kind]}${name} ${weights === undefined ? '' : weights.toLocaleString('en')}`;

/** @param isFolded undefined where boxes do not fold */
function draw({ box, x, y, width }: Placed, isFolded: boolean | undefined): string {
  const canFold = isFolded !== undefined;
  const left = x + padding + (canFold ? markWidth : 0);
  const fit = Math.floor((width - 2 * padding) / characterWidth);
  let at = y + titleHeight - 7;
  const weights = box.weights?.toLocaleString('en') ?? '';
  const name = `${prefix[box.kind]}${box.name}`;
  // Bold letters are wider. Where both have no room the name has it: weights are in the box's title too.
  const ofName = fit - (canFold ? 2 : 0);
  const hasRoom = weights !== '' && 1.15 * name.length + weights.length + 1 <= ofName;
  const words = [
    ...(canFold ? [foldMark(x + padding, at, isFolded)] : []),
    `<text class="name" x="${left}" y="${at}">${escapeHtml(shorten(name, ofName - 2))}</text>`,
    ...(!hasRoom
      ? []
      : [`<text class="gives" x="${x + width - padding}" y="${at}" text-anchor="end">${weights}</text>`]),
  ];
  for (const { text, gives } of box.lines) {
    at += lineHeight;
    words.push(`<text x="${x + padding}" y="${at}">${escapeHtml(shorten(text, fit))}</text>`);
    if (gives === undefined) continue;
    at += lineHeight;
    words.push(`<text class="gives" x="${x + padding}" y="${at}">${escapeHtml(shorten(gives, fit))}</text>`);
  }
  const title = box.lines.map(({ text, gives }) => (gives === undefined ? text : `${text}: ${gives}`)).join('\n');
  // Its name is what it shows.
  const button = canFold ? ` role="button" tabindex="0" aria-expanded="${!isFolded}"` : '';
  return `<g data-box="${escapeHtml(box.id)}"${button}><title>${escapeHtml([box.name, ...(weights === '' ? [] : [`${weights} weights`]), title].join('\n'))}</title><rect class="box ${looks[box.kind]}" x="${x}" y="${y}" width="${width}" height="${heightOf(box)}" rx="6"/>${words.join('')}</g>`;
}

const prefix: Readonly<Record<Box['kind'], string>> = {
  features: '',
  step: '',
  channel: 'channel ',
  task: 'task ',
  back: '',
};

/** The way back looks like what comes from outside: dashed. */
const looks: Readonly<Record<Box['kind'], string>> = {
  features: 'features',
  step: 'step',
  channel: 'channel',
  task: 'task',
  back: 'features',
};

const shorten = (text: string, most: number): string => (text.length > most ? `${text.slice(0, most - 1)}…` : text);
