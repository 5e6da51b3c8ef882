/** Finds the parts of a plan that need all training rows at any time, so that a few shuffled shards are not enough. */
import { failure } from '../../base/diagnostics/failure.ts';
import type { Plan, RowsOf } from '../../graph/plan/plan.ts';

const kinds: { readonly [K in RowsOf['kind']]?: string } = {
  sequences: 'a loss at each position of a list',
  queue: 'a queue of items of past batches',
  mined: 'mining of negatives',
};

export function unsupportedInShards({ train, step }: Pick<Plan, 'train' | 'step'>): string | undefined {
  if (train.graph !== undefined) return '`graph` of `train`';
  for (const { source } of step.inputs) {
    const unsupportedKind = 'rows' in source && source.rows ? kinds[source.rows.kind] : undefined;
    if (unsupportedKind !== undefined) return unsupportedKind;
  }
  return undefined;
}

export const itemsGivenInTraining = ({ step }: Pick<Plan, 'step'>): readonly string[] => [
  ...new Set(
    step.inputs.flatMap(({ source }) =>
      'rows' in source && source.rows?.kind === 'listed' ? [source.rows.feature] : [],
    ),
  ),
];

/** @throws Failure `shards-unsupported` */
export function refuseUnsupported(plan: Pick<Plan, 'train' | 'step'>): void {
  const unsupportedPart = unsupportedInShards(plan);
  if (unsupportedPart !== undefined) throw failure('shards-unsupported', { what: unsupportedPart });
}
