/** A retrieval whose score is fitted as a whole. The vector of a query has one number for each item. */
import { failure, invariant } from '../../base/diagnostics/failure.ts';
import { everyRow } from '../../base/util/defined.ts';
import type { Corpus } from '../../data/dataset.ts';
import { ItemSums, type ItemWeights, weightsComplaint } from '../../engines/scan/item_weights.ts';
import { fittedTable, type Plan } from '../../graph/plan/plan.ts';
import type { Tables } from '../embedding/tables.ts';
import type { Retrieval } from './retrieval.ts';
import type { IndexedFeatures, Vectors } from './tower_vectors.ts';

interface FittedSource {
  readonly plan: Pick<Plan, 'fitted' | 'features' | 'towers'>;
  readonly tables: Tables;
  readonly corpus: Pick<Corpus, 'rows' | 'features'>;
}

/** Returns the code of the key of each item; 0 for an item that training does not have. */
export function codesOfItems({ rows, features }: Pick<Corpus, 'rows' | 'features'>, key: string): Int32Array {
  const indexed = features.get(key);
  invariant(indexed?.column.kind === 'codes', `key ${key} has one code an item`);
  const { column, index } = indexed;
  return Int32Array.from({ length: rows }, (_, row) => column.values[index ? index[row]! : row]!);
}

/** @throws Failure `damaged-file` if a table names a code that there is none of */
export function itemWeightsOf({ plan, tables, corpus }: FittedSource): ItemWeights {
  const { fitted, features, towers } = plan;
  invariant(fitted, 'the score is fitted');
  const numbersOf = (name: string): Float32Array => tables.get(name)!.read();
  const itemWeights = {
    neighbours: numbersOf(fittedTable.neighbours),
    weights: numbersOf(fittedTable.weights),
    events: numbersOf(fittedTable.events),
    codes: codesOfItems(corpus, towers[1].key!),
    most: features.find(({ name }) => name === fitted.list)!.max!,
  };
  const reason = weightsComplaint(itemWeights);
  if (reason !== undefined) throw failure('damaged-file', { path: 'weights.safetensors', reason });
  return itemWeights;
}

export function makeFittedRetrieval(source: FittedSource): Retrieval {
  const { plan, tables } = source;
  const sums = new ItemSums(itemWeightsOf(source));
  const { rows: width } = sums;
  const key = plan.towers[1].key!;
  const vectorsOf = (columns: IndexedFeatures, rows: Int32Array): Vectors => {
    const indexed = columns.get(plan.fitted!.list);
    invariant(indexed?.column.kind === 'bags', 'the items of a query are a list');
    const { column, index } = indexed;
    const bags = rows.map((row) => (index ? index[row]! : row));
    return { data: sums.ofLists(column, bags), rows: rows.length, width };
  };
  // The vector of an item has a 1 at its own place, so it is not stored.
  const items: Vectors = { data: new Float32Array(0), rows: width, width: 0 };
  return {
    items: () => items,
    computed: () => ({ vectors: items, tables: new Map() }),
    tables,
    refresh: async () => {},
    queries: async (columns, rows) => vectorsOf(columns, rows),
    query: async (columns, rows) => vectorsOf(columns, everyRow(rows)),
    // An item that is written again keeps its place in the scores, and a new one has none.
    async item(columns, rows) {
      const data = new Float32Array(rows * width);
      codesOfItems({ rows, features: columns }, key).forEach((code, at) => {
        const row = sums.rowOf(code);
        if (row >= 0) data[at * width + row] = 1;
      });
      return { data, rows, width };
    },
    scores: async ({ data }) => data,
    scoresBetween: async ({ data, rows }, from, to) => {
      const some = new Float32Array(rows * (to - from));
      for (let row = 0; row < rows; row++) {
        some.set(data.subarray(row * width + from, row * width + to), row * (to - from));
      }
      return some;
    },
    scan: () => sums.scan(),
    close: async () => {},
  };
}
