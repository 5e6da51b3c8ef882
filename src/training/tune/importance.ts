/**
 * Estimates the importance of each parameter: functional ANOVA over a forest of regression trees (Hutter et al., "An efficient approach for assessing
 * hyperparameter importance", ICML 2014). The share of a parameter is the variance of the forest's prediction over that parameter, averaged over all others,
 * divided by the variance over the whole space.
 */
import { makeRandom, type Random } from '../../base/random/random.ts';
import { coordinateOf, ends, type Point, type SearchSpace } from './space.ts';

export interface Importance {
  readonly name: string;
  /** In [0, 1]. The rest up to 1 is due to combinations, or to noise. */
  readonly share: number;
}

/** Minimum number of points for an estimate. */
const fewestPoints = 8;
const trees = 64;
const fewestInLeaf = 3;
const deepest = 8;

export interface Scored {
  readonly point: Point;
  readonly value: number;
}

/** Returns the parameters, the most important first. Empty if there are too few points, or if all have the same score. */
export function importanceOf(space: SearchSpace, scored: readonly Scored[]): readonly Importance[] {
  if (scored.length < fewestPoints) return [];
  const rows = scored.map(({ point, value }) => ({ x: space.map((_, at) => unitOf(space, at, point)), y: value }));
  const shareSums = new Float64Array(space.length);
  let grownTrees = 0;
  for (let tree = 0; tree < trees; tree++) {
    const random = makeRandom(1, tree);
    const drawnRows = rows.map(() => rows[random.integer(rows.length)]!);
    const leaves = grow(space, drawnRows, wholeBox(space), random, 0);
    const totalVariance = variance(leaves.map(({ box, y }) => [volume(space, box), y]));
    if (totalVariance <= 1e-18) continue;
    grownTrees++;
    for (let at = 0; at < space.length; at++) shareSums[at]! += marginalVariance(space, leaves, at) / totalVariance;
  }
  if (grownTrees === 0) return [];
  return space
    .map(({ name }, at) => ({ name, share: shareSums[at]! / grownTrees }))
    .sort((a, b) => b.share - a.share || (a.name < b.name ? -1 : 1));
}

/** Returns the coordinate of a point in one dimension: a number in [0, 1], or the index of a choice. */
function unitOf(space: SearchSpace, at: number, point: Point): number {
  const { name, domain } = space[at]!;
  const value = point[name]!;
  if (domain.kind === 'choices') return value;
  const [low, high] = ends(domain);
  return (coordinateOf(domain, value) - low) / (high - low);
}

interface TreeRow {
  readonly x: readonly number[];
  readonly y: number;
}

/** For each dimension, a range [from, to] or a set of choices. */
type TreeBox = readonly (readonly [number, number] | ReadonlySet<number>)[];

const wholeBox = (space: SearchSpace): TreeBox =>
  space.map(({ domain }) => (domain.kind === 'choices' ? new Set(domain.texts.keys()) : [0, 1]));

interface Leaf {
  readonly box: TreeBox;
  readonly y: number;
}

function grow(
  space: SearchSpace,
  rows: readonly TreeRow[],
  box: TreeBox,
  random: Random,
  depth: number,
): readonly Leaf[] {
  const split = depth < deepest ? bestSplit(space, rows, box, random) : undefined;
  if (!split) return [{ box, y: meanOf(rows) }];
  const [left, right] = [rows.filter(split.isLeft), rows.filter((row) => !split.isLeft(row))];
  const replacedPart = (part: TreeBox[number]): TreeBox => box.map((one, at) => (at === split.at ? part : one));
  return [
    ...grow(space, left, replacedPart(split.left), random, depth + 1),
    ...grow(space, right, replacedPart(split.right), random, depth + 1),
  ];
}

interface TreeSplit {
  readonly at: number;
  readonly left: TreeBox[number];
  readonly right: TreeBox[number];
  isLeft(row: TreeRow): boolean;
}

function bestSplit(space: SearchSpace, rows: readonly TreeRow[], box: TreeBox, random: Random): TreeSplit | undefined {
  let best: TreeSplit | undefined;
  let leastError = squaredError(rows) - 1e-15;
  for (const at of random.permutation(space.length)) {
    for (const split of splitsAt(rows, box[at]!, at)) {
      const leftRows = rows.filter(split.isLeft);
      if (leftRows.length < fewestInLeaf || rows.length - leftRows.length < fewestInLeaf) continue;
      const splitError = squaredError(leftRows) + squaredError(rows.filter((row) => !split.isLeft(row)));
      if (splitError < leastError) [best, leastError] = [split, splitError];
    }
  }
  return best;
}

function splitsAt(rows: readonly TreeRow[], part: TreeBox[number], at: number): readonly TreeSplit[] {
  const values = [...new Set(rows.map(({ x }) => x[at]!))].sort((a, b) => a - b);
  if ('has' in part) {
    return values.map((choice) => {
      const otherChoices = new Set([...part].filter((one) => one !== choice));
      return { at, left: new Set([choice]), right: otherChoices, isLeft: ({ x }) => x[at] === choice };
    });
  }
  return values.slice(1).map((value, index) => {
    const cutValue = (values[index]! + value) / 2;
    return { at, left: [part[0], cutValue], right: [cutValue, part[1]], isLeft: ({ x }) => x[at]! < cutValue };
  });
}

const meanOf = (rows: readonly TreeRow[]): number => rows.reduce((sum, { y }) => sum + y, 0) / rows.length;

function squaredError(rows: readonly TreeRow[]): number {
  const mean = meanOf(rows);
  return rows.reduce((sum, { y }) => sum + (y - mean) ** 2, 0);
}

function widthOf(space: SearchSpace, box: TreeBox, at: number): number {
  const part = box[at]!;
  const { domain } = space[at]!;
  return 'has' in part ? part.size / (domain.kind === 'choices' ? domain.texts.length : 1) : part[1] - part[0];
}

const volume = (space: SearchSpace, box: TreeBox, but = -1): number =>
  box.reduce((all, _, at) => (at === but ? all : all * widthOf(space, box, at)), 1);

function variance(weighted: readonly (readonly [weight: number, value: number])[]): number {
  const totalWeight = weighted.reduce((sum, [weight]) => sum + weight, 0);
  const mean = weighted.reduce((sum, [weight, value]) => sum + weight * value, 0) / totalWeight;
  return weighted.reduce((sum, [weight, value]) => sum + weight * (value - mean) ** 2, 0) / totalWeight;
}

/** Returns the variance of the mean prediction along one dimension, which is constant between the cuts of the tree. */
function marginalVariance(space: SearchSpace, leaves: readonly Leaf[], at: number): number {
  const { domain } = space[at]!;
  const mean = (isIn: (part: TreeBox[number]) => boolean): number =>
    leaves.reduce((sum, { box, y }) => (isIn(box[at]!) ? sum + volume(space, box, at) * y : sum), 0);
  if (domain.kind === 'choices') {
    return variance(domain.texts.map((_, choice) => [1, mean((part) => 'has' in part && part.has(choice))]));
  }
  const cutPoints = new Set<number>([0, 1]);
  for (const { box } of leaves) for (const end of box[at] as readonly [number, number]) cutPoints.add(end);
  const sortedCuts = [...cutPoints].sort((a, b) => a - b);
  return variance(
    sortedCuts.slice(1).map((to, index) => {
      const midpoint = (sortedCuts[index]! + to) / 2;
      return [to - sortedCuts[index]!, mean((part) => !('has' in part) && part[0] <= midpoint && midpoint < part[1])];
    }),
  );
}
