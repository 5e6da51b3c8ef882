/** Writes the weights of a score that is fitted from item to item as a table, which a database sums up for a list of items. */
import { join } from 'node:path';
import { writeTextDurably } from '../../base/storage/durable.ts';
import type { Corpus } from '../../data/dataset.ts';
import { writeParquet } from '../../data/files/duckdb.ts';
import type { ItemWeights } from '../../retrieval/scan/item_weights.ts';
import type { LoadedModel } from '../artifact/load.ts';
import { itemWeightsOf } from '../scoring/fitted_weights.ts';
import { writeExport } from './page_folder.ts';

/** The contents of `item_to_item.json`. */
export interface WeightsDescription {
  readonly format: 'tower-weights-1';
  readonly tower: string;
  readonly model: string;
  /** A row for each weight: the keys `item` and `neighbour`, and `weight`. */
  readonly weights: 'weights.parquet';
  readonly rows: number;
  /** The score of an item: the sum over the distinct items of a list of decay ^ age · weight; the latest item has the age 0. */
  readonly decay: number;
  /** Elements of a list that count: the latest. */
  readonly most: number;
}

/** @throws Failure `folder-in-use`, `cannot-write` */
export function writeWeightsExport(
  { plan, tables }: Pick<LoadedModel, 'plan' | 'tables'>,
  corpus: Corpus,
  { folder: target, tower, force }: { readonly folder: string; readonly tower: string; readonly force?: boolean },
): Promise<WeightsDescription> {
  const index = 'item_to_item.json';
  return writeExport(target, index, force, async (folder) => {
    const itemWeights = itemWeightsOf({ plan, tables, corpus });
    const { items, neighbours, weights } = rowsOf(itemWeights);
    const keysOf = (rows: readonly number[]) => ({ at: (row: number) => corpus.keys.at(rows[row]!) });
    await writeParquet(
      join(folder, 'weights.parquet'),
      [
        { name: 'item', texts: keysOf(items) },
        { name: 'neighbour', texts: keysOf(neighbours) },
        { name: 'weight', numbers: Float32Array.from(weights), width: 1 },
      ],
      weights.length,
      'item, neighbour, weight[1] AS weight',
    );
    const description: WeightsDescription = {
      format: 'tower-weights-1',
      tower,
      model: plan.model,
      weights: 'weights.parquet',
      rows: weights.length,
      decay: itemWeights.events[0]!,
      most: itemWeights.most,
    };
    await writeTextDurably(join(folder, index), `${JSON.stringify(description, undefined, 2)}\n`);
    return description;
  });
}

/** Lists the weights between items of the corpus, by row of the corpus. */
function rowsOf({ neighbours, weights, events, codes }: ItemWeights) {
  const keep = neighbours.length / events.length;
  const rowOfCode = new Map(Array.from(codes, (code, row) => [code, row]));
  const rows = { items: [] as number[], neighbours: [] as number[], weights: [] as number[] };
  for (const [code, row] of rowOfCode) {
    if (code === 0) continue;
    for (let index = code * keep; index < (code + 1) * keep; index++) {
      const neighbour = neighbours[index] === 0 ? undefined : rowOfCode.get(neighbours[index]!);
      if (neighbour === undefined) continue;
      rows.items.push(row);
      rows.neighbours.push(neighbour);
      rows.weights.push(weights[index]!);
    }
  }
  return rows;
}
