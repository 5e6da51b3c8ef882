import type { Builder, Ref } from '../builder.ts';
import { dimAt } from '../dims.ts';
import type { Graph } from '../graph.ts';
import { estimate, type RewriteRule, rewriteGraph, shaped } from './rewrite.ts';

/**
 * A column or a row added to a big product becomes one more term of its inner sums: AB + 1·r = [A 1] [B; r]. Worth it where
 * the product is much bigger than its operands, as batch × batch is: one pass over it is saved.
 */
export function foldBiases(graph: Graph): Graph {
  return rewriteGraph(graph, added);
}

/** How often the operands, which are copied, go into the product. */
const muchBigger = 4;

const added: RewriteRule = ({ graph, node, builder, at, users }) => {
  if (node.op !== 'Add' && node.op !== 'Sub') return undefined;
  const product = node.op === 'Add' && graph.nodes[node.inputs[0]!]!.op !== 'MatMul' ? 1 : 0;
  const id = node.inputs[product]!;
  const matMul = graph.nodes[id]!;
  const bias = graph.nodes[node.inputs[1 - product]!]!.type;
  if (matMul.op !== 'MatMul' || users[id]!.length > 1 || bias.shape.length > 2) return undefined;

  const [rows, columns] = [dimAt(bias.shape, 0, 2), dimAt(bias.shape, 1, 2)];
  if ((rows === 1) === (columns === 1)) return undefined;
  const size = (operand: number): number => estimate(graph.nodes[matMul.inputs[operand]!]!.type.shape);
  if (estimate(node.type.shape) < muchBigger * (size(0) + size(1))) return undefined;

  let line = at(node.inputs[1 - product]!);
  if (node.op === 'Sub') line = builder.neg(line);
  const transposeA = matMul.attributes.transposeA === true;
  const transposeB = matMul.attributes.transposeB === true;
  const innerAxes = [transposeA ? 0 : 1, transposeB ? 1 : 0] as const;
  const carrier = rows === 1 ? 1 : 0;
  const operands = matMul.inputs.map((input, index) => {
    const operand = at(input);
    const inner = innerAxes[index]!;
    return builder.concat(
      [operand, index === carrier ? along(builder, line, inner) : ones(builder, operand, inner)],
      inner,
    );
  });
  return builder.matMul(operands[0]!, operands[1]!, { transposeA, transposeB });
};

/** A vector laid across the inner axis of an operand. */
function along(builder: Builder, line: Ref, inner: number): Ref {
  const length = line.type.shape.find((dim) => dim !== 1)!;
  return shaped(builder, line, inner === 0 ? [1, length] : [length, 1]);
}

function ones(builder: Builder, operand: Ref, inner: number): Ref {
  const like = builder.slice(operand, [0, 0], inner === 0 ? [1, -1] : [-1, 1]);
  return builder.broadcastTo(builder.constant(1), like);
}
