/** Which elements of a bag a model reads: the same rule for columns, requests and serving.json. */
import type { FeaturePlan, Plan } from '../plan/plan.ts';

/** By feature that `past` of a data block feeds: how many of the latest events it holds at most. */
export type Histories = ReadonlyMap<string, number>;

export interface Kept {
  readonly keeps: 'latest' | 'first';
  readonly atMost: number;
}

/** @param histories absent for runs of earlier versions, which do not name them: any list of the items is then taken for one */
export function keptOf(plan: Plan, feature: FeaturePlan, histories: Histories | undefined): Kept {
  const max = feature.max ?? Number.POSITIVE_INFINITY;
  const past = histories?.get(feature.name);
  if (past !== undefined) return { keeps: 'latest', atMost: Math.min(past, max) };
  const isLatest = histories ? feature.keeps === 'latest' : feature.encoderOf === plan.towers[1].key;
  return { keeps: isLatest ? 'latest' : 'first', atMost: max };
}
