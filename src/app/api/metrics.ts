import { hasErrors } from '../../base/diagnostics/diagnostic.ts';
import { Failure } from '../../base/diagnostics/failure.ts';
import { measureOf } from '../../compiler/lower/measure.ts';
import { readMetrics } from '../../compiler/model/resolve/entries.ts';
import type { MeasureSpec } from '../../graph/plan/plan.ts';

/** As `metrics` of `train` writes them, `recall(20), ndcg(20)`; or as data, `[{ metric: 'recall', k: 20 }]`. */
export type Metrics = string | readonly MeasureSpec[];

/** @throws Failure with a diagnostic for each metric that is not known or repeated, and each cutoff that is none */
export function askedMeasures(metrics: Metrics): readonly MeasureSpec[] {
  const text = typeof metrics === 'string' ? metrics : metrics.map(written).join(', ');
  const { output, diagnostics } = readMetrics('metrics', text);
  if (hasErrors(diagnostics)) throw new Failure(diagnostics);
  return output.map(measureOf);
}

const written = ({ metric, k }: MeasureSpec): string => (k === undefined ? metric : `${metric}(${k})`);
