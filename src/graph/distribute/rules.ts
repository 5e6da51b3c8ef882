/**
 * Has a rule for each op that says how several workers compute it, each with its share of the rows. For a sum over shared rows each worker adds up its own
 * rows, and then the sums of all workers are added. An op that needs all rows gets the whole value.
 */
import type { Builder, Ref } from '../builder.ts';
import { productOfDims, type Shape, sameDim } from '../dims.ts';
import type { ComputedOp, Dim, elementwiseNames, Node, OpName } from '../graph.ts';
import type { Attributes } from '../ops/row.ts';
import { estimateElements } from '../passes/rewrite.ts';
import { CannotShare, type SharedValue, type Shares } from './values.ts';

/** A node of the original graph, and its operands in the shared graph. */
interface ShareSite {
  readonly node: Node;
  readonly values: readonly SharedValue[];
  /** Shapes of the operands in the original graph. */
  readonly shapes: readonly Shape[];
  readonly builder: Builder;
  readonly shares: Shares;
  /** Adds the op with these operands, and with other attributes if given. */
  add(operands: readonly Ref[], attributes?: Attributes): Ref;
}

type ShareRule = (site: ShareSite) => SharedValue;

const wholeRule: ShareRule = ({ values, shares, add }) => ({ ref: add(values.map((value) => shares.wholeOf(value))) });

/** The rule for operands that are aligned at their last axes, as in NumPy. All of them are shared along the same axis of the result. */
const alignedRule: ShareRule = (site) => {
  const { node, values, add } = site;
  const sharedAxis = findLargestShare(site);
  if (!sharedAxis) return { ref: add(values.map(({ ref }) => ref)) };
  const localIndexColumn = localIndexColumnOf(site);
  const operands = alignOperands(site, sharedAxis.axis, sharedAxis.symbol, node.type.shape.length);
  return { ref: add(operands), ...sharedAxis, localIndexColumn };
};

/** Returns the share of the largest shared operand, as an axis of the result. */
function findLargestShare({ node, values, shapes }: ShareSite): { axis: number; symbol: string } | undefined {
  const shared = values.flatMap(({ axis, symbol }, index) => {
    const shape = shapes[index]!;
    if (axis === undefined) return [];
    const size = estimateElements(shape);
    return [{ axis: axis + node.type.shape.length - shape.length, symbol: symbol!, size }];
  });
  const [largest] = shared.sort((a, b) => b.size - a.size);
  return largest && { axis: largest.axis, symbol: largest.symbol };
}

function alignOperands(
  { values, shapes, shares }: ShareSite,
  axis: number,
  symbol: string,
  rank: number,
): readonly Ref[] {
  return values.map((value, index) => {
    const shape = shapes[index]!;
    const ownAxis = axis - (rank - shape.length);
    const stretches = ownAxis < 0 || shape[ownAxis] === 1;
    if (stretches) return shares.wholeOf(value);
    return value.axis === ownAxis ? value.ref : shares.toShare(shares.wholeOf(value), ownAxis, symbol).ref;
  });
}

/** Ops whose result still has the indexes of a worker's own rows. Other ops cannot use such indexes. */
const indexPreservingOps: ReadonlySet<OpName> = new Set(['Add', 'Mul', 'Cast']);

function localIndexColumnOf({ node, values }: ShareSite): number | undefined {
  const pointColumn = values.find(({ localIndexColumn }) => localIndexColumn !== undefined)?.localIndexColumn;
  if (pointColumn === undefined) return undefined;
  if (!indexPreservingOps.has(node.op) || (node.op !== 'Cast' && pointColumn !== 0)) throw new CannotShare();
  return pointColumn;
}

const rejectLocalIndexes = ({ values }: ShareSite): void => {
  if (values.some(({ localIndexColumn }) => localIndexColumn !== undefined)) throw new CannotShare();
};

const reductionRule: ShareRule = (site) => {
  const { node, values, builder, add } = site;
  rejectLocalIndexes(site);
  const [{ ref, axis, symbol }] = values as [SharedValue];
  const axes = node.attributes.axes as readonly number[];
  if (axis === undefined) return { ref: add([ref]) };
  if (axes.includes(axis))
    return node.op === 'Sum' ? { ref: builder.allReduce(add([ref])) } : reduceOtherAxesFirst(site, axis);
  const removedBefore = node.attributes.keepDims === true ? 0 : axes.filter((otherAxis) => otherAxis < axis).length;
  return { ref: add([ref]), axis: axis - removedBefore, symbol: symbol! };
};

/** Reduces shared rows by a mean or a maximum: over the other axes first, so that little is sent between workers. */
function reduceOtherAxesFirst({ node, values, builder, shares, add }: ShareSite, axis: number): SharedValue {
  const [value] = values as [SharedValue];
  const axes = node.attributes.axes as readonly number[];
  const otherAxes = axes.filter((otherAxis) => otherAxis !== axis);
  if (otherAxes.length === 0) return { ref: add([shares.wholeOf(value)]) };
  const partialResult = add([value.ref], { axes: otherAxes, keepDims: true });
  const reducedRows = add([shares.wholeOf({ ...value, ref: partialResult })], { axes: [axis], keepDims: true });
  return { ref: node.attributes.keepDims === true ? reducedRows : builder.reshape(reducedRows, node.type.shape) };
}

const lastAxisRule: ShareRule = (site) => {
  rejectLocalIndexes(site);
  const { values, shapes, shares, add } = site;
  const [value] = values as [SharedValue];
  if (value.axis === undefined || value.axis === shapes[0]!.length - 1) return { ref: add([shares.wholeOf(value)]) };
  return { ...value, ref: add([value.ref]) };
};

const productRule: ShareRule = (site) => {
  rejectLocalIndexes(site);
  const { node, values, shapes, builder, shares, add } = site;
  const [a, b] = values as [SharedValue, SharedValue];
  const { transposeA, transposeB } = node.attributes;
  const rank = shapes[0]!.length;
  const [rows, inner] = transposeA ? [rank - 1, rank - 2] : [rank - 2, rank - 1];
  const [innerB, columns] = transposeB ? [rank - 1, rank - 2] : [rank - 2, rank - 1];
  // If a leading axis is shared, each worker computes the products of its own indexes.
  const leading = [a, b].find(({ axis }) => axis !== undefined && axis < rank - 2);
  if (leading) {
    const { axis, symbol } = leading;
    const operands = [a, b].map((value) =>
      value.axis === axis ? value.ref : shares.toShare(shares.wholeOf(value), axis!, symbol!).ref,
    );
    return { ref: add(operands), axis: axis!, symbol: symbol! };
  }
  if (a.axis === rows) return { ref: add([a.ref, shares.wholeOf(b)]), axis: rank - 2, symbol: a.symbol! };
  // If the inner axis is shared, the products of all workers are added up.
  const innerShared = a.axis === inner ? a : b.axis === innerB ? b : undefined;
  if (innerShared) {
    const leftRows = a.axis === inner ? a.ref : shares.toShare(shares.wholeOf(a), inner, innerShared.symbol!).ref;
    const rightRows = b.axis === innerB ? b.ref : shares.toShare(shares.wholeOf(b), innerB, innerShared.symbol!).ref;
    return { ref: builder.allReduce(add([leftRows, rightRows])) };
  }
  if (b.axis === columns) return { ref: add([shares.wholeOf(a), b.ref]), axis: rank - 1, symbol: b.symbol! };
  return { ref: add([a.ref, b.ref]) };
};

const reshapeRule: ShareRule = (site) => {
  const { node, values, shapes, shares, add } = site;
  const [value] = values as [SharedValue];
  const { axis, symbol, localIndexColumn } = value;
  if (axis === undefined) return wholeRule(site);
  const [oldShape] = shapes as [Shape];
  const newShape = node.type.shape;
  // The shared rows remain an axis if the axes before it have as many elements as before.
  const elementsBefore = productOfDims(oldShape.slice(0, axis));
  const keptAxis = newShape.findIndex(
    (dim, index) => hasSymbol(dim, symbol!) && sameDim(productOfDims(newShape.slice(0, index)), elementsBefore),
  );
  if (keptAxis < 0) return wholeRule(site);
  if (localIndexColumn !== undefined && localIndexColumn !== 0) throw new CannotShare();
  const ownShape = newShape.map((dim, index) => (index === keptAxis ? shares.ownDim(dim, symbol!) : dim));
  return { ...value, ref: add([value.ref], { shape: ownShape }), axis: keptAxis };
};

const hasSymbol = (dim: Dim, symbol: string): boolean =>
  typeof dim !== 'number' && dim.symbol.split('·').includes(symbol);

const transposeRule: ShareRule = (site) => {
  rejectLocalIndexes(site);
  const { node, values, add } = site;
  const [value] = values as [SharedValue];
  if (value.axis === undefined) return { ref: add([value.ref]) };
  return { ...value, ref: add([value.ref]), axis: (node.attributes.perm as readonly number[]).indexOf(value.axis) };
};

const concatRule: ShareRule = (site) => {
  const { node, values, shapes, add } = site;
  const concatAxis = node.attributes.axis as number;
  const sharedAxis = findLargestShare(site);
  if (!sharedAxis || sharedAxis.axis === concatAxis) return wholeRule(site);
  const operands = alignOperands(site, sharedAxis.axis, sharedAxis.symbol, node.type.shape.length);
  const indexOperand = values.findIndex(({ localIndexColumn }) => localIndexColumn !== undefined);
  if (indexOperand < 0) return { ref: add(operands), ...sharedAxis };
  // The result has pairs of numbers, and one number of each pair is an index of a worker's own rows.
  if (concatAxis !== node.type.shape.length - 1) throw new CannotShare();
  const columnsBefore = shapes.slice(0, indexOperand).reduce((sum, shape) => sum + (shape[concatAxis] as number), 0);
  return {
    ref: add(operands),
    ...sharedAxis,
    localIndexColumn: columnsBefore + values[indexOperand]!.localIndexColumn!,
  };
};

const sliceRule: ShareRule = (site) => {
  const { node, values, shapes, shares, add } = site;
  const [value] = values as [SharedValue];
  const { axis, symbol, localIndexColumn } = value;
  if (axis === undefined) return { ref: add([value.ref]) };
  const begin = node.attributes.begin as readonly number[];
  const size = node.attributes.size as readonly Dim[];
  const isAll = begin[axis] === 0 && (size[axis] === -1 || sameDim(size[axis]!, shapes[0]![axis]!));
  if (!isAll) return wholeRule(site);
  const ownSizes = size.map((dim, index) => (index === axis ? shares.ownDim(dim, symbol!) : dim));
  const sliced = { ...value, ref: add([value.ref], { begin, size: ownSizes }) };
  const lastAxisIndex = begin.length - 1;
  if (localIndexColumn === undefined || lastAxisIndex === axis) return sliced;
  const slicedColumn = localIndexColumn - begin[lastAxisIndex]!;
  const isWithin = slicedColumn >= 0 && slicedColumn < (node.type.shape[lastAxisIndex] as number);
  return { ...sliced, localIndexColumn: isWithin ? slicedColumn : undefined };
};

const padRule: ShareRule = (site) => {
  rejectLocalIndexes(site);
  const { node, values, add } = site;
  const [value] = values as [SharedValue];
  const { before, after } = node.attributes as Record<string, readonly number[]>;
  if (value.axis === undefined || before![value.axis] !== 0 || after![value.axis] !== 0) return wholeRule(site);
  return { ...value, ref: add([value.ref]) };
};

const broadcastRule: ShareRule = (site) => {
  const { localIndexColumn } = site.values[0]!;
  if (localIndexColumn !== undefined) throw new CannotShare();
  // The values of the second operand are not read.
  const values = site.values.map(({ localIndexColumn: _, ...value }) => value);
  return alignedRule({ ...site, values });
};

const gatherRule: ShareRule = (site) => {
  const { values, shapes, shares, add } = site;
  const [table, indices] = values as [SharedValue, SharedValue];
  if (table.localIndexColumn !== undefined) throw new CannotShare();
  const rowShare = indices.axis === undefined ? {} : { axis: indices.axis, symbol: indices.symbol! };
  if (indices.localIndexColumn !== undefined) {
    const ownRows = table.axis === undefined ? cutOwnRows(table, shapes[0]!, shares) : table;
    if (ownRows.axis !== 0) throw new CannotShare();
    return { ref: add([ownRows.ref, indices.ref]), ...rowShare };
  }
  if (table.axis !== undefined && table.axis > 0 && indices.axis === undefined) {
    const axis = table.axis - 1 + shapes[1]!.length;
    return { ref: add([table.ref, indices.ref]), axis, symbol: table.symbol! };
  }
  return { ref: add([shares.wholeOf(table), indices.ref]), ...rowShare };
};

function cutOwnRows({ ref }: SharedValue, [first]: Shape, shares: Shares): SharedValue {
  if (first === undefined || typeof first === 'number' || first.symbol.includes('·')) throw new CannotShare();
  return shares.toShare(ref, 0, first.symbol);
}

const segmentSumRule: ShareRule = (site) => {
  const { node, values, builder, shares, add } = site;
  const [rows, segments] = values as [SharedValue, SharedValue];
  if (rows.localIndexColumn !== undefined) throw new CannotShare();
  const symbol = rows.axis === 0 ? rows.symbol : segments.symbol;
  if (symbol === undefined) return wholeRule(site);
  const ownRows = (value: SharedValue): Ref =>
    value.axis === 0 ? value.ref : shares.toShare(shares.wholeOf(value), 0, symbol).ref;
  const operands = [ownRows(rows), ownRows(segments)];
  if (segments.localIndexColumn === undefined) return { ref: builder.allReduce(add(operands)) };
  const [resultRows] = node.attributes.rows as readonly [Dim];
  const targetSymbol = typeof resultRows === 'number' ? undefined : resultRows.symbol;
  if (targetSymbol === undefined || targetSymbol.includes('·')) throw new CannotShare();
  return { ref: add(operands, { rows: [shares.ownDim(resultRows, targetSymbol)] }), axis: 0, symbol: targetSymbol };
};

const scatterUpdateRule: ShareRule = (site) => {
  const { values, shares, add } = site;
  const [value, indices, updates] = values as [SharedValue, SharedValue, SharedValue];
  const { localIndexColumn, axis, symbol } = indices;
  if (localIndexColumn === undefined) return wholeRule(site);
  const sharedRows = value.axis === localIndexColumn ? value : undefined;
  if (!sharedRows) throw new CannotShare();
  const ownUpdates = updates.axis === axis ? updates.ref : shares.toShare(shares.wholeOf(updates), 0, symbol!).ref;
  return { ...sharedRows, ref: add([sharedRows.ref, indices.ref, ownUpdates]) };
};

const shareRules: Readonly<Record<Exclude<ComputedOp, (typeof elementwiseNames)[number]>, ShareRule>> = {
  MatMul: productRule,
  BatchMatMul: productRule,
  Sum: reductionRule,
  Mean: reductionRule,
  Max: reductionRule,
  Softmax: lastAxisRule,
  LogSoftmax: lastAxisRule,
  TopK: lastAxisRule,
  Reshape: reshapeRule,
  Transpose: transposeRule,
  Concat: concatRule,
  Slice: sliceRule,
  Pad: padRule,
  BroadcastTo: broadcastRule,
  Gather: gatherRule,
  SegmentSum: segmentSumRule,
  ScatterUpdate: scatterUpdateRule,
  AllGather: wholeRule,
  AllReduce: wholeRule,
};

export const shareRuleOf = (op: ComputedOp): ShareRule =>
  op in shareRules ? shareRules[op as keyof typeof shareRules] : alignedRule;
