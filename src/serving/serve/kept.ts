/** Which elements of a bag a model reads: the same rule for columns, requests and serving.json. */
import type { FeaturePlan } from '../../graph/plan/plan.ts';

/** Maximal number of events, by feature that a history of a data block feeds. */
export type Histories = ReadonlyMap<string, number>;

export interface ElementLimit {
  readonly keeps: 'latest' | 'first';
  readonly atMost: number;
}

export function elementLimitOf(feature: FeaturePlan, histories: Histories): ElementLimit {
  const max = feature.max ?? Number.POSITIVE_INFINITY;
  const historyLength = histories.get(feature.name);
  if (historyLength !== undefined) return { keeps: 'latest', atMost: Math.min(historyLength, max) };
  return { keeps: feature.keeps ?? 'first', atMost: max };
}
