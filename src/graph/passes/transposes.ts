/** Passes over matrix products: their transposed operands, and values that are added to them. */
import type { Builder, Ref } from '../builder.ts';
import { dimAt, type Shape } from '../dims.ts';
import type { Graph } from '../graph.ts';
import { numbersOf } from '../ops/row.ts';
import { estimate, type RewriteRule, rewriteGraph, shaped } from './rewrite.ts';

/** Turns transposes before and after a product into its flags, and avoids transposing a big matrix if a small one can be transposed instead. */
export function foldTransposes(graph: Graph): Graph {
  return rewriteGraph(graph, ofOperands, ofResult, ofBigOperand);
}

const methods = { MatMul: 'matMul', BatchMatMul: 'batchMatMul' } as const;

function isTransposed(graph: Graph, id: number): boolean {
  const node = graph.nodes[id]!;
  if (node.op !== 'Transpose') return false;
  const perm = numbersOf(node.attributes, 'perm').join();
  return perm === '1,0' || perm === '0,2,1';
}

const ofOperands: RewriteRule = ({ graph, node, builder, at }) => {
  if (node.op !== 'MatMul' && node.op !== 'BatchMatMul') return undefined;
  const isFlipped = node.inputs.map((id) => isTransposed(graph, id));
  if (!isFlipped.includes(true)) return undefined;
  const [a, b] = node.inputs.map((id, i) => at(isFlipped[i] ? graph.nodes[id]!.inputs[0]! : id));
  return builder[methods[node.op]](a!, b!, {
    transposeA: (node.attributes.transposeA === true) !== isFlipped[0],
    transposeB: (node.attributes.transposeB === true) !== isFlipped[1],
  });
};

/** (AB)ᵀ = BᵀAᵀ */
const ofResult: RewriteRule = ({ graph, id, node, builder, at, users }) => {
  if (!isTransposed(graph, id)) return undefined;
  const product = graph.nodes[node.inputs[0]!]!;
  if ((product.op !== 'MatMul' && product.op !== 'BatchMatMul') || users[node.inputs[0]!]!.length > 1) return undefined;
  if (product.op === 'MatMul' && product.attributes.transposeB !== true) {
    const [small, big] = product.inputs.map((input) => graph.nodes[input]!.type.shape);
    if (isMuchBigger(big!, small!, product.type.shape)) return undefined;
  }
  const [a, b] = product.inputs.map(at);
  return builder[methods[product.op]](b!, a!, {
    transposeA: product.attributes.transposeB !== true,
    transposeB: product.attributes.transposeA !== true,
  });
};

/** Uses AᵀB = (BᵀA)ᵀ if A is big and both B and the result are small, because kernels read a big left operand only by its rows. */
const ofBigOperand: RewriteRule = ({ graph, node, builder, at }) => {
  if (node.op !== 'MatMul' || node.attributes.transposeA !== true) return undefined;
  const [big, small] = node.inputs as [number, number];
  if (!isMuchBigger(graph.nodes[big]!.type.shape, graph.nodes[small]!.type.shape, node.type.shape)) return undefined;
  const product = builder.matMul(at(small), at(big), { transposeA: node.attributes.transposeB !== true });
  return builder.transpose(product, [1, 0]);
};

const isMuchBigger = (big: Shape, small: Shape, result: Shape): boolean =>
  estimate(big) >= 8 * estimate(small) && estimate(big) >= 8 * estimate(result);

/**
 * Turns a column or a row that is added to a big product into one more term of its inner sums: AB + 1·r = [A 1] [B; r]. This is worth it if the product is much
 * bigger than its operands, as batch × batch is: it saves one pass over the product.
 */
export function foldBiases(graph: Graph): Graph {
  return rewriteGraph(graph, added);
}

/** Minimum size of the product in relation to its operands, which are copied. */
const muchBigger = 4;

const added: RewriteRule = ({ graph, node, builder, at, users }) => {
  if (node.op !== 'Add' && node.op !== 'Sub') return undefined;
  const productIndex = node.op === 'Add' && graph.nodes[node.inputs[0]!]!.op !== 'MatMul' ? 1 : 0;
  const id = node.inputs[productIndex]!;
  const matMul = graph.nodes[id]!;
  const bias = graph.nodes[node.inputs[1 - productIndex]!]!.type;
  if (matMul.op !== 'MatMul' || users[id]!.length > 1 || bias.shape.length > 2) return undefined;

  const [rows, columns] = [dimAt(bias.shape, 0, 2), dimAt(bias.shape, 1, 2)];
  if ((rows === 1) === (columns === 1)) return undefined;
  const operandSize = (operand: number): number => estimate(graph.nodes[matMul.inputs[operand]!]!.type.shape);
  if (estimate(node.type.shape) < muchBigger * (operandSize(0) + operandSize(1))) return undefined;

  let biasLine = at(node.inputs[1 - productIndex]!);
  if (node.op === 'Sub') biasLine = builder.neg(biasLine);
  const transposeA = matMul.attributes.transposeA === true;
  const transposeB = matMul.attributes.transposeB === true;
  const innerAxes = [transposeA ? 0 : 1, transposeB ? 1 : 0] as const;
  const carrierIndex = rows === 1 ? 1 : 0;
  const operands = matMul.inputs.map((input, index) => {
    const operand = at(input);
    const inner = innerAxes[index]!;
    return builder.concat(
      [operand, index === carrierIndex ? along(builder, biasLine, inner) : ones(builder, operand, inner)],
      inner,
    );
  });
  return builder.matMul(operands[0]!, operands[1]!, { transposeA, transposeB });
};

/** Returns a vector in the shape that lies across the inner axis of an operand. */
function along(builder: Builder, line: Ref, inner: number): Ref {
  const lineLength = line.type.shape.find((dim) => dim !== 1)!;
  return shaped(builder, line, inner === 0 ? [1, lineLength] : [lineLength, 1]);
}

function ones(builder: Builder, operand: Ref, inner: number): Ref {
  const onesLike = builder.slice(operand, [0, 0], inner === 0 ? [1, -1] : [-1, 1]);
  return builder.broadcastTo(builder.constant(1), onesLike);
}
