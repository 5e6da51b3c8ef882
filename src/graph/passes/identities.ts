/** Passes that compute known results: constants, equal nodes, arithmetic that changes nothing. */
import type { Ref } from '../builder.ts';
import { countElements, sameShape, sameType } from '../dims.ts';
import { emptyValues, roundIfBfloat16 } from '../evaluate.ts';
import type { Graph, OpName } from '../graph.ts';
import { type NodeValues, numbersOf } from '../ops/row.ts';
import { isLeaf, opRowOf } from '../ops/table.ts';
import { mergeEqualNodes, type RewriteRule, type RewriteSite, rewriteGraph, uniformValue } from './rewrite.ts';

/** Removes zeros that are written over zeros: the gradient of masked scores is zero at the masked places because their exponential is. */
export function removeScatters(graph: Graph): Graph {
  return rewriteGraph(graph, removeZerosOverZeros);
}

const removeZerosOverZeros: RewriteRule = ({ graph, node, refOf }) => {
  if (node.op !== 'ScatterUpdate' || uniformValue(graph, node.inputs[2]!) !== 0) return undefined;
  return knownValueAt(graph, node.inputs[0]!, node.inputs[1]!) === 0 ? refOf(node.inputs[0]!) : undefined;
};

/** Returns the number that a float32 value is known to have at all of `indices`, provided that other operands are finite. */
function knownValueAt(graph: Graph, id: number, indices: number): number | undefined {
  const node = graph.nodes[id]!;
  const operand = (index: number): number | undefined => knownValueAt(graph, node.inputs[index]!, indices);
  const sameShapeAs = (index: number): boolean =>
    graph.nodes[node.inputs[index]!]!.type.shape.length === node.type.shape.length;
  switch (node.op) {
    case 'ScatterUpdate':
      return node.inputs[1] === indices ? uniformValue(graph, node.inputs[2]!) : undefined;
    case 'Exp': {
      const value = operand(0);
      return value === undefined ? undefined : Math.fround(Math.exp(value));
    }
    case 'Mul':
      return [0, 1].some((index) => sameShapeAs(index) && operand(index) === 0) ? 0 : undefined;
    case 'Div':
    case 'Neg':
      return operand(0) === 0 ? 0 : undefined;
    default:
      return undefined;
  }
}

/** Computes equal nodes once; a + b and b + a are equal. */
export function shareEqualNodes(graph: Graph): Graph {
  return mergeEqualNodes(rewriteGraph(graph, orderOperands));
}

const commutativeOps: ReadonlySet<OpName> = new Set([
  'Add',
  'Mul',
  'Maximum',
  'Minimum',
  'Equal',
  'LogicalAnd',
  'LogicalOr',
]);

/** Orders operands that may be exchanged by their ids; the writer itself then finds equal nodes. */
const orderOperands: RewriteRule = ({ node, reapply, refOf }) => {
  const [a, b] = node.inputs as [number, number];
  return commutativeOps.has(node.op) && a > b ? reapply(node, [refOf(b), refOf(a)]) : undefined;
};

/** Removes arithmetic that changes nothing, or that a cheaper op expresses as well. */
export function removeIdentities(graph: Graph): Graph {
  return rewriteGraph(
    graph,
    removeNeutralOperand,
    simplifySigns,
    cancelTerms,
    replaceQuotient,
    replaceBySquare,
    removeNoOps,
    removeUnitReduction,
  );
}

/** Returns the operand that a node only repeats, if the types agree too. */
function operandIfSameType(site: RewriteSite, operand: number): Ref | undefined {
  const id = site.node.inputs[operand]!;
  return sameType(site.graph.nodes[id]!.type, site.node.type) ? site.refOf(id) : undefined;
}

/** x + 0, x − 0, x × 1, x ÷ 1 */
const removeNeutralOperand: RewriteRule = (site) => {
  const { graph, node } = site;
  const [a, b] = node.inputs.map((input) => uniformValue(graph, input));
  if (node.op === 'Add') return b === 0 ? operandIfSameType(site, 0) : a === 0 ? operandIfSameType(site, 1) : undefined;
  if (node.op === 'Sub') return b === 0 ? operandIfSameType(site, 0) : undefined;
  if (node.op === 'Mul') return b === 1 ? operandIfSameType(site, 0) : a === 1 ? operandIfSameType(site, 1) : undefined;
  if (node.op === 'Div') return b === 1 ? operandIfSameType(site, 0) : undefined;
  return undefined;
};

/** −(−x), 0 − x, x × −1, a + (−b), a − (−b), −(a − b) */
const simplifySigns: RewriteRule = (site) => {
  const { graph, node, builder, refOf, readers } = site;
  const [a, b] = node.inputs as [number, number];
  const negatedBy = (id: number): number | undefined => {
    const operand = graph.nodes[id]!;
    return operand.op === 'Neg' ? operand.inputs[0] : undefined;
  };
  if (node.op === 'Neg') {
    const inner = graph.nodes[a]!;
    if (inner.op === 'Neg') return refOf(inner.inputs[0]!);
    if (inner.op === 'Sub' && readers[a]!.length === 1)
      return builder.sub(refOf(inner.inputs[1]!), refOf(inner.inputs[0]!));
  }
  if (node.op === 'Sub') {
    if (uniformValue(graph, a) === 0 && operandIfSameType(site, 1)) return builder.neg(refOf(b));
    const inner = negatedBy(b);
    if (inner !== undefined) return builder.add(refOf(a), refOf(inner));
  }
  if (node.op === 'Mul') {
    if (uniformValue(graph, b) === -1 && operandIfSameType(site, 0)) return builder.neg(refOf(a));
    if (uniformValue(graph, a) === -1 && operandIfSameType(site, 1)) return builder.neg(refOf(b));
  }
  if (node.op === 'Add') {
    const [innerA, innerB] = [negatedBy(a), negatedBy(b)];
    if (innerB !== undefined) return builder.sub(refOf(a), refOf(innerB));
    if (innerA !== undefined) return builder.sub(refOf(b), refOf(innerA));
  }
  return undefined;
};

/** x + (y − x), (y − x) + x */
const cancelTerms: RewriteRule = ({ graph, node, refOf }) => {
  if (node.op !== 'Add') return undefined;
  for (const [x, differenceId] of [node.inputs, [...node.inputs].reverse()] as const) {
    const difference = graph.nodes[differenceId!]!;
    if (difference.op !== 'Sub' || difference.inputs[1] !== x) continue;
    const y = difference.inputs[0]!;
    if (sameType(graph.nodes[y]!.type, node.type)) return refOf(y);
  }
  return undefined;
};

/** Replaces x ÷ 2 by x × ½: the reciprocal is rounded once, to float32. */
const replaceQuotient: RewriteRule = ({ graph, node, builder, refOf }) => {
  if (node.op !== 'Div') return undefined;
  const [a, b] = node.inputs as [number, number];
  const divisorNode = graph.nodes[b]!;
  if (divisorNode.op !== 'Constant') return undefined;
  const reciprocals = (divisorNode.attributes.values as readonly number[]).map((value) => 1 / value);
  if (!reciprocals.every((value) => Number.isFinite(Math.fround(value)) && Math.abs(value) > 1e-37)) return undefined;
  return builder.mul(refOf(a), builder.constant(reciprocals, divisorNode.type.shape as readonly number[]));
};

const replaceBySquare: RewriteRule = ({ node, builder, refOf }) =>
  node.op === 'Mul' && node.inputs[0] === node.inputs[1] ? builder.square(refOf(node.inputs[0]!)) : undefined;

/** Removes casts to the dtype that a value has, choices between a value and itself, and StopGradient, which only matters to differentiation. */
const removeNoOps: RewriteRule = (site) => {
  const { node } = site;
  if (node.op === 'StopGradient') return operandIfSameType(site, 0);
  if (node.op === 'Cast') return operandIfSameType(site, 0);
  if (node.op === 'Select' && node.inputs[1] === node.inputs[2]) return operandIfSameType(site, 1);
  return undefined;
};

/** Removes reductions over axes of length 1. */
const removeUnitReduction: RewriteRule = ({ node, builder, refOf, graph }) => {
  if (node.op !== 'Sum' && node.op !== 'Mean' && node.op !== 'Max') return undefined;
  const { shape } = graph.nodes[node.inputs[0]!]!.type;
  if (!numbersOf(node.attributes, 'axes').every((axis) => shape[axis] === 1)) return undefined;
  const operand = refOf(node.inputs[0]!);
  return sameShape(shape, node.type.shape) ? operand : builder.reshape(operand, node.type.shape);
};

/** Larger constants are computed in each run instead of being written to the graph. */
const maxConstantElements = 4096;

/** Computes nodes whose operands are all constants, as `evaluate` would. */
export function foldConstants(graph: Graph): Graph {
  const constantValues = new Map<number, NodeValues>();
  graph.nodes.forEach(({ op, type, attributes }, id) => {
    if (op !== 'Constant') return;
    const values = emptyValues(type.dtype, type.shape as readonly number[]);
    values.data.set(attributes.values as readonly number[]);
    constantValues.set(id, values);
  });
  return constantValues.size === 0 ? graph : rewriteGraph(graph, makeFoldRule(constantValues));
}

function makeFoldRule(constantValues: Map<number, NodeValues>): RewriteRule {
  return ({ id, node, builder }) => {
    const shape = asNumbers(node.type.shape);
    if (isLeaf(node.op) || node.inputs.some((input) => !constantValues.has(input))) return undefined;
    if (shape === undefined || countElements(shape) > maxConstantElements) return undefined;
    const output = emptyValues(node.type.dtype, shape);
    const operands = node.inputs.map((input) => constantValues.get(input)!);
    opRowOf(node.op).evaluate(operands, output, node.attributes);
    roundIfBfloat16(output);
    const values = [...output.data];
    if (!values.every(Number.isFinite)) return undefined;
    constantValues.set(id, output);
    return builder.constant(values, shape, node.type.dtype);
  };
}

function asNumbers(shape: readonly unknown[]): readonly number[] | undefined {
  return shape.every((dim) => typeof dim === 'number') ? (shape as readonly number[]) : undefined;
}
