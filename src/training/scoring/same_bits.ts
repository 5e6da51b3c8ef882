/**
 * Lays out the rows of a run so that a row gets the same bits whatever other rows are in the run. Engines add up numbers in an order that depends
 * on the number of rows and on the address of a row: TensorFlow reduces eight rows at a time and those that are left in another way, and ONNX
 * Runtime adds the numbers of a row in the order of its address, so that two neighbours of 50 numbers differ. Which runs agree depends on the
 * graph, the engine and the processor. So the first run of a graph is preceded by a check on the machine itself, of six runs.
 */
import { makeRandom } from '../../base/random/random.ts';
import type { Engine, Program, Tensors } from '../../engines/engine.ts';
import { hostDtype } from '../../graph/bfloat16.ts';
import { resolveShape } from '../../graph/dims.ts';
import type { Graph, HostDtype, Tensor } from '../../graph/graph.ts';
import { evenSizes } from '../../graph/peak.ts';

export interface RowLayout {
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
  const length = multiple * Math.ceil((count * spacing) / multiple);
  return Int32Array.from({ length }, (_, place) => Math.min(Math.floor(place / spacing), count - 1));
}

/** Returns the rows of the output, without what was filled up. */
export function rowsOfRun(output: Float32Array, { spacing }: RowLayout, count: number, width: number): Float32Array {
  if (spacing === 1) return output.subarray(0, count * width);
  const rows = new Float32Array(count * width);
  for (let row = 0; row < count; row++) {
    const at = row * spacing * width;
    rows.set(output.subarray(at, at + width), row * width);
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
  const rows = randomRows(graph);
  for (const layout of layoutsOf(multiple)) {
    if (await isSteady((places) => run(program, graph, rows, places, output), layout)) return layout;
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
    const size = resolveShape(shape, evenSizes(graph, 1)).reduce((product, length) => product * length, 1);
    const data = numbersOf[hostDtype(dtype)](distinctRows * size);
    if (data instanceof Float32Array) {
      makeRandom(1, stream).fill(data, 0, 1);
      // All places of a list are taken.
      if (name.endsWith('/mask')) data.fill(1);
    }
    return { name, size, data };
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
