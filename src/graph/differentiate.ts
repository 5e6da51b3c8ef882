/** Reverse-mode differentiation, graph to graph: the gradients are more nodes of the same builder. */
import type { Builder, Ref } from './builder.ts';
import { printType } from './dims.ts';
import { GraphTypeError } from './errors.ts';
import { materialize } from './lazy.ts';
import { isLeaf, rowOf } from './ops/table.ts';

/**
 * Gradients of the scalar `loss` by each of `withRespectTo`, any values of the graph, each in that value's own shape;
 * undefined where the loss does not depend on it. May be called again, for another loss or for gradients of gradients.
 * Labels are those of the forward nodes after `gradient/`. Throws GraphTypeError where an op on the way has no gradient that
 * the graph's ops can write.
 */
export function gradients(builder: Builder, loss: Ref, withRespectTo: readonly Ref[]): (Ref | undefined)[] {
  if (loss.type.shape.length > 0 || loss.type.dtype !== 'float32') {
    throw new GraphTypeError(`a loss is a float32 scalar, not ${printType(loss.type)}`);
  }
  const wanted = dependants(builder, loss, withRespectTo);
  const totals = new Map<number, Ref>();
  if (wanted[loss.id]) totals.set(loss.id, builder.constant(1));

  for (let id = loss.id; id >= 0; id--) {
    const upstream = totals.get(id);
    const node = builder.nodes[id]!;
    if (upstream === undefined || isLeaf(node.op)) continue;
    const row = rowOf(node.op);
    if (row.gradient === 'none') continue;
    const refs = node.inputs.map((input): Ref => ({ id: input, type: builder.nodes[input]!.type }));
    const output: Ref = { id, type: node.type };
    const locals = row.gradient({
      builder,
      inputs: refs,
      output,
      attributes: node.attributes,
      upstream,
      full: () => materialize(builder, upstream, output),
    });
    builder.scope(node.label === '' ? 'gradient' : `gradient/${node.label}`, () => {
      refs.forEach((ref, index) => {
        const local = locals[index];
        if (local === undefined || local === 'none' || !wanted[ref.id]) return;
        const gradient = local();
        const sum = totals.get(ref.id);
        totals.set(ref.id, sum === undefined ? gradient : builder.add(sum, gradient));
      });
    });
  }
  return withRespectTo.map((ref) => {
    const total = totals.get(ref.id);
    return total && builder.scope('gradient', () => materialize(builder, total, ref));
  });
}

/** For each node up to the loss: is it one of `withRespectTo`, or does it depend on one through differentiable ops? */
function dependants(builder: Builder, loss: Ref, withRespectTo: readonly Ref[]): boolean[] {
  const result = new Array<boolean>(loss.id + 1).fill(false);
  for (const ref of withRespectTo) if (ref.type.dtype === 'float32') result[ref.id] = true;
  for (let id = 0; id <= loss.id; id++) {
    const node = builder.nodes[id]!;
    if (node.type.dtype !== 'float32' || node.op === 'StopGradient') continue;
    result[id] ||= node.inputs.some((input) => result[input]);
  }
  return result;
}
