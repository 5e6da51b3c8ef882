import type { Random } from '../../../base/random/random.ts';
import { drawValue, type Point, type SearchSpace } from '../search_space.ts';

export interface Sampler {
  /** One line, for the help. */
  readonly doc: string;
  readonly paper: string;
  /** @param ranked points that were tried, the best first */
  suggest(space: SearchSpace, ranked: readonly Point[], random: Random): Point;
}

/** Draws each value at random, whatever was tried before. */
export const random: Sampler = {
  doc: 'draws every point by chance',
  paper: 'Bergstra and Bengio, "Random search for hyper-parameter optimization", JMLR 2012',
  suggest: (space, _, random) => Object.fromEntries(space.map((one) => [one.name, drawValue(one, random)])),
};
