/**
 * Computes matrix products in bfloat16: processors with instructions for it multiply two to sixteen times as fast, and half of the memory moves. Operands are
 * rounded, the kernels accumulate in float32, and results are rounded once. Values between two products stay in bfloat16, so that they are not widened and
 * rounded again. Everything else is float32, and so are inputs and outputs: sums, norms, exponentials, losses, gradients that are added up, the optimizer and
 * its weights (Micikevicius et al. 2018, Kalamkar et al. 2019).
 */
import { type Builder, builderOn, type Ref } from './builder.ts';
import type { Sizes } from './dims.ts';
import type { Graph, Node } from './graph.ts';
import { isLeaf, rowOf } from './ops/table.ts';
import { estimate } from './passes/rewrite.ts';
import { GraphWriter } from './writer.ts';

export interface InBfloat16 {
  /** Lengths of the symbols that are known: small products stay in float32. */
  readonly sizes?: Sizes;
  /** Minimum multiplications and additions of a product. Below it, the casts take longer than they save. Default: as measured. */
  readonly least?: number;
}

/**
 * Measured on an AMD EPYC with AVX512-BF16, products with their casts: 64 × 64 · [256, 64], which has 2 million operations, takes equally long in both; [1024,
 * 64] · [64, 64] gains a quarter, [1024, 256] · [256, 128] a half. A product with a vector is slower at every size.
 */
const leastOperations = 4e6;
const leastLength = 16;

/** Returns the same graph if no product is large enough. */
export function inBfloat16(graph: Graph, options: InBfloat16 = {}): Graph {
  const products = productsOf(graph, options);
  return products.size === 0 ? graph : new Narrowing(graph, products).result();
}

/** Returns the multiplications and additions of one run that the pass computes in bfloat16. */
export function operationsInBfloat16(graph: Graph, options: InBfloat16 = {}): number {
  return [...productsOf(graph, options).values()].reduce((sum, operations) => sum + operations, 0);
}

function productsOf(graph: Graph, { sizes = {}, least = leastOperations }: InBfloat16): ReadonlyMap<number, number> {
  const largeProducts = new Map<number, number>();
  graph.nodes.forEach((node, id) => {
    if (kindOf(node) !== 'product' || node.type.dtype !== 'float32') return;
    const [rows, columns] = node.type.shape.slice(-2).map((dim) => estimate([dim], sizes)) as [number, number];
    const leftShape = graph.nodes[node.inputs[0]!]!.type.shape.slice(-2);
    const inner = estimate([leftShape[node.attributes.transposeA ? 0 : 1]!], sizes);
    const operations = 2 * estimate(node.type.shape, sizes) * inner;
    const isThin = least > 0 && Math.min(rows, columns, inner) < leastLength;
    if (operations >= least && !isThin) largeProducts.set(id, operations);
  });
  return largeProducts;
}

const kindOf = ({ op }: Node): 'product' | 'carry' | 'bias' | undefined =>
  isLeaf(op) ? undefined : rowOf(op).bfloat16;

/** Rewrites the graph. A value exists in float32, in bfloat16, or in both if both are read. */
class Narrowing {
  private readonly writer: GraphWriter;
  private readonly builder: Builder;
  private readonly wide: (Ref | undefined)[] = [];
  private readonly narrow: (Ref | undefined)[] = [];
  private readonly between: ReadonlySet<number>;

  constructor(
    private readonly graph: Graph,
    private readonly products: ReadonlyMap<number, number>,
  ) {
    this.writer = new GraphWriter(graph.name);
    this.builder = builderOn(this.writer);
    this.between = betweenProducts(graph, products);
  }

  result(): Graph {
    const { graph, writer } = this;
    graph.nodes.forEach((node, id) => {
      writer.label = node.label;
      this.copy(node, id);
    });
    return writer.finishCopy(graph, (id) => this.wideOf(id));
  }

  private copy(node: Node, id: number): void {
    const { writer, graph } = this;
    const leafRef = writer.copyLeaf(graph, node);
    if (leafRef) this.wide[id] = leafRef;
    else if (this.products.has(id) || this.between.has(id)) {
      const copied = writer.again(
        node,
        node.inputs.map((input) => this.narrowOf(input)),
      );
      if (copied.type.dtype === 'bfloat16') this.narrow[id] = copied;
      else this.wide[id] = copied;
    } else {
      this.wide[id] = writer.again(
        node,
        node.inputs.map((input) => this.wideOf(input)),
      );
    }
  }

  private wideOf(id: number): Ref {
    this.wide[id] ??= this.builder.cast(this.narrow[id]!, 'float32');
    return this.wide[id];
  }

  /** Returns the value in bfloat16, or the value itself if it is not float32. */
  private narrowOf(id: number): Ref {
    const { op, type, attributes } = this.graph.nodes[id]!;
    if (type.dtype !== 'float32') return this.wide[id]!;
    if (op === 'Constant') {
      return this.builder.constant(attributes.values as readonly number[], type.shape as readonly number[], 'bfloat16');
    }
    this.narrow[id] ??= this.builder.cast(this.wide[id]!, 'bfloat16');
    return this.narrow[id];
  }
}

/** A value is small next to another one that is this many times as large: a bias, a constant. */
const small = 8;

/** Returns the nodes on a path from a product to a product on which no value must be float32. */
function betweenProducts({ nodes }: Graph, products: ReadonlyMap<number, number>): ReadonlySet<number> {
  const elementCounts = nodes.map(({ type }) => estimate(type.shape));
  const afterProducts = new Set(products.keys());
  nodes.forEach((node, id) => {
    const kind = kindOf(node);
    if (kind !== 'carry' && kind !== 'bias') return;
    const floatInputs = node.inputs.filter((input) => nodes[input]!.type.dtype === 'float32');
    const largeInputs = floatInputs.filter((input) => elementCounts[input]! * small > elementCounts[id]!);
    // The sum of two large values stays in float32.
    const fits = kind === 'carry' ? largeInputs.length > 0 : largeInputs.length === 1;
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
export const inPrecision = (
  graph: Graph,
  precision: Precision,
  { train: { batch } }: { readonly train: { readonly batch: number } },
): Graph => (precision === 'bf16' ? inBfloat16(graph, { sizes: { batch } }) : graph);
