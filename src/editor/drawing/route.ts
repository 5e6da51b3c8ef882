/** The ways of arrows: past boxes, and never behind one. Two lines share a way only where they come from one box, or lead to one. */
import { gapTowers, gapX, gapY, heightOf, type Placed, type Placement } from './place.ts';

export interface Routes {
  /** The `d` of each path. */
  readonly paths: readonly string[];
  /** How far they reach left of the placement, and right of it. */
  readonly left: number;
  readonly right: number;
}

/** Where a line may run down next to a column. */
interface Gap {
  /** The place of one line alone. */
  readonly x: number;
  /** In which direction further lines lie; 0: on both sides of it. */
  readonly side: -1 | 0 | 1;
  /** For all lines but the first. */
  readonly room: number;
}

/** A line down in a gap. All lines of one owner share it. */
interface Lane {
  readonly gap: Gap;
  readonly owner: string;
  readonly top: number;
  readonly bottom: number;
}

interface Way {
  readonly from: Placed;
  readonly to: Placed;
  /** Next to the boxes below its begin, then next to the tasks above its end; or next to all between both. */
  readonly lanes: readonly Lane[];
}

const half = gapX / 2;
/** Between two lines. */
const apart = 6;
/** Lines do not touch the edge of the picture. */
const edge = 4;

export function routes(placement: Placement): Routes {
  const all = [...placement.placed.values()];
  const ways = all.flatMap((to) =>
    to.box.reads.flatMap((id): Way[] => {
      const from = placement.placed.get(id);
      return from === undefined ? [] : [{ from, to, lanes: lanesOf(from, to, all) }];
    }),
  );
  const places = placesOf(ways.flatMap(({ lanes }) => lanes));
  const xs = [...places.values()];
  return {
    paths: ways.map((way) => pathOf(way, places, floorOf(all))),
    left: Math.max(0, edge - Math.min(edge, ...xs)),
    right: Math.max(0, Math.max(0, ...xs) + edge - placement.width),
  };
}

/** Below all towers. */
const floorOf = (all: readonly Placed[]): number =>
  Math.max(0, ...all.filter(({ tower }) => tower >= 0).map(({ bottom }) => bottom));

const middleOf = ({ x, width }: Placed): number => x + width / 2;

function lanesOf(from: Placed, to: Placed, all: readonly Placed[]): Lane[] {
  const own = all.filter(({ tower }) => tower === from.tower);
  const [x, toX] = [middleOf(from), middleOf(to)];
  if (from.tower === to.tower) {
    const between = own.filter(({ y }) => y > from.y + heightOf(from.box) && y < to.y);
    if (!between.some((each) => each !== to)) return [];
    // In one column what goes in is on the outer side of its tower.
    const side = x === toX ? (from.tower === 0 ? -1 : 1) : x < toX ? -1 : 1;
    return [{ gap: clearGap(to, side, between, all), owner: from.box.id, top: from.bottom, bottom: to.y }];
  }
  const floor = floorOf(all);
  const below = own.filter(({ y }) => y > from.y + heightOf(from.box));
  const isCovered = below.some((each) => covers(each, x));
  const exit = isCovered
    ? [{ gap: clearGap(from, toX <= x ? -1 : 1, below, all), top: from.bottom, bottom: floor }]
    : [];
  const before = all.some(({ tower, y }) => tower === to.tower && y < to.y);
  const start = exit[0]?.gap.x ?? x;
  const entry = before ? [{ gap: outerGap(to.tower, start <= toX ? -1 : 1, all), top: floor, bottom: to.y }] : [];
  return [...exit, ...entry].map((lane) => ({ ...lane, owner: to.box.id }));
}

const covers = ({ x, width }: Placed, at: number): boolean => x - 2 < at && at < x + width + 2;

/** Next to a box, on the side that is asked for if nothing is in the way there; else outside of its tower. */
function clearGap(box: Placed, side: -1 | 1, inTheWay: readonly Placed[], all: readonly Placed[]): Gap {
  const outer = outerGap(box.tower, side, all);
  const x = side < 0 ? box.x - half : box.x + box.width + half;
  if (Math.abs(x - outer.x) < 1 || inTheWay.some((each) => covers(each, x))) return outer;
  return { x, side: 0, room: half };
}

/** Beyond all boxes of a tower, or of the tasks. */
function outerGap(tower: number, side: -1 | 1, all: readonly Placed[]): Gap {
  const own = all.filter((each) => each.tower === tower);
  const x =
    side < 0 ? Math.min(...own.map((each) => each.x)) - half : Math.max(...own.map((e) => e.x + e.width)) + half;
  const hasNext = tower >= 0 && all.some((each) => each.tower === tower + side && each.tower >= 0);
  return { x, side, room: hasNext ? gapTowers / 2 - half - 2 : Number.POSITIVE_INFINITY };
}

/** Gives each lane its place: those that overlap in one gap lie side by side, the short ones nearest to the boxes. */
function placesOf(lanes: readonly Lane[]): ReadonlyMap<Lane, number> {
  const places = new Map<Lane, number>();
  for (const [, inGap] of grouped(lanes, ({ gap }) => `${gap.x} ${gap.side}`)) {
    const owners = [...grouped(inGap, ({ owner }) => owner).values()]
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
      const at = x + step * (side === 0 ? k - (columns.length - 1) / 2 : side * k);
      for (const { own } of column) for (const lane of own) places.set(lane, at);
    });
  }
  return places;
}

function grouped<T>(all: readonly T[], keyOf: (one: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const one of all) groups.set(keyOf(one), [...(groups.get(keyOf(one)) ?? []), one]);
  return groups;
}

function pathOf({ from, to, lanes }: Way, places: ReadonlyMap<Lane, number>, floor: number): string {
  let [x, y] = [middleOf(from), from.y + heightOf(from.box)];
  const parts = [`M${x} ${y}`];
  const down = (end: number): void => {
    if (end > y) parts.push(`V${end}`);
    y = Math.max(y, end);
  };
  const across = (toX: number, end: number): void => {
    const bend = Math.min(40, (end - y) / 2);
    parts.push(`C${x} ${y + bend} ${toX} ${end - bend} ${toX} ${end}`);
    [x, y] = [toX, end];
  };
  const isTowards = from.tower !== to.tower;
  for (const lane of lanes) {
    down(lane.top);
    across(places.get(lane)!, lane.top + gapY);
    down(lane.bottom === to.y ? to.y - gapY : lane.bottom);
  }
  // From the shorter tower to below the other one: what crosses does so under both.
  if (isTowards && to.tower < 0) down(floor);
  across(middleOf(to), to.y);
  return parts.join('');
}
