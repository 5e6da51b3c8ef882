/** Computes item and query vectors with the trained towers, and scores them by inner product (the maximum over the interests of a query). */
import { invariant } from '../../base/diagnostics/failure.ts';
import { defined } from '../../base/util/defined.ts';
import { everyRow } from '../../base/util/every_row.ts';
import { oneAtATime } from '../../base/util/one_at_a_time.ts';
import type { Corpus } from '../../data/dataset.ts';
import type { Tensors } from '../../engines/engine.ts';
import { computedTable, elementOutput, type Plan } from '../../graph/plan/plan.ts';
import { makeTable, type Table } from '../embedding/table.ts';
import type { Tables } from '../embedding/tables.ts';
import { ItemScores } from './item_scores.ts';
import { type FeatureColumns, type TowerOptions, TowerVectors, type Vectors } from './tower_vectors.ts';

export interface Retrieval {
  /** Vectors of the whole corpus, as of the last `refresh`; the next one writes over them. */
  items(): Vectors;
  /** The same with the tables that the item tower computes, for another process. */
  computed(): ComputedItemVectors;
  /** Tables that the query tower looks up: those of the model, and those that the item tower computes, as of the last `refresh`. */
  readonly tables: Tables;
  /** Takes new dense weights, and computes the items' vectors with them and with the tables as they are. */
  refresh(parameters: Tensors): Promise<void>;
  /** Vectors of the query tower, for rows of these columns (of events, or of users). Caches a feeder of the columns until it is closed. */
  queries(columns: FeatureColumns, rows: Int32Array): Promise<Vectors>;
  /** The same of the first rows of columns that come once, such as those of requests: nothing of them is cached. */
  query(columns: FeatureColumns, rows: number): Promise<Vectors>;
  /** Vectors of the item tower, for the first rows of columns that come once, such as those of items that are written. */
  item(columns: FeatureColumns, rows: number): Promise<Vectors>;
  /** float32 [queries, items]: the scores. */
  scores(queries: Vectors): Promise<Float32Array>;
  /** The same of the items `from` to before `to`, without a copy of all items. */
  scoresBetween(queries: Vectors, from: number, to: number): Promise<Float32Array>;
  close(): Promise<void>;
}

export interface RetrievalOptions extends TowerOptions {
  readonly corpus: Pick<Corpus, 'rows' | 'features'>;
  /** The items as another process has computed them with these weights. */
  readonly computed?: ComputedItemVectors;
}

/** Vectors of a corpus by the item tower: plain data. */
export interface ComputedItemVectors {
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
  const scores = new ItemScores(engine, queryTower.interests);
  let items: Vectors | undefined;

  const refresh = async (parameters: Tensors): Promise<void> => {
    await query.write(parameters);
    await item.write(parameters);
    const more = [...computed].map(([name, table]) => {
      const output = elementOutput(name.slice(itemTower.name.length + 1));
      return { output, into: table.values() };
    });
    allItems ??= everyRow(corpus.rows);
    items = await item.of(corpus.features, allItems, { more, ...defined({ into: items?.data }) });
    scores.renew(items);
  };
  if (options.computed) {
    items = options.computed.vectors;
    scores.renew(items);
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
    scores: (vectors) => scores.all(vectors),
    scoresBetween: (vectors, from, to) => scores.between(vectors, from, to),
    async close() {
      await query.close();
      await item.close();
      await scores.close();
    },
  };
}

/** Makes tables for the vectors of elements of lists, by name: a row for each item of the corpus. */
function computedTables({ features }: Plan, { rows }: Pick<Corpus, 'rows'>): ReadonlyMap<string, Table> {
  return new Map(
    features.flatMap(({ through, width }) => {
      if (!through) return [];
      const name = computedTable(through);
      return [[name, makeTable({ name, rows: Math.max(1, rows), dim: width })] as const];
    }),
  );
}
