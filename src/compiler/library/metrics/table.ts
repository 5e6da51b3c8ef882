import type { MetricKind } from '../contract.ts';
import { auc } from './auc.ts';
import { calibration } from './calibration.ts';
import { coverage } from './coverage.ts';
import { diversity } from './diversity.ts';
import { gini } from './gini.ts';
import { hit_rate } from './hit_rate.ts';
import { map } from './map.ts';
import { mrr } from './mrr.ts';
import { ndcg } from './ndcg.ts';
import { novelty } from './novelty.ts';
import { popularity } from './popularity.ts';
import { precision } from './precision.ts';
import { recall } from './recall.ts';
import { tail_share } from './tail_share.ts';

/** Metrics that compare rankings with held-out items. Higher is better, so models can be chosen by them. */
export const accuracyMetrics: Readonly<Record<string, MetricKind>> = {
  recall,
  precision,
  hit_rate,
  ndcg,
  map,
  mrr,
  auc,
};

/** Maps names in a file to metrics. */
export const metrics: Readonly<Record<string, MetricKind>> = {
  ...accuracyMetrics,
  coverage,
  gini,
  popularity,
  tail_share,
  novelty,
  diversity,
  calibration,
};
