/** Reverse-mode differentiation, graph to graph: the gradients are more nodes of the same builder. */
import type { Builder, Ref } from './builder.ts';
import { GraphTypeError, printType } from './dims.ts';
import { materialize } from './lazy.ts';
import { isLeaf, opRowOf } from './ops/table.ts';

/**
 * Returns the gradients of the scalar `loss` by each of `withRespectTo`, any values of the graph, each in that value's own shape; undefined if the loss does
 * not depend on it. May be called again, for another loss or for gradients of gradients. Labels are those of the forward nodes after `gradient/`. Throws
 * GraphTypeError if an op on the path has no gradient that the graph's ops can express.
 */
export function differentiate(builder: Builder, loss: Ref, withRespectTo: readonly Ref[]): (Ref | undefined)[] {
  if (loss.type.shape.length > 0 || loss.type.dtype !== 'float32')
    throw new GraphTypeError(`a loss is a float32 scalar, not ${printType(loss.type)}`);
  const isDependant = findDependants(builder, loss, withRespectTo);
  const gradientSums = new Map<number, Ref>();
  if (isDependant[loss.id]) gradientSums.set(loss.id, builder.constant(1));

  for (let id = loss.id; id >= 0; id--) {
    const upstream = gradientSums.get(id);
    const node = builder.nodes[id]!;
    if (upstream === undefined || isLeaf(node.op)) continue;
    builder.scope(node.label === '' ? 'gradient' : `gradient/${node.label}`, () => {
      for (const [input, localGradient] of localGradients(builder, id, upstream)) {
        if (!isDependant[input]) continue;
        const gradient = localGradient();
        const gradientSum = gradientSums.get(input);
        gradientSums.set(input, gradientSum === undefined ? gradient : builder.add(gradientSum, gradient));
      }
    });
  }
  return withRespectTo.map((ref) => {
    const gradientSum = gradientSums.get(ref.id);
    return gradientSum && builder.scope('gradient', () => materialize(builder, gradientSum, ref));
  });
}

/** Returns, for each operand of a node that has a gradient, the operand's id and a function that makes the gradient. */
function localGradients(builder: Builder, id: number, upstream: Ref): (readonly [number, () => Ref])[] {
  const { op, inputs, attributes, type } = builder.nodes[id]!;
  const gradient = isLeaf(op) ? 'none' : opRowOf(op).gradient;
  if (gradient === 'none') return [];
  const output: Ref = { id, type };
  const localRules = gradient({
    builder,
    inputs: inputs.map((input) => ({ id: input, type: builder.nodes[input]!.type })),
    output,
    attributes,
    upstream,
    fullUpstream: () => materialize(builder, upstream, output),
  });
  return inputs.flatMap((input, index) => {
    const localRule = localRules[index];
    return localRule === undefined || localRule === 'none' ? [] : [[input, localRule] as const];
  });
}

/** Returns the ids of the values that a scalar's gradient passes through: those by which `gradients` returns one. */
export function valuesReachedByGradient(builder: Builder, scalar: Ref): ReadonlySet<number> {
  const reachedIds = new Set<number>([scalar.id]);
  for (let id = scalar.id; id >= 0; id--) {
    const { op, type } = builder.nodes[id]!;
    if (!reachedIds.has(id) || op === 'StopGradient') continue;
    for (const [input] of localGradients(builder, id, { id, type })) {
      if (builder.nodes[input]!.type.dtype === 'float32') reachedIds.add(input);
    }
  }
  return reachedIds;
}

/** Tells for each node up to the loss if it is one of `withRespectTo`, or depends on one through differentiable ops. */
function findDependants(builder: Builder, loss: Ref, withRespectTo: readonly Ref[]): boolean[] {
  const isDependant = new Array<boolean>(loss.id + 1).fill(false);
  for (const ref of withRespectTo) if (ref.type.dtype === 'float32') isDependant[ref.id] = true;
  for (let id = 0; id <= loss.id; id++) {
    const node = builder.nodes[id]!;
    if (node.type.dtype !== 'float32' || node.op === 'StopGradient') continue;
    isDependant[id] ||= node.inputs.some((input) => isDependant[input]);
  }
  return isDependant;
}
