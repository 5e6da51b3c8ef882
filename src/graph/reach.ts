import type { Builder, Ref } from './builder.ts';
import { isLeaf, rowOf } from './ops/table.ts';

/** Which values of the graph a scalar's gradient goes through: those by which `gradients` gives one. By id. */
export function reachedBy(builder: Builder, scalar: Ref): ReadonlySet<number> {
  const reached = new Set<number>([scalar.id]);
  for (let id = scalar.id; id >= 0; id--) {
    const node = builder.nodes[id]!;
    if (!reached.has(id) || isLeaf(node.op)) continue;
    const { gradient } = rowOf(node.op);
    if (gradient === 'none' || node.op === 'StopGradient') continue;
    const inputs = node.inputs.map((input): Ref => ({ id: input, type: builder.nodes[input]!.type }));
    const output: Ref = { id, type: node.type };
    // Only which of them there are: none is made.
    const locals = gradient({
      builder,
      inputs,
      output,
      attributes: node.attributes,
      upstream: output,
      full: () => output,
    });
    inputs.forEach((input, at) => {
      if (input.type.dtype === 'float32' && locals[at] !== undefined && locals[at] !== 'none') reached.add(input.id);
    });
  }
  return reached;
}
