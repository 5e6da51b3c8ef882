/**
 * Moves scales out of big matrices. A matrix times a number, a column [m, 1] or a row [1, n] is often only multiplied or summed afterwards; the scale then
 * moves to whichever of the operands and the result has the fewest elements. In the gradient of an in-batch softmax this leaves one pass over batch × batch
 * (exp) and one sum between the products.
 */
import type { Builder, Ref } from '../builder.ts';
import { broadcastShapes, dimAt, type Shape, sameShape } from '../dims.ts';
import type { Dim, Graph, Node } from '../graph.ts';
import { alignRank } from '../lazy.ts';
import { numbersOf } from '../ops/row.ts';
import {
  estimateElements,
  makeScalar,
  type RewriteRule,
  type RewriteSite,
  reshapeTo,
  rewriteGraph,
} from './rewrite.ts';

export function moveScales(graph: Graph): Graph {
  return rewriteGraph(
    graph,
    multiplyByReciprocal,
    moveOutOfQuotient,
    combineScales,
    factorOutScale,
    moveIntoProduct,
    moveOutOfOperand,
    moveOutOfSum,
    replaceWeightedSum,
  );
}

/** A value that is another one times a smaller scale. */
interface Scaled {
  readonly value: number;
  /** An old value, or the number −1. */
  readonly scale: number | 'minus one';
  readonly shape: Shape;
}

function matchScaled(graph: Graph, id: number): Scaled | undefined {
  const node = graph.nodes[id]!;
  if (node.type.dtype !== 'float32') return undefined;
  if (node.op === 'Neg') return { value: node.inputs[0]!, scale: 'minus one', shape: [] };
  if (node.op !== 'Mul') return undefined;
  for (const [value, scale] of [node.inputs, [...node.inputs].reverse()] as [number, number][]) {
    const { shape } = graph.nodes[scale]!.type;
    const hasNodeShape = sameShape(graph.nodes[value]!.type.shape, node.type.shape);
    if (hasNodeShape && estimateElements(shape) < estimateElements(node.type.shape)) return { value, scale, shape };
  }
  return undefined;
}

function scaleRef(site: RewriteSite, scaled: Scaled): Ref {
  return scaled.scale === 'minus one' ? makeScalar(site, -1) : site.refOf(scaled.scale);
}

/** Replaces x ÷ s by x × (1 ÷ s) if s is much smaller. */
const multiplyByReciprocal: RewriteRule = ({ graph, node, builder, refOf }) => {
  if (node.op !== 'Div') return undefined;
  const [x, s] = node.inputs as [number, number];
  const [numeratorShape, divisorShape] = [graph.nodes[x]!.type.shape, graph.nodes[s]!.type.shape];
  if (
    !sameShape(numeratorShape, node.type.shape) ||
    estimateElements(divisorShape) * 2 > estimateElements(numeratorShape)
  )
    return undefined;
  return builder.mul(refOf(x), builder.div(1, refOf(s)));
};

/** Replaces (x × s) × t by x × (s × t), and −(x × s) by x × (−s), if that is less work. */
const combineScales: RewriteRule = (site) => {
  const { graph, id, node, builder, refOf, readers } = site;
  if (node.type.dtype !== 'float32') return undefined;
  if (node.op === 'Neg') {
    const inner = readers[node.inputs[0]!]!.length === 1 ? matchScaled(graph, node.inputs[0]!) : undefined;
    if (inner === undefined || inner.scale === 'minus one') return undefined;
    return builder.mul(refOf(inner.value), builder.neg(refOf(inner.scale)));
  }
  if (node.op !== 'Mul') return undefined;
  const outer = matchScaled(graph, id);
  for (const [product, otherFactor] of [node.inputs, [...node.inputs].reverse()] as [number, number][]) {
    const inner = graph.nodes[product]!;
    if (readers[product]!.length > 1 || product === otherFactor) continue;
    if (inner.op === 'Neg' && outer !== undefined && outer.value === product) {
      return builder.mul(refOf(inner.inputs[0]!), builder.neg(refOf(otherFactor)));
    }
    if (inner.op !== 'Mul') continue;
    const [a, b] = inner.inputs as [number, number];
    const shapeOf = (value: number): Shape => graph.nodes[value]!.type.shape;
    for (const [outerFactor, innerFactor] of [
      [a, b],
      [b, a],
    ] as const) {
      const bothShape = broadcastShapes(shapeOf(innerFactor), shapeOf(otherFactor));
      if (estimateElements(bothShape) < estimateElements(inner.type.shape)) {
        return builder.mul(refOf(outerFactor), builder.mul(refOf(innerFactor), refOf(otherFactor)));
      }
    }
  }
  return undefined;
};

/** Replaces (x × s) ÷ y by (x ÷ y) × s, because the scale may meet another one there. */
const moveOutOfQuotient: RewriteRule = (site) => {
  const { graph, node, builder, refOf, readers } = site;
  if (node.op !== 'Div') return undefined;
  const [x, y] = node.inputs as [number, number];
  const scaled = readers[x]!.length === 1 ? matchScaled(graph, x) : undefined;
  if (scaled === undefined || !sameShape(graph.nodes[scaled.value]!.type.shape, node.type.shape)) return undefined;
  return builder.mul(builder.div(refOf(scaled.value), refOf(y)), scaleRef(site, scaled));
};

/** Replaces x × s ± y × s by (x ± y) × s. */
const factorOutScale: RewriteRule = (site) => {
  const { graph, node, builder, refOf, readers } = site;
  if (node.op !== 'Add' && node.op !== 'Sub') return undefined;
  const [a, b] = node.inputs as [number, number];
  if (a === b || readers[a]!.length > 1 || readers[b]!.length > 1) return undefined;
  const [left, right] = [matchScaled(graph, a), matchScaled(graph, b)];
  if (left === undefined || right === undefined || left.scale === 'minus one' || right.scale === 'minus one') {
    return undefined;
  }
  const valueShapes = [left.value, right.value].map((id) => graph.nodes[id]!.type.shape);
  if (!valueShapes.every((shape) => sameShape(shape, node.type.shape))) return undefined;
  /** Returns the scale without a negation, and true if it had one. */
  const withoutSign = (scale: number): readonly [number, boolean] => {
    const inner = graph.nodes[scale]!;
    return inner.op === 'Neg' ? [inner.inputs[0]!, true] : [scale, false];
  };
  const [s, isMinusS] = withoutSign(left.scale);
  const [t, isMinusT] = withoutSign(right.scale);
  if (s !== t) return undefined;
  const [x, y] = [refOf(left.value), refOf(right.value)];
  const isDifference = (isMinusS !== isMinusT) !== (node.op === 'Sub');
  return builder.mul(isDifference ? builder.sub(x, y) : builder.add(x, y), refOf(left.scale));
};

type ScaleSlot = 'result' | 0 | 1;

/** Returns the axis of operand `index` that is an axis of the product; the other one is summed over. */
function outerAxis(product: Node, index: 0 | 1): number {
  const transposed = index === 0 ? product.attributes.transposeA : product.attributes.transposeB;
  return (index === 0) === (transposed === true) ? 1 : 0;
}

/** Returns the axis of a matrix along which a scale varies; undefined for a number, which may be anywhere. */
function variesAlong(scale: Shape): 0 | 1 | undefined {
  return dimAt(scale, 0, 2) !== 1 ? 0 : dimAt(scale, 1, 2) !== 1 ? 1 : undefined;
}

/** Returns the slot of a product with the fewest elements to which a scale of `from` can move, if it has fewer than `from`. */
function findBetterSlot(graph: Graph, product: Node, fromSlot: ScaleSlot, scale: Shape): ScaleSlot | undefined {
  const axis = variesAlong(scale);
  const elementsOfSlot = (slot: ScaleSlot): number =>
    estimateElements(slot === 'result' ? product.type.shape : graph.nodes[product.inputs[slot]!]!.type.shape);
  const otherSlots: ScaleSlot[] =
    axis === undefined
      ? ['result', 0, 1]
      : fromSlot === 'result'
        ? [axis]
        : axis === outerAxis(product, fromSlot)
          ? ['result']
          : [fromSlot === 0 ? 1 : 0];
  const bestSlot = otherSlots.reduce((a, b) => (elementsOfSlot(b) < elementsOfSlot(a) ? b : a));
  return elementsOfSlot(bestSlot) < elementsOfSlot(fromSlot) ? bestSlot : undefined;
}

/** Returns `scale` in the shape that scales `place`, if it has scaled `from`. */
function orientScale(builder: Builder, product: Node, scale: Ref, slot: ScaleSlot, fromSlot: ScaleSlot): Ref {
  const axis = variesAlong(scale.type.shape);
  if (axis === undefined) return reshapeTo(builder, scale, []);
  const length: Dim = dimAt(scale.type.shape, axis, 2);
  const targetAxis = (): number => {
    if (slot === 'result') return fromSlot as number;
    if (fromSlot === 'result') return outerAxis(product, slot);
    return 1 - outerAxis(product, slot);
  };
  return reshapeTo(builder, scale, targetAxis() === 0 ? [length, 1] : [1, length]);
}

/** Returns the product of `node` with `scale` at `place` instead of at `from`. */
function multiplyAtSlot(
  site: RewriteSite,
  node: Node,
  operands: Ref[],
  scaled: Scaled,
  slot: ScaleSlot,
  fromSlot: ScaleSlot,
): Ref {
  const scale = orientScale(site.builder, node, scaleRef(site, scaled), slot, fromSlot);
  if (slot === 'result') return site.builder.mul(site.reapply(node, operands), scale);
  operands[slot] = site.builder.mul(operands[slot]!, scale);
  return site.reapply(node, operands);
}

/** Moves the scale of (A B) × s into A or B. */
const moveIntoProduct: RewriteRule = (site) => {
  const { graph, id, refOf, readers } = site;
  const scaled = matchScaled(graph, id);
  if (scaled === undefined) return undefined;
  const node = graph.nodes[scaled.value]!;
  if (node.op !== 'MatMul' || readers[scaled.value]!.length > 1) return undefined;
  const slot = findBetterSlot(graph, node, 'result', scaled.shape);
  return slot === undefined ? undefined : multiplyAtSlot(site, node, node.inputs.map(refOf), scaled, slot, 'result');
};

/** Moves the scale of (X × s) B out of X, if nothing else needs X × s. */
const moveOutOfOperand: RewriteRule = (site) => {
  const { graph, node, refOf, readers } = site;
  if (node.op !== 'MatMul') return undefined;
  for (const fromSlot of [0, 1] as const) {
    const id = node.inputs[fromSlot]!;
    const scaled = matchScaled(graph, id);
    if (scaled === undefined || node.inputs[0] === node.inputs[1]) continue;
    const slot = findBetterSlot(graph, node, fromSlot, scaled.shape);
    if (slot === undefined || !readers[id]!.every((reader) => canMove(graph, reader, id, scaled))) continue;
    const operands = node.inputs.map((input, index) => refOf(index === fromSlot ? scaled.value : input));
    return multiplyAtSlot(site, node, operands, scaled, slot, fromSlot);
  }
  return undefined;
};

function canMove(graph: Graph, reader: number, id: number, scaled: Scaled): boolean {
  const node = graph.nodes[reader];
  if (node?.op === 'MatMul') {
    const fromSlot = node.inputs[0] === id ? 0 : 1;
    return node.inputs[0] !== node.inputs[1] && findBetterSlot(graph, node, fromSlot, scaled.shape) !== undefined;
  }
  return node?.op === 'Sum' || node?.op === 'Mean'
    ? isOutsideSum(graph, node, scaled) || isWeightedSum(graph, node, scaled)
    : false;
}

/** True if a scale is the same for all elements that are summed together. */
function isOutsideSum(graph: Graph, node: Node, scaled: Scaled): boolean {
  const { shape } = graph.nodes[node.inputs[0]!]!.type;
  const axes = numbersOf(node.attributes, 'axes');
  return (
    axes.every((axis) => dimAt(scaled.shape, axis, shape.length) === 1) &&
    estimateElements(node.type.shape) < estimateElements(shape)
  );
}

/** Replaces Σ x × s by (Σ x) × s. */
const moveOutOfSum: RewriteRule = (site) => {
  const { graph, node, builder, refOf, readers } = site;
  if (node.op !== 'Sum' && node.op !== 'Mean') return undefined;
  const id = node.inputs[0]!;
  const scaled = matchScaled(graph, id);
  if (scaled === undefined || !isOutsideSum(graph, node, scaled)) return undefined;
  if (!readers[id]!.every((reader) => canMove(graph, reader, id, scaled))) return undefined;
  const axes = numbersOf(node.attributes, 'axes');
  const keepDims = node.attributes.keepDims === true;
  const sum = site.reapply(node, [refOf(scaled.value)]);
  const rank = scaled.shape.length === 0 ? 0 : graph.nodes[id]!.type.shape.length;
  const scale = alignRank(builder, scaleRef(site, scaled), rank);
  if (keepDims || scale.type.shape.length === 0) return builder.mul(sum, scale);
  const shape = scale.type.shape.filter((_, axis) => !axes.includes(axis));
  return builder.mul(sum, builder.reshape(scale, shape));
};

/** True if a sum over one axis of a matrix is weighted by a vector along that axis. */
function isWeightedSum(graph: Graph, node: Node, scaled: Scaled): boolean {
  const axes = numbersOf(node.attributes, 'axes');
  return (
    node.op === 'Sum' &&
    graph.nodes[node.inputs[0]!]!.type.shape.length === 2 &&
    axes.length === 1 &&
    variesAlong(scaled.shape) === axes[0]
  );
}

/** Replaces the sum over rows of X × s[m, 1] by sᵀ X. */
const replaceWeightedSum: RewriteRule = (site) => {
  const { graph, node, builder, refOf } = site;
  if (node.op !== 'Sum') return undefined;
  const scaled = matchScaled(graph, node.inputs[0]!);
  if (scaled === undefined || !isWeightedSum(graph, node, scaled)) return undefined;
  const weights = alignRank(builder, scaleRef(site, scaled), 2);
  const sum =
    numbersOf(node.attributes, 'axes')[0] === 0
      ? builder.matMul(weights, refOf(scaled.value), { transposeA: true })
      : builder.matMul(refOf(scaled.value), weights, { transposeB: true });
  return reshapeTo(builder, sum, node.type.shape);
};
