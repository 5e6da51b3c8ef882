/** Metrics of the library at their arguments. */
import { invariant } from '../diagnostics/failure.ts';
import { metrics } from '../library/metrics/table.ts';
import type { MeasureSpec, Plan } from '../plan/plan.ts';
import type { Measure } from './figures.ts';

/** What is shown unless asked otherwise. */
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
  const kind = metrics[metric];
  invariant(kind, `there is no metric called ${metric}`);
  const args = Object.fromEntries(
    Object.entries(kind.parameters).map(([name, parameter]) => [
      name,
      (name === 'k' ? k : undefined) ?? parameter.default,
    ]),
  );
  return {
    label: labelOf({ metric, ...('k' in args ? { k: args.k as number } : {}) }),
    of: (held) => kind.of?.(held, args) ?? 0,
    ...(kind.ofLists ? { lists: { k: args.k as number, of: kind.ofLists } } : {}),
  };
}

/** What models are measured by: what they declare with `metrics`, else the usual ones. */
export function declaredMeasures(plans: readonly Pick<Plan, 'train'>[]): readonly MeasureSpec[] {
  const declared = plans.flatMap(({ train }) => train.metrics ?? []);
  return declared.length > 0 ? declared : usualMeasures;
}

/** How many of the first items of each ranking the measures read; 0: none. */
export const listsOf = (measures: readonly Measure[]): number =>
  Math.max(0, ...measures.map(({ lists }) => lists?.k ?? 0));

/** Each once, in the order first named. */
export function makeMeasures(specs: readonly MeasureSpec[]): Measure[] {
  return [...new Map(specs.map(makeMeasure).map((measure) => [measure.label, measure])).values()];
}
