/** Scores all items for a query by the sum of fitted weights from the items of its list. The vector of a query has one number for each item. */
import { failure, invariant } from '../../base/diagnostics/failure.ts';
import type { Corpus } from '../../data/dataset.ts';
import { type FittedPlan, fittedTable, type Plan } from '../../graph/plan/plan.ts';
import type { Tables } from '../embedding/tables.ts';
import { codesOfItems } from '../fit_items.ts';
import type { Retrieval } from './retrieval.ts';
import type { IndexedFeatures, Vectors } from './tower_vectors.ts';

/** Scores differ by more than this where an item of the list has a weight, so the number of events only orders the other items. */
const shareOfEvents = 1e-6;

interface FittedSource {
  readonly plan: Pick<Plan, 'fitted' | 'features' | 'towers'>;
  readonly tables: Tables;
  readonly corpus: Pick<Corpus, 'rows' | 'features'>;
}

export class FittedScores {
  /** The row of the corpus of each code; −1 for a code without one. */
  private readonly rowOfCode: Int32Array;
  private readonly codes: Int32Array;
  private readonly neighbours: Float32Array;
  private readonly weights: Float32Array;
  private readonly decay: number;
  /** The scores of a query with an empty list: float32 [items]. */
  private readonly first: Float32Array;
  private readonly fitted: FittedPlan;
  private readonly most: number;
  /** The number of the last query that had an item, by its code. */
  private readonly lastQuery: Int32Array;
  private queries = 0;

  /** @throws Failure `damaged-file` if a table names a code that there is none of */
  constructor({ plan, tables, corpus }: FittedSource) {
    invariant(plan.fitted, 'the score is fitted');
    this.fitted = plan.fitted;
    this.most = plan.features.find(({ name }) => name === plan.fitted!.list)!.max!;
    this.codes = codesOfItems(corpus, plan.towers[1].key!);
    this.neighbours = tables.get(fittedTable.neighbours)!.values();
    this.weights = tables.get(fittedTable.weights)!.values();
    const events = tables.get(fittedTable.events)!.values();
    const isCode = (code: number): boolean => Number.isInteger(code) && code >= 0 && code < events.length;
    if (!this.neighbours.every(isCode))
      throw failure('damaged-file', { path: 'weights.safetensors', reason: 'a weight belongs to no item' });
    this.decay = events[0]!;
    const mostEvents = events.subarray(1).reduce((most, count) => Math.max(most, count), 1);
    this.rowOfCode = new Int32Array(events.length).fill(-1);
    this.first = new Float32Array(corpus.rows);
    this.codes.forEach((code, row) => {
      if (code === 0) return;
      this.rowOfCode[code] = row;
      this.first[row] = (shareOfEvents * events[code]!) / mostEvents;
    });
    this.lastQuery = new Int32Array(events.length);
  }

  /** Returns −1 for a code that the corpus does not have. */
  rowOf(code: number): number {
    return this.rowOfCode[code] ?? -1;
  }

  get rows(): number {
    return this.first.length;
  }

  /** Adds up the weights from these codes, the latest at the end: float32 [items]. Each item counts once, by its latest place. */
  of(codes: ArrayLike<number>, from: number, to: number): Float32Array {
    const scores = Float64Array.from(this.first);
    const query = ++this.queries;
    let weight = 1;
    let left = this.most;
    for (let at = to - 1; at >= from && left > 0; at--, left--) {
      const code = codes[at]!;
      if (code === 0 || this.lastQuery[code] === query) continue;
      this.lastQuery[code] = query;
      this.add(code, weight, scores);
      weight *= this.decay;
    }
    return Float32Array.from(scores);
  }

  /** Returns the scores for a query that has this item of the corpus alone. */
  near(row: number): Float32Array {
    return this.of([this.codes[row]!], 0, 1);
  }

  private add(code: number, weight: number, scores: Float64Array): void {
    const { keep } = this.fitted;
    for (let at = code * keep; at < (code + 1) * keep; at++) {
      const neighbour = this.neighbours[at]!;
      if (neighbour === 0) return;
      const row = this.rowOfCode[neighbour]!;
      if (row >= 0) scores[row]! += weight * this.weights[at]!;
    }
  }
}

/** The vector of an item has a 1 at its own place, so it is not stored. */
export function makeFittedRetrieval(source: FittedSource): Retrieval {
  const scores = new FittedScores(source);
  const { rows: width } = scores;
  const { list } = source.plan.fitted!;
  const key = source.plan.towers[1].key!;
  const vectorsOf = (columns: IndexedFeatures, rows: ArrayLike<number>): Vectors => {
    const indexed = columns.get(list);
    invariant(indexed?.column.kind === 'bags', `${list} is a list`);
    const { column, index } = indexed;
    const data = new Float32Array(rows.length * width);
    for (let at = 0; at < rows.length; at++) {
      const bag = index ? index[rows[at]!]! : rows[at]!;
      data.set(scores.of(column.values, column.starts[bag]!, column.ends[bag]!), at * width);
    }
    return { data, rows: rows.length, width };
  };
  const items: Vectors = { data: new Float32Array(0), rows: width, width: 0 };
  return {
    items: () => items,
    computed: () => ({ vectors: items, tables: new Map() }),
    tables: source.tables,
    refresh: async () => {},
    queries: async (columns, rows) => vectorsOf(columns, rows),
    query: async (columns, rows) => vectorsOf(columns, Array.from({ length: rows }, (_, row) => row)),
    // An item that is written again keeps its place in the scores, and a new one has none.
    async item(columns, rows) {
      const data = new Float32Array(rows * width);
      codesOfItems({ rows, features: columns }, key).forEach((code, at) => {
        const row = scores.rowOf(code);
        if (row >= 0) data[at * width + row] = 1;
      });
      return { data, rows, width };
    },
    scores: async ({ data }) => data,
    scoresBetween: async ({ data, rows }, from, to) => {
      const some = new Float32Array(rows * (to - from));
      for (let row = 0; row < rows; row++) some.set(data.subarray(row * width + from, row * width + to), row * (to - from));
      return some;
    },
    near: (row) => scores.near(row),
    close: async () => {},
  };
}
