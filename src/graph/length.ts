/** Lengths as values of a graph: a number, or ones summed along an axis where the length is symbolic. */
import type { Builder, Ref } from './builder_contract.ts';
import { elementsOf } from './dims.ts';
import { GraphTypeError } from './errors.ts';
import type { Dim } from './graph.ts';

/**
 * A length as a number, or as a float32 scalar of the graph where it is symbolic: ones summed along an axis that has it.
 */
export function lengthOf(builder: Builder, dim: Dim): Ref | number {
  if (typeof dim === 'number') return dim;
  const lengths = dim.symbol.split('·').map((symbol) => lengthOfSymbol(builder, symbol));
  const product = lengths.reduce((product, length) => builder.mul(product, length));
  return dim.times === 1 ? product : builder.mul(product, dim.times);
}

function lengthOfSymbol(builder: Builder, symbol: string): Ref {
  for (let id = 0; id < builder.nodes.length; id++) {
    const { shape } = builder.nodes[id]!.type;
    const axis = shape.findIndex((dim) => typeof dim !== 'number' && dim.symbol === symbol);
    const otherDims = shape.filter((_, other) => other !== axis);
    if (axis < 0 || otherDims.some((dim) => dim === 0 || (typeof dim !== 'number' && dim.symbol !== symbol))) continue;
    const { times } = shape[axis] as { times: number };
    let line: Ref = { id, type: builder.nodes[id]!.type };
    if (otherDims.length > 0) {
      const size = shape.map((_, other) => (other === axis ? -1 : 1));
      line = builder.slice(
        line,
        shape.map(() => 0),
        size,
      );
      line = builder.reshape(line, [shape[axis]!]);
    }
    const length = builder.sum(builder.broadcastTo(builder.constant(1), line), [0]);
    return times === 1 ? length : builder.mul(length, 1 / times);
  }
  throw new GraphTypeError(`no value of the graph has the length "${symbol}"`);
}

/** `value` times a product of lengths. */
export function timesLength(builder: Builder, value: Ref, dims: readonly Dim[]): Ref {
  const length = elementsOf(dims);
  return length === 1 ? value : builder.mul(value, lengthOf(builder, length));
}
