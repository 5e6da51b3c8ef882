import { failure, invariant } from '../../base/diagnostics/diagnostic.ts';
import { makeRandom } from '../../base/random/random.ts';
import { listRowIndexes } from '../../base/util/objects.ts';
import type { Corpus, Dataset, Events, IndexedBags, IndexedColumn, TrainingUsers } from '../../data/dataset.ts';
import type { Engine, Tensors } from '../../engines/engine.ts';
import { removeUnread } from '../../graph/passes/dead.ts';
import type { FeaturePlan, GraphPlan, Plan, Readout, TowerPlan } from '../../graph/plan/plan.ts';
import { BestRows, type RankedRows } from '../../retrieval/scan/candidates.ts';
import type { Vectors } from '../../retrieval/vectors.ts';
import type { LoadedModel } from '../artifact/load.ts';
import { rowReader } from '../embedding/table.ts';
import type { Tables } from '../embedding/tables.ts';
import { makeRowFeeder } from '../feed/feeder.ts';
import { makeRetrieval, type Retrieval } from './retrieval_scorer.ts';
import { floatsOf, graphParameters, towerRowsAtOnce } from './tower_vectors.ts';

/** Collects the best items. Items arrive in ascending order, some at a time. Excluded items, and items with NaN scores, are left out. */
export class BestItems {
  private readonly excluded: ReadonlySet<number>;
  private readonly best: BestRows;

  /** @param items number of items that may arrive */
  constructor(k: number, items: number, excluded: Iterable<number> = []) {
    this.best = new BestRows(k, items);
    this.excluded = new Set(excluded);
  }

  /** @param scores of the items from `first` on */
  add(scores: Float32Array, first: number): void {
    const { best, excluded } = this;
    for (let index = 0; index < scores.length; index++) {
      const score = scores[index]!;
      // `score < …` would accept NaN.
      if (score >= best.worst && !excluded.has(first + index)) best.push(first + index, score);
    }
  }

  ranked(): RankedRows {
    return this.best.ordered();
  }
}

/** Returns the k best of the scores of all items. */
export function bestItems(scores: Float32Array, k: number, excluded: Iterable<number> = []): RankedRows {
  const best = new BestItems(k, scores.length, excluded);
  best.add(scores, 0);
  return best.ranked();
}

/** Ranks the corpus for an event: the model, or a baseline to compare it with. */
export interface Scorer {
  readonly name: string;
  readonly doc: string;
  /** True if it can rank items without training events. Absent: such an item is a miss. */
  readonly ranksCold?: true;
  /**
   * Returns the scores of every item of the corpus for each of these rows of the events: float32 [rows, items], row-major, perhaps with more behind it, in
   * memory that the next call may reuse.
   */
  score(rows: Int32Array): Float32Array | Promise<Float32Array>;
  /** Returns only the scores of the items `from` to before `to`: float32 [rows, to − from]. Absent: all items are scored together. */
  scoreSome?(rows: Int32Array, from: number, to: number): Promise<Float32Array>;
  /** Announces all rows of the next calls, so that work that is cheaper for many rows can be done here. */
  expect?(rows: Int32Array): Promise<void>;
}

/** The data that a scorer may read, all of it except the item of an event. */
export interface ScoringTask {
  readonly events: Events;
  readonly corpus: Corpus;
  readonly users: TrainingUsers;
  /** The bag of earlier items that the model reads with each event, or that its user gives, as corpus rows, −1 for items without one; absent if there is none. */
  readonly history?: IndexedBags;
  /** Items that leave the ranking of each question, in addition to those of the user's training events: corpus rows, −1 as above. */
  readonly seen?: readonly IndexedBags[];
  /** One feature of the query, for popularity among queries with the same value; absent if no feature is named. */
  readonly context?: Context;
  /** One ranking for each event, or one for each user with all events of the user. Default: each event. */
  readonly per?: 'event' | 'user';
}

/** Codes of one feature, and the items of the training part. */
export interface Context {
  readonly feature: string;
  readonly words: (code: number) => string;
  /** One entry per training event: the feature's code, and the row of its item. */
  readonly training: Int32Array;
  readonly item: Int32Array;
  /** One entry per event of the task: the feature's code. */
  readonly asked: Int32Array;
}

export function modelScorer(
  retrieval: Retrieval,
  { plan, events, corpus }: { readonly plan: Plan; readonly events: Events; readonly corpus: Corpus },
): Scorer {
  let announced: { readonly vectors: Vectors; readonly positionOf: ReadonlyMap<number, number> } | undefined;
  const vectorsOf = async (rows: Int32Array): Promise<Vectors> => {
    const positions = rows.map((row) => announced?.positionOf.get(row) ?? -1);
    const areAnnounced = announced && !positions.includes(-1);
    return areAnnounced ? pickVectors(announced!.vectors, positions) : retrieval.queries(events.features, rows);
  };
  const expect = async (rows: Int32Array): Promise<void> => {
    const vectors = await retrieval.queries(events.features, rows);
    announced = { vectors, positionOf: new Map(Array.from(rows, (row, position) => [row, position])) };
  };
  return {
    name: plan.model,
    doc: plan.fitted
      ? 'the sum of the weights from the items of the list'
      : plan.towers[1].interests === undefined
        ? 'the inner product of the vectors of the two towers; the largest over several interests'
        : 'the sum over the vectors of a query of the largest inner product with a vector of the item',
    ranksCold: ranksColdItems(plan, corpus) || undefined,
    // Vectors with a number for each item would need too much memory for all rows at once.
    expect: retrieval.scan ? undefined : expect,
    score: async (rows) => retrieval.scores(await vectorsOf(rows)),
    scoreSome: async (rows, from, to) => retrieval.scoresBetween(await vectorsOf(rows), from, to),
  };
}

function pickVectors({ data, ...vectors }: Vectors, positions: Int32Array): Vectors {
  const numbersPerRow = vectors.width * (vectors.interests ?? 1);
  const pickedNumbers = new Float32Array(positions.length * numbersPerRow);
  positions.forEach((position, i) => {
    pickedNumbers.set(data.subarray(position * numbersPerRow, (position + 1) * numbersPerRow), i * numbersPerRow);
  });
  return { ...vectors, data: pickedNumbers, rows: positions.length };
}

/**
 * True if the vector of an item without training events depends only on trained weights: the item tower reads no id of the item; or training dropped the id in
 * a share of its rows, so that the row of unknown ids is trained; or it left the id's table unchanged. A feature of one code is an id if it shares the encoding
 * of the key, or if its vocabulary has no value of any cold item.
 */
export function ranksColdItems(plan: Plan, corpus: Corpus): boolean {
  if (plan.fitted) return false;
  const [, { key, features }] = plan.towers;
  const byName = new Map(plan.features.map((feature) => [feature.name, feature]));
  const encoderOfKey = key === undefined ? undefined : byName.get(key)?.encoderOf;
  const isId = (feature: FeaturePlan): boolean =>
    feature.gives === 'code' &&
    (feature.name === key ||
      feature.encoderOf === encoderOfKey ||
      (feature.crosses ?? []).some((name) => isId(byName.get(name)!)) ||
      isUnknownOfCold(feature, corpus));
  const isTrained = (feature: FeaturePlan): boolean =>
    feature.drop !== undefined || feature.frozen === true || !isId(feature);
  return features.every((name) => byName.get(name)!.width === 0 || isTrained(byName.get(name)!));
}

function isUnknownOfCold({ name, encoder }: FeaturePlan, { rows, features, trainingCounts }: Corpus): boolean {
  const indexed = features.get(name);
  if (encoder.kind !== 'vocabulary' || encoder.values || encoder.file || indexed?.column.kind !== 'codes') return false;
  const { column, index } = indexed;
  let coldCount = 0;
  for (let row = 0; row < rows; row++) {
    if (trainingCounts[row] !== 0) continue;
    coldCount++;
    if (column.values[index ? index[row]! : row] !== 0) return false;
  }
  return coldCount > 0;
}

/** By task, float32 [rows of the events]: the logit x of the probability σ(x) that the label is 1, or the predicted value of the label. */
export type Predictions = ReadonlyMap<string, Float32Array>;

export async function predictionsOf(
  { plan, engine, tables, parameters }: { plan: Plan; engine: Engine; tables: Tables; parameters: Tensors },
  events: Events,
): Promise<Predictions> {
  const { predictions, features, tasks } = plan;
  if (!predictions) return new Map();
  const valuesOfTask = new Map<string, Float32Array>();
  for (const { name, predicts } of tasks) if (predicts) valuesOfTask.set(name, new Float32Array(events.rows));
  const feeder = makeRowFeeder({ plan: predictions, columns: events.features, features, tables });
  const program = await engine.prepare(predictions.graph, graphParameters(predictions.graph, parameters));
  try {
    const rows = listRowIndexes(events.rows);
    for (let from = 0; from < rows.length; from += towerRowsAtOnce) {
      const outputs = await program.run(feeder.inputs(rows.subarray(from, from + towerRowsAtOnce)));
      for (const [task, values] of valuesOfTask)
        values.set(floatsOf(outputs, `prediction:${task}`, `task ${task}`), from);
    }
  } finally {
    feeder.close();
    await program.close();
  }
  return valuesOfTask;
}

// Measures how much of each field passes through the blocks that weigh fields, in trained towers and over rows of the data.

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
