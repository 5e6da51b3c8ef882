/** Computes item and query vectors with the trained towers, and scores them by inner product (the maximum over the interests of a query). */
import type { Corpus, IndexedColumn } from '../data/dataset.ts';
import { defined } from '../defined.ts';
import { failure, invariant } from '../diagnostics/failure.ts';
import type { Tables } from '../embedding/tables.ts';
import type { Engine, Program, Tensors } from '../engine/engine.ts';
import { makeRowFeeder, type RowFeeder } from '../feed/feeder.ts';
import { makeBuilder, type Ref } from '../graph/builder.ts';
import { symbolic } from '../graph/dims.ts';
import type { Graph } from '../graph/graph.ts';
import type { Plan, TowerPlan } from '../plan/plan.ts';

export interface Vectors {
  /** float32 [rows, width], or [rows, interests, width]; row-major. */
  readonly data: Float32Array;
  readonly rows: number;
  readonly width: number;
  /** How many a row has, where there are several. */
  readonly interests?: number;
}

export interface Retrieval {
  /** Vectors of the whole corpus, as of the last `refresh`. */
  items(): Vectors;
  /** Takes new dense weights, and computes the items' vectors with them and with the tables as they are. */
  refresh(parameters: Tensors): Promise<void>;
  /** Vectors of the query tower, for rows of these columns (of events, or of users). Keeps what it makes of the columns until it is closed. */
  queries(columns: ReadonlyMap<string, IndexedColumn>, rows: Int32Array): Promise<Vectors>;
  /** The same of row 0 of columns that are asked once, such as those of a request: it keeps nothing of them. */
  query(columns: ReadonlyMap<string, IndexedColumn>): Promise<Vectors>;
  /** float32 [queries, items]: the scores. */
  scores(queries: Vectors): Promise<Float32Array>;
  close(): Promise<void>;
}

export interface RetrievalOptions {
  readonly plan: Plan;
  readonly engine: Engine;
  readonly tables: Tables;
  readonly corpus: Corpus;
  readonly parameters: Tensors;
}

/** Rows that go through a tower at a time. */
const rowsAtOnce = 4096;

export async function makeRetrieval(options: RetrievalOptions): Promise<Retrieval> {
  const { plan, engine, tables, corpus } = options;
  const [queryTower, itemTower] = plan.towers;
  const width = itemTower.width;
  invariant(queryTower.width === width, `the towers' vectors are ${queryTower.width} and ${width} wide`);
  const query = await makeTower(engine, queryTower, options.parameters);
  const item = await makeTower(engine, itemTower, options.parameters);
  const feeders = new Map<ReadonlyMap<string, IndexedColumn>, RowFeeder>();
  const makeFeeder = (tower: TowerPlan, columns: ReadonlyMap<string, IndexedColumn>): RowFeeder =>
    makeRowFeeder({ plan: tower.embedded, columns, features: plan.features, tables });
  const feederOf = (tower: TowerPlan, columns: ReadonlyMap<string, IndexedColumn>): RowFeeder => {
    const feeder = feeders.get(columns) ?? makeFeeder(tower, columns);
    feeders.set(columns, feeder);
    return feeder;
  };
  const oneAfterTheOther = makeQueue();
  const allItems = Int32Array.from({ length: corpus.rows }, (_, row) => row);
  let scorer: Program | undefined;
  let isScorerOld = true;
  let items: Vectors | undefined;

  const refresh = async (parameters: Tensors): Promise<void> => {
    await query.write(parametersOf(queryTower.embedded.graph, parameters));
    await item.write(parametersOf(itemTower.embedded.graph, parameters));
    items = await vectorsOf(item, feederOf(itemTower, corpus.features), allItems, itemTower);
    isScorerOld = true;
  };
  /** The product with all items. Made when it is first asked for: a snapshot that is served needs none. */
  const currentScorer = async (): Promise<Program> => {
    if (scorer && !isScorerOld) return scorer;
    const transposed = new Float32Array(width * corpus.rows);
    for (let row = 0; row < corpus.rows; row++) {
      for (let i = 0; i < width; i++) transposed[i * corpus.rows + row] = items!.data[row * width + i]!;
    }
    const weights: Tensors = { items: { dtype: 'float32', shape: [width, corpus.rows], data: transposed } };
    if (scorer) await scorer.write(weights);
    else scorer = await engine.prepare(scoreGraph(width, corpus.rows, queryTower.interests), weights);
    isScorerOld = false;
    return scorer;
  };
  await refresh(options.parameters);

  return {
    items: () => items!,
    refresh,
    queries: (columns, rows) =>
      oneAfterTheOther(() => vectorsOf(query, feederOf(queryTower, columns), rows, queryTower)),
    query: (columns) =>
      oneAfterTheOther(async () => {
        const feeder = makeFeeder(queryTower, columns);
        try {
          return await vectorsOf(query, feeder, Int32Array.of(0), queryTower);
        } finally {
          feeder.close();
        }
      }),
    async scores({ data, rows }) {
      const shape = [rows * (queryTower.interests ?? 1), width];
      const program = await currentScorer();
      const { scores } = await program.run({ queries: { dtype: 'float32', shape, data } });
      invariant(scores?.data instanceof Float32Array, 'the scores are float32');
      return scores.data;
    },
    async close() {
      for (const feeder of feeders.values()) feeder.close();
      await query.close();
      await item.close();
      await scorer?.close();
    },
  };
}

/** Inputs of a tower are views of memory that the next inputs reuse: a run ends before the next one begins. */
function makeQueue(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const next = last.then(work, work);
    last = next.catch(() => {});
    return next;
  };
}

const makeTower = (engine: Engine, tower: TowerPlan, parameters: Tensors): Promise<Program> =>
  engine.prepare(tower.embedded.graph, parametersOf(tower.embedded.graph, parameters));

/** Those of `parameters` that the graph has. */
export function parametersOf(graph: Graph, parameters: Tensors): Tensors {
  return Object.fromEntries(
    graph.parameters.map(({ name }) => {
      const value = parameters[name];
      invariant(value, `there is no value for parameter ${name} of graph ${graph.name}`);
      return [name, value];
    }),
  );
}

async function vectorsOf(program: Program, feeder: RowFeeder, rows: Int32Array, tower: TowerPlan): Promise<Vectors> {
  const { width, interests } = tower;
  const each = width * (interests ?? 1);
  const data = new Float32Array(rows.length * each);
  for (let from = 0; from < rows.length; from += rowsAtOnce) {
    const { vector } = await program.run(feeder.inputs(rows.subarray(from, from + rowsAtOnce)));
    invariant(vector?.data instanceof Float32Array, `tower ${tower.name} gives no vector`);
    data.set(vector.data, from * each);
  }
  // A target that is not a number would have nothing above it, and look perfect.
  if (!data.every(Number.isFinite)) throw failure('vectors-not-finite', { tower: tower.name });
  return { data, rows: rows.length, width, ...defined({ interests }) };
}

/** float32 [batch, items]: each item by the vector of the row that it agrees with most. */
function scoreGraph(width: number, items: number, interests = 1): Graph {
  const builder = makeBuilder('scores');
  const queries = builder.input('queries', [symbolic('batch', interests), width]);
  const matrix = builder.parameter('items', [width, items], { kind: 'zeros' }, { trainable: false });
  const products = builder.matMul(queries, matrix);
  const each = (): Ref => builder.max(builder.reshape(products, [symbolic('batch'), interests, items]), [1]);
  builder.output('scores', interests === 1 ? products : each());
  return builder.finish();
}
