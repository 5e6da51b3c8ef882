/** Which of the nodes that a writer emits belong to which node of the graph. */
import type { Graph, Node } from '../../graph/graph.ts';

/** By index of an emitted node: the graph's node that it was emitted for. What several share belongs to the first. */
export type Owners = readonly (number | undefined)[];

type Row<A extends readonly unknown[], R> = (node: Node, ...given: A) => R;

/**
 * The same table, whose rows note what they emit.
 * @param emitted how many nodes the writer has so far, by what a row is given
 */
export function marked<K extends string, A extends readonly unknown[], R>(
  graph: Graph,
  table: Readonly<Record<K, Row<A, R>>>,
  emitted: (node: Node, ...given: A) => number,
): { readonly table: Readonly<Record<K, Row<A, R>>>; readonly owners: Owners } {
  const idOf = new Map(graph.nodes.map((node, id) => [node, id]));
  const owners: (number | undefined)[] = [];
  const noting =
    (lower: Row<A, R>): Row<A, R> =>
    (node, ...given) => {
      const before = emitted(node, ...given);
      const result = lower(node, ...given);
      const after = emitted(node, ...given);
      for (let at = before; at < after; at++) owners[at] = idOf.get(node);
      return result;
    };
  const rows = Object.entries<Row<A, R>>(table).map(([op, lower]) => [op, noting(lower)]);
  return { table: Object.fromEntries(rows) as Record<K, Row<A, R>>, owners };
}
