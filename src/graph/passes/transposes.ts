/** Passes over matrix products: their transposed operands, and values that are added to them. */
import type { Builder, Ref } from '../builder.ts';
import { dimAt, type Shape } from '../dims.ts';
import type { Graph } from '../graph.ts';
import { numbersOf } from '../ops/row.ts';
import { estimateElements, type RewriteRule, reshapeTo, rewriteGraph } from './rewrite.ts';

/** Turns transposes before and after a product into its flags, and avoids transposing a big matrix if a small one can be transposed instead. */
export function foldTransposes(graph: Graph): Graph {
  return rewriteGraph(graph, foldOperandTransposes, foldResultTranspose, transposeSmallResult);
}

const builderMethods = { MatMul: 'matMul', BatchMatMul: 'batchMatMul' } as const;

function isTransposed(graph: Graph, id: number): boolean {
  const node = graph.nodes[id]!;
  if (node.op !== 'Transpose') return false;
  const perm = numbersOf(node.attributes, 'perm').join();
  return perm === '1,0' || perm === '0,2,1';
}

const foldOperandTransposes: RewriteRule = ({ graph, node, builder, refOf }) => {
  if (node.op !== 'MatMul' && node.op !== 'BatchMatMul') return undefined;
  const isFlipped = node.inputs.map((id) => isTransposed(graph, id));
  if (!isFlipped.includes(true)) return undefined;
  const [a, b] = node.inputs.map((id, i) => refOf(isFlipped[i] ? graph.nodes[id]!.inputs[0]! : id));
  return builder[builderMethods[node.op]](a!, b!, {
    transposeA: (node.attributes.transposeA === true) !== isFlipped[0],
    transposeB: (node.attributes.transposeB === true) !== isFlipped[1],
  });
};

/** (AB)ᵀ = BᵀAᵀ */
const foldResultTranspose: RewriteRule = ({ graph, id, node, builder, refOf, readers }) => {
  if (!isTransposed(graph, id)) return undefined;
  const product = graph.nodes[node.inputs[0]!]!;
  if ((product.op !== 'MatMul' && product.op !== 'BatchMatMul') || readers[node.inputs[0]!]!.length > 1)
    return undefined;
  if (product.op === 'MatMul' && product.attributes.transposeB !== true) {
    const [small, big] = product.inputs.map((input) => graph.nodes[input]!.type.shape);
    if (isMuchBigger(big!, small!, product.type.shape)) return undefined;
  }
  const [a, b] = product.inputs.map(refOf);
  return builder[builderMethods[product.op]](b!, a!, {
    transposeA: product.attributes.transposeB !== true,
    transposeB: product.attributes.transposeA !== true,
  });
};

/** Uses AᵀB = (BᵀA)ᵀ if A is big and both B and the result are small, because kernels read a big left operand only by its rows. */
const transposeSmallResult: RewriteRule = ({ graph, node, builder, refOf }) => {
  if (node.op !== 'MatMul' || node.attributes.transposeA !== true) return undefined;
  const [big, small] = node.inputs as [number, number];
  if (!isMuchBigger(graph.nodes[big]!.type.shape, graph.nodes[small]!.type.shape, node.type.shape)) return undefined;
  const product = builder.matMul(refOf(small), refOf(big), { transposeA: node.attributes.transposeB !== true });
  return builder.transpose(product, [1, 0]);
};

const isMuchBigger = (big: Shape, small: Shape, result: Shape): boolean =>
  estimateElements(big) >= 8 * estimateElements(small) && estimateElements(big) >= 8 * estimateElements(result);

/**
 * Turns a column or a row that is added to a big product into one more term of its inner sums: AB + 1·r = [A 1] [B; r]. This is worth it if the product is much
 * bigger than its operands, as batch × batch is: it saves one pass over the product.
 */
export function foldBiases(graph: Graph): Graph {
  return rewriteGraph(graph, foldBiasIntoProduct);
}

/** Minimum size of the product in relation to its operands, which are copied. */
const minSizeRatio = 4;

const foldBiasIntoProduct: RewriteRule = ({ graph, node, builder, refOf, readers }) => {
  if (node.op !== 'Add' && node.op !== 'Sub') return undefined;
  const productIndex = node.op === 'Add' && graph.nodes[node.inputs[0]!]!.op !== 'MatMul' ? 1 : 0;
  const id = node.inputs[productIndex]!;
  const matMul = graph.nodes[id]!;
  const bias = graph.nodes[node.inputs[1 - productIndex]!]!.type;
  if (matMul.op !== 'MatMul' || readers[id]!.length > 1 || bias.shape.length > 2) return undefined;

  const [rows, columns] = [dimAt(bias.shape, 0, 2), dimAt(bias.shape, 1, 2)];
  if ((rows === 1) === (columns === 1)) return undefined;
  const operandSize = (operand: number): number => estimateElements(graph.nodes[matMul.inputs[operand]!]!.type.shape);
  if (estimateElements(node.type.shape) < minSizeRatio * (operandSize(0) + operandSize(1))) return undefined;

  let biasLine = refOf(node.inputs[1 - productIndex]!);
  if (node.op === 'Sub') biasLine = builder.neg(biasLine);
  const transposeA = matMul.attributes.transposeA === true;
  const transposeB = matMul.attributes.transposeB === true;
  const innerAxes = [transposeA ? 0 : 1, transposeB ? 1 : 0] as const;
  const carrierIndex = rows === 1 ? 1 : 0;
  const operands = matMul.inputs.map((input, index) => {
    const operand = refOf(input);
    const inner = innerAxes[index]!;
    return builder.concat(
      [
        operand,
        index === carrierIndex ? orientAcrossInner(builder, biasLine, inner) : makeOnesLine(builder, operand, inner),
      ],
      inner,
    );
  });
  return builder.matMul(operands[0]!, operands[1]!, { transposeA, transposeB });
};

/** Returns a vector in the shape that lies across the inner axis of an operand. */
function orientAcrossInner(builder: Builder, line: Ref, inner: number): Ref {
  const lineLength = line.type.shape.find((dim) => dim !== 1)!;
  return reshapeTo(builder, line, inner === 0 ? [1, lineLength] : [lineLength, 1]);
}

function makeOnesLine(builder: Builder, operand: Ref, inner: number): Ref {
  const onesLike = builder.slice(operand, [0, 0], inner === 0 ? [1, -1] : [-1, 1]);
  return builder.broadcastTo(builder.constant(1), onesLike);
}
