/** Places the boxes of a picture, and routes arrows past them: two lines share a path only if they come from one box or lead to one box. */
import { groupBy } from '../../base/util/objects.ts';
import type { Box, Drawing } from './drawn.ts';

const [gapX, gapY] = [16, 34];
/** Room outside the boxes, where a line may run at half a gap. */
const margin = 12;
export const [titleHeight, lineHeight] = [24, 17];
const gapTowers = 3 * gapX;
const headingHeight = 32;

export interface PlacedBox {
  readonly box: Box;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  /** Lower edge of the row that the box is in. */
  readonly bottom: number;
  /** Index of the tower; −1 for a task. */
  readonly tower: number;
}

interface Placement {
  readonly width: number;
  readonly height: number;
  readonly towers: readonly { readonly name: string; readonly middle: number }[];
  /** By id, in topological order. */
  readonly placed: ReadonlyMap<string, PlacedBox>;
}

/** @param widthOf returns the width that boxes need, between two bounds */
export function placeBoxes(
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

  const placed = new Map<string, PlacedBox>();
  const headings: { name: string; middle: number }[] = [];
  const put = (row: readonly Box[], start: number, y: number, width: number, tower: number): number => {
    const bottom = y + Math.max(...row.map(heightOf));
    row.forEach((box, i) => {
      placed.set(box.id, { box, x: start + i * (width + gapX), y, width, bottom, tower });
    });
    return bottom + gapY;
  };
  let towerLeft = (whole - ofTowers) / 2;
  let bottom = 0;
  towers.forEach(({ name }, tower) => {
    const towerWidth = widths[tower]!;
    headings.push({ name, middle: towerLeft + towerWidth / 2 });
    let y = headingHeight;
    for (const row of levels[tower]!) {
      const rowParts = broken(row, columns);
      for (const part of rowParts) {
        // Parts of a broken row keep the columns of the row.
        const partWidth = rowWidth(rowParts.length > 1 ? counts[tower]! : part.length, boxWidth);
        y = put(part, towerLeft + (towerWidth - partWidth) / 2, y, boxWidth, tower);
      }
    }
    bottom = Math.max(bottom, y);
    towerLeft += towerWidth + gapTowers;
  });
  for (const row of taskRows) bottom = put(row, (whole - rowWidth(row.length, taskWidth)) / 2, bottom, taskWidth, -1);
  const height = (taskRows.length > 0 ? bottom - gapY : bottom) + margin;
  return { width: whole, height, towers: headings, placed };
}

/** A picture that is up to this much too wide is scaled instead. */
const tolerance = 1.12;

/** Chooses the width and columns of boxes: narrower boxes before broken rows, and broken rows before boxes that cut off most of their text. */
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
  const all = [...tries([290, 230, 190, 160], longest, 2), ...tries([290, 230, 190, 150, 130], 1, 1)];
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

/** Returns the rows: each box is in the row after the lowest of its inputs. */
function levelsOf(boxes: readonly Box[]): Box[][] {
  const levels = new Map<string, number>();
  const levelRows: Box[][] = [];
  for (const box of boxes) {
    const level = Math.max(0, ...box.reads.map((id) => (levels.get(id) ?? -1) + 1));
    levels.set(box.id, level);
    (levelRows[level] ??= []).push(box);
  }
  return levelRows;
}

export const heightOf = ({ lines }: Box): number =>
  titleHeight + lines.reduce((sum, { gives }) => sum + (gives === undefined ? 1 : 2) * lineHeight, 0) + 6;

/** A gap next to a column, in which lines may run down. */
interface ColumnGap {
  /** Position of the line, if there is only one. */
  readonly x: number;
  /** The side on which further lines are placed; 0: on both sides. */
  readonly side: -1 | 0 | 1;
  /** Room for all lines but the first. */
  readonly room: number;
}

/** A vertical line in a gap. All lines of one owner share it. */
interface Lane {
  readonly gap: ColumnGap;
  readonly owner: string;
  readonly top: number;
  readonly bottom: number;
}

interface ArrowPath {
  readonly from: PlacedBox;
  readonly to: PlacedBox;
  /** Vertical parts: next to the boxes below its start and next to the tasks above its end, or one next to all boxes between. */
  readonly lanes: readonly Lane[];
}

const half = gapX / 2;
/** Distance between two lines. */
const apart = 6;
/** Minimum distance of a line from the edge of the picture. */
const edge = 4;

/** Returns the `d` of each path, and how far they reach left and right of the placement. */
export function routeArrows(placement: Placement) {
  const all = [...placement.placed.values()];
  const ways = all.flatMap((to) =>
    to.box.reads.flatMap((id): ArrowPath[] => {
      const fromBox = placement.placed.get(id);
      return fromBox === undefined ? [] : [{ from: fromBox, to, lanes: lanesOf(fromBox, to, all) }];
    }),
  );
  const xOfLane = placesOf(ways.flatMap(({ lanes }) => lanes));
  const xs = [...xOfLane.values()];
  return {
    paths: ways.map((way) => pathOf(way, xOfLane, floorOf(all))),
    left: Math.max(0, edge - Math.min(edge, ...xs)),
    right: Math.max(0, Math.max(0, ...xs) + edge - placement.width),
  };
}

/** Returns the lower edge of all towers. */
const floorOf = (all: readonly PlacedBox[]): number =>
  Math.max(0, ...all.filter(({ tower }) => tower >= 0).map(({ bottom }) => bottom));

const middleOf = ({ x, width }: PlacedBox): number => x + width / 2;

function lanesOf(from: PlacedBox, to: PlacedBox, all: readonly PlacedBox[]): Lane[] {
  const towerBoxes = all.filter(({ tower }) => tower === from.tower);
  const [x, toX] = [middleOf(from), middleOf(to)];
  if (from.tower === to.tower) {
    const between = towerBoxes.filter(({ y }) => y > from.y + heightOf(from.box) && y < to.y);
    if (!between.some((each) => each !== to)) return [];
    // In one column the lines into a box are on the outer side of its tower.
    const side = x === toX ? (from.tower === 0 ? -1 : 1) : x < toX ? -1 : 1;
    return [{ gap: clearGap(to, side, between, all), owner: from.box.id, top: from.bottom, bottom: to.y }];
  }
  const floor = floorOf(all);
  const below = towerBoxes.filter(({ y }) => y > from.y + heightOf(from.box));
  const isCovered = below.some((each) => covers(each, x));
  const exit = isCovered
    ? [{ gap: clearGap(from, toX <= x ? -1 : 1, below, all), top: from.bottom, bottom: floor }]
    : [];
  const before = all.some(({ tower, y }) => tower === to.tower && y < to.y);
  const startX = exit[0]?.gap.x ?? x;
  const entry = before ? [{ gap: outerGap(to.tower, startX <= toX ? -1 : 1, all), top: floor, bottom: to.y }] : [];
  return [...exit, ...entry].map((lane) => ({ ...lane, owner: to.box.id }));
}

const covers = ({ x, width }: PlacedBox, at: number): boolean => x - 2 < at && at < x + width + 2;

/** Returns a position next to a box, on the requested side if it is free; otherwise outside of its tower. */
function clearGap(box: PlacedBox, side: -1 | 1, inTheWay: readonly PlacedBox[], all: readonly PlacedBox[]): ColumnGap {
  const outer = outerGap(box.tower, side, all);
  const x = side < 0 ? box.x - half : box.x + box.width + half;
  if (Math.abs(x - outer.x) < 1 || inTheWay.some((each) => covers(each, x))) return outer;
  return { x, side: 0, room: half };
}

/** Returns the gap outside all boxes of a tower, or of the tasks. */
function outerGap(tower: number, side: -1 | 1, all: readonly PlacedBox[]): ColumnGap {
  const own = all.filter((each) => each.tower === tower);
  const x =
    side < 0 ? Math.min(...own.map((each) => each.x)) - half : Math.max(...own.map((e) => e.x + e.width)) + half;
  const hasNext = tower >= 0 && all.some((each) => each.tower === tower + side && each.tower >= 0);
  return { x, side, room: hasNext ? gapTowers / 2 - half - 2 : Number.POSITIVE_INFINITY };
}

/** Positions the lanes: those that overlap in a gap are side by side, with the short ones nearest to the boxes. */
function placesOf(lanes: readonly Lane[]): ReadonlyMap<Lane, number> {
  const xOfLane = new Map<Lane, number>();
  for (const [, inGap] of groupBy(lanes, ({ gap }) => `${gap.x} ${gap.side}`)) {
    const owners = [...groupBy(inGap, ({ owner }) => owner).values()]
      .map((own) => ({
        own,
        top: Math.min(...own.map(({ top }) => top)),
        bottom: Math.max(...own.map(({ bottom }) => bottom)),
      }))
      .sort((a, b) => a.bottom - b.bottom || b.top - a.top);
    const columns: (typeof owners)[] = [];
    for (const each of owners) {
      const free = columns.find((column) =>
        column.every((other) => other.bottom <= each.top || each.bottom <= other.top),
      );
      if (free) free.push(each);
      else columns.push([each]);
    }
    const { x, side, room } = inGap[0]!.gap;
    const step = Math.min(apart, room / Math.max(1, columns.length - 1));
    columns.forEach((column, k) => {
      const columnX = x + step * (side === 0 ? k - (columns.length - 1) / 2 : side * k);
      for (const { own } of column) for (const lane of own) xOfLane.set(lane, columnX);
    });
  }
  return xOfLane;
}

function pathOf({ from, to, lanes }: ArrowPath, places: ReadonlyMap<Lane, number>, floor: number): string {
  let [x, y] = [middleOf(from), from.y + heightOf(from.box)];
  const pathParts = [`M${x} ${y}`];
  const down = (end: number): void => {
    if (end > y) pathParts.push(`V${end}`);
    y = Math.max(y, end);
  };
  const across = (toX: number, end: number): void => {
    const bend = Math.min(40, (end - y) / 2);
    pathParts.push(`C${x} ${y + bend} ${toX} ${end - bend} ${toX} ${end}`);
    [x, y] = [toX, end];
  };
  const isTowards = from.tower !== to.tower;
  for (const lane of lanes) {
    down(lane.top);
    across(places.get(lane)!, lane.top + gapY);
    down(lane.bottom === to.y ? to.y - gapY : lane.bottom);
  }
  // Routes it from the shorter tower below the other one, so that crossings are below both towers.
  if (isTowards && to.tower < 0) down(floor);
  across(middleOf(to), to.y);
  return pathParts.join('');
}
