/** Computes item and query vectors with the trained towers, and scores them by inner product (the maximum over the interests of a query). */

import { invariant } from '../../base/diagnostics/diagnostic.ts';
import { listRowIndexes, makeSerialQueue } from '../../base/util/objects.ts';
import type { Corpus } from '../../data/dataset.ts';
import type { Engine, Program, Tensors } from '../../engines/engine.ts';
import { makeBuilder, type Ref } from '../../graph/builder.ts';
import { symbolicDim } from '../../graph/dims.ts';
import { type Graph, type Tensor, tensorOf } from '../../graph/graph.ts';
import { computedTableName, elementOutputName, type Plan } from '../../graph/plan/plan.ts';
import { maxSimOfAll } from '../../graph/vector_sets.ts';
import { ItemSums } from '../../retrieval/scan/item_weights.ts';
import type { Scan } from '../../retrieval/scan/scan.ts';
import type { ComputedItemVectors, Vectors } from '../../retrieval/vectors.ts';
import { makeTable, type Table } from '../embedding/table.ts';
import type { Tables } from '../embedding/tables.ts';
import { codesOfItems, type FittedSource, itemWeightsOf } from './fitted_weights.ts';
import { floatsOf, type IndexedFeatures, type TowerOptions, TowerVectors } from './tower_vectors.ts';

/** Scores vectors of queries, which may have several interests, against the items that `setItems` was last given: float32 [queries, items]. */
export class ItemScores {
  private items: Vectors | undefined;
  /** Made when all items are first scored, because a snapshot that is served needs none. */
  private corpusScorer: { readonly program: Program; isOld: boolean } | undefined;
  private partScores: Program | undefined;

  constructor(
    private readonly engine: Engine,
    private readonly interests = 1,
    /** Number of vectors of each item. Absent: one. */
    private readonly perItem?: number,
  ) {}

  setItems(items: Vectors): void {
    this.items = items;
    if (this.corpusScorer) this.corpusScorer.isOld = true;
  }

  /** Scores all items. The engine holds their vectors in the layout that it multiplies fastest. */
  async all(queries: Vectors): Promise<Float32Array> {
    const { rows, width } = this.items!;
    if (this.perItem !== undefined) return this.scoreRange(queries, 0, rows);
    this.corpusScorer ??= { program: await this.engine.prepare(this.graph(width, rows), this.weights()), isOld: false };
    if (this.corpusScorer.isOld) await this.corpusScorer.program.write(this.weights());
    this.corpusScorer.isOld = false;
    return scoresOf(await this.corpusScorer.program.run({ queries: this.tensor(queries) }));
  }

  /** Scores the items `from` to before `to`. It does not copy their vectors, because the corpus may be too large. */
  async scoreRange(queries: Vectors, from: number, to: number): Promise<Float32Array> {
    const { data, width } = this.items!;
    if (this.perItem !== undefined) return this.scoreSets(queries, this.perItem, from, to);
    this.partScores ??= await this.engine.prepare(this.graph(width), {});
    const items = tensorOf(data.subarray(from * width, to * width), to - from, width);
    return scoresOf(await this.partScores.run({ queries: this.tensor(queries), items }));
  }

  async close(): Promise<void> {
    await this.corpusScorer?.program.close();
    await this.partScores?.close();
  }

  /** Scores a few items at a time, because each has a product for each pair of vectors. */
  private async scoreSets(queries: Vectors, perItem: number, from: number, to: number): Promise<Float32Array> {
    const { data, width } = this.items!;
    this.partScores ??= await this.engine.prepare(this.graphOfSets(width, perItem), {});
    const count = Math.max(1, Math.floor(maxProducts / (queries.rows * this.interests * perItem)));
    const scores = new Float32Array(queries.rows * (to - from));
    const numbersPerItem = perItem * width;
    for (let first = from; first < to; first += count) {
      const end = Math.min(to, first + count);
      const items = tensorOf(data.subarray(first * numbersPerItem, end * numbersPerItem), end - first, perItem, width);
      const queryTensor = tensorOf(queries.data, queries.rows, this.interests, width);
      const some = scoresOf(await this.partScores.run({ queries: queryTensor, items }));
      for (let row = 0; row < queries.rows; row++) {
        const ofRow = some.subarray(row * (end - first), (row + 1) * (end - first));
        scores.set(ofRow, row * (to - from) + first - from);
      }
    }
    return scores;
  }

  private graphOfSets(width: number, perItem: number): Graph {
    const builder = makeBuilder('scores');
    const queries = builder.input('queries', [symbolicDim('batch'), this.interests, width]);
    const items = builder.input('items', [symbolicDim('items'), perItem, width]);
    builder.output('scores', maxSimOfAll(builder, queries, items));
    return builder.finish();
  }

  private tensor({ data, rows, width }: Vectors): Tensor {
    return tensorOf(data, rows * this.interests, width);
  }

  private weights(): Tensors {
    const { data, rows, width } = this.items!;
    const transposed = new Float32Array(width * rows);
    for (let row = 0; row < rows; row++) {
      for (let i = 0; i < width; i++) transposed[i * rows + row] = data[row * width + i]!;
    }
    return { items: tensorOf(transposed, width, rows) };
  }

  /**
   * Returns a graph for float32 [batch, items]: the score of each item is the maximum over the interests of the query.
   * @param rows number of items whose vectors the engine holds. Absent: they are an input
   */
  private graph(width: number, rows?: number): Graph {
    const { interests } = this;
    const builder = makeBuilder('scores');
    const queries = builder.input('queries', [symbolicDim('batch', interests), width]);
    const items = rows ?? symbolicDim('items');
    const products =
      rows === undefined
        ? builder.matMul(queries, builder.input('items', [items, width]), { transposeB: true })
        : builder.matMul(queries, builder.parameter('items', [width, rows], { kind: 'zeros' }, { trainable: false }));
    const bestOfInterests = (): Ref =>
      builder.max(builder.reshape(products, [symbolicDim('batch'), interests, items]), [1]);
    builder.output('scores', interests === 1 ? products : bestOfInterests());
    return builder.finish();
  }
}

/** Inner products that one run computes. */
const maxProducts = 2 ** 23;

const scoresOf = (outputs: Tensors): Float32Array => floatsOf(outputs, 'scores', 'the graph');

export interface Retrieval {
  /** Returns the vectors of the whole corpus as of the last `refresh`; the next one overwrites them. */
  items(): Vectors;
  /** Returns the same with the tables that the item tower computes, for another process. */
  computed(): ComputedItemVectors;
  /** Tables for the query tower: those of the model, and those that the item tower computed at the last `refresh`. */
  readonly tables: Tables;
  /** Takes new dense weights, and computes the items' vectors with them and the current tables. */
  refresh(parameters: Tensors): Promise<void>;
  /** Computes vectors of the query tower for rows of these columns (of events, or of users). Caches a feeder of the columns until `close`. */
  queries(columns: IndexedFeatures, rows: Int32Array): Promise<Vectors>;
  /** Releases what `queries` has cached of these columns. */
  forget(columns: IndexedFeatures): void;
  /** Computes the same for the first rows of columns that are used only once, such as those of requests. Caches nothing. */
  query(columns: IndexedFeatures, rows: number): Promise<Vectors>;
  /** Computes vectors of the item tower for the first rows of columns that are used only once, such as those of items that are written. */
  item(columns: IndexedFeatures, rows: number): Promise<Vectors>;
  /** Returns the scores, float32 [queries, items]. */
  scores(queries: Vectors): Promise<Float32Array>;
  /** Present if the vectors of queries are scores of all items: ranks them. Absent: a scan of the items' vectors does. */
  scan?(): Scan;
  /** Returns the scores of the items `from` to before `to`, without a copy of all items. */
  scoresBetween(queries: Vectors, from: number, to: number): Promise<Float32Array>;
  close(): Promise<void>;
}

export interface RetrievalOptions extends TowerOptions {
  readonly corpus: Pick<Corpus, 'rows' | 'features'>;
  /** The vectors of the items as another process has computed them with these weights. */
  readonly computed?: ComputedItemVectors;
}

export async function makeRetrieval(options: RetrievalOptions): Promise<Retrieval> {
  const { plan, engine, corpus } = options;
  if (plan.fitted) return makeFittedRetrieval(options);
  const [queryTower, itemTower] = plan.towers;
  const tablesOfItems = computedTables(plan, corpus);
  const tables = new Map([...options.tables, ...tablesOfItems]);
  const areAlike = queryTower.width === itemTower.width;
  invariant(areAlike, `the towers' vectors are ${queryTower.width} and ${itemTower.width} wide`);
  const queryVectors = new TowerVectors(queryTower, { ...options, tables });
  const itemVectors = new TowerVectors(itemTower, options);
  // Inputs of a tower are views of memory that the next inputs reuse, so a run must end before the next one begins.
  const runInTurn = makeSerialQueue();
  let allItems: Int32Array | undefined;
  const itemScores = new ItemScores(engine, queryTower.interests, itemTower.interests);
  let items: Vectors | undefined;

  const refresh = async (parameters: Tensors): Promise<void> => {
    await queryVectors.write(parameters);
    await itemVectors.write(parameters);
    const extraOutputs = [...tablesOfItems].map(([name, table]) => {
      const output = elementOutputName(name.slice(itemTower.name.length + 1));
      return { output, into: table.values() };
    });
    allItems ??= listRowIndexes(corpus.rows);
    items = await itemVectors.vectorsOf(corpus.features, allItems, { extraOutputs, into: items?.data });
    itemScores.setItems(items);
  };
  if (options.computed) {
    items = options.computed.vectors;
    itemScores.setItems(items);
    for (const [name, table] of tablesOfItems) table.load(options.computed.tables.get(name)!);
  } else await refresh(options.parameters);

  return {
    items: () => items!,
    computed: () => ({
      vectors: items!,
      // Copies: a table is a view of memory, which is lost when a query needs more of it.
      tables: new Map([...tablesOfItems].map(([name, table]) => [name, table.values().slice()])),
    }),
    tables,
    refresh,
    queries: (columns, rows) => runInTurn(() => queryVectors.vectorsOf(columns, rows)),
    forget: (columns) => queryVectors.forget(columns),
    query: (columns, rows) => runInTurn(() => queryVectors.once(columns, rows)),
    item: (columns, rows) => runInTurn(() => itemVectors.once(columns, rows)),
    scores: (vectors) => itemScores.all(vectors),
    scoresBetween: (vectors, from, to) => itemScores.scoreRange(vectors, from, to),
    async close() {
      await queryVectors.close();
      await itemVectors.close();
      await itemScores.close();
    },
  };
}

/** A score that is fitted as a whole: the vector of a query has one number for each item. */
function makeFittedRetrieval(source: FittedSource): Retrieval {
  const { plan, tables } = source;
  const sums = new ItemSums(itemWeightsOf(source));
  const { rows: width } = sums;
  const key = plan.towers[1].key!;
  const vectorsOf = (columns: IndexedFeatures, rows: Int32Array): Vectors => {
    const indexed = columns.get(plan.fitted!.list);
    invariant(indexed?.column.kind === 'bags', 'the items of a query are a list');
    const { column, index } = indexed;
    return { data: sums.ofLists(column, rows, index), rows: rows.length, width };
  };
  // The vector of an item has a 1 at its own place, so it is not stored.
  const items: Vectors = { data: new Float32Array(0), rows: width, width: 0 };
  return {
    items: () => items,
    computed: () => ({ vectors: items, tables: new Map() }),
    tables,
    refresh: async () => {},
    queries: async (columns, rows) => vectorsOf(columns, rows),
    forget: () => {},
    query: async (columns, rows) => vectorsOf(columns, listRowIndexes(rows)),
    // An item that is written again keeps its place in the scores, and a new one has none.
    async item(columns, rows) {
      const data = new Float32Array(rows * width);
      codesOfItems({ rows, features: columns }, key).forEach((code, index) => {
        const row = sums.rowOf(code);
        if (row >= 0) data[index * width + row] = 1;
      });
      return { data, rows, width };
    },
    scores: async ({ data }) => data,
    scoresBetween: async ({ data, rows }, from, to) => {
      const partScores = new Float32Array(rows * (to - from));
      for (let row = 0; row < rows; row++) {
        partScores.set(data.subarray(row * width + from, row * width + to), row * (to - from));
      }
      return partScores;
    },
    scan: () => sums.scan(),
    close: async () => {},
  };
}

/** Makes the tables for the vectors of list elements, by name, with a row for each item of the corpus. */
function computedTables({ features }: Plan, { rows }: Pick<Corpus, 'rows'>): ReadonlyMap<string, Table> {
  return new Map(
    features.flatMap(({ through, width }) => {
      if (!through) return [];
      const name = computedTableName(through);
      return [[name, makeTable({ name, rows: Math.max(1, rows), dim: width })] as const];
    }),
  );
}
