import { drawValue } from '../space.ts';
import type { Sampler } from './sampler.ts';

/** Each value by chance, whatever came before. */
export const random: Sampler = {
  doc: 'draws every point by chance',
  paper: 'Bergstra and Bengio, "Random search for hyper-parameter optimization", JMLR 2012',
  suggest: (space, _, random) => Object.fromEntries(space.map((one) => [one.name, drawValue(one, random)])),
};
