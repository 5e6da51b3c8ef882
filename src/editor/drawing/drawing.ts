/** Draws a model as boxes with arrows, each box below its inputs. The towers are side by side, and the tasks below both. */
import { escapeHtml } from '../../base/text/display.ts';
import { coloursCss, type Theme } from './design.ts';
import type { Box, Drawing } from './drawn.ts';
import { heightOf, lineHeight, type PlacedBox, placeBoxes, routeArrows, titleHeight } from './layout.ts';

/** Mean width of a character, in pixels, in the widest of the usual fonts. */
const characterWidth = 6.8;
/** The fold mark with the gap after it. */
const markWidth = 13;
const mostFeatures = 16;
/** Space within a box, left and right of its text. */
const padding = 9;

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** Describes the picture for people who cannot see it. */
  readonly title: string;
  /** The content of an `svg` element of this size. */
  readonly svg: string;
}

interface DrawingOptions {
  /** Maximum width, if possible: boxes are narrowed and rows are broken to keep it. */
  readonly width?: number;
  /** Ids of boxes that show only their name and output. */
  readonly folded?: ReadonlySet<string>;
  /** True if boxes are buttons that fold and unfold, for a page with a script. */
  readonly canFold?: boolean;
  /** Default: says that it is a model, and which part of it is shown. */
  readonly title?: string;
}

/** Width of a page or of a Markdown file. */
const usualWidth = 1000;

export function drawModel(model: string, drawing: Drawing, options: DrawingOptions = {}): Picture {
  const { width = usualWidth, folded = new Set() } = options;
  const shown: Drawing = {
    towers: drawing.towers.map((tower) => ({ ...tower, boxes: tower.boxes.map((box) => fold(box, folded)) })),
    tasks: drawing.tasks.map((box) => fold(box, folded)),
  };
  const placement = placeBoxes(shown, width, widthOf);
  const all = [...placement.placed.values()];
  const { paths, left, right } = routeArrows(placement);
  const { title = `The model ${model}: its towers, what they read, their channels and tasks`, canFold = false } =
    options;
  return {
    width: left + placement.width + right,
    height: placement.height,
    title,
    svg: [
      `<title>${escapeHtml(title)}</title>`,
      '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path class="head" d="M0 0L8 4L0 8z"/></marker></defs>',
      ...(left > 0 ? [`<g transform="translate(${left} 0)">`] : []),
      ...placement.towers.map(
        ({ name, middle }) =>
          `<text class="tower" x="${middle}" y="18" text-anchor="middle">tower ${escapeHtml(name)}</text>`,
      ),
      ...paths.map((path) => `<path class="arrow" marker-end="url(#head)" d="${path}"/>`),
      ...all.map((each) =>
        draw(each, placement.towers[each.tower]?.name, canFold ? folded.has(each.box.id) : undefined),
      ),
      ...(left > 0 ? ['</g>'] : []),
    ].join('\n'),
  };
}

/** Leaves only the output in a folded box, and the first features in a box with hundreds. */
function fold(box: Box, folded: ReadonlySet<string>): Box {
  if (!folded.has(box.id)) return box.kind === 'features' ? { ...box, lines: firstOf(box.lines) } : box;
  const gives = box.lines.at(-1)?.gives;
  return { ...box, lines: gives === undefined ? [] : [{ text: gives }] };
}

function firstOf(lines: Box['lines']): Box['lines'] {
  if (lines.length <= mostFeatures) return lines;
  const gives = lines.at(-1)!.gives;
  const hiddenCount = lines.length - mostFeatures + 1;
  const moreText = `and ${hiddenCount.toLocaleString('en')} more`;
  return [...lines.slice(0, mostFeatures - 1), { text: moreText, gives }];
}

/** Returns a width for the longest line, within bounds. */
function widthOf(boxes: readonly Box[], least: number, most: number): number {
  const longest = Math.max(
    0,
    ...boxes.flatMap(({ lines }) => lines.flatMap(({ text, gives = '' }) => [text.length, gives.length])),
    ...boxes.map((box) => titleOf(box).length + 3),
  );
  return Math.min(most, Math.max(least, Math.ceil(longest * characterWidth) + 2 * padding));
}

/** Draws the mark, which points down if the box is unfolded, and a square around it, large enough for a finger. */
function foldMark(x: number, y: number, isFolded: boolean): string {
  const trianglePath = isFolded ? `M${x} ${y - 9}l6 4.5l-6 4.5z` : `M${x - 1} ${y - 8}l8 0l-4 6z`;
  return `<g data-fold=""><rect class="hit" x="${x - padding}" y="${y - titleHeight + 7}" width="${markWidth + padding}" height="${titleHeight}"/><path class="fold" d="${trianglePath}"/></g>`;
}

const titleOf = (box: Box): string => `${nameOf(box)} ${box.weights?.toLocaleString('en') ?? ''}`;

/** @param isFolded undefined if boxes do not fold */
function draw({ box, x, y, width }: PlacedBox, tower: string | undefined, isFolded: boolean | undefined): string {
  const canFold = isFolded !== undefined;
  const textLeft = x + padding + (canFold ? markWidth : 0);
  const fit = Math.floor((width - 2 * padding) / characterWidth);
  let at = y + titleHeight - 7;
  const weights = box.weights?.toLocaleString('en') ?? '';
  const boxName = nameOf(box);
  // Bold letters are wider. If there is no room for both, only the name is shown: the box's title also has the weights.
  const ofName = fit - (canFold ? 2 : 0);
  const hasRoom = weights !== '' && 1.15 * boxName.length + weights.length + 1 <= ofName;
  const svgParts = [
    ...(canFold ? [foldMark(x + padding, at, isFolded)] : []),
    `<text class="name" x="${textLeft}" y="${at}">${escapeHtml(shorten(boxName, ofName - 2))}</text>`,
    ...(!hasRoom
      ? []
      : [`<text class="gives" x="${x + width - padding}" y="${at}" text-anchor="end">${weights}</text>`]),
  ];
  for (const { text, gives } of box.lines) {
    at += lineHeight;
    svgParts.push(`<text x="${x + padding}" y="${at}">${escapeHtml(shorten(text, fit))}</text>`);
    if (gives === undefined) continue;
    at += lineHeight;
    svgParts.push(`<text class="gives" x="${x + padding}" y="${at}">${escapeHtml(shorten(gives, fit))}</text>`);
  }
  const title = box.lines.map(({ text, gives }) => (gives === undefined ? text : `${text}: ${gives}`)).join('\n');
  // The name includes the tower, because both towers may have a channel of that name.
  const button = canFold ? ` role="button" tabindex="0" aria-expanded="${!isFolded}"` : '';
  return `<g data-box="${escapeHtml(box.id)}"${button}><title>${escapeHtml([tower === undefined ? boxName : `${boxName}, tower ${tower}`, ...(weights === '' ? [] : [`${weights} weights`]), title].join('\n'))}</title><rect class="box ${lookOf(box)}" x="${x}" y="${y}" width="${width}" height="${heightOf(box)}" rx="6"/>${svgParts.join('')}</g>`;
}

/** Returns the style of a box. Boxes of the backward pass are dashed, like external inputs. */
const lookOf = ({ kind }: Box): string => (kind === 'back' ? 'features' : kind);

const nameOf = ({ kind, name }: Box): string => (kind === 'channel' || kind === 'task' ? `${kind} ${name}` : name);

const shorten = (text: string, most: number): string => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

interface SvgFileOptions extends DrawingOptions {
  /** Default: the theme that the reader's system asks for. */
  readonly theme?: Theme;
  /** A wider picture is scaled down to this width. */
  readonly most?: number;
}

/** Width and height are those at which it is shown. */
export interface SvgFile extends Omit<Picture, 'svg'> {
  readonly text: string;
}

export const svgFile = (model: string, drawing: Drawing, options: SvgFileOptions = {}): string =>
  drawFile(model, drawing, options).text;

export function drawFile(model: string, drawing: Drawing, options: SvgFileOptions = {}): SvgFile {
  const { width, height, title, svg } = drawModel(model, drawing, options);
  const scale = Math.min(1, (options.most ?? width) / width);
  const [shownWidth, shownHeight] = [width, height].map((each) => Math.round(each * scale * 100) / 100) as [
    number,
    number,
  ];
  const svgText = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${shownWidth}" height="${shownHeight}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeHtml(title)}">`,
    `<style>${coloursCss(options.theme)}${pictureStyle}</style>`,
    `<rect width="${width}" height="${height}" rx="8" fill="var(--paper)"/>`,
    svg,
    '</svg>\n',
  ].join('\n');
  return { width: shownWidth, height: shownHeight, title, text: svgText };
}

export const pictureStyle = `
svg:not(.plot) text { fill: var(--ink); font: 12px system-ui, sans-serif; }
svg .box { fill: var(--card); stroke: var(--line); }
svg .box.channel { stroke: var(--accent); stroke-width: 2; }
svg .box.task { stroke: var(--ink); }
svg .box.features { stroke-dasharray: 4 3; }
svg .name, svg .tower { font-weight: 600; }
svg .tower { font-size: 14px; }
svg .gives { fill: var(--soft); }
svg .arrow { fill: none; stroke: var(--soft); stroke-width: 1.4; }
svg .head { fill: var(--soft); }
`;
