/** Computes item and query vectors with the trained towers, and scores them by inner product (the maximum over the interests of a query). */
import type { Corpus } from '../data/dataset.ts';
import { defined } from '../defined.ts';
import { invariant } from '../diagnostics/failure.ts';
import { makeTable, type Table } from '../embedding/table.ts';
import type { Tables } from '../embedding/tables.ts';
import type { Program, Tensors } from '../engine/engine.ts';
import { makeBuilder, type Ref } from '../graph/builder.ts';
import { symbolic } from '../graph/dims.ts';
import type { Graph } from '../graph/graph.ts';
import { oneAtATime } from '../one_at_a_time.ts';
import { computedTable, elementOutput, type Plan } from '../plan/plan.ts';
import { type Columns, type TowerOptions, TowerVectors, type Vectors } from './tower_vectors.ts';

export interface Retrieval {
  /** Vectors of the whole corpus, as of the last `refresh`; the next one writes over them. */
  items(): Vectors;
  /** The same with the tables that the item tower computes, for another process. */
  computed(): ComputedItems;
  /** What the query tower looks up: the tables of the model, and those that the item tower computes, as of the last `refresh`. */
  readonly tables: Tables;
  /** Takes new dense weights, and computes the items' vectors with them and with the tables as they are. */
  refresh(parameters: Tensors): Promise<void>;
  /** Vectors of the query tower, for rows of these columns (of events, or of users). Keeps what it makes of the columns until it is closed. */
  queries(columns: Columns, rows: Int32Array): Promise<Vectors>;
  /** The same of the first rows of columns that are asked once, such as those of requests: it keeps nothing of them. */
  query(columns: Columns, rows: number): Promise<Vectors>;
  /** Vectors of the item tower, for the first rows of columns that come once, such as those of items that are written. */
  item(columns: Columns, rows: number): Promise<Vectors>;
  /** float32 [queries, items]: the scores, of all items or of some in a row. */
  scores(queries: Vectors, from?: number, to?: number): Promise<Float32Array>;
  close(): Promise<void>;
}

export interface RetrievalOptions extends TowerOptions {
  readonly corpus: Pick<Corpus, 'rows' | 'features'>;
  /** What these weights make of the corpus, where another process has computed it. */
  readonly computed?: ComputedItems;
}

/** What the item tower makes of a corpus: plain data. */
export interface ComputedItems {
  readonly vectors: Vectors;
  /** By name: tables that the query tower looks up. */
  readonly tables: ReadonlyMap<string, Float32Array>;
}

export async function makeRetrieval(options: RetrievalOptions): Promise<Retrieval> {
  const { plan, engine, corpus } = options;
  const [queryTower, itemTower] = plan.towers;
  const computed = computedTables(plan, corpus);
  const tables = new Map([...options.tables, ...computed]);
  const width = itemTower.width;
  invariant(queryTower.width === width, `the towers' vectors are ${queryTower.width} and ${width} wide`);
  const query = new TowerVectors(queryTower, { ...options, tables });
  const item = new TowerVectors(itemTower, options);
  // Inputs of a tower are views of memory that the next inputs reuse: a run ends before the next one begins.
  const inTurn = oneAtATime();
  let allItems: Int32Array | undefined;
  /** The product with items. Made when it is first asked for: a snapshot that is served needs none. */
  let scorer: Program | undefined;
  let items: Vectors | undefined;

  const refresh = async (parameters: Tensors): Promise<void> => {
    await query.write(parameters);
    await item.write(parameters);
    const more = [...computed].map(([name, table]) => {
      const output = elementOutput(name.slice(itemTower.name.length + 1));
      return { output, into: table.values() };
    });
    allItems ??= new Int32Array(corpus.rows).map((_, row) => row);
    items = await item.of(corpus.features, allItems, { more, ...defined({ into: items?.data }) });
  };
  if (options.computed) {
    items = options.computed.vectors;
    for (const [name, table] of computed) table.load(options.computed.tables.get(name)!);
  } else {
    await refresh(options.parameters);
  }

  return {
    items: () => items!,
    computed: () => ({
      vectors: items!,
      tables: new Map([...computed].map(([name, table]) => [name, table.values()])),
    }),
    tables,
    refresh,
    queries: (columns, rows) => inTurn(() => query.of(columns, rows)),
    query: (columns, rows) => inTurn(() => query.once(columns, rows)),
    item: (columns, rows) => inTurn(() => item.once(columns, rows)),
    async scores({ data, rows }, from = 0, to = corpus.rows) {
      scorer ??= await engine.prepare(scoreGraph(width, queryTower.interests), {});
      const { scores } = await scorer.run({
        queries: { dtype: 'float32', shape: [rows * (queryTower.interests ?? 1), width], data },
        items: { dtype: 'float32', shape: [to - from, width], data: items!.data.subarray(from * width, to * width) },
      });
      invariant(scores?.data instanceof Float32Array, 'the scores are float32');
      return scores.data;
    },
    async close() {
      await query.close();
      await item.close();
      await scorer?.close();
    },
  };
}

/** Tables of the vectors that elements of lists are, by name: a row for each item of the corpus. */
function computedTables({ features }: Plan, { rows }: Pick<Corpus, 'rows'>): ReadonlyMap<string, Table> {
  return new Map(
    features.flatMap(({ through, width }) => {
      if (!through) return [];
      const name = computedTable(through);
      return [[name, makeTable({ name, rows: Math.max(1, rows), dim: width })] as const];
    }),
  );
}

/** float32 [batch, items]: each item by the vector of the row that it agrees with most. */
function scoreGraph(width: number, interests = 1): Graph {
  const builder = makeBuilder('scores');
  const queries = builder.input('queries', [symbolic('batch', interests), width]);
  const items = symbolic('items');
  const products = builder.matMul(queries, builder.input('items', [items, width]), { transposeB: true });
  const each = (): Ref => builder.max(builder.reshape(products, [symbolic('batch'), interests, items]), [1]);
  builder.output('scores', interests === 1 ? products : each());
  return builder.finish();
}
