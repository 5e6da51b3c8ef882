import type { Shape } from '../dims.ts';
import type { Graph } from '../graph.ts';
import { numbersOf } from '../ops/row.ts';
import { estimate, type RewriteRule, rewriteGraph } from './rewrite.ts';

/** Transposes before and after a product become its flags, and a big matrix is not transposed where a small one can be. */
export function foldTransposes(graph: Graph): Graph {
  return rewriteGraph(graph, ofOperands, ofResult, ofBigOperand);
}

const methods = { MatMul: 'matMul', BatchMatMul: 'batchMatMul' } as const;

/** True if an old value is the transpose of matrices. */
function isTransposed(graph: Graph, id: number): boolean {
  const node = graph.nodes[id]!;
  if (node.op !== 'Transpose') return false;
  const perm = numbersOf(node.attributes, 'perm').join();
  return perm === '1,0' || perm === '0,2,1';
}

const ofOperands: RewriteRule = ({ graph, node, builder, at }) => {
  if (node.op !== 'MatMul' && node.op !== 'BatchMatMul') return undefined;
  const flips = node.inputs.map((id) => isTransposed(graph, id));
  if (!flips.includes(true)) return undefined;
  const [a, b] = node.inputs.map((id, i) => at(flips[i] ? graph.nodes[id]!.inputs[0]! : id));
  return builder[methods[node.op]](a!, b!, {
    transposeA: (node.attributes.transposeA === true) !== flips[0],
    transposeB: (node.attributes.transposeB === true) !== flips[1],
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

/** AᵀB = (BᵀA)ᵀ, where A is big and both B and the result are small: kernels read a big left operand by its rows alone. */
const ofBigOperand: RewriteRule = ({ graph, node, builder, at }) => {
  if (node.op !== 'MatMul' || node.attributes.transposeA !== true) return undefined;
  const [big, small] = node.inputs as [number, number];
  if (!isMuchBigger(graph.nodes[big]!.type.shape, graph.nodes[small]!.type.shape, node.type.shape)) return undefined;
  const product = builder.matMul(at(small), at(big), { transposeA: node.attributes.transposeB !== true });
  return builder.transpose(product, [1, 0]);
};

const isMuchBigger = (big: Shape, small: Shape, result: Shape): boolean =>
  estimate(big) >= 8 * estimate(small) && estimate(big) >= 8 * estimate(result);
