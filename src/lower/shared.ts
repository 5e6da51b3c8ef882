/** What several tasks share, told by the graph: the weights and embedding rows that more than one task's loss reaches. */
import type { Ref } from '../graph/builder.ts';
import { reachedBy } from '../graph/reach.ts';
import type { Forward } from './forward.ts';

export interface SharedValue {
  /** Of the parameter, or of the graph's input that embedding rows come in by. */
  readonly name: string;
  readonly kind: 'weights' | 'embedding';
  /** Whose losses reach it, in the order of the file; two at least. */
  readonly tasks: readonly string[];
}

export interface SharedRef extends SharedValue {
  readonly ref: Ref;
}

/** In the graph's order. */
export function sharedByTasks({ context, losses }: Forward): readonly SharedRef[] {
  if (losses.size < 2) return [];
  const { inputs } = context;
  const { builder } = inputs;
  const reached = [...losses].map(([task, loss]) => ({ task, ids: reachedBy(builder, loss) }));
  const weights = builder
    .finish()
    .parameters.filter(({ trainable }) => trainable)
    .map(({ name, node }) => ({ name, kind: 'weights' as const, ref: { id: node, type: builder.nodes[node]!.type } }));
  const embeddings = inputs.embeddings().map(({ name, ref }) => ({ name, kind: 'embedding' as const, ref }));
  return [...weights, ...embeddings]
    .map((value) => ({ ...value, tasks: reached.filter(({ ids }) => ids.has(value.ref.id)).map(({ task }) => task) }))
    .filter(({ tasks }) => tasks.length > 1)
    .sort((a, b) => a.ref.id - b.ref.id);
}

/**
 * The weights of the layer nearest to the losses: of each tower, by the first part of its parameters' names, the last matrix in
 * the graph's order. Embedding rows where no matrix is shared.
 */
export function lastShared(shared: readonly SharedRef[]): readonly SharedRef[] {
  const matrices = shared.filter(({ kind, ref }) => kind === 'weights' && ref.type.shape.length >= 2);
  if (matrices.length === 0) return shared.filter(({ kind }) => kind === 'embedding');
  return [...new Map(matrices.map((value) => [value.name.split('/')[0], value])).values()];
}
