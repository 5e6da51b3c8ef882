import { broadcastShapes, sameShape } from '../dims.ts';
import type { Graph, Node } from '../graph.ts';
import { isLeaf } from '../ops/table.ts';
import { binaryNames, type OpName, unaryNames } from '../ops.ts';
import { type RewriteRule, rewriteGraph } from './rewrite.ts';

/** Broadcasts that the op which follows does by itself, or that can come after cheaper work. */
export function removeBroadcasts(graph: Graph): Graph {
  return rewriteGraph(graph, needless, ofOperands, afterUnary, nearestLike);
}

const needless: RewriteRule = ({ graph, node, builder, at }) => {
  if (node.op !== 'BroadcastTo') return undefined;
  const inner = graph.nodes[node.inputs[0]!]!;
  if (sameShape(inner.type.shape, node.type.shape)) return at(node.inputs[0]!);
  return inner.op === 'BroadcastTo' ? builder.broadcastTo(at(inner.inputs[0]!), at(node.inputs[1]!)) : undefined;
};

const binaryOrSelect: ReadonlySet<OpName> = new Set([...binaryNames, 'Select']);

/** x × BroadcastTo(y) is x × y, as long as the other operands still give the shape. */
const ofOperands: RewriteRule = ({ graph, node, again, at }) => {
  if (!binaryOrSelect.has(node.op)) return undefined;
  const operands = [...node.inputs];
  const shapeOf = (id: number) => graph.nodes[id]!.type.shape;
  let isChanged = false;
  operands.forEach((id, index) => {
    const operand = graph.nodes[id]!;
    if (operand.op !== 'BroadcastTo') return;
    const otherShapes = operands.filter((_, other) => other !== index).map(shapeOf);
    const shape = [...otherShapes, shapeOf(operand.inputs[0]!)].reduce((a, b) => broadcastShapes(a, b));
    if (!sameShape(shape, node.type.shape)) return;
    operands[index] = operand.inputs[0]!;
    isChanged = true;
  });
  return isChanged ? again(node, operands.map(at)) : undefined;
};

const unary: ReadonlySet<OpName> = new Set(unaryNames);

const afterUnary: RewriteRule = ({ graph, node, builder, again, at }) => {
  if (!unary.has(node.op)) return undefined;
  const inner = graph.nodes[node.inputs[0]!]!;
  if (inner.op !== 'BroadcastTo') return undefined;
  return builder.broadcastTo(again(node, [at(inner.inputs[0]!)]), at(inner.inputs[1]!));
};

/** Only the shape of `like` is read: a leaf of that shape, or what it was computed from, keeps less alive. */
const nearestLike: RewriteRule = ({ graph, node, builder, at }) => {
  if (node.op !== 'BroadcastTo') return undefined;
  const like = node.inputs[1]!;
  const fits = (other: Node): boolean => sameShape(other.type.shape, node.type.shape);
  let nearest = graph.nodes.findIndex((other, id) => id <= like && isLeaf(other.op) && fits(other));
  for (let id: number | undefined = like; nearest < 0 && id !== undefined; ) {
    const nextLike: number | undefined = graph.nodes[id]!.inputs.find((input) => fits(graph.nodes[input]!));
    if (nextLike === undefined) nearest = id;
    id = nextLike;
  }
  return nearest !== like ? builder.broadcastTo(at(node.inputs[0]!), at(nearest)) : undefined;
};
