/** Which nodes of a graph are made piece by piece, so that a matrix of a row for each of the batch is never there as a whole. */
import { sameDim } from './dims.ts';
import type { Dim, Graph, Node } from './graph.ts';
import { isLeaf } from './ops/table.ts';
import { elementwiseNames } from './ops.ts';
import { uniformValue } from './passes/rewrite.ts';

export class PiecedNodes {
  /** Matrices, what is made of them alone, and what lies between two of them. */
  readonly pieced: ReadonlySet<number>;
  /** Those of `pieced` that are sums over rows. */
  readonly sums: ReadonlySet<number>;
  readonly isPossible: boolean;
  private readonly after: ReadonlySet<number>;

  constructor(
    private readonly graph: Graph,
    private readonly rows: Dim,
    private readonly columns: Dim,
  ) {
    const { nodes } = graph;
    const matrices = new Set(nodes.flatMap((node, id) => (this.isMatrix(node) ? [id] : [])));
    this.after = reached(nodes, matrices);
    const consumers = nodes.flatMap(({ inputs }, id) =>
      !matrices.has(id) && inputs.some((input) => matrices.has(input)) ? [id] : [],
    );
    const sums = consumers.filter((id) => this.isSum(id));
    const before = reaching(nodes, new Set([...matrices, ...sums]));
    const between = nodes.flatMap((_, id) => (this.after.has(id) && before.has(id) ? [id] : []));
    this.pieced = new Set([...matrices, ...consumers, ...between]);
    this.sums = new Set(sums);
    const isReadByPieces = (id: number): boolean => before.has(id);
    this.isPossible =
      matrices.size > 0 &&
      [...this.pieced].every(
        (id) => (this.sums.has(id) ? !isReadByPieces(id) : this.isByRow(id)) && this.hasInputs(id),
      );
  }

  /** Whether a value has a row for each of the batch, first. */
  isOfRows(id: number): boolean {
    const [first] = this.graph.nodes[id]!.type.shape;
    return first !== undefined && sameDim(first, this.rows);
  }

  private isMatrix({ op, type: { shape } }: Node): boolean {
    return !isLeaf(op) && shape.length === 2 && sameDim(shape[0]!, this.rows) && sameDim(shape[1]!, this.columns);
  }

  /** What is not made piece by piece does not wait for what is. */
  private hasInputs(id: number): boolean {
    return this.graph.nodes[id]!.inputs.every((input) => this.pieced.has(input) || !this.after.has(input));
  }

  /** aᵀ · b, summed over the rows of both. */
  private isSum(id: number): boolean {
    const { op, inputs, attributes } = this.graph.nodes[id]!;
    return (
      op === 'MatMul' &&
      attributes.transposeA === true &&
      !attributes.transposeB &&
      inputs.every((input) => this.isOfRows(input))
    );
  }

  /** Whether row i of it depends on row i of its operands alone. */
  private isByRow(id: number): boolean {
    const { nodes } = this.graph;
    const { op, inputs, attributes, type } = nodes[id]!;
    if (!this.isOfRows(id) || type.shape.slice(1).some((dim) => this.hasRows(dim))) return false;
    const isWhole = (input: number): boolean => !nodes[input]!.type.shape.some((dim) => this.hasRows(dim));
    const areAligned = inputs.every(
      (input) => isWhole(input) || (this.isOfRows(input) && nodes[input]!.type.shape.length === type.shape.length),
    );
    if (elementwise.has(op)) return areAligned;
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

const elementwise: ReadonlySet<string> = new Set(elementwiseNames);

/** The nodes that depend on some of these, themselves among them. */
export function reached(nodes: readonly Node[], from: ReadonlySet<number>): ReadonlySet<number> {
  const found = new Set(from);
  nodes.forEach(({ inputs }, id) => {
    if (inputs.some((input) => found.has(input))) found.add(id);
  });
  return found;
}

/** The nodes that some of these depend on. */
function reaching(nodes: readonly Node[], to: ReadonlySet<number>): ReadonlySet<number> {
  const found = new Set<number>();
  for (let id = nodes.length - 1; id >= 0; id--) {
    if (to.has(id) || found.has(id)) for (const input of nodes[id]!.inputs) found.add(input);
  }
  return found;
}
