/**
 * Rewrites a graph that has matrices with a row for each row of a batch and a column for each of very many items, so that only some of their rows exist at a
 * time. Values that are computed from such a matrix row by row are computed piece by piece and joined. Sums over its rows are added up over the pieces. The
 * values are the same, up to the rounding of sums.
 */
import { appendToList } from '../base/util/objects.ts';
import { type Builder, GraphWriter, makeBuilderFor, type Ref } from './builder.ts';
import { sameDim, symbolicDim } from './dims.ts';
import { type Attribute, type Dim, elementwiseNames, type Graph, type Node } from './graph.ts';
import { isLeaf } from './ops/table.ts';
import { uniformValue } from './passes/rewrite.ts';

/** Finds the nodes of a graph to compute piece by piece, so that a matrix with a row for each of the batch never exists as a whole. */
class PiecedNodes {
  /** Matrices, values that are computed from them, and values between two of them. */
  readonly pieced: ReadonlySet<number>;
  /** The nodes of `pieced` that are sums over rows. */
  readonly sums: ReadonlySet<number>;
  readonly isPossible: boolean;
  private readonly dependentIds: ReadonlySet<number>;

  constructor(
    private readonly graph: Graph,
    private readonly rows: Dim,
    private readonly columns: Dim,
  ) {
    const { nodes } = graph;
    const matrices = new Set(nodes.flatMap((node, id) => (this.isMatrix(node) ? [id] : [])));
    this.dependentIds = findDependents(nodes, matrices);
    const consumers = nodes.flatMap(({ inputs }, id) =>
      !matrices.has(id) && inputs.some((input) => matrices.has(input)) ? [id] : [],
    );
    const sums = consumers.filter((id) => this.isSum(id));
    const beforeMatrices = findDependencies(nodes, new Set([...matrices, ...sums]));
    const between = nodes.flatMap((_, id) => (this.dependentIds.has(id) && beforeMatrices.has(id) ? [id] : []));
    this.pieced = new Set([...matrices, ...consumers, ...between]);
    this.sums = new Set(sums);
    const isReadByPieces = (id: number): boolean => beforeMatrices.has(id);
    this.isPossible =
      matrices.size > 0 &&
      [...this.pieced].every(
        (id) => (this.sums.has(id) ? !isReadByPieces(id) : this.isByRow(id)) && this.areInputsAvailable(id),
      );
  }

  /** True if the first axis of a value has a row for each of the batch. */
  isOfRows(id: number): boolean {
    const [first] = this.graph.nodes[id]!.type.shape;
    return first !== undefined && sameDim(first, this.rows);
  }

  private isMatrix({ op, type: { shape } }: Node): boolean {
    return !isLeaf(op) && shape.length === 2 && sameDim(shape[0]!, this.rows) && sameDim(shape[1]!, this.columns);
  }

  /** True if no operand that is computed as a whole depends on one that is computed piece by piece. */
  private areInputsAvailable(id: number): boolean {
    return this.graph.nodes[id]!.inputs.every((input) => this.pieced.has(input) || !this.dependentIds.has(input));
  }

  /** True for aᵀ · b, which sums over the rows of both. */
  private isSum(id: number): boolean {
    const { op, inputs, attributes } = this.graph.nodes[id]!;
    const isTransposedLeft = op === 'MatMul' && attributes.transposeA === true && !attributes.transposeB;
    return isTransposedLeft && inputs.every((input) => this.isOfRows(input));
  }

  /** True if row i of the value depends only on row i of its operands. */
  private isByRow(id: number): boolean {
    const { nodes } = this.graph;
    const { op, inputs, attributes, type } = nodes[id]!;
    if (!this.isOfRows(id) || type.shape.slice(1).some((dim) => this.hasRows(dim))) return false;
    const isWhole = (input: number): boolean => !nodes[input]!.type.shape.some((dim) => this.hasRows(dim));
    const areAligned = inputs.every(
      (input) => isWhole(input) || (this.isOfRows(input) && nodes[input]!.type.shape.length === type.shape.length),
    );
    if (elementwiseOps.has(op)) return areAligned;
    const [first, second, third] = inputs;
    switch (op) {
      case 'MatMul':
        return attributes.transposeA !== true && this.isOfRows(first!) && isWhole(second!);
      case 'Softmax':
      case 'LogSoftmax':
        return type.shape.length > 1;
      case 'Sum':
      case 'Mean':
      case 'Max':
        return this.isOfRows(first!) && !(attributes.axes as readonly number[]).includes(0);
      case 'Reshape':
        return this.isOfRows(first!);
      case 'Slice':
        return this.isOfRows(first!) && (attributes.begin as readonly number[])[0] === 0;
      case 'Concat':
        return attributes.axis !== 0 && areAligned;
      case 'ScatterUpdate':
        return (
          this.isOfRows(first!) && nodes[second!]!.op === 'Input' && uniformValue(this.graph, third!) !== undefined
        );
      case 'BroadcastTo':
        return areAligned || isWhole(first!);
      default:
        return false;
    }
  }

  private hasRows(dim: Dim): boolean {
    if (typeof dim === 'number' || typeof this.rows === 'number') return false;
    return dim.symbol.split('·').includes(this.rows.symbol);
  }
}

const elementwiseOps: ReadonlySet<string> = new Set(elementwiseNames);

/** Returns the nodes that depend on some of these, and these themselves. */
function findDependents(nodes: readonly Node[], roots: ReadonlySet<number>): ReadonlySet<number> {
  const reachedIds = new Set(roots);
  nodes.forEach(({ inputs }, id) => {
    if (inputs.some((input) => reachedIds.has(input))) reachedIds.add(id);
  });
  return reachedIds;
}

/** Returns the nodes that some of these depend on. */
function findDependencies(nodes: readonly Node[], targets: ReadonlySet<number>): ReadonlySet<number> {
  const reachingIds = new Set<number>();
  for (let id = nodes.length - 1; id >= 0; id--) {
    if (targets.has(id) || reachingIds.has(id)) for (const input of nodes[id]!.inputs) reachingIds.add(input);
  }
  return reachingIds;
}

export interface PieceOptions {
  /** The dimensions of the matrices. */
  readonly rows: Dim;
  readonly columns: Dim;
  /** Number of pieces, two or more. */
  readonly pieces: number;
}

/** Further inputs of the rewritten graph. */
export const pieceInputs = {
  /** The batch row of each row of each piece: int32 [pieces, piece]. The padding of the last piece is any row. */
  rows: 'pieces/rows',
  /** 1, or 0 for padding: float32 [pieces, piece] */
  known: 'pieces/known',
  /** The position of each row among those of all pieces: int32 [rows] */
  places: 'pieces/places',
} as const;

/** Returns the name of the input with the (row, column) pairs of one piece, whose rows count from 0: int32 [hits, 2]. */
export const piecePairsInput = (input: string, pieceIndex: number): string => `pieces/${pieceIndex}/${input}`;

const piece = symbolicDim('piece');

/** Returns undefined if the graph has no such matrix, or uses one neither by row nor in a sum over rows. */
export function splitIntoPieces(graph: Graph, options: PieceOptions): Graph | undefined {
  const piecedNodes = new PiecedNodes(graph, options.rows, options.columns);
  return piecedNodes.isPossible ? new PieceRewriter(graph, options, piecedNodes).rewrite() : undefined;
}

class PieceRewriter {
  private readonly writer: GraphWriter;
  private readonly builder: Builder;
  private readonly wholeValues: Ref[] = [];
  private readonly pairInputs = new Map<string, Ref>();

  constructor(
    private readonly source: Graph,
    private readonly options: PieceOptions,
    private readonly piecedNodes: PiecedNodes,
  ) {
    this.writer = new GraphWriter(source.name);
    this.builder = makeBuilderFor(this.writer);
  }

  rewrite(): Graph {
    const { source, piecedNodes, wholeValues, writer } = this;
    const { nodes } = source;
    const afterPieces = findDependents(nodes, piecedNodes.pieced);
    nodes.forEach((_, id) => {
      if (!afterPieces.has(id)) this.copyNode(id);
    });
    this.addPieces();
    nodes.forEach((_, id) => {
      if (afterPieces.has(id) && !piecedNodes.pieced.has(id)) this.copyNode(id);
    });
    return writer.finishCopy(source, (id) => wholeValues[id]!);
  }

  private copyNode(id: number): void {
    const { writer, wholeValues, source } = this;
    const node = source.nodes[id]!;
    writer.label = node.label;
    const operands = node.inputs.map((input) => wholeValues[input]!);
    wholeValues[id] = writer.copyLeaf(source, node) ?? writer.reapply(node, operands);
  }

  private addPieces(): void {
    const { builder, options, piecedNodes, wholeValues } = this;
    const pieceShape = [options.pieces, piece];
    const pieceRows = builder.input(pieceInputs.rows, pieceShape, 'int32');
    const isRow = builder.input(pieceInputs.known, pieceShape);
    const places = builder.input(pieceInputs.places, [options.rows], 'int32');
    const partsById = new Map<number, Ref[]>();
    const sumsById = new Map<number, Ref>();
    for (let index = 0; index < options.pieces; index++) {
      const rowOfPiece = (all: Ref): Ref => builder.reshape(builder.slice(all, [index, 0], [1, -1]), [piece]);
      const pieceValues = this.addPiece(index, rowOfPiece(pieceRows), rowOfPiece(isRow), lastTotal(sumsById));
      for (const [id, value] of pieceValues) {
        const sumSoFar = sumsById.get(id);
        if (piecedNodes.sums.has(id)) sumsById.set(id, sumSoFar ? builder.add(sumSoFar, value) : value);
        else if (this.isReadWhole(id)) appendToList(partsById, id, value);
      }
    }
    for (const [id, total] of sumsById) wholeValues[id] = total;
    for (const [id, values] of partsById) wholeValues[id] = builder.gather(builder.concat(values, 0), places);
  }

  private addPiece(pieceIndex: number, rows: Ref, isRow: Ref, source: Ref | undefined): ReadonlyMap<number, Ref> {
    const { writer, builder, piecedNodes, wholeValues } = this;
    const { nodes } = this.source;
    const pieceValues = new Map<number, Ref>();
    const pickedRows = new Map<number, Ref>();
    const valueInPiece = (id: number): Ref => {
      const value = pieceValues.get(id) ?? pickedRows.get(id);
      if (value) return value;
      if (!piecedNodes.isOfRows(id)) return wholeValues[id]!;
      const ownRows = builder.gather(wholeValues[id]!, rows);
      const orderedRows = source && ownRows.type.dtype === 'float32' ? orderAfter(builder, ownRows, source) : ownRows;
      pickedRows.set(id, orderedRows);
      return orderedRows;
    };
    for (const id of [...piecedNodes.pieced].sort((a, b) => a - b)) {
      const { op, inputs, attributes, label } = nodes[id]!;
      if (isLeaf(op)) continue;
      writer.label = label;
      if (op === 'ScatterUpdate') {
        pieceValues.set(id, this.scatter(nodes[id]!, valueInPiece(inputs[0]!), pieceIndex));
        continue;
      }
      const values = inputs.map(valueInPiece);
      if (piecedNodes.sums.has(id)) {
        // Multiplies padding by 0, in the smaller of the two operands.
        const narrowInput = inputs.findIndex((input) => !piecedNodes.pieced.has(input) || !this.hasAllColumns(input));
        const factor = narrowInput < 0 ? 1 : narrowInput;
        const { shape } = values[factor]!.type;
        values[factor] = builder.mul(values[factor]!, builder.reshape(isRow, [piece, ...shape.slice(1).map(() => 1)]));
      }
      pieceValues.set(id, writer.add(op, values, this.pieceAttributes(attributes)));
    }
    return pieceValues;
  }

  /** Writes one number at the positions that an input has for this piece. */
  private scatter({ inputs: [, pairInputs, updates] }: Node, matrix: Ref, pieceIndex: number): Ref {
    const { builder, source } = this;
    const { type, attributes } = source.nodes[pairInputs!]!;
    const pairCount = symbolicDim(`${(type.shape[0] as { readonly symbol: string }).symbol}/${pieceIndex}`);
    const pairsName = piecePairsInput(String(attributes.name), pieceIndex);
    const indices = this.pairInputs.get(pairsName) ?? builder.input(pairsName, [pairCount, 2], 'int32');
    this.pairInputs.set(pairsName, indices);
    const pairColumn = builder.cast(builder.reshape(builder.slice(indices, [0, 0], [-1, 1]), [pairCount]), 'float32');
    const value = builder.constant(uniformValue(source, updates!)!);
    return builder.scatterUpdate(matrix, indices, builder.broadcastTo(value, pairColumn));
  }

  private hasAllColumns(id: number): boolean {
    return sameDim(this.source.nodes[id]!.type.shape[1]!, this.options.columns);
  }

  private isReadWhole(id: number): boolean {
    const { nodes, outputs, updates } = this.source;
    return (
      nodes.some(({ inputs }, user) => !this.piecedNodes.pieced.has(user) && inputs.includes(id)) ||
      [...outputs, ...updates].some(({ node }) => node === id)
    );
  }

  private pieceAttributes(attributes: Node['attributes']): Node['attributes'] {
    const { rows } = this.options;
    const replaceRows = (value: Attribute): Attribute =>
      Array.isArray(value)
        ? ((value as readonly Dim[]).map((dim) => (sameDim(dim, rows) ? piece : dim)) as Attribute)
        : value;
    return Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, replaceRows(value)]));
  }
}

const lastTotal = (totals: ReadonlyMap<number, Ref>): Ref | undefined => [...totals.values()].at(-1);

/** Returns the same value, computed after another one: an engine that runs everything as soon as it can would hold all pieces together. */
function orderAfter(builder: Builder, value: Ref, previous: Ref): Ref {
  const zeros = previous.type.shape.map(() => 0);
  const ones = previous.type.shape.map(() => 1);
  const firstElement = builder.reshape(builder.slice(previous, zeros, ones), []);
  return builder.add(value, builder.mul(firstElement, 0));
}
