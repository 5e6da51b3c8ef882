/**
 * How much each parameter mattered: functional ANOVA over a forest of regression trees (Hutter et al., "An efficient approach for
 * assessing hyperparameter importance", ICML 2014). The share of a parameter is the variance of the forest's prediction over that
 * parameter, all others averaged out, divided by the variance over the whole space.
 */
import { makeRandom, type Random } from '../random/random.ts';
import { coordinateOf, ends, type Point, type Space } from './space.ts';

export interface Importance {
  readonly name: string;
  /** In [0, 1]. What is left of 1 lies in combinations, or in noise. */
  readonly share: number;
}

/** Fewer points say nothing. */
const fewestPoints = 8;
const trees = 64;
const fewestInLeaf = 3;
const deepest = 8;

export interface Scored {
  readonly point: Point;
  readonly value: number;
}

/** The parameters, the most important first. Empty where there are too few points, or where all score the same. */
export function importanceOf(space: Space, scored: readonly Scored[]): readonly Importance[] {
  if (scored.length < fewestPoints) return [];
  const rows = scored.map(({ point, value }) => ({ x: space.map((_, at) => unitOf(space, at, point)), y: value }));
  const sums = new Float64Array(space.length);
  let grown = 0;
  for (let tree = 0; tree < trees; tree++) {
    const random = makeRandom(1, tree);
    const drawn = rows.map(() => rows[random.integer(rows.length)]!);
    const leaves = grow(space, drawn, wholeBox(space), random, 0);
    const total = variance(leaves.map(({ box, y }) => [volume(space, box), y]));
    if (total <= 1e-18) continue;
    grown++;
    for (let at = 0; at < space.length; at++) sums[at]! += marginalVariance(space, leaves, at) / total;
  }
  if (grown === 0) return [];
  return space
    .map(({ name }, at) => ({ name, share: sums[at]! / grown }))
    .sort((a, b) => b.share - a.share || (a.name < b.name ? -1 : 1));
}

/** A number in [0, 1], or the place of a choice. */
function unitOf(space: Space, at: number, point: Point): number {
  const { name, domain } = space[at]!;
  const value = point[name]!;
  if (domain.kind === 'choices') return value;
  const [low, high] = ends(domain);
  return (coordinateOf(domain, value) - low) / (high - low);
}

interface Row {
  readonly x: readonly number[];
  readonly y: number;
}

/** By dimension: from and to, or which choices. */
type Box = readonly (readonly [number, number] | ReadonlySet<number>)[];

const wholeBox = (space: Space): Box =>
  space.map(({ domain }) => (domain.kind === 'choices' ? new Set(domain.texts.keys()) : [0, 1]));

interface Leaf {
  readonly box: Box;
  readonly y: number;
}

function grow(space: Space, rows: readonly Row[], box: Box, random: Random, depth: number): readonly Leaf[] {
  const split = depth < deepest ? bestSplit(space, rows, box, random) : undefined;
  if (!split) return [{ box, y: meanOf(rows) }];
  const [left, right] = [rows.filter(split.isLeft), rows.filter((row) => !split.isLeft(row))];
  const replaced = (part: Box[number]): Box => box.map((one, at) => (at === split.at ? part : one));
  return [
    ...grow(space, left, replaced(split.left), random, depth + 1),
    ...grow(space, right, replaced(split.right), random, depth + 1),
  ];
}

interface Split {
  readonly at: number;
  readonly left: Box[number];
  readonly right: Box[number];
  isLeft(row: Row): boolean;
}

/** The split that leaves the least squared error. */
function bestSplit(space: Space, rows: readonly Row[], box: Box, random: Random): Split | undefined {
  let best: Split | undefined;
  let least = squaredError(rows) - 1e-15;
  for (const at of random.permutation(space.length)) {
    for (const split of splitsAt(rows, box[at]!, at)) {
      const left = rows.filter(split.isLeft);
      if (left.length < fewestInLeaf || rows.length - left.length < fewestInLeaf) continue;
      const error = squaredError(left) + squaredError(rows.filter((row) => !split.isLeft(row)));
      if (error < least) [best, least] = [split, error];
    }
  }
  return best;
}

function splitsAt(rows: readonly Row[], part: Box[number], at: number): readonly Split[] {
  const values = [...new Set(rows.map(({ x }) => x[at]!))].sort((a, b) => a - b);
  if ('has' in part) {
    return values.map((choice) => {
      const others = new Set([...part].filter((one) => one !== choice));
      return { at, left: new Set([choice]), right: others, isLeft: ({ x }) => x[at] === choice };
    });
  }
  return values.slice(1).map((value, index) => {
    const cut = (values[index]! + value) / 2;
    return { at, left: [part[0], cut], right: [cut, part[1]], isLeft: ({ x }) => x[at]! < cut };
  });
}

const meanOf = (rows: readonly Row[]): number => rows.reduce((sum, { y }) => sum + y, 0) / rows.length;

function squaredError(rows: readonly Row[]): number {
  const mean = meanOf(rows);
  return rows.reduce((sum, { y }) => sum + (y - mean) ** 2, 0);
}

/** The share of a dimension, or of all but one, that a box has. */
function widthOf(space: Space, box: Box, at: number): number {
  const part = box[at]!;
  const { domain } = space[at]!;
  return 'has' in part ? part.size / (domain.kind === 'choices' ? domain.texts.length : 1) : part[1] - part[0];
}

const volume = (space: Space, box: Box, but = -1): number =>
  box.reduce((all, _, at) => (at === but ? all : all * widthOf(space, box, at)), 1);

function variance(weighted: readonly (readonly [weight: number, value: number])[]): number {
  const total = weighted.reduce((sum, [weight]) => sum + weight, 0);
  const mean = weighted.reduce((sum, [weight, value]) => sum + weight * value, 0) / total;
  return weighted.reduce((sum, [weight, value]) => sum + weight * (value - mean) ** 2, 0) / total;
}

/** Of the mean prediction along one dimension: it is constant between the cuts of the tree. */
function marginalVariance(space: Space, leaves: readonly Leaf[], at: number): number {
  const { domain } = space[at]!;
  const mean = (isIn: (part: Box[number]) => boolean): number =>
    leaves.reduce((sum, { box, y }) => (isIn(box[at]!) ? sum + volume(space, box, at) * y : sum), 0);
  if (domain.kind === 'choices') {
    return variance(domain.texts.map((_, choice) => [1, mean((part) => 'has' in part && part.has(choice))]));
  }
  const cuts = new Set<number>([0, 1]);
  for (const { box } of leaves) for (const end of box[at] as readonly [number, number]) cuts.add(end);
  const sorted = [...cuts].sort((a, b) => a - b);
  return variance(
    sorted.slice(1).map((to, index) => {
      const middle = (sorted[index]! + to) / 2;
      return [to - sorted[index]!, mean((part) => !('has' in part) && part[0] <= middle && middle < part[1])];
    }),
  );
}
