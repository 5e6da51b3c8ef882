/** A tower with its tables and dense weights inside: codes and numbers in, one vector out. */
import { invariant } from '../../base/diagnostics/failure.ts';
import { pickTexts } from '../../base/text/texts.ts';
import { everyRow } from '../../base/util/every_row.ts';
import type { Corpus, Encoding } from '../../data/dataset.ts';
import type { Tensors } from '../../engines/engine.ts';
import type { Graph, Tensor } from '../../graph/graph.ts';
import { computedTable, type TowerPlan } from '../../graph/plan/plan.ts';
import { servingGraph, tableParameter } from '../../graph/plan/serving_graph.ts';
import type { LoadedModel } from '../../training/artifact/load.ts';
import type { Tables } from '../../training/embedding/tables.ts';

/** The items that lists of the item tower may hold, and the tables that the tower computes. */
export interface ListElements {
  readonly corpus: Corpus;
  readonly tables: Tables;
}

export interface ServedTower {
  readonly tower: TowerPlan;
  readonly graph: Graph;
  readonly parameters: Tensors;
}

/** Items of a list that goes through the item tower: each item has a code, and the code a row. */
export interface ItemsOfList {
  readonly encoding: Extract<Encoding, { readonly kind: 'vocabulary' }>;
  /** float32 [items + 1, width]; row 0 is of what is no such item. */
  readonly table: Tensor;
}

export function listsOfItems(
  { plan }: LoadedModel,
  elements: ListElements | undefined,
): ReadonlyMap<string, ItemsOfList> {
  return new Map(
    plan.features.flatMap((feature) => {
      const { name, through, width, skipsUnseen } = feature;
      if (!through) return [];
      invariant(elements, `the items that list ${name} may hold are not given`);
      const { corpus, tables } = elements;
      const key = corpus.features.get(plan.towers[1].key!);
      invariant(key?.column.kind === 'codes', 'the items have keys');
      const { column, index } = key;
      const codeOf = (row: number): number => column.values[index ? index[row]! : row]!;
      const rows = everyRow(corpus.keys.length).filter((row) => !skipsUnseen || codeOf(row) !== 0);
      const values = pickTexts(corpus.keys, rows);
      const table = rowsOf(tables.get(computedTable(through))!.values(), rows, width);
      return [[name, { encoding: { kind: 'vocabulary', values }, table }]];
    }),
  );
}

/** Gives each list of the item tower a row for each item of the corpus. Row i + 1 is item i. */
export const tablesOfCorpus = (
  { plan }: LoadedModel,
  { corpus, tables }: ListElements,
): ReadonlyMap<string, Pick<ItemsOfList, 'table'>> =>
  new Map(
    plan.features.flatMap(({ name, through, width }) => {
      if (!through) return [];
      const vectors = tables.get(computedTable(through))!.values();
      return [[name, { table: rowsOf(vectors, everyRow(corpus.keys.length), width) }]];
    }),
  );

/** Row 0 is zeros. */
function rowsOf(vectors: Float32Array, rows: Int32Array, width: number): Tensor {
  const data = new Float32Array((rows.length + 1) * width);
  for (const [at, row] of rows.entries()) {
    data.set(vectors.subarray(row * width, (row + 1) * width), (at + 1) * width);
  }
  return { dtype: 'float32', shape: [rows.length + 1, width], data };
}

export function servedTower(
  trained: LoadedModel,
  tower: TowerPlan,
  lists: ReadonlyMap<string, Pick<ItemsOfList, 'table'>>,
): ServedTower {
  const allTables = new Map(
    [...trained.tables].map(([name, table]): [string, Tensor] => [
      name,
      { dtype: 'float32', shape: [table.rows, table.dim], data: table.read() },
    ]),
  );
  for (const [name, { table }] of lists) allTables.set(name, table);
  const graph = servingGraph(
    trained.plan,
    tower,
    new Map([...allTables].map(([name, { shape }]) => [name, shape[0]!])),
  );
  const parameterTables = new Map([...allTables].map(([name, table]) => [tableParameter(name), table]));
  const parameters: Record<string, Tensor> = {};
  for (const { name } of graph.parameters) {
    const value = parameterTables.get(name) ?? trained.parameters[name];
    invariant(value, `there is no value for parameter ${name} of tower ${tower.name}`);
    parameters[name] = value;
  }
  return { tower, graph, parameters };
}
