import { listRowIndexes } from '../../base/util/objects.ts';
import type { Corpus, Events, IndexedBags, TrainingUsers } from '../../data/dataset.ts';
import type { Engine, Tensors } from '../../engines/engine.ts';
import type { FeaturePlan, Plan } from '../../graph/plan/plan.ts';
import { BestRows, type RankedRows } from '../../retrieval/scan/candidates.ts';
import type { Vectors } from '../../retrieval/vectors.ts';
import type { Tables } from '../embedding/tables.ts';
import { makeRowFeeder } from '../feed/feeder.ts';
import type { Retrieval } from './retrieval_scorer.ts';
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
