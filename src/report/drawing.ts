/** The boxes of a model in rows, each below what it reads, with arrows between; its towers side by side, its tasks under both. */
import type { Box, Drawing } from './drawn.ts';
import { escapeHtml } from './html.ts';

const [gapX, gapY] = [16, 34];
const [titleHeight, lineHeight] = [24, 17];
const margin = 8;
/** Of one character, on an average line of the widest of the usual fonts. */
const characterWidth = 6.8;
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

interface Placed {
  readonly box: Box;
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

export function drawModel(model: string, drawing: Drawing): Picture {
  const placed = new Map<string, Placed>();
  const headings: string[] = [];
  const { tasks } = drawing;
  const boxWidth = widthOf(
    drawing.towers.flatMap(({ boxes }) => boxes),
    168,
    290,
  );
  const rowWidth = (count: number, each: number): number => count * each + (count - 1) * gapX;
  const towers = drawing.towers.map(({ name, boxes }) => {
    const rows = levelsOf(boxes);
    return { name, rows, width: rowWidth(Math.max(1, ...rows.map((row) => row.length)), boxWidth) };
  });
  const taskWidth = widthOf(tasks, 168, 460);
  const ofTowers = towers.reduce((sum, { width }) => sum + width, 0) + (towers.length - 1) * 3 * gapX;
  const taskRows = levelsOf(tasks);
  const ofTasks = rowWidth(Math.max(1, ...taskRows.map((row) => row.length)), taskWidth);
  const whole = Math.max(ofTowers, ofTasks) + 2 * margin;
  let left = (whole - ofTowers) / 2;
  let bottom = 0;
  for (const { name, rows, width } of towers) {
    headings.push(
      `<text class="tower" x="${left + width / 2}" y="18" text-anchor="middle">tower ${escapeHtml(name)}</text>`,
    );
    let y = 32;
    for (const row of rows) {
      const start = left + (width - rowWidth(row.length, boxWidth)) / 2;
      row.forEach((box, i) => {
        placed.set(box.id, { box, x: start + i * (boxWidth + gapX), y, width: boxWidth });
      });
      y += Math.max(...row.map(heightOf)) + gapY;
    }
    bottom = Math.max(bottom, y);
    left += width + 3 * gapX;
  }
  taskRows.forEach((row, at) => {
    const start = (whole - rowWidth(row.length, taskWidth)) / 2;
    row.forEach((box, i) => {
      placed.set(box.id, { box, x: start + i * (taskWidth + gapX), y: bottom, width: taskWidth });
    });
    bottom += Math.max(...row.map(heightOf)) + (at < taskRows.length - 1 ? gapY : 0);
  });
  const height = bottom + margin;
  const all = [...placed.values()];
  const arrows = all.flatMap((to) => to.box.reads.flatMap((id) => arrow(placed.get(id), to)));
  const title = `The model ${model}: its towers, what they read, their channels and tasks`;
  return {
    width: whole,
    height,
    title,
    svg: [
      `<title>${escapeHtml(title)}</title>`,
      '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path class="head" d="M0 0L8 4L0 8z"/></marker></defs>',
      ...headings,
      ...arrows,
      ...all.map(draw),
    ].join('\n'),
  };
}

/** Each box is one row below the lowest of what it reads. */
function levelsOf(boxes: readonly Box[]): Box[][] {
  const levels = new Map<string, number>();
  const rows: Box[][] = [];
  for (const box of boxes) {
    const level = Math.max(0, ...box.reads.map((id) => (levels.get(id) ?? -1) + 1));
    levels.set(box.id, level);
    (rows[level] ??= []).push(box);
  }
  return rows;
}

/** As its longest line needs, within bounds. */
function widthOf(boxes: readonly Box[], least: number, most: number): number {
  const longest = Math.max(
    0,
    ...boxes.flatMap(({ lines }) => lines.flatMap(({ text, gives = '' }) => [text.length, gives.length])),
  );
  return Math.min(most, Math.max(least, Math.ceil(longest * characterWidth) + 2 * padding));
}

const heightOf = ({ lines }: Box): number =>
  titleHeight + lines.reduce((sum, { gives }) => sum + (gives === undefined ? 1 : 2) * lineHeight, 0) + 6;

function arrow(from: Placed | undefined, to: Placed): string[] {
  if (from === undefined) return [];
  const [x, y] = [from.x + from.width / 2, from.y + heightOf(from.box)];
  const [toX, toY] = [to.x + to.width / 2, to.y];
  const bend = Math.min(40, (toY - y) / 2);
  return [
    `<path class="arrow" marker-end="url(#head)" d="M${x} ${y}C${x} ${y + bend} ${toX} ${toY - bend} ${toX} ${toY}"/>`,
  ];
}

function draw({ box, x, y, width }: Placed): string {
  const fit = Math.floor((width - 2 * padding) / characterWidth);
  let at = y + titleHeight - 7;
  const words = [
    `<text class="name" x="${x + padding}" y="${at}">${escapeHtml(shorten(`${prefix[box.kind]}${box.name}`, fit - 3))}</text>`,
  ];
  for (const { text, gives } of box.lines) {
    at += lineHeight;
    words.push(`<text x="${x + padding}" y="${at}">${escapeHtml(shorten(text, fit))}</text>`);
    if (gives === undefined) continue;
    at += lineHeight;
    words.push(`<text class="gives" x="${x + padding}" y="${at}">${escapeHtml(shorten(gives, fit))}</text>`);
  }
  const title = box.lines.map(({ text, gives }) => (gives === undefined ? text : `${text}: ${gives}`)).join('\n');
  return `<g><title>${escapeHtml(`${box.name}\n${title}`)}</title><rect class="box ${box.kind}" x="${x}" y="${y}" width="${width}" height="${heightOf(box)}" rx="6"/>${words.join('')}</g>`;
}

const prefix: Readonly<Record<Box['kind'], string>> = { features: '', step: '', channel: 'channel ', task: 'task ' };

const shorten = (text: string, most: number): string => (text.length > most ? `${text.slice(0, most - 1)}…` : text);
