/** Where a running graph can read the value of a symbol: the axis of an input that has it. */
import { sameDim } from '../../graph/dims.ts';
import type { Dim, Graph } from '../../graph/graph.ts';

export interface SymbolSource {
  /** Id of an Input node. */
  readonly node: number;
  readonly axis: number;
  /** The axis is this many times the symbol. */
  readonly times: number;
}

/** The sources of each factor of a symbol: `batch·batch` has two. */
export const symbolSources = (graph: Graph, symbol: string): readonly SymbolSource[] =>
  symbol.split('·').map((factor) => symbolSource(graph, factor));

export function symbolSource(graph: Graph, symbol: string): SymbolSource {
  const found = graph.inputs.flatMap(({ node }) =>
    graph.nodes[node]!.type.shape.flatMap((dim, axis) =>
      typeof dim !== 'number' && dim.symbol === symbol ? [{ node, axis, times: dim.times }] : [],
    ),
  );
  const [best] = found.sort((a, b) => a.times - b.times);
  if (!best) throw new Error(`invariant: no input of graph ${graph.name} has an axis of ${symbol}`);
  return best;
}

export const isStatic = (shape: readonly Dim[]): shape is readonly number[] =>
  shape.every((dim) => typeof dim === 'number');

/** The shape with −1 for its one unknown length, or undefined where two are unknown. */
export function inferable(shape: readonly Dim[]): readonly number[] | undefined {
  const unknown = shape.filter((dim) => typeof dim !== 'number').length;
  if (unknown > 1) return undefined;
  return shape.map((dim) => (typeof dim === 'number' ? dim : -1));
}

/** A slice's sizes with −1 where a run goes to the end of its axis; undefined where a symbol must be looked up. */
export function sliceSizes(
  from: readonly Dim[],
  begin: readonly number[],
  size: readonly Dim[],
): readonly number[] | undefined {
  const known = size.map((dim, axis) => (begin[axis] === 0 && sameDim(dim, from[axis]!) ? -1 : dim));
  return isStatic(known) ? known : undefined;
}
