/**
 * Writes the marked loss of a training step, and its gradients by the vectors of both towers, as the one op of `plugins/tensorflow/ops/softmax_loss.cc`,
 * if the graph has products in bfloat16. TensorFlow's own ops remain what the values mean, and what runs where this op is not built.
 */
import type { Graph } from '../../graph/graph.ts';
import { mapTable } from './emitted.ts';
import type { TensorflowAttribute, TensorflowLowering, TensorflowTable } from './tensorflow_writer.ts';

/** Inputs that a loss may lack, by their marks and the attributes that count them, in the order of the op. */
export const optionalInputs = {
  own: 'own_count',
  counts: 'counted',
  hits: 'hit_count',
  log_q: 'corrected',
  weight: 'weighted',
};
/** In the order of the op. */
const resultMarks = ['loss', 'user_gradient', 'item_gradient'];

/** Returns the table with each such loss as one op. */
export function withSoftmaxLoss(graph: Graph, table: TensorflowTable): TensorflowTable {
  if (graph.nodes.every(({ type }) => type.dtype !== 'bfloat16')) return table;
  const lowerings = new Map<number, TensorflowLowering>();
  for (const { name } of graph.marks ?? []) {
    if (!name.startsWith('softmax/') || !name.endsWith('/loss')) continue;
    for (const [id, lowering] of lossLowering(graph, name.slice(0, -'loss'.length))) lowerings.set(id, lowering);
  }
  if (lowerings.size === 0) return table;
  const loweringOf = new Map([...lowerings].map(([id, lowering]) => [graph.nodes[id]!, lowering]));
  return mapTable<TensorflowLowering, TensorflowTable>(
    table,
    (lower) => (node, operands, writer) => (loweringOf.get(node) ?? lower)(node, operands, writer),
  );
}

/** Returns the lowering of each result by its node. There is none if a pass has removed a part, or moved an input behind a result. */
function lossLowering(graph: Graph, prefix: string): readonly (readonly [number, TensorflowLowering])[] {
  const nodeOfMark = new Map(
    (graph.marks ?? []).flatMap(({ name, node }) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), node] as const] : [],
    ),
  );
  const resultIds = resultMarks.map((mark) => nodeOfMark.get(mark));
  const requiredIds = ['user', 'item', 'sharpness'].map((mark) => nodeOfMark.get(mark));
  if ([...resultIds, ...requiredIds].includes(undefined)) return [];
  const [user, item, sharpness] = requiredIds as [number, number, number];
  const { values } = graph.nodes[sharpness]!.attributes;
  const optionalIds = Object.keys(optionalInputs).map((mark) => nodeOfMark.get(mark));
  const inputs = [user, item, ...optionalIds.filter((id) => id !== undefined)];
  const firstResult = (resultIds as number[]).reduce((least, id) => Math.min(least, id));
  if (!Array.isArray(values) || inputs.some((id) => id >= firstResult && graph.nodes[id]!.op !== 'Input')) return [];

  const attributes: Record<string, TensorflowAttribute> = { sharpness: { f: values[0] as number } };
  for (const [index, attribute] of Object.values(optionalInputs).entries())
    attributes[attribute] = { i: optionalIds[index] === undefined ? 0 : 1 };
  let fusedNode: string | undefined;
  return resultIds.map((id, output) => {
    const lowering: TensorflowLowering = (_node, _operands, writer) => {
      const operands = inputs.map((input) => writer.valueOf(input));
      fusedNode ??= writer.emit('TowerSoftmaxLoss', operands, attributes);
      return output === 0 ? fusedNode : `${fusedNode}:${output}`;
    };
    return [id!, lowering];
  });
}
