/**
 * Computes matrix products in bfloat16: processors with instructions for it multiply two to sixteen times as fast, and half of the memory moves. Operands are
 * rounded, the kernels accumulate in float32, and results are rounded once. Values between two products stay in bfloat16, so that they are not widened and
 * rounded again. Everything else is float32, and so are inputs and outputs: sums, norms, exponentials, losses, gradients that are added up, the optimizer and
 * its weights (Micikevicius et al. 2018, Kalamkar et al. 2019).
 */
import { type Builder, GraphWriter, makeBuilderFor, type Ref } from './builder.ts';
import type { Sizes } from './dims.ts';
import type { Graph, Node } from './graph.ts';
import { isLeaf, opRowOf } from './ops/table.ts';
import { estimateElements } from './passes/rewrite.ts';

export interface Bfloat16Options {
  /** Lengths of the symbols that are known: small products stay in float32. */
  readonly sizes?: Sizes;
  /** Minimum multiplications and additions of a product. Below it, the casts take longer than they save. Default: as measured. */
  readonly minOperations?: number;
}

/**
 * Measured on an AMD EPYC with AVX512-BF16, products with their casts: 64 × 64 · [256, 64], which has 2 million operations, takes equally long in both; [1024,
 * 64] · [64, 64] gains a quarter, [1024, 256] · [256, 128] a half. A product with a vector is slower at every size.
 */
const defaultMinOperations = 4e6;
const minLength = 16;

/** Returns the same graph if no product is large enough. */
export function useBfloat16(graph: Graph, options: Bfloat16Options = {}): Graph {
  const products = findLargeProducts(graph, options);
  return products.size === 0 ? graph : new Bfloat16Rewriter(graph, products).rewrite();
}

/** Returns the multiplications and additions of one run that the pass computes in bfloat16. */
export function operationsInBfloat16(graph: Graph, options: Bfloat16Options = {}): number {
  return [...findLargeProducts(graph, options).values()].reduce((sum, operations) => sum + operations, 0);
}

function findLargeProducts(
  graph: Graph,
  { sizes = {}, minOperations = defaultMinOperations }: Bfloat16Options,
): ReadonlyMap<number, number> {
  const largeProducts = new Map<number, number>();
  graph.nodes.forEach((node, id) => {
    if (bfloat16Role(node) !== 'product' || node.type.dtype !== 'float32') return;
    const [rows, columns] = node.type.shape.slice(-2).map((dim) => estimateElements([dim], sizes)) as [number, number];
    const leftShape = graph.nodes[node.inputs[0]!]!.type.shape.slice(-2);
    const inner = estimateElements([leftShape[node.attributes.transposeA ? 0 : 1]!], sizes);
    const operations = 2 * estimateElements(node.type.shape, sizes) * inner;
    const isThin = minOperations > 0 && Math.min(rows, columns, inner) < minLength;
    if (operations >= minOperations && !isThin) largeProducts.set(id, operations);
  });
  return largeProducts;
}

const bfloat16Role = ({ op }: Node): 'product' | 'carry' | 'bias' | undefined =>
  isLeaf(op) ? undefined : opRowOf(op).bfloat16;

/** Rewrites the graph. A value exists in float32, in bfloat16, or in both if both are read. */
class Bfloat16Rewriter {
  private readonly writer: GraphWriter;
  private readonly builder: Builder;
  private readonly float32Refs: (Ref | undefined)[] = [];
  private readonly bfloat16Refs: (Ref | undefined)[] = [];
  private readonly betweenIds: ReadonlySet<number>;

  constructor(
    private readonly graph: Graph,
    private readonly products: ReadonlyMap<number, number>,
  ) {
    this.writer = new GraphWriter(graph.name);
    this.builder = makeBuilderFor(this.writer);
    this.betweenIds = findNodesBetween(graph, products);
  }

  rewrite(): Graph {
    const { graph, writer } = this;
    graph.nodes.forEach((node, id) => {
      writer.label = node.label;
      this.copyNode(node, id);
    });
    return writer.finishCopy(graph, (id) => this.toFloat32(id));
  }

  private copyNode(node: Node, id: number): void {
    const { writer, graph } = this;
    const leafRef = writer.copyLeaf(graph, node);
    if (leafRef) this.float32Refs[id] = leafRef;
    else if (this.products.has(id) || this.betweenIds.has(id)) {
      const copied = writer.reapply(
        node,
        node.inputs.map((input) => this.toBfloat16(input)),
      );
      if (copied.type.dtype === 'bfloat16') this.bfloat16Refs[id] = copied;
      else this.float32Refs[id] = copied;
    } else {
      this.float32Refs[id] = writer.reapply(
        node,
        node.inputs.map((input) => this.toFloat32(input)),
      );
    }
  }

  private toFloat32(id: number): Ref {
    this.float32Refs[id] ??= this.builder.cast(this.bfloat16Refs[id]!, 'float32');
    return this.float32Refs[id];
  }

  /** Returns the value in bfloat16, or the value itself if it is not float32. */
  private toBfloat16(id: number): Ref {
    const { op, type, attributes } = this.graph.nodes[id]!;
    if (type.dtype !== 'float32') return this.float32Refs[id]!;
    if (op === 'Constant') {
      return this.builder.constant(attributes.values as readonly number[], type.shape as readonly number[], 'bfloat16');
    }
    this.bfloat16Refs[id] ??= this.builder.cast(this.float32Refs[id]!, 'bfloat16');
    return this.bfloat16Refs[id];
  }
}

/** Minimum ratio of sizes for an operand, such as a bias or a constant, to count as small. */
const smallRatio = 8;

/** Returns the nodes on a path from a product to a product on which no value must be float32. */
function findNodesBetween({ nodes }: Graph, products: ReadonlyMap<number, number>): ReadonlySet<number> {
  const elementCounts = nodes.map(({ type }) => estimateElements(type.shape));
  const afterProducts = new Set(products.keys());
  nodes.forEach((node, id) => {
    const role = bfloat16Role(node);
    if (role !== 'carry' && role !== 'bias') return;
    const floatInputs = node.inputs.filter((input) => nodes[input]!.type.dtype === 'float32');
    const largeInputs = floatInputs.filter((input) => elementCounts[input]! * smallRatio > elementCounts[id]!);
    // The sum of two large values stays in float32.
    const fits = role === 'carry' ? largeInputs.length > 0 : largeInputs.length === 1;
    if (fits && largeInputs.every((input) => afterProducts.has(input))) afterProducts.add(id);
  });
  const betweenIds = new Set<number>();
  for (let id = nodes.length - 1; id >= 0; id -= 1) {
    if (!products.has(id) && !betweenIds.has(id)) continue;
    for (const input of nodes[id]!.inputs) if (afterProducts.has(input) && !products.has(input)) betweenIds.add(input);
  }
  return betweenIds;
}

export type Precision = 'float32' | 'bf16';

/** Returns the graph of a plan's step as it runs in this precision. */
export const graphInPrecision = (
  graph: Graph,
  precision: Precision,
  { train: { batch } }: { readonly train: { readonly batch: number } },
): Graph => (precision === 'bf16' ? useBfloat16(graph, { sizes: { batch } }) : graph);
