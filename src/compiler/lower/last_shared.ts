/** Which of the values that tasks share come last: the layers after which nothing is shared. */
import type { Builder } from '../../graph/builder.ts';
import type { Node } from '../../graph/graph.ts';
import type { SharedRef } from './shared.ts';

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
