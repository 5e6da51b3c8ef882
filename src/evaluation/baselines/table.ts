import type { Baseline } from './baseline.ts';
import { ease } from './ease.ts';
import { itemCf } from './item_cf.ts';
import { popularity } from './popularity.ts';
import { random } from './random.ts';

/** The baselines, in the order of the printed table. */
export const baselines: Readonly<Record<string, Baseline>> = {
  random,
  popularity,
  item_cf: itemCf,
  ease,
};
