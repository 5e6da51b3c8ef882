/** Computes the vectors of one tower, with its weights as they are now. Rows with short lists go through graphs with few places. */
import { failure, invariant } from '../../base/diagnostics/failure.ts';
import { makeRandom } from '../../base/random/random.ts';
import { defined, everyRow } from '../../base/util/defined.ts';
import type { IndexedColumn } from '../../data/dataset.ts';
import type { Engine, Program, Tensors } from '../../engines/engine.ts';
import { evenSizes } from '../../graph/count.ts';
import { resolveShape } from '../../graph/dims.ts';
import { hostDtype } from '../../graph/evaluate.ts';
import type { Graph, HostDtype, Tensor } from '../../graph/graph.ts';
import type { GraphPlan, Plan, TowerPlan } from '../../graph/plan/plan.ts';
import type { Tables } from '../embedding/tables.ts';
import { makeRowFeeder, type RowFeeder } from '../feed/feeder.ts';

/**
 * Lays out the rows of a run so that a row gets the same bits whatever other rows are in the run. Engines add up numbers in an order that depends
 * on the number of rows and on the address of a row: TensorFlow reduces eight rows at a time and those that are left in another way, and ONNX
 * Runtime adds the numbers of a row in the order of its address, so that two neighbours of 50 numbers differ. Which runs agree depends on the
 * graph, the engine and the processor. So the first run of a graph is preceded by a check on the machine itself, of six runs.
 */
interface RowLayout {
  /** The rows of a run are a multiple of this; what is missing is filled up. */
  readonly multiple: number;
  /** Row i lies at `spacing` times i. Places between them are filled up. */
  readonly spacing: number;
  /** Rows of one run. */
  readonly most: number;
}

/** Runs that give one row alone cannot depend on others. */
const alone: RowLayout = { multiple: 1, spacing: 1, most: 1 };

/** From the cheapest. Four rows of any width end at a multiple of 16 bytes, where the registers of additions begin. */
const layoutsOf = (multiple: number): readonly RowLayout[] =>
  [1, 2, 4].map((spacing) => ({ multiple: multiple * spacing, spacing, most: Number.POSITIVE_INFINITY }));

/** Returns the row at each place of a run of `count` rows. */
export function rowsAtPlaces({ multiple, spacing }: RowLayout, count: number): Int32Array {
  const placeCount = multiple * Math.ceil((count * spacing) / multiple);
  return Int32Array.from({ length: placeCount }, (_, place) => Math.min(Math.floor(place / spacing), count - 1));
}

/** Returns the rows of the output, without what was filled up. */
export function rowsOfRun(output: Float32Array, { spacing }: RowLayout, count: number, width: number): Float32Array {
  if (spacing === 1) return output.subarray(0, count * width);
  const rows = new Float32Array(count * width);
  for (let row = 0; row < count; row++) {
    const vectorStart = row * spacing * width;
    rows.set(output.subarray(vectorStart, vectorStart + width), row * width);
  }
  return rows;
}

/** Rows of the runs that are compared: few, many, and numbers of them that kernels cut in unequal parts. */
const comparedCounts = [8, 1, 13, 24, 40, 64];

/** Caches layouts by engine and graph: the next version of a model need not be checked again while it is swapped in. */
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
  // A run that failed says nothing of the next one.
  layout.catch(() => layoutsOfEngine.delete(key));
  return layout;
}

async function findLayout(program: Program, graph: Graph, output: string, multiple: number): Promise<RowLayout> {
  const inputRows = randomRows(graph);
  for (const layout of layoutsOf(multiple)) {
    if (await isSteady((places) => run(program, graph, inputRows, places, output), layout)) return layout;
  }
  return alone;
}

/** True if each row has the same bits in runs of several sizes, at several places. */
async function isSteady(runOf: (places: Int32Array) => Promise<Float32Array>, layout: RowLayout): Promise<boolean> {
  const vectorOfRow = new Map<number, Float32Array>();
  for (const [turn, count] of comparedCounts.entries()) {
    const places = rowsAtPlaces(layout, count);
    const rowAt = (row: number): number => (row + 5 * turn) % distinctRows;
    const vectors = await runOf(places.map(rowAt));
    const width = vectors.length / places.length;
    const ownVectors = rowsOfRun(vectors, layout, count, width);
    for (let row = 0; row < count; row++) {
      const vector = ownVectors.slice(row * width, (row + 1) * width);
      const earlierVector = vectorOfRow.get(rowAt(row));
      if (earlierVector === undefined) vectorOfRow.set(rowAt(row), vector);
      else if (!earlierVector.every((each, at) => Object.is(each, vector[at]))) return false;
    }
    // Requests of others come between two runs.
    await turnOfOthers();
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

/** Rows of any numbers: which bits they get does not depend on what they mean. */
function randomRows(graph: Graph): readonly RandomInput[] {
  return graph.inputs.map(({ name, node }, stream) => {
    const { dtype, shape } = graph.nodes[node]!.type;
    const numbersPerRow = resolveShape(shape, evenSizes(graph, 1)).reduce((product, length) => product * length, 1);
    const data = numbersOf[hostDtype(dtype)](distinctRows * numbersPerRow);
    if (data instanceof Float32Array) {
      makeRandom(1, stream).fill(data, 0, 1);
      // All places of a list are taken.
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
  for (const [at, { name, size, data }] of rows.entries()) {
    const { dtype: given, shape } = graph.nodes[graph.inputs[at]!.node]!.type;
    const dtype = hostDtype(given);
    const ownData = numbersOf[dtype](places.length * size);
    places.forEach((row, place) => void ownData.set(data.subarray(row * size, (row + 1) * size), place * size));
    inputs[name] = { dtype, shape: resolveShape(shape, evenSizes(graph, places.length)), data: ownData };
  }
  const outputs: Tensors = await program.run(inputs);
  return outputs[output]!.data as Float32Array;
}

/** Browsers have no `setImmediate`. */
const turnOfOthers = (): Promise<void> =>
  new Promise((resolve) => {
    if (typeof setImmediate === 'function') setImmediate(resolve);
    else setTimeout(resolve);
  });

export interface Vectors {
  /** float32 [rows, width], or [rows, interests, width]; row-major. */
  readonly data: Float32Array;
  readonly rows: number;
  readonly width: number;
  /** Vectors of a row, where there are several. */
  readonly interests?: number;
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

/** Rows of requests that are answered together, about. */
const rowsOfRequests = 64;

export interface VectorsRequest {
  /** Gets the vectors. Absent: an array of their own. */
  readonly into?: Float32Array;
  /** Other outputs, of a tower that is not cut by length, and the arrays that get their rows. */
  readonly more?: readonly MoreOutput[];
}

interface MoreOutput {
  readonly output: string;
  /** float32 [rows, width] */
  readonly into: Float32Array;
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

  /** Computes these rows of the columns, in their order. Caches a feeder of the columns until it is closed. */
  of(columns: IndexedFeatures, rows: Int32Array, wanted: VectorsRequest = {}): Promise<Vectors> {
    invariant(!wanted.more?.length || this.graphs.length === 1, `tower ${this.tower.name} is not cut by length`);
    return this.vectors(columns, rows, true, wanted);
  }

  /** The same of the first rows of columns that come once: nothing of them is cached. */
  once(columns: IndexedFeatures, rows: number): Promise<Vectors> {
    return this.vectors(columns, everyRow(rows), false);
  }

  async close(): Promise<void> {
    for (const graph of this.graphs) await graph.close();
  }

  private get each(): number {
    return this.tower.width * (this.tower.interests ?? 1);
  }

  private async vectors(
    columns: IndexedFeatures,
    rows: Int32Array,
    keeps: boolean,
    { into: data = new Float32Array(rows.length * this.each), more = [] }: VectorsRequest = {},
  ): Promise<Vectors> {
    const { each } = this;
    const { name, width, interests } = this.tower;
    for (const [at, places] of this.placesByGraph(columns, rows).entries()) {
      if (places.length === 0) continue;
      const graph = this.graphs[at]!;
      const currentWeights = { parameters: this.parameters, keeps };
      const layout = await graph.layout(currentWeights);
      const rowsPerRun = Math.min(towerRowsAtOnce, layout.most);
      for (let from = 0; from < places.length; from += rowsPerRun) {
        const placesOfRun = places.subarray(from, from + rowsPerRun);
        const count = placesOfRun.length;
        const rowsInRun = rowsAtPlaces(layout, count).map((i) => rows[placesOfRun[i]!]!);
        const outputs = await graph.outputs(columns, rowsInRun, currentWeights);
        const outputVectors = floatsOf(outputs, 'vector', name);
        for (const { output, into } of more) {
          const values = floatsOf(outputs, output, name);
          const numbersPerRow = values.length / rowsInRun.length;
          into.set(rowsOfRun(values, layout, count, numbersPerRow), from * numbersPerRow);
        }
        invariant(outputVectors.length === rowsInRun.length * each, `tower ${name} gives a vector a row`);
        const vectors = rowsOfRun(outputVectors, layout, count, each);
        // Of a tower that is not cut by length, the rows of a run lie side by side.
        const isRun = placesOfRun[count - 1]! - placesOfRun[0]! === count - 1;
        if (isRun) data.set(vectors, placesOfRun[0]! * each);
        else
          for (const [i, place] of placesOfRun.entries())
            data.set(vectors.subarray(i * each, (i + 1) * each), place * each);
      }
    }
    // A target that is not a number would have nothing above it, and look perfect.
    if (!areFinite(data)) throw failure('vectors-not-finite', { tower: name });
    return { data, rows: rows.length, width, ...defined({ interests }) };
  }

  /** Returns for each graph the places of its rows: those whose lists do not fit a shorter one. */
  private placesByGraph(columns: IndexedFeatures, rows: Int32Array): readonly Int32Array[] {
    const { parts = [] } = this.tower;
    const [first] = parts;
    if (first === undefined) return [everyRow(rows.length)];
    const list = columns.get(first.feature);
    invariant(list?.column.kind === 'bags', `tower ${this.tower.name} is cut by ${first.feature}, which is no list`);
    const { column, index } = list;
    const placesByGraph = this.graphs.map((): number[] => []);
    rows.forEach((row, place) => {
      const bag = index ? index[row]! : row;
      const length = column.ends[bag]! - column.starts[bag]!;
      const at = parts.findIndex((part) => length <= part.length);
      placesByGraph.at(at)!.push(place);
    });
    return placesByGraph.map((own) => Int32Array.from(own));
  }
}

interface CurrentWeights {
  readonly parameters: Tensors;
  /** True if the columns come again. */
  readonly keeps: boolean;
}

/** Prepared when the first row is computed. */
class TowerGraph {
  /** Programs for many rows, and for the few of requests. */
  private many: Program | undefined;
  private few: Program | undefined;
  private ofFew: RowLayout | undefined;
  private readonly feeders = new Map<IndexedFeatures, RowFeeder>();

  constructor(
    private readonly own: GraphPlan,
    private readonly options: TowerOptions,
  ) {}

  async write(parameters: Tensors): Promise<void> {
    for (const program of [this.many, this.few]) await program?.write(graphParameters(this.own.graph, parameters));
  }

  /** Only few rows need the same bits in any run. */
  async layout(now: CurrentWeights): Promise<RowLayout> {
    const { engine } = this.options;
    if (now.keeps) return { multiple: engine.evenRows ?? 1, spacing: 1, most: towerRowsAtOnce };
    return (this.ofFew ??= await layoutFor(engine, await this.program(now), this.own.graph, 'vector'));
  }

  async outputs(columns: IndexedFeatures, rows: Int32Array, now: CurrentWeights): Promise<Tensors> {
    const program = await this.program(now);
    const feeder = this.feeders.get(columns) ?? this.makeFeeder(columns);
    if (now.keeps) this.feeders.set(columns, feeder);
    try {
      await feeder.fetch?.(rows);
      return await program.run(feeder.inputs(rows));
    } finally {
      if (!this.feeders.has(columns)) feeder.close();
    }
  }

  async close(): Promise<void> {
    for (const feeder of this.feeders.values()) feeder.close();
    for (const program of [this.many, this.few]) await program?.close();
  }

  private async program({ keeps, parameters }: CurrentWeights): Promise<Program> {
    const { graph } = this.own;
    const ownWeights = (): Tensors => graphParameters(graph, parameters);
    return keeps
      ? (this.many ??= await this.options.engine.prepare(graph, ownWeights()))
      : (this.few ??= await this.options.engine.prepare(graph, ownWeights(), rowsOfRequests));
  }

  private makeFeeder(columns: IndexedFeatures): RowFeeder {
    const { plan, tables } = this.options;
    return makeRowFeeder({ plan: this.own, columns, features: plan.features, tables });
  }
}

/** A loop: of millions of vectors a call for each number takes as long as the tower. */
function areFinite(numbers: Float32Array): boolean {
  for (let at = 0; at < numbers.length; at++) if (!Number.isFinite(numbers[at]!)) return false;
  return true;
}

function floatsOf(outputs: Tensors, output: string, tower: string): Float32Array {
  const values = outputs[output];
  invariant(values?.data instanceof Float32Array, `tower ${tower} gives no ${output}`);
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
