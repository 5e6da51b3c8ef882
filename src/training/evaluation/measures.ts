import { invariant } from '../../base/diagnostics/failure.ts';
import { metrics } from '../../compiler/library/metrics/table.ts';
import type { MeasureSpec, Plan } from '../../graph/plan/plan.ts';
import type { Measure } from './figures.ts';

/** Used where neither the model nor the user names metrics. */
export const usualMeasures: readonly MeasureSpec[] = [
  { metric: 'recall', k: 10 },
  { metric: 'recall', k: 50 },
  { metric: 'recall', k: 100 },
  { metric: 'ndcg', k: 10 },
  { metric: 'hit_rate', k: 10 },
  { metric: 'mrr' },
  { metric: 'auc' },
];

export const labelOf = ({ metric, k }: MeasureSpec): string => (k === undefined ? metric : `${metric}@${k}`);

export function makeMeasure({ metric, k }: MeasureSpec): Measure {
  const metricKind = metrics[metric];
  invariant(metricKind, `there is no metric called ${metric}`);
  const metricArguments = Object.fromEntries(
    Object.entries(metricKind.parameters).map(([name, parameter]) => [
      name,
      (name === 'k' ? k : undefined) ?? parameter.default,
    ]),
  );
  return {
    label: labelOf({ metric, ...('k' in metricArguments ? { k: metricArguments.k as number } : {}) }),
    of: (held) => metricKind.of?.(held, metricArguments) ?? 0,
    ...(metricKind.ofLists ? { lists: { k: metricArguments.k as number, of: metricKind.ofLists } } : {}),
  };
}

/** Returns the metrics that models declare with `metrics`, else the usual ones. */
export function declaredMeasures(plans: readonly Pick<Plan, 'train'>[]): readonly MeasureSpec[] {
  const declaredSpecs = plans.flatMap(({ train }) => train.metrics ?? []);
  return declaredSpecs.length > 0 ? declaredSpecs : usualMeasures;
}

/** Returns how many of the first items of each ranking the measures read; 0: none. */
export const listsOf = (measures: readonly Measure[]): number =>
  Math.max(0, ...measures.map(({ lists }) => lists?.k ?? 0));

/** Each once, in the order first named. */
export function makeMeasures(specs: readonly MeasureSpec[]): Measure[] {
  return [...new Map(specs.map(makeMeasure).map((measure) => [measure.label, measure])).values()];
}
