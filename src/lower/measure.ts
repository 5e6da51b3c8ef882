import { defined } from '../defined.ts';
import type { BoundKind } from '../library/contract.ts';
import type { MeasureSpec } from '../plan/plan.ts';

/** What a checked call of a metric measures. */
export function measureOf({ kind, arguments: { k } }: BoundKind): MeasureSpec {
  return { metric: kind, ...defined({ k: typeof k === 'number' ? k : undefined }) };
}
