import type { Random } from '../../../base/random/random.ts';
import type { Point, SearchSpace } from '../space.ts';

export interface Sampler {
  /** One line, for the help. */
  readonly doc: string;
  readonly paper: string;
  /** @param ranked points that were tried, the best first */
  suggest(space: SearchSpace, ranked: readonly Point[], random: Random): Point;
}
