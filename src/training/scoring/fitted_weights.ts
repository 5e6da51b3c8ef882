/** The weights of a score that is fitted from item to item, as the tables of a run hold them. */
import { failure, invariant } from '../../base/diagnostics/diagnostic.ts';
import type { Corpus } from '../../data/dataset.ts';
import { fittedTableNames, type Plan } from '../../graph/plan/plan.ts';
import { type ItemWeights, weightsComplaint } from '../../retrieval/scan/item_weights.ts';
import type { Tables } from '../embedding/tables.ts';

export interface FittedSource {
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
    neighbours: numbersOf(fittedTableNames.neighbours),
    weights: numbersOf(fittedTableNames.weights),
    events: numbersOf(fittedTableNames.events),
    codes: codesOfItems(corpus, towers[1].key!),
    most: features.find(({ name }) => name === fitted.list)!.max!,
  };
  const reason = weightsComplaint(itemWeights);
  if (reason !== undefined) throw failure('damaged-file', { path: 'weights.safetensors', reason });
  return itemWeights;
}
