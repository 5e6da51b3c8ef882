/** Computes the vectors of one tower with its current weights. Rows with short lists go through graphs that are compiled for short lists. */

import { failure, invariant } from '../../base/diagnostics/diagnostic.ts';
import { makeRandom } from '../../base/random/random.ts';
import { listRowIndexes, yieldToEventLoop } from '../../base/util/objects.ts';
import type { IndexedColumn } from '../../data/dataset.ts';
import type { Engine, Program, Tensors } from '../../engines/engine.ts';
import { equalSizes } from '../../graph/count.ts';
import { resolveShape } from '../../graph/dims.ts';
import { hostDtype } from '../../graph/evaluate.ts';
import type { Graph, HostDtype, Tensor } from '../../graph/graph.ts';
import type { GraphPlan, Plan, TowerPlan } from '../../graph/plan/plan.ts';
import type { Vectors } from '../../retrieval/vectors.ts';
import type { Tables } from '../embedding/tables.ts';
import { makeElementCounter } from '../feed/batch_lists.ts';
import { makeRowFeeder, type RowFeeder } from '../feed/feeder.ts';

/**
 * Lays out the rows of a run so that a row gets the same bits whatever other rows are in the run. Engines add up numbers in an order that depends
 * on the number of rows and on the address of a row: TensorFlow reduces eight rows at a time and the remaining rows differently, and ONNX Runtime
 * adds the numbers of a row in an order that depends on its address, so two adjacent rows of 50 numbers differ. Which runs agree depends on the
 * graph, the engine and the processor. So before its first use each graph is checked on this machine with six runs.
 */
interface RowLayout {
  /** Each run is padded to a multiple of this number of rows. */
  readonly multiple: number;
  /** Row i of the run is at slot `spacing` · i. The slots between are padding. */
  readonly spacing: number;
  /** Maximum rows in one run. */
  readonly maxRows: number;
}

/** A run of a single row cannot depend on other rows. */
const singleRowLayout: RowLayout = { multiple: 1, spacing: 1, maxRows: 1 };

/** Ordered from the cheapest. Four rows of any width end at a multiple of 16 bytes, which is the alignment of SIMD registers. */
const layoutsOf = (multiple: number): readonly RowLayout[] =>
  [1, 2, 4].map((spacing) => ({ multiple: multiple * spacing, spacing, maxRows: Number.POSITIVE_INFINITY }));

/** Returns the row in each slot of a run of `count` rows, padding included. */
export function paddedRows({ multiple, spacing }: RowLayout, count: number): Int32Array {
  const slotCount = multiple * Math.ceil((count * spacing) / multiple);
  return Int32Array.from({ length: slotCount }, (_, slot) => Math.min(Math.floor(slot / spacing), count - 1));
}

/** Returns the rows of the output without the padding. */
export function unpaddedRows(output: Float32Array, { spacing }: RowLayout, count: number, width: number): Float32Array {
  if (spacing === 1) return output.subarray(0, count * width);
  const rows = new Float32Array(count * width);
  for (let row = 0; row < count; row++) {
    const vectorStart = row * spacing * width;
    rows.set(output.subarray(vectorStart, vectorStart + width), row * width);
  }
  return rows;
}

/** Sizes of the runs that are compared: small ones, large ones, and some that kernels cannot divide evenly. */
const comparedCounts = [8, 1, 13, 24, 40, 64];

/** Caches layouts by engine and graph, so that the next version of a model is not checked again when it is swapped in. */
const layoutsCache = new WeakMap<Engine, Map<string, Promise<RowLayout>>>();

/** @param program of the graph, prepared by the engine */
export function layoutFor(engine: Engine, program: Program, graph: Graph, output: string): Promise<RowLayout> {
  const layoutsOfEngine = layoutsCache.get(engine) ?? new Map<string, Promise<RowLayout>>();
  layoutsCache.set(engine, layoutsOfEngine);
  const key = `${output} ${JSON.stringify(graph)}`;
  const cachedLayout = layoutsOfEngine.get(key);
  if (cachedLayout) return cachedLayout;
  const layout = findLayout(program, graph, output, engine.evenRows ?? 1);
  layoutsOfEngine.set(key, layout);
  // A failed run is not cached: the next one may succeed.
  layout.catch(() => layoutsOfEngine.delete(key));
  return layout;
}

async function findLayout(program: Program, graph: Graph, output: string, multiple: number): Promise<RowLayout> {
  const inputRows = randomRows(graph);
  for (const layout of layoutsOf(multiple)) {
    if (await hasSteadyBits((places) => run(program, graph, inputRows, places, output), layout)) return layout;
  }
  return singleRowLayout;
}

/** True if each row has the same bits in runs of several sizes and in several slots. */
async function hasSteadyBits(runOf: (slots: Int32Array) => Promise<Float32Array>, layout: RowLayout): Promise<boolean> {
  const vectorOfRow = new Map<number, Float32Array>();
  for (const [runIndex, count] of comparedCounts.entries()) {
    const places = paddedRows(layout, count);
    const rowAt = (row: number): number => (row + 5 * runIndex) % distinctRows;
    const vectors = await runOf(places.map(rowAt));
    const width = vectors.length / places.length;
    const ownVectors = unpaddedRows(vectors, layout, count, width);
    for (let row = 0; row < count; row++) {
      const vector = ownVectors.slice(row * width, (row + 1) * width);
      const earlierVector = vectorOfRow.get(rowAt(row));
      if (earlierVector === undefined) vectorOfRow.set(rowAt(row), vector);
      else if (!earlierVector.every((number, index) => Object.is(number, vector[index]))) return false;
    }
    // Other requests get their turn between two runs.
    await yieldToEventLoop();
  }
  return true;
}

const distinctRows = 24;

interface RandomInput {
  readonly name: string;
  readonly size: number;
  readonly data: Tensor['data'];
}

const numbersOf: Readonly<Record<HostDtype, (length: number) => Tensor['data']>> = {
  float32: (length) => new Float32Array(length),
  int32: (length) => new Int32Array(length),
  bool: (length) => new Uint8Array(length),
};

/** Makes random rows: whether runs agree does not depend on the values. */
function randomRows(graph: Graph): readonly RandomInput[] {
  return graph.inputs.map(({ name, node }, stream) => {
    const { dtype, shape } = graph.nodes[node]!.type;
    const numbersPerRow = resolveShape(shape, equalSizes(graph, 1)).reduce((product, length) => product * length, 1);
    const data = numbersOf[hostDtype(dtype)](distinctRows * numbersPerRow);
    if (data instanceof Float32Array) {
      makeRandom(1, stream).fill(data, 0, 1);
      // Lists are full.
      if (name.endsWith('/mask')) data.fill(1);
    }
    return { name, size: numbersPerRow, data };
  });
}

async function run(
  program: Program,
  graph: Graph,
  rows: readonly RandomInput[],
  places: Int32Array,
  output: string,
): Promise<Float32Array> {
  const inputs: Record<string, Tensor> = {};
  for (const [index, { name, size, data }] of rows.entries()) {
    const { dtype: graphDtype, shape } = graph.nodes[graph.inputs[index]!.node]!.type;
    const dtype = hostDtype(graphDtype);
    const ownData = numbersOf[dtype](places.length * size);
    places.forEach((row, place) => void ownData.set(data.subarray(row * size, (row + 1) * size), place * size));
    inputs[name] = { dtype, shape: resolveShape(shape, equalSizes(graph, places.length)), data: ownData };
  }
  const outputs: Tensors = await program.run(inputs);
  return outputs[output]!.data as Float32Array;
}

export type IndexedFeatures = ReadonlyMap<string, IndexedColumn>;

export interface TowerOptions {
  readonly plan: Plan;
  readonly engine: Engine;
  readonly tables: Tables;
  readonly parameters: Tensors;
}

/** Rows that go through a tower at a time. */
export const towerRowsAtOnce = 4096;

/** Approximate number of rows in requests that are answered together. */
const rowsOfRequests = 64;

export interface VectorsRequest {
  /** The array that receives the vectors. Default: a new one. */
  readonly into?: Float32Array;
  /** Further outputs, and the arrays that receive them, float32 [rows, width]. Only for a tower without graphs by list length. */
  readonly extraOutputs?: readonly { readonly output: string; readonly into: Float32Array }[];
}

export class TowerVectors {
  /** Ascending by length; the last takes every row. */
  private readonly graphs: readonly TowerGraph[];
  private parameters: Tensors;

  constructor(
    private readonly tower: TowerPlan,
    options: TowerOptions,
  ) {
    this.parameters = options.parameters;
    this.graphs = [...(tower.parts ?? []), tower.embedded].map((plan) => new TowerGraph(plan, options));
  }

  async write(parameters: Tensors): Promise<void> {
    this.parameters = parameters;
    for (const graph of this.graphs) await graph.write(parameters);
  }

  /** Computes the vectors of these rows, in their order. Caches a feeder for the columns until `close`. */
  vectorsOf(columns: IndexedFeatures, rows: Int32Array, request: VectorsRequest = {}): Promise<Vectors> {
    const isPossible = !request.extraOutputs?.length || this.graphs.length === 1;
    invariant(isPossible, `tower ${this.tower.name} is not cut by length`);
    return this.vectors(columns, rows, true, request);
  }

  /** Releases what `vectorsOf` has cached of these columns. */
  forget(columns: IndexedFeatures): void {
    for (const graph of this.graphs) graph.forget(columns);
  }

  /** Computes the vectors of the first `rows` rows of columns that are used only once. Caches nothing. */
  once(columns: IndexedFeatures, rows: number): Promise<Vectors> {
    return this.vectors(columns, listRowIndexes(rows), false);
  }

  async close(): Promise<void> {
    for (const graph of this.graphs) await graph.close();
  }

  private get numbersPerRow(): number {
    return this.tower.width * (this.tower.interests ?? 1);
  }

  private async vectors(
    columns: IndexedFeatures,
    rows: Int32Array,
    keepsFeeder: boolean,
    { into: data = new Float32Array(rows.length * this.numbersPerRow), extraOutputs = [] }: VectorsRequest = {},
  ): Promise<Vectors> {
    const { numbersPerRow } = this;
    const { name, width, interests } = this.tower;
    for (const [index, positions] of this.positionsByGraph(columns, rows).entries()) {
      if (positions.length === 0) continue;
      const graph = this.graphs[index]!;
      const currentWeights = { parameters: this.parameters, keepsFeeder };
      const layout = await graph.layout(currentWeights);
      const rowsPerRun = Math.min(towerRowsAtOnce, layout.maxRows);
      for (let from = 0; from < positions.length; from += rowsPerRun) {
        const positionsOfRun = positions.subarray(from, from + rowsPerRun);
        const count = positionsOfRun.length;
        const rowsInRun = paddedRows(layout, count).map((i) => rows[positionsOfRun[i]!]!);
        const outputs = await graph.outputs(columns, rowsInRun, currentWeights);
        const outputVectors = floatsOf(outputs, 'vector', `tower ${name}`);
        for (const { output, into } of extraOutputs) {
          const values = floatsOf(outputs, output, `tower ${name}`);
          const outputWidth = values.length / rowsInRun.length;
          into.set(unpaddedRows(values, layout, count, outputWidth), from * outputWidth);
        }
        invariant(outputVectors.length === rowsInRun.length * numbersPerRow, `tower ${name} gives a vector a row`);
        const vectors = unpaddedRows(outputVectors, layout, count, numbersPerRow);
        for (const [i, position] of positionsOfRun.entries())
          data.set(vectors.subarray(i * numbersPerRow, (i + 1) * numbersPerRow), position * numbersPerRow);
      }
    }
    // No item would score above a target whose score is NaN, so its rank would look perfect.
    if (!areFinite(data)) throw failure('vectors-not-finite', { tower: name });
    return { data, rows: rows.length, width, interests };
  }

  /** Assigns each row to the graph for the shortest lists that its list fits. Returns the indexes in `rows` for each graph. */
  private positionsByGraph(columns: IndexedFeatures, rows: Int32Array): readonly Int32Array[] {
    const { parts = [] } = this.tower;
    const [firstPart] = parts;
    if (firstPart === undefined) return [listRowIndexes(rows.length)];
    const lengthOf = makeElementCounter(columns, firstPart.feature);
    const positionsByGraph = this.graphs.map((): number[] => []);
    rows.forEach((row, position) => {
      const partIndex = parts.findIndex(({ length }) => lengthOf(row) <= length);
      positionsByGraph.at(partIndex)!.push(position);
    });
    return positionsByGraph.map((indexes) => Int32Array.from(indexes));
  }
}

interface CurrentWeights {
  readonly parameters: Tensors;
  /** True if the same columns will be used again. */
  readonly keepsFeeder: boolean;
}

/** One graph of a tower. Its programs are prepared when they are first used. */
class TowerGraph {
  /** One program for many rows, and one for the few rows of requests. */
  private batchProgram: Program | undefined;
  private requestProgram: Program | undefined;
  private requestLayout: RowLayout | undefined;
  private readonly feeders = new Map<IndexedFeatures, RowFeeder>();

  constructor(
    private readonly graphPlan: GraphPlan,
    private readonly options: TowerOptions,
  ) {}

  async write(parameters: Tensors): Promise<void> {
    for (const program of [this.batchProgram, this.requestProgram])
      await program?.write(graphParameters(this.graphPlan.graph, parameters));
  }

  /** Only the rows of requests need bits that do not depend on the run. */
  async layout(weights: CurrentWeights): Promise<RowLayout> {
    const { engine } = this.options;
    if (weights.keepsFeeder) return { multiple: engine.evenRows ?? 1, spacing: 1, maxRows: towerRowsAtOnce };
    return (this.requestLayout ??= await layoutFor(
      engine,
      await this.program(weights),
      this.graphPlan.graph,
      'vector',
    ));
  }

  async outputs(columns: IndexedFeatures, rows: Int32Array, weights: CurrentWeights): Promise<Tensors> {
    const program = await this.program(weights);
    const feeder = this.feeders.get(columns) ?? this.makeFeeder(columns);
    if (weights.keepsFeeder) this.feeders.set(columns, feeder);
    try {
      await feeder.fetch?.(rows);
      return await program.run(feeder.inputs(rows));
    } finally {
      if (!this.feeders.has(columns)) feeder.close();
    }
  }

  forget(columns: IndexedFeatures): void {
    this.feeders.get(columns)?.close();
    this.feeders.delete(columns);
  }

  async close(): Promise<void> {
    for (const feeder of this.feeders.values()) feeder.close();
    for (const program of [this.batchProgram, this.requestProgram]) await program?.close();
  }

  private async program({ keepsFeeder, parameters }: CurrentWeights): Promise<Program> {
    const { graph } = this.graphPlan;
    const ownWeights = (): Tensors => graphParameters(graph, parameters);
    return keepsFeeder
      ? (this.batchProgram ??= await this.options.engine.prepare(graph, ownWeights()))
      : (this.requestProgram ??= await this.options.engine.prepare(graph, ownWeights(), rowsOfRequests));
  }

  private makeFeeder(columns: IndexedFeatures): RowFeeder {
    const { plan, tables } = this.options;
    return makeRowFeeder({ plan: this.graphPlan, columns, features: plan.features, tables });
  }
}

/** A plain loop: with millions of vectors, one call for each number would take as long as the tower. */
function areFinite(numbers: Float32Array): boolean {
  for (let index = 0; index < numbers.length; index++) if (!Number.isFinite(numbers[index]!)) return false;
  return true;
}

/** @param giver names what should give the output */
export function floatsOf(outputs: Tensors, output: string, giver: string): Float32Array {
  const values = outputs[output];
  invariant(values?.data instanceof Float32Array, `${giver} gives no ${output}`);
  return values.data;
}

export function graphParameters(graph: Graph, parameters: Tensors): Tensors {
  return Object.fromEntries(
    graph.parameters.map(({ name }) => {
      const parameterValue = parameters[name];
      invariant(parameterValue, `there is no value for parameter ${name} of graph ${graph.name}`);
      return [name, parameterValue];
    }),
  );
}
