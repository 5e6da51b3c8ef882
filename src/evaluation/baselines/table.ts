import type { Baseline } from './baseline.ts';
import { ease } from './ease.ts';
import { itemCf } from './item_cf.ts';
import { popularity } from './popularity.ts';
import { random } from './random.ts';

/** What every model is shown beside, in the order printed. */
export const baselines: Readonly<Record<string, Baseline>> = {
  random,
  popularity,
  item_cf: itemCf,
  ease,
};
