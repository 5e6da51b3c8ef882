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
import { estimate, type RewriteRule, type RewriteSite, rewriteGraph, scalar, shaped } from './rewrite.ts';

export function moveScales(graph: Graph): Graph {
  return rewriteGraph(
    graph,
    reciprocal,
    outOfQuotient,
    combined,
    factored,
    intoProduct,
    outOfOperand,
    outOfSum,
    weightedSum,
  );
}

/** A value that is another one times a smaller scale. */
interface Scaled {
  readonly value: number;
  /** An old value, or the number −1. */
  readonly scale: number | 'minus one';
  readonly shape: Shape;
}

function scaledOf(graph: Graph, id: number): Scaled | undefined {
  const node = graph.nodes[id]!;
  if (node.type.dtype !== 'float32') return undefined;
  if (node.op === 'Neg') return { value: node.inputs[0]!, scale: 'minus one', shape: [] };
  if (node.op !== 'Mul') return undefined;
  for (const [value, scale] of [node.inputs, [...node.inputs].reverse()] as [number, number][]) {
    const { shape } = graph.nodes[scale]!.type;
    const hasNodeShape = sameShape(graph.nodes[value]!.type.shape, node.type.shape);
    if (hasNodeShape && estimate(shape) < estimate(node.type.shape)) return { value, scale, shape };
  }
  return undefined;
}

function scaleRef(site: RewriteSite, scaled: Scaled): Ref {
  return scaled.scale === 'minus one' ? scalar(site, -1) : site.at(scaled.scale);
}

/** Replaces x ÷ s by x × (1 ÷ s) if s is much smaller. */
const reciprocal: RewriteRule = ({ graph, node, builder, at }) => {
  if (node.op !== 'Div') return undefined;
  const [x, s] = node.inputs as [number, number];
  const [whole, small] = [graph.nodes[x]!.type.shape, graph.nodes[s]!.type.shape];
  if (!sameShape(whole, node.type.shape) || estimate(small) * 2 > estimate(whole)) return undefined;
  return builder.mul(at(x), builder.div(1, at(s)));
};

/** Replaces (x × s) × t by x × (s × t), and −(x × s) by x × (−s), if that is less work. */
const combined: RewriteRule = (site) => {
  const { graph, id, node, builder, at, users } = site;
  if (node.type.dtype !== 'float32') return undefined;
  if (node.op === 'Neg') {
    const inner = users[node.inputs[0]!]!.length === 1 ? scaledOf(graph, node.inputs[0]!) : undefined;
    if (inner === undefined || inner.scale === 'minus one') return undefined;
    return builder.mul(at(inner.value), builder.neg(at(inner.scale)));
  }
  if (node.op !== 'Mul') return undefined;
  const outer = scaledOf(graph, id);
  for (const [product, other] of [node.inputs, [...node.inputs].reverse()] as [number, number][]) {
    const inner = graph.nodes[product]!;
    if (users[product]!.length > 1 || product === other) continue;
    if (inner.op === 'Neg' && outer !== undefined && outer.value === product) {
      return builder.mul(at(inner.inputs[0]!), builder.neg(at(other)));
    }
    if (inner.op !== 'Mul') continue;
    const [a, b] = inner.inputs as [number, number];
    const shapeOf = (value: number): Shape => graph.nodes[value]!.type.shape;
    for (const [kept, joined] of [
      [a, b],
      [b, a],
    ] as const) {
      const bothShape = broadcastShapes(shapeOf(joined), shapeOf(other));
      if (estimate(bothShape) < estimate(inner.type.shape)) {
        return builder.mul(at(kept), builder.mul(at(joined), at(other)));
      }
    }
  }
  return undefined;
};

/** Replaces (x × s) ÷ y by (x ÷ y) × s, because the scale may meet another one there. */
const outOfQuotient: RewriteRule = (site) => {
  const { graph, node, builder, at, users } = site;
  if (node.op !== 'Div') return undefined;
  const [x, y] = node.inputs as [number, number];
  const scaled = users[x]!.length === 1 ? scaledOf(graph, x) : undefined;
  if (scaled === undefined || !sameShape(graph.nodes[scaled.value]!.type.shape, node.type.shape)) return undefined;
  return builder.mul(builder.div(at(scaled.value), at(y)), scaleRef(site, scaled));
};

/** Replaces x × s ± y × s by (x ± y) × s. */
const factored: RewriteRule = (site) => {
  const { graph, node, builder, at, users } = site;
  if (node.op !== 'Add' && node.op !== 'Sub') return undefined;
  const [a, b] = node.inputs as [number, number];
  if (a === b || users[a]!.length > 1 || users[b]!.length > 1) return undefined;
  const [left, right] = [scaledOf(graph, a), scaledOf(graph, b)];
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
  const [x, y] = [at(left.value), at(right.value)];
  const isDifference = (isMinusS !== isMinusT) !== (node.op === 'Sub');
  return builder.mul(isDifference ? builder.sub(x, y) : builder.add(x, y), at(left.scale));
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
function betterPlace(graph: Graph, product: Node, from: ScaleSlot, scale: Shape): ScaleSlot | undefined {
  const axis = variesAlong(scale);
  const elementsOfSlot = (place: ScaleSlot): number =>
    estimate(place === 'result' ? product.type.shape : graph.nodes[product.inputs[place]!]!.type.shape);
  const otherSlots: ScaleSlot[] =
    axis === undefined
      ? ['result', 0, 1]
      : from === 'result'
        ? [axis]
        : axis === outerAxis(product, from)
          ? ['result']
          : [from === 0 ? 1 : 0];
  const bestSlot = otherSlots.reduce((a, b) => (elementsOfSlot(b) < elementsOfSlot(a) ? b : a));
  return elementsOfSlot(bestSlot) < elementsOfSlot(from) ? bestSlot : undefined;
}

/** Returns `scale` in the shape that scales `place`, if it has scaled `from`. */
function turned(builder: Builder, product: Node, scale: Ref, place: ScaleSlot, from: ScaleSlot): Ref {
  const axis = variesAlong(scale.type.shape);
  if (axis === undefined) return shaped(builder, scale, []);
  const length: Dim = dimAt(scale.type.shape, axis, 2);
  const targetAxis = (): number => {
    if (place === 'result') return from as number;
    if (from === 'result') return outerAxis(product, place);
    return 1 - outerAxis(product, place);
  };
  return shaped(builder, scale, targetAxis() === 0 ? [length, 1] : [1, length]);
}

/** Returns the product of `node` with `scale` at `place` instead of at `from`. */
function placed(
  site: RewriteSite,
  node: Node,
  operands: Ref[],
  scaled: Scaled,
  place: ScaleSlot,
  from: ScaleSlot,
): Ref {
  const scale = turned(site.builder, node, scaleRef(site, scaled), place, from);
  if (place === 'result') return site.builder.mul(site.again(node, operands), scale);
  operands[place] = site.builder.mul(operands[place]!, scale);
  return site.again(node, operands);
}

/** Moves the scale of (A B) × s into A or B. */
const intoProduct: RewriteRule = (site) => {
  const { graph, id, at, users } = site;
  const scaled = scaledOf(graph, id);
  if (scaled === undefined) return undefined;
  const node = graph.nodes[scaled.value]!;
  if (node.op !== 'MatMul' || users[scaled.value]!.length > 1) return undefined;
  const place = betterPlace(graph, node, 'result', scaled.shape);
  return place === undefined ? undefined : placed(site, node, node.inputs.map(at), scaled, place, 'result');
};

/** Moves the scale of (X × s) B out of X, if nothing else needs X × s. */
const outOfOperand: RewriteRule = (site) => {
  const { graph, node, at, users } = site;
  if (node.op !== 'MatMul') return undefined;
  for (const from of [0, 1] as const) {
    const id = node.inputs[from]!;
    const scaled = scaledOf(graph, id);
    if (scaled === undefined || node.inputs[0] === node.inputs[1]) continue;
    const place = betterPlace(graph, node, from, scaled.shape);
    if (place === undefined || !users[id]!.every((user) => canMove(graph, user, id, scaled))) continue;
    const operands = node.inputs.map((input, index) => at(index === from ? scaled.value : input));
    return placed(site, node, operands, scaled, place, from);
  }
  return undefined;
};

function canMove(graph: Graph, user: number, id: number, scaled: Scaled): boolean {
  const node = graph.nodes[user];
  if (node?.op === 'MatMul') {
    const from = node.inputs[0] === id ? 0 : 1;
    return node.inputs[0] !== node.inputs[1] && betterPlace(graph, node, from, scaled.shape) !== undefined;
  }
  return node?.op === 'Sum' || node?.op === 'Mean'
    ? isOutsideSum(graph, node, scaled) || isWeights(graph, node, scaled)
    : false;
}

/** True if a scale is the same for all elements that are summed together. */
function isOutsideSum(graph: Graph, node: Node, scaled: Scaled): boolean {
  const { shape } = graph.nodes[node.inputs[0]!]!.type;
  const axes = numbersOf(node.attributes, 'axes');
  return (
    axes.every((axis) => dimAt(scaled.shape, axis, shape.length) === 1) && estimate(node.type.shape) < estimate(shape)
  );
}

/** Replaces Σ x × s by (Σ x) × s. */
const outOfSum: RewriteRule = (site) => {
  const { graph, node, builder, at, users } = site;
  if (node.op !== 'Sum' && node.op !== 'Mean') return undefined;
  const id = node.inputs[0]!;
  const scaled = scaledOf(graph, id);
  if (scaled === undefined || !isOutsideSum(graph, node, scaled)) return undefined;
  if (!users[id]!.every((user) => canMove(graph, user, id, scaled))) return undefined;
  const axes = numbersOf(node.attributes, 'axes');
  const keepDims = node.attributes.keepDims === true;
  const sum = site.again(node, [at(scaled.value)]);
  const rank = scaled.shape.length === 0 ? 0 : graph.nodes[id]!.type.shape.length;
  const scale = alignRank(builder, scaleRef(site, scaled), rank);
  if (keepDims || scale.type.shape.length === 0) return builder.mul(sum, scale);
  const shape = scale.type.shape.filter((_, axis) => !axes.includes(axis));
  return builder.mul(sum, builder.reshape(scale, shape));
};

/** True if a sum over one axis of a matrix is weighted by a vector along that axis. */
function isWeights(graph: Graph, node: Node, scaled: Scaled): boolean {
  const axes = numbersOf(node.attributes, 'axes');
  return (
    node.op === 'Sum' &&
    graph.nodes[node.inputs[0]!]!.type.shape.length === 2 &&
    axes.length === 1 &&
    variesAlong(scaled.shape) === axes[0]
  );
}

/** Replaces the sum over rows of X × s[m, 1] by sᵀ X. */
const weightedSum: RewriteRule = (site) => {
  const { graph, node, builder, at } = site;
  if (node.op !== 'Sum') return undefined;
  const scaled = scaledOf(graph, node.inputs[0]!);
  if (scaled === undefined || !isWeights(graph, node, scaled)) return undefined;
  const weights = alignRank(builder, scaleRef(site, scaled), 2);
  const sum =
    numbersOf(node.attributes, 'axes')[0] === 0
      ? builder.matMul(weights, at(scaled.value), { transposeA: true })
      : builder.matMul(at(scaled.value), weights, { transposeB: true });
  return shaped(builder, sum, node.type.shape);
};
