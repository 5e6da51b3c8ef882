import { defined } from '../../base/util/defined.ts';
import type { MeasureSpec } from '../../graph/plan/plan.ts';
import type { BoundKind } from '../library/contract.ts';

export function measureOf({ kind, arguments: { k } }: BoundKind): MeasureSpec {
  return { metric: kind, ...defined({ k: typeof k === 'number' ? k : undefined }) };
}
