/** Measures how much of each field passes through the blocks that weigh fields, in trained towers and over rows of the data. */

import { failure, invariant } from '../../base/diagnostics/diagnostic.ts';
import { makeRandom } from '../../base/random/random.ts';
import { listRowIndexes } from '../../base/util/objects.ts';
import type { Dataset, IndexedColumn } from '../../data/dataset.ts';
import type { Engine } from '../../engines/engine.ts';
import { removeUnread } from '../../graph/passes/dead.ts';
import type { GraphPlan, Readout, TowerPlan } from '../../graph/plan/plan.ts';
import type { Vectors } from '../../retrieval/vectors.ts';
import type { LoadedModel } from '../artifact/load.ts';
import { rowReader } from '../embedding/table.ts';
import type { Tables } from '../embedding/tables.ts';
import { makeRowFeeder } from '../feed/feeder.ts';
import { makeRetrieval } from './retrieval_scorer.ts';
import { floatsOf, graphParameters } from './tower_vectors.ts';

export interface Attention {
  readonly tower: string;
  /** Path of the block: `user/weighted/senet`. */
  readonly block: string;
  /** The rows that were read, in words: `610 test events`. */
  readonly over: string;
  readonly fields: readonly FieldAttention[];
}

interface FieldAttention {
  readonly name: string;
  readonly mean: number;
  /** Standard deviation between rows. */
  readonly deviation: number;
}

/** Number of rows that go through a tower at a time, and maximum number of rows that are read. */
const rowsAtOnce = 4096;
const maxReadRows = 65_536;

/**
 * Reads the query tower over held-out events, or over training events if none are held out, and the item tower over the whole corpus, each item once.
 * @throws Failure `no-attention`
 */
export async function readAttention(
  trained: LoadedModel,
  dataset: Dataset,
  engine: Engine,
): Promise<readonly Attention[]> {
  const [query, item] = trained.plan.towers;
  if (!query.readouts && !item.readouts) throw failure('no-attention', { model: trained.plan.model });
  const part = (['test', 'validation', 'train'] as const).find((name) => dataset.parts[name].rows > 0) ?? 'train';
  const events = dataset.parts[part];
  const { corpus } = dataset;
  const { plan, parameters } = trained;
  const readQueryTower = async (tables: Tables): Promise<readonly Attention[]> =>
    readTower({ ...trained, tables }, engine, query, events.features, events.rows, `${part} events`);
  const itemAttention = await readTower(trained, engine, item, corpus.features, corpus.rows, 'items of the corpus');
  if (!plan.features.some(({ through }) => through))
    return [...(await readQueryTower(trained.tables)), ...itemAttention];
  // Lists that go through the item tower need its vectors of the corpus.
  const retrieval = await makeRetrieval({ plan, engine, tables: trained.tables, corpus, parameters });
  try {
    return [...(await readQueryTower(retrieval.tables)), ...itemAttention];
  } finally {
    await retrieval.close();
  }
}

async function readTower(
  { plan, tables, parameters }: LoadedModel,
  engine: Engine,
  tower: TowerPlan,
  columns: ReadonlyMap<string, IndexedColumn>,
  count: number,
  what: string,
): Promise<readonly Attention[]> {
  const { readouts = [], embedded } = tower;
  if (readouts.length === 0) return [];
  const readoutPlan = readoutGraph(embedded, readouts);
  const feeder = makeRowFeeder({ plan: readoutPlan, columns, features: plan.features, tables });
  const program = await engine.prepare(readoutPlan.graph, graphParameters(readoutPlan.graph, parameters));
  const rows = listRowIndexes(Math.min(count, maxReadRows));
  const fieldSums = readouts.map(({ of }) => of.map(() => ({ sum: 0, squares: 0 })));
  try {
    for (let from = 0; from < rows.length; from += rowsAtOnce) {
      const outputs = await program.run(feeder.inputs(rows.subarray(from, from + rowsAtOnce)));
      readouts.forEach(({ label, of }, index) => {
        for (const [i, value] of floatsOf(outputs, label, `tower ${tower.name}`).entries()) {
          const fieldSum = fieldSums[index]![i % of.length]!;
          fieldSum.sum += value;
          fieldSum.squares += value ** 2;
        }
      });
    }
  } finally {
    feeder.close();
    await program.close();
  }
  return readouts.map(({ label, of }, index) => ({
    tower: tower.name,
    block: label.slice(0, label.lastIndexOf('/')),
    over: `${rows.length.toLocaleString('en')} ${what}`,
    fields: of.map((name, field) => {
      const { sum, squares } = fieldSums[index]![field]!;
      const mean = sum / rows.length;
      return { name, mean, deviation: Math.sqrt(Math.max(0, squares / rows.length - mean * mean)) };
    }),
  }));
}

/** Cuts the tower after the nodes that are read out, and names the outputs by their labels. */
function readoutGraph({ graph, inputs }: GraphPlan, readouts: readonly Readout[]): GraphPlan {
  const outputs = readouts.map(({ label }) => {
    const node = graph.nodes.findLastIndex((graphNode) => graphNode.label === label);
    invariant(node >= 0, `graph ${graph.name} has no ${label}`);
    return { name: label, node };
  });
  const prunedGraph = removeUnread({ ...graph, outputs, updates: [] });
  const inputNames = new Set(prunedGraph.inputs.map(({ name }) => name));
  return { graph: prunedGraph, inputs: inputs.filter(({ name }) => inputNames.has(name)) };
}

/** Describes the distribution of vectors: their norms, the similarity of two of them, and the number of directions in which they vary. */
export interface Spread {
  /** `table movie_id`, `items, after tower item`. */
  readonly name: string;
  readonly rows: number;
  readonly width: number;
  /** Quantiles of the norms: minimum, a tenth, median, nine tenths, maximum. */
  readonly lengths: readonly [number, number, number, number, number];
  /** Mean cosine of two different vectors: 0 if they point everywhere, 1 if all are the same. Absent for fewer than two. */
  readonly cosine?: number;
  /** (Σλ)² ÷ Σλ² over the eigenvalues of the covariance: `width` if all directions vary alike, 1 if only one does. Absent for fewer than two. */
  readonly directions?: number;
}

/** Maximum number of vectors that are measured: the covariance of more would be about the same. */
const maxSpreadRows = 2048;
const spreadStream = 0x5b1d;

/** Measures each table as look-ups read it, and the vectors of the corpus by the item tower. */
export function spreadsOf(tables: Tables, items: Vectors): readonly Spread[] {
  const spreads = [...tables.values()].map((table) =>
    spreadOf(`table ${table.name}`, rowReader(table.shownNumbers(), table.dim), table.rows, table.dim),
  );
  return [...spreads, spreadOfVectors('item vectors', items)];
}

export const spreadOfVectors = (name: string, { data, rows, width, interests = 1 }: Vectors): Spread =>
  spreadOf(name, rowReader(data, width), rows * interests, width);

export function spreadOf(name: string, rowOf: (row: number) => ArrayLike<number>, rows: number, width: number): Spread {
  const vectors = drawRows(rows).map(rowOf);
  const vectorLengths = vectors.map((vector) => Math.hypot(...Array.from(vector)));
  const sortedLengths = vectorLengths.toSorted((a, b) => a - b);
  const quantile = (share: number): number => sortedLengths[Math.round(share * (vectors.length - 1))] ?? 0;
  const lengths = [quantile(0), quantile(0.1), quantile(0.5), quantile(0.9), quantile(1)] as const;
  const directions = vectors.length < 2 ? {} : measureDirections(vectors, vectorLengths, width);
  return { name, rows, width, lengths, ...directions };
}

function drawRows(rows: number): number[] {
  if (rows <= maxSpreadRows) return [...listRowIndexes(rows)];
  const random = makeRandom(1, spreadStream);
  const chosenRows = new Set<number>();
  while (chosenRows.size < maxSpreadRows) chosenRows.add(random.integer(rows));
  return [...chosenRows];
}

function measureDirections(
  vectors: readonly ArrayLike<number>[],
  lengths: readonly number[],
  width: number,
): Pick<Spread, 'cosine' | 'directions'> {
  const vectorCount = vectors.length;
  const meanVector = new Float64Array(width);
  const unitSum = new Float64Array(width);
  const productMeans = new Float64Array(width * width);
  let nonZeroCount = 0;
  vectors.forEach((vector, i) => {
    if (lengths[i]! > 0) nonZeroCount++;
    for (let a = 0; a < width; a++) {
      meanVector[a]! += vector[a]! / vectorCount;
      if (lengths[i]! > 0) unitSum[a]! += vector[a]! / lengths[i]!;
      for (let b = 0; b <= a; b++) productMeans[a * width + b]! += (vector[a]! * vector[b]!) / vectorCount;
    }
  });
  let trace = 0;
  let squareSum = 0;
  for (let a = 0; a < width; a++) {
    for (let b = 0; b <= a; b++) {
      const covariance = productMeans[a * width + b]! - meanVector[a]! * meanVector[b]!;
      if (a === b) trace += covariance;
      squareSum += (a === b ? 1 : 2) * covariance ** 2;
    }
  }
  // |Σu|² includes the product of each unit vector with itself.
  const squaredSum = unitSum.reduce((sum, value) => sum + value ** 2, 0);
  return {
    ...(nonZeroCount > 1 ? { cosine: (squaredSum - nonZeroCount) / (nonZeroCount * (nonZeroCount - 1)) } : {}),
    ...(squareSum > 0 ? { directions: trace ** 2 / squareSum } : {}),
  };
}
