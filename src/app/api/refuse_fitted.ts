import { failure } from '../../base/diagnostics/diagnostic.ts';
import type { Plan } from '../../graph/plan/plan.ts';

/** Refuses what needs steps or vectors of a model whose score is fitted as a whole. @throws Failure `fitted-whole` */
export function refuseFitted({ model, fitted }: Pick<Plan, 'model' | 'fitted'>, what: string, advice: string): void {
  if (fitted) throw failure('fitted-whole', { model, what, advice });
}

/** Refuses what keeps one vector of an item. @throws Failure `several-vectors` */
export function refuseSets({ model, towers }: Pick<Plan, 'model' | 'towers'>, what: string, advice: string): void {
  if (towers[1].interests !== undefined) throw failure('several-vectors', { model, what, advice });
}
