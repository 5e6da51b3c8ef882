/** Passes over ops that move or repeat elements. */
import type { Ref } from '../builder.ts';
import { addDims, broadcastShapes, sameDim, sameShape } from '../dims.ts';
import { binaryNames, type Dim, type Graph, type Node, type OpName, unaryNames } from '../graph.ts';
import { numbersOf } from '../ops/row.ts';
import { isLeaf } from '../ops/table.ts';
import { type RewriteRule, type RewriteSite, rewriteGraph } from './rewrite.ts';

/** Removes broadcasts that the following op does by itself, and moves others after cheaper work. */
export function removeBroadcasts(graph: Graph): Graph {
  return rewriteGraph(graph, removeNeedlessBroadcast, removeOperandBroadcasts, moveBroadcastAfterUnary, useNearestLike);
}

const removeNeedlessBroadcast: RewriteRule = ({ graph, node, builder, refOf }) => {
  if (node.op !== 'BroadcastTo') return undefined;
  const inner = graph.nodes[node.inputs[0]!]!;
  if (sameShape(inner.type.shape, node.type.shape)) return refOf(node.inputs[0]!);
  return inner.op === 'BroadcastTo' ? builder.broadcastTo(refOf(inner.inputs[0]!), refOf(node.inputs[1]!)) : undefined;
};

const binaryOrSelect: ReadonlySet<OpName> = new Set([...binaryNames, 'Select']);

/** Replaces x × BroadcastTo(y) by x × y, if the operands still give the same shape. */
const removeOperandBroadcasts: RewriteRule = ({ graph, node, reapply, refOf }) => {
  if (!binaryOrSelect.has(node.op)) return undefined;
  const operands = [...node.inputs];
  const shapeOf = (id: number) => graph.nodes[id]!.type.shape;
  let isChanged = false;
  operands.forEach((id, index) => {
    const operand = graph.nodes[id]!;
    if (operand.op !== 'BroadcastTo') return;
    const otherShapes = operands.filter((_, i) => i !== index).map(shapeOf);
    const shape = [...otherShapes, shapeOf(operand.inputs[0]!)].reduce((a, b) => broadcastShapes(a, b));
    if (!sameShape(shape, node.type.shape)) return;
    operands[index] = operand.inputs[0]!;
    isChanged = true;
  });
  return isChanged ? reapply(node, operands.map(refOf)) : undefined;
};

const unaryOps: ReadonlySet<OpName> = new Set(unaryNames);

const moveBroadcastAfterUnary: RewriteRule = ({ graph, node, builder, reapply, refOf }) => {
  if (!unaryOps.has(node.op)) return undefined;
  const inner = graph.nodes[node.inputs[0]!]!;
  if (inner.op !== 'BroadcastTo') return undefined;
  return builder.broadcastTo(reapply(node, [refOf(inner.inputs[0]!)]), refOf(inner.inputs[1]!));
};

/** Only the shape of `like` is read, so a leaf of that shape, or the value from which `like` was computed, keeps less memory in use. */
const useNearestLike: RewriteRule = ({ graph, node, builder, refOf }) => {
  if (node.op !== 'BroadcastTo') return undefined;
  const like = node.inputs[1]!;
  const hasSameShape = (other: Node): boolean => sameShape(other.type.shape, node.type.shape);
  let nearestId = graph.nodes.findIndex((other, id) => id <= like && isLeaf(other.op) && hasSameShape(other));
  for (let id: number | undefined = like; nearestId < 0 && id !== undefined; ) {
    const nextLike: number | undefined = graph.nodes[id]!.inputs.find((input) => hasSameShape(graph.nodes[input]!));
    if (nextLike === undefined) nearestId = id;
    id = nextLike;
  }
  return nearestId !== like ? builder.broadcastTo(refOf(node.inputs[0]!), refOf(nearestId)) : undefined;
};

/** Removes moves of elements that undo each other, and joins those that can be one move. */
export function joinMoves(graph: Graph): Graph {
  return rewriteGraph(
    graph,
    joinReshapes,
    joinTransposes,
    removeNoOpMove,
    joinNestedSlices,
    flattenConcats,
    joinAdjacentSlices,
    sliceConcatPart,
    disjointPads,
  );
}

const joinReshapes: RewriteRule = ({ graph, node, builder, refOf }) => {
  if (node.op !== 'Reshape') return undefined;
  const inner = graph.nodes[node.inputs[0]!]!;
  if (sameShape(inner.type.shape, node.type.shape)) return refOf(node.inputs[0]!);
  return inner.op === 'Reshape' ? builder.reshape(refOf(inner.inputs[0]!), node.type.shape) : undefined;
};

const joinTransposes: RewriteRule = ({ graph, node, builder, refOf }) => {
  if (node.op !== 'Transpose') return undefined;
  const perm = numbersOf(node.attributes, 'perm');
  if (perm.every((axis, i) => axis === i)) return refOf(node.inputs[0]!);
  const inner = graph.nodes[node.inputs[0]!]!;
  if (inner.op !== 'Transpose') return undefined;
  const innerPerm = numbersOf(inner.attributes, 'perm');
  const bothPerms = perm.map((axis) => innerPerm[axis]!);
  return builder.transpose(refOf(inner.inputs[0]!), bothPerms);
};

/** Removes a slice of everything, a pad of nothing, and a concatenation of one part. */
const removeNoOpMove: RewriteRule = ({ graph, node, refOf }) => {
  const mayDoNothing = node.op === 'Slice' || node.op === 'Pad' || (node.op === 'Concat' && node.inputs.length === 1);
  if (!mayDoNothing) return undefined;
  return sameShape(graph.nodes[node.inputs[0]!]!.type.shape, node.type.shape) ? refOf(node.inputs[0]!) : undefined;
};

const joinNestedSlices: RewriteRule = ({ graph, node, builder, refOf }) => {
  if (node.op !== 'Slice') return undefined;
  const inner = graph.nodes[node.inputs[0]!]!;
  if (inner.op !== 'Slice') return undefined;
  const innerBegin = numbersOf(inner.attributes, 'begin');
  const begin = numbersOf(node.attributes, 'begin').map((outerBegin, axis) => outerBegin + innerBegin[axis]!);
  return builder.slice(refOf(inner.inputs[0]!), begin, node.type.shape);
};

const flattenConcats: RewriteRule = ({ graph, node, builder, refOf, readers }) => {
  if (node.op !== 'Concat') return undefined;
  const canFlatten = (id: number): boolean => {
    const part = graph.nodes[id]!;
    return part.op === 'Concat' && part.attributes.axis === node.attributes.axis && readers[id]!.length === 1;
  };
  if (!node.inputs.some(canFlatten)) return undefined;
  const flattenedInputs = node.inputs.flatMap((id) => (canFlatten(id) ? graph.nodes[id]!.inputs : [id]));
  return builder.concat(flattenedInputs.map(refOf), node.attributes.axis as number);
};

/** Returns the only axis along which a Slice or a Pad differs from its operand. */
function onlyAxis(graph: Graph, node: Node): number | undefined {
  const { shape } = graph.nodes[node.inputs[0]!]!.type;
  const axes = shape.flatMap((dim, axis) => (sameDim(dim, node.type.shape[axis]!) ? [] : [axis]));
  return axes.length === 1 ? axes[0] : undefined;
}

/** Joins adjacent slices of one value. */
const joinAdjacentSlices: RewriteRule = ({ graph, node, builder, refOf }) => {
  if (node.op !== 'Concat') return undefined;
  const axis = node.attributes.axis as number;
  const sliceRuns: { id: number; source?: number; begin: number; size: Dim; joined: boolean }[] = [];
  for (const id of node.inputs) {
    const part = graph.nodes[id]!;
    const isSlice = part.op === 'Slice' && onlyAxis(graph, part) === axis;
    const lastRun = sliceRuns.at(-1);
    if (isSlice) {
      const source = part.inputs[0]!;
      const begin = numbersOf(part.attributes, 'begin')[axis]!;
      const size = part.type.shape[axis]!;
      const follows =
        lastRun?.source === source && typeof lastRun.size === 'number' && lastRun.begin + lastRun.size === begin;
      const joinedSize = follows ? addDims(lastRun.size, size) : undefined;
      if (joinedSize !== undefined) sliceRuns[sliceRuns.length - 1] = { ...lastRun!, size: joinedSize, joined: true };
      else sliceRuns.push({ id, source, begin, size, joined: false });
    } else sliceRuns.push({ id, begin: 0, size: 0, joined: false });
  }
  if (!sliceRuns.some((run) => run.joined)) return undefined;
  const concatParts = sliceRuns.map((run) => {
    if (!run.joined) return refOf(run.id);
    const { shape } = graph.nodes[run.source!]!.type;
    const begin = shape.map((_, i) => (i === axis ? run.begin : 0));
    const size = shape.map((dim, i) => (i === axis ? run.size : dim));
    return builder.slice(refOf(run.source!), begin, size);
  });
  return concatParts.length === 1 ? concatParts[0] : builder.concat(concatParts, axis);
};

/** Takes a slice that lies within one part of a concatenation from that part. */
const sliceConcatPart: RewriteRule = ({ graph, node, builder, refOf }) => {
  if (node.op !== 'Slice') return undefined;
  const concat = graph.nodes[node.inputs[0]!]!;
  const axis = onlyAxis(graph, node);
  if (concat.op !== 'Concat' || axis !== concat.attributes.axis || axis === undefined) return undefined;
  const begin = numbersOf(node.attributes, 'begin');
  const size = node.type.shape[axis]!;
  let partStart = 0;
  for (const id of concat.inputs) {
    const length = graph.nodes[id]!.type.shape[axis]!;
    if (typeof length !== 'number' || typeof size !== 'number') return undefined;
    const beginInPart = begin[axis]! - partStart;
    if (beginInPart >= 0 && beginInPart + size <= length) {
      const partBegin = begin.map((start, i) => (i === axis ? beginInPart : start));
      return builder.slice(refOf(id), partBegin, node.type.shape);
    }
    partStart += length;
  }
  return undefined;
};

/** Joins padded values that do not overlap, instead of adding them up: such sums are the gradient of a value that was cut into slices. */
const disjointPads: RewriteRule = (site) => {
  const { graph, node, builder, refOf, readers } = site;
  if (node.op !== 'Add') return undefined;
  const isInnerTerm = readers[site.id]!.length === 1 && graph.nodes[readers[site.id]![0]!]?.op === 'Add';
  if (isInnerTerm) return undefined;
  const termIds = termsOf(site, site.id);
  const pads = termIds.flatMap((id) => {
    const axis = graph.nodes[id]!.op === 'Pad' ? onlyAxis(graph, graph.nodes[id]!) : undefined;
    if (axis === undefined) return [];
    const begin = numbersOf(graph.nodes[id]!.attributes, 'before')[axis]!;
    const length = graph.nodes[graph.nodes[id]!.inputs[0]!]!.type.shape[axis];
    return typeof length === 'number' && sameShape(graph.nodes[id]!.type.shape, node.type.shape)
      ? [{ id, axis, begin, end: begin + length }]
      : [];
  });
  const axis = pads[0]?.axis;
  const disjointPads: typeof pads = [];
  for (const pad of pads.sort((a, b) => a.begin - b.begin)) {
    if (pad.axis === axis && pad.begin >= (disjointPads.at(-1)?.end ?? 0)) disjointPads.push(pad);
  }
  if (axis === undefined || disjointPads.length < 2) return undefined;

  const amountOnAxis = (amount: number): number[] => node.type.shape.map((_, i) => (i === axis ? amount : 0));
  const padAlongAxis = (value: Ref, before: number, after: number): Ref =>
    before === 0 && after === 0 ? value : builder.pad(value, amountOnAxis(before), amountOnAxis(after));
  const paddedParts = disjointPads.map((pad, i) => {
    const unpadded = refOf(graph.nodes[pad.id]!.inputs[0]!);
    return padAlongAxis(unpadded, 0, (disjointPads[i + 1]?.begin ?? pad.end) - pad.end);
  });
  const restLength = (node.type.shape[axis] as number) - disjointPads.at(-1)!.end;
  const joined = padAlongAxis(builder.concat(paddedParts, axis), disjointPads[0]!.begin, restLength);
  const otherTerms = termIds.filter((id) => !disjointPads.some((pad) => pad.id === id));
  return otherTerms.reduce((sum, id) => builder.add(sum, refOf(id)), joined);
};

/** Returns the values that are added up: operands of this Add, and of Adds under it that nothing else reads. */
function termsOf(site: RewriteSite, id: number): number[] {
  return site.graph.nodes[id]!.inputs.flatMap((input) =>
    site.graph.nodes[input]!.op === 'Add' && site.readers[input]!.length === 1 ? termsOf(site, input) : [input],
  );
}
