/**
 * What several tasks share, found in the graph: the weights that more than one task's loss reaches, and the rows of each table that
 * more than one reaches, by whichever of its inputs.
 */
import type { Builder, Ref } from '../graph/builder.ts';
import type { Node } from '../graph/graph.ts';
import { reachedBy } from '../graph/reach.ts';
import type { Forward } from './forward.ts';
import { tablesOf } from './table_rows.ts';

export interface SharedValue {
  /** Of the parameter, or of the graph's input that embedding rows come in by. */
  readonly name: string;
  readonly kind: 'weights' | 'embedding';
  /** Whose losses reach it, or its table by any input, in the order of the file; two at least. */
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
  const tables = tablesOf(context);
  const inputsOf = (table: string): number[] => [...tables].filter(([, its]) => its === table).map(([id]) => id);
  const embeddings = inputs
    .embeddings()
    .filter(({ ref }) => reached.some(({ ids }) => ids.has(ref.id)))
    .map(({ name, ref }) => ({ name, kind: 'embedding' as const, ref }));
  return [...weights, ...embeddings]
    .map((value) => {
      const table = tables.get(value.ref.id);
      const nodes = table === undefined ? [value.ref.id] : inputsOf(table);
      const tasks = reached.filter(({ ids }) => nodes.some((id) => ids.has(id))).map(({ task }) => task);
      return { ...value, tasks };
    })
    .filter(({ tasks }) => tasks.length > 1)
    .sort((a, b) => a.ref.id - b.ref.id);
}

/**
 * The weights of the layers after which nothing is shared: of the matrices those whose layer no other shared one reads; all where
 * each reads another. Embedding rows where no matrix is shared.
 */
export function lastShared({ nodes }: Pick<Builder, 'nodes'>, shared: readonly SharedRef[]): readonly SharedRef[] {
  const matrices = shared.filter(({ kind, ref }) => kind === 'weights' && ref.type.shape.length >= 2);
  if (matrices.length === 0) return shared.filter(({ kind }) => kind === 'embedding');
  const read = matrices.map(({ ref }) => ({ by: ref.id, values: readWith(nodes, ref.id) }));
  // A recurrent layer reads itself.
  const last = matrices.filter(({ ref }) => !read.some(({ by, values }) => by !== ref.id && values.has(ref.id)));
  return last.length > 0 ? last : matrices;
}

/** All values that go into what a weight is multiplied with, or added to; what is made of the weight alone is still the weight. */
function readWith(nodes: readonly Node[], weight: number): ReadonlySet<number> {
  const alone = new Set([weight]);
  const read = new Set<number>();
  const isAlone = (id: number): boolean => alone.has(id) || nodes[id]!.op === 'Constant';
  for (let id = weight + 1; id < nodes.length; id++) {
    const { inputs } = nodes[id]!;
    if (!inputs.some((input) => alone.has(input))) continue;
    if (inputs.every(isAlone)) alone.add(id);
    else for (const input of inputs) if (!isAlone(input)) read.add(input);
  }
  for (let id = nodes.length - 1; id >= 0; id--) {
    if (read.has(id)) for (const input of nodes[id]!.inputs) read.add(input);
  }
  return read;
}
