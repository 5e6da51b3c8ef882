/** What draws the points of a study. */
import type { Dimension, NumberRange, Point, SamplerName, SearchDomain, SearchSpace } from '../../app/api/tune.ts';
import { drawNormal, type Random } from '../../base/random/random.ts';
import { coordinateOf, drawValue, ends, nearestValue } from './search_space.ts';

/** @param ranked points that were tried, the best first */
export type Sampler = (space: SearchSpace, ranked: readonly Point[], random: Random) => Point;

/** Number of random points before the densities are used. */
const randomPoints = 10;
const candidateCount = 24;
/** The share of points that are good, and their maximum number. */
const goodShare = 0.15;
const maxGood = 25;

/** Bergstra and Bengio, "Random search for hyper-parameter optimization", JMLR 2012 */
const byChance: Sampler = (space, _, random) =>
  Object.fromEntries(space.map((dimension) => [dimension.name, drawValue(dimension, random)]));

/**
 * The tree-structured Parzen estimator. The tried points are divided into a good part and the rest; each dimension has a density for each of them, l and g. Of
 * candidates drawn from l, the one with the largest l / g is taken. Dimensions are independent.
 * Bergstra et al., "Algorithms for hyper-parameter optimization", NeurIPS 2011 (section 4)
 */
const tpe: Sampler = (space, ranked, random) => {
  if (ranked.length < randomPoints) return byChance(space, ranked, random);
  const goodCount = Math.min(maxGood, Math.ceil(goodShare * ranked.length));
  return Object.fromEntries(
    space.map((dimension) => {
      const values = ranked.map((point) => point[dimension.name]!);
      return [dimension.name, best(dimension, values.slice(0, goodCount), values.slice(goodCount), random)];
    }),
  );
};

export const samplers: Readonly<Record<SamplerName, Sampler>> = { tpe, random: byChance };

function best(dimension: Dimension, good: readonly number[], rest: readonly number[], random: Random): number {
  const l = densityOf(dimension.domain, good);
  const g = densityOf(dimension.domain, rest);
  let bestValue = drawValue(dimension, random);
  let bestScore = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < candidateCount; index++) {
    const value = l.draw(random);
    const score = Math.log(l.at(value)) - Math.log(g.at(value));
    if (score > bestScore) [bestValue, bestScore] = [value, score];
  }
  return bestValue;
}

interface Density {
  /** Returns the probability, or its density, of a value; above 0. */
  at(value: number): number;
  draw(random: Random): number;
}

const densityOf = (domain: SearchDomain, values: readonly number[]): Density =>
  domain.kind === 'choices' ? counted(domain.texts.length, values) : parzen(domain, values);

/** Weighs each choice by the number of times that it was tried, plus one. */
function counted(choices: number, values: readonly number[]): Density {
  const counts = new Array<number>(choices).fill(1);
  for (const value of values) counts[value]!++;
  const totalCount = choices + values.length;
  return {
    at: (value) => counts[value]! / totalCount,
    draw(random) {
      let remaining = random.next() * totalCount;
      const choiceIndex = counts.findIndex((count) => (remaining -= count) < 0);
      return choiceIndex === -1 ? choices - 1 : choiceIndex;
    },
  };
}

/** The mean of normal curves around each value, cut off at the ends, and of a wide one over the whole range: the prior. All have the same weight. */
function parzen(range: NumberRange, values: readonly number[]): Density {
  const [low, high] = ends(range);
  const rangeWidth = high - low;
  const centres = [...values.map((value) => coordinateOf(range, value)), (low + high) / 2];
  const sortedCentres = [...centres.keys()].sort((a, b) => centres[a]! - centres[b]!);
  const narrowest = rangeWidth / Math.min(100, centres.length + 1);
  const curves = centres.map((centre, index) => {
    // The last curve is the prior.
    if (index === centres.length - 1) return curve(centre, rangeWidth, low, high);
    const rank = sortedCentres.indexOf(index);
    const leftGap = centre - (rank === 0 ? low : centres[sortedCentres[rank - 1]!]!);
    const rightGap = (rank === sortedCentres.length - 1 ? high : centres[sortedCentres[rank + 1]!]!) - centre;
    return curve(centre, Math.min(rangeWidth, Math.max(narrowest, leftGap, rightGap)), low, high);
  });
  const massBetween = (from: number, to: number): number =>
    curves.reduce((sum, { below, share }) => sum + (below(to) - below(from)) / share, 0) / curves.length;
  return {
    at(value) {
      if (!range.whole) return Math.max(tiny, density(curves, coordinateOf(range, value)));
      const halfStep = (side: number): number => Math.min(high, Math.max(low, coordinateOf(range, value + side)));
      return Math.max(tiny, massBetween(halfStep(-0.5), halfStep(0.5)));
    },
    draw(random) {
      const { centre, deviation } = curves[random.integer(curves.length)]!;
      for (let tries = 0; tries < 100; tries++) {
        const coordinate = centre + drawNormal(random, deviation);
        if (coordinate >= low && coordinate <= high) return nearestValue(range, coordinate);
      }
      return nearestValue(range, centre);
    },
  };
}

const tiny = 1e-300;

interface Curve {
  readonly centre: number;
  readonly deviation: number;
  /** The share of the normal curve between the ends. */
  readonly share: number;
  below(coordinate: number): number;
}

function curve(centre: number, deviation: number, low: number, high: number): Curve {
  const below = (coordinate: number): number => normalBelow((coordinate - centre) / deviation);
  return { centre, deviation, share: Math.max(tiny, below(high) - below(low)), below };
}

function density(curves: readonly Curve[], coordinate: number): number {
  const densitySum = curves.reduce((all, { centre, deviation, share }) => {
    const z = (coordinate - centre) / deviation;
    return all + Math.exp(-0.5 * z * z) / (deviation * Math.sqrt(2 * Math.PI) * share);
  }, 0);
  return densitySum / curves.length;
}

/** Returns the share of the normal distribution below z, to 1.5e-7 (Abramowitz and Stegun, 7.1.26). */
export function normalBelow(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * x);
  const tail =
    t *
    (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429)))) *
    Math.exp(-x * x);
  return z > 0 ? 1 - tail / 2 : tail / 2;
}
