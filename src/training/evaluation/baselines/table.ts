import type { Baseline, TunedBaseline } from './baseline.ts';
import { ease } from './ease.ts';
import { ials } from './ials.ts';
import { itemCf } from './item_cf.ts';
import { itemKnn } from './item_knn.ts';
import { rp3beta } from './rp3beta.ts';
import { popularity, random } from './same_for_all.ts';
import { slim } from './slim.ts';

export const baselines: Readonly<Record<string, Baseline | TunedBaseline>> = {
  random,
  popularity,
  item_cf: itemCf,
  item_knn: itemKnn,
  rp3beta,
  ease,
  slim,
  ials,
};
