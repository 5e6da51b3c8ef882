/** Which elements of a bag a model reads: the same rule for columns, requests and serving.json. */
import type { FeaturePlan } from '../plan/plan.ts';

/** By feature that a history of a data block feeds: how many events it holds at most. */
export type Histories = ReadonlyMap<string, number>;

export interface Kept {
  readonly keeps: 'latest' | 'first';
  readonly atMost: number;
}

export function keptOf(feature: FeaturePlan, histories: Histories): Kept {
  const max = feature.max ?? Number.POSITIVE_INFINITY;
  const past = histories.get(feature.name);
  if (past !== undefined) return { keeps: 'latest', atMost: Math.min(past, max) };
  return { keeps: feature.keeps ?? 'first', atMost: max };
}
