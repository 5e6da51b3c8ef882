/**
 * Finds in the graph what several tasks share: the weights that more than one task's loss reaches, and the rows of each table that
 * more than one reaches, by whichever of its inputs.
 */
import type { Ref } from '../../graph/builder.ts';
import { reachedBy } from '../../graph/differentiate.ts';
import type { Forward } from './forward.ts';
import { tablesOfInputs } from './table_rows.ts';

export interface SharedByTasks {
  /** The name of the parameter, or of the graph's input of embedding rows. */
  readonly name: string;
  readonly kind: 'weights' | 'embedding';
  /** Whose losses reach it, or its table by any input, in the order of the file; two at least. */
  readonly tasks: readonly string[];
}

export interface SharedRef extends SharedByTasks {
  readonly ref: Ref;
}

/** In the graph's order. */
export function sharedByTasks({ context, losses }: Forward): readonly SharedRef[] {
  if (losses.size < 2) return [];
  const { inputs } = context;
  const { builder } = inputs;
  const reachedByTask = [...losses].map(([task, loss]) => ({ task, ids: reachedBy(builder, loss) }));
  const weights = builder
    .finish()
    .parameters.filter(({ trainable }) => trainable)
    .map(({ name, node }) => ({ name, kind: 'weights' as const, ref: { id: node, type: builder.nodes[node]!.type } }));
  const tables = tablesOfInputs(context);
  const inputsOf = (table: string): number[] => [...tables].filter(([, its]) => its === table).map(([id]) => id);
  const embeddings = inputs
    .embeddings()
    .filter(({ ref }) => reachedByTask.some(({ ids }) => ids.has(ref.id)))
    .map(({ name, ref }) => ({ name, kind: 'embedding' as const, ref }));
  return [...weights, ...embeddings]
    .map((value) => {
      const table = tables.get(value.ref.id);
      const nodes = table === undefined ? [value.ref.id] : inputsOf(table);
      const tasks = reachedByTask.filter(({ ids }) => nodes.some((id) => ids.has(id))).map(({ task }) => task);
      return { ...value, tasks };
    })
    .filter(({ tasks }) => tasks.length > 1)
    .sort((a, b) => a.ref.id - b.ref.id);
}
