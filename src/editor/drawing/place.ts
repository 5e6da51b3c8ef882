/** Where each box of a picture is. */
import type { Box, Drawing } from './drawn.ts';

export const [gapX, gapY] = [16, 34];
/** A line may run in half a gap outside the boxes. */
const margin = 12;
export const [titleHeight, lineHeight] = [24, 17];
/** Between two towers. */
export const gapTowers = 3 * gapX;
const headingHeight = 32;

export interface Placed {
  readonly box: Box;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  /** Lower edge of its row. */
  readonly bottom: number;
  /** −1: a task. */
  readonly tower: number;
}

export interface Placement {
  readonly width: number;
  readonly height: number;
  readonly towers: readonly { readonly name: string; readonly middle: number }[];
  /** By id, each after what it reads. */
  readonly placed: ReadonlyMap<string, Placed>;
}

/** @param widthOf what boxes need, between two bounds */
export function place(
  { towers, tasks }: Drawing,
  most: number,
  widthOf: (boxes: readonly Box[], least: number, most: number) => number,
): Placement {
  const levels = towers.map(({ boxes }) => levelsOf(boxes));
  const boxes = towers.flatMap((tower) => tower.boxes);
  const { boxWidth, columns } = fitting(levels, most - 2 * margin, (least, limit) => widthOf(boxes, least, limit));
  const counts = levels.map((rows) => Math.min(columns, Math.max(1, ...rows.map((row) => row.length))));
  const widths = counts.map((count) => rowWidth(count, boxWidth));
  const ofTowers = widths.reduce((sum, width) => sum + width, 0) + Math.max(0, towers.length - 1) * gapTowers;
  const taskWidth = widthOf(tasks, 168, Math.max(168, Math.min(460, most - 2 * margin)));
  const inRow = Math.max(1, Math.floor((most - 2 * margin + gapX) / (taskWidth + gapX)));
  const taskRows = levelsOf(tasks).flatMap((row) => broken(row, inRow));
  const ofTasks = rowWidth(Math.max(1, ...taskRows.map((row) => row.length)), taskWidth);
  const whole = Math.max(ofTowers, ofTasks) + 2 * margin;

  const placed = new Map<string, Placed>();
  const headings: { name: string; middle: number }[] = [];
  const put = (row: readonly Box[], start: number, y: number, width: number, tower: number): number => {
    const bottom = y + Math.max(...row.map(heightOf));
    row.forEach((box, i) => {
      placed.set(box.id, { box, x: start + i * (width + gapX), y, width, bottom, tower });
    });
    return bottom + gapY;
  };
  let left = (whole - ofTowers) / 2;
  let bottom = 0;
  towers.forEach(({ name }, tower) => {
    const width = widths[tower]!;
    headings.push({ name, middle: left + width / 2 });
    let y = headingHeight;
    for (const row of levels[tower]!) {
      const parts = broken(row, columns);
      for (const part of parts) {
        // Parts of one row keep its columns.
        const own = rowWidth(parts.length > 1 ? counts[tower]! : part.length, boxWidth);
        y = put(part, left + (width - own) / 2, y, boxWidth, tower);
      }
    }
    bottom = Math.max(bottom, y);
    left += width + gapTowers;
  });
  for (const row of taskRows) bottom = put(row, (whole - rowWidth(row.length, taskWidth)) / 2, bottom, taskWidth, -1);
  const height = (taskRows.length > 0 ? bottom - gapY : bottom) + margin;
  return { width: whole, height, towers: headings, placed };
}

/** A picture that is a little too wide is scaled. */
const tolerance = 1.12;

/** Narrower boxes before broken rows, and broken rows before boxes that shorten most of their text. */
function fitting(
  levels: readonly Box[][][],
  room: number,
  widthOf: (least: number, most: number) => number,
): { boxWidth: number; columns: number } {
  const longest = Math.max(1, ...levels.flatMap((rows) => rows.map((row) => row.length)));
  const tries = (limits: readonly number[], from: number, to: number) =>
    Array.from({ length: Math.max(0, from - to + 1) }, (_, i) => from - i).flatMap((columns) =>
      limits.map((limit) => ({ columns, boxWidth: widthOf(Math.min(168, limit), limit) })),
    );
  const all = [...tries([290, 230, 190, 160], longest, 2), ...tries([290, 230, 190, 150], 1, 1)];
  const takes = ({ columns, boxWidth }: { columns: number; boxWidth: number }): number =>
    levels.reduce(
      (sum, rows) => sum + rowWidth(Math.min(columns, Math.max(1, ...rows.map((row) => row.length))), boxWidth),
      Math.max(0, levels.length - 1) * gapTowers,
    );
  return all.find((each) => takes(each) <= room * tolerance) ?? all.at(-1)!;
}

const rowWidth = (count: number, each: number): number => count * each + (count - 1) * gapX;

function broken<T>(row: readonly T[], most: number): T[][] {
  return Array.from({ length: Math.ceil(row.length / most) }, (_, i) => row.slice(i * most, (i + 1) * most));
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

export const heightOf = ({ lines }: Box): number =>
  titleHeight + lines.reduce((sum, { gives }) => sum + (gives === undefined ? 1 : 2) * lineHeight, 0) + 6;
