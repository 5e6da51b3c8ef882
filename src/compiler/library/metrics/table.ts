import type { MetricKind } from '../contract.ts';
import { auc } from './auc.ts';
import { coverage } from './coverage.ts';
import { hit_rate } from './hit_rate.ts';
import { map } from './map.ts';
import { mrr } from './mrr.ts';
import { ndcg } from './ndcg.ts';
import { precision } from './precision.ts';
import { recall } from './recall.ts';

/** Maps names in a file to metrics. */
export const metrics: Readonly<Record<string, MetricKind>> = {
  recall,
  precision,
  hit_rate,
  ndcg,
  map,
  mrr,
  auc,
  coverage,
};
