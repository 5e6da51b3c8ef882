/**
 * The query tower of an export, and the vectors of its items.
 *
 * The tower runs in plain JavaScript, by the project's own definition of every op: sums in float64, results rounded to float32. The order of sums in an engine
 * depends on the machine. Here it is fixed, so Node.js and browsers compute the same bits, and no engine of megabytes is loaded.
 */
import { failure, invariant } from '../../base/diagnostics/diagnostic.ts';
import { listRowIndexes } from '../../base/util/objects.ts';
import type { BagColumn, IndexedColumn } from '../../data/dataset.ts';
import { evaluateGraph, type NamedTensors } from '../../graph/evaluate.ts';
import type { Tensor } from '../../graph/graph.ts';
import type { FeaturePlan } from '../../graph/plan/plan.ts';
import type { QueryTowerRun } from '../../retrieval/query_answerer.ts';
import { ItemSums } from '../../retrieval/scan/item_weights.ts';
import type { Scan } from '../../retrieval/scan/scan.ts';
import type { PublicServable, PublicTower } from '../../retrieval/servable.ts';
import type { SnapshotSource } from '../../retrieval/snapshot.ts';
import { numbersOf } from '../../retrieval/vectors.ts';

interface PageTower {
  readonly queryTower: QueryTowerRun;
  readonly vectors: SnapshotSource['items']['vectors'];
  /** Present if the items have no vectors, because the score is fitted as a whole. */
  readonly scan?: Scan;
}

/** Returns what computes the vectors of queries, and what they are compared with. */
export function pageTowerOf({ plan, tower, items }: PublicServable): PageTower {
  const rows = items.keys.ends.length;
  if ('list' in tower) {
    const { max } = plan.features.find(({ name }) => name === tower.list)!;
    const sums = new ItemSums({ ...tower, weights: numbersOf(tower.weights), most: max! });
    const vectors = { data: new Float32Array(0), rows, width: rows };
    return { queryTower: towerOfSums(tower.list, sums), vectors, scan: sums.scan() };
  }
  const vectors = { data: numbersOf(tower.vectors), rows, width: tower.width };
  return { queryTower: makeQueryTower(plan, tower), vectors };
}

function towerOfSums(list: string, sums: ItemSums): QueryTowerRun {
  return async (columns, rows) => {
    const indexed = columns.get(list);
    invariant(indexed?.column.kind === 'bags', 'the items of a query are a list');
    const { column, index } = indexed;
    return { data: sums.ofLists(column, listRowIndexes(rows), index), rows, width: sums.rows };
  };
}

/** The suffix that `weightsInput` appends. */
const weightsSuffix = '/weights';

function makeQueryTower(plan: PublicServable['plan'], tower: PublicTower): QueryTowerRun {
  const { graph, width, interests } = tower;
  const parameters: NamedTensors = Object.fromEntries(
    graph.parameters.map(({ name, node }) => [
      name,
      {
        dtype: 'float32',
        shape: graph.nodes[node]!.type.shape as number[],
        data: numbersOf(tower.parameters.get(name)!),
      },
    ]),
  );
  const features = new Map(plan.features.map((feature) => [feature.name, feature]));
  const inputs = graph.inputs.map(({ name, node }) => {
    const isWeights = !features.has(name) && name.endsWith(weightsSuffix);
    const feature = features.get(isWeights ? name.slice(0, -weightsSuffix.length) : name);
    invariant(feature, `input ${name} is a feature`);
    const [, ...elementShape] = graph.nodes[node]!.type.shape as readonly number[];
    return { name, feature, each: elementShape, isWeights };
  });
  return async (columns, rows) => {
    const givenInputs = Object.fromEntries(
      inputs.map(({ name, feature, each: elementShape, isWeights }): [string, Tensor] => {
        const column = columns.get(feature.name);
        invariant(column, `feature ${feature.name} has a column`);
        return [
          name,
          isWeights ? weightsOf(column, rows, elementShape) : valuesOf(column, feature, rows, elementShape),
        ];
      }),
    );
    const { vector } = evaluateGraph(graph, givenInputs, parameters).outputs;
    const data = vector!.data as Float32Array;
    if (!data.every(Number.isFinite)) throw failure('vectors-not-finite', { tower: plan.towers[0].name });
    return { data, rows, width, interests: interests === 1 ? undefined : interests };
  };
}

/** @param elementShape shape of one row's value */
function valuesOf(
  { column, index }: IndexedColumn,
  feature: FeaturePlan,
  rows: number,
  elementShape: readonly number[],
): Tensor {
  const shape = [rows, ...elementShape];
  const rowSize = elementShape.reduce((product, length) => product * length, 1);
  const rowOf = (row: number): number => (index ? index[row]! : row);
  if (column.kind === 'numbers') {
    const data = new Float32Array(rows * rowSize);
    for (let row = 0; row < rows; row++) {
      data.set(column.values.subarray(rowOf(row) * rowSize, (rowOf(row) + 1) * rowSize), row * rowSize);
    }
    return { dtype: 'float32', shape, data };
  }
  const data = new Int32Array(rows * rowSize).fill(-1);
  for (let row = 0; row < rows; row++) {
    if (column.kind === 'codes') data[row] = column.values[rowOf(row)]!;
    else fillBag(column, feature, rowOf(row), data.subarray(row * rowSize, (row + 1) * rowSize), elementShape);
  }
  return { dtype: 'int32', shape, data };
}

function fillBag(
  { starts, ends, values, items, inner }: BagColumn,
  { through }: FeaturePlan,
  bag: number,
  to: Int32Array,
  [places, maxElements = 1]: readonly number[],
): void {
  const elementCount = Math.min(ends[bag]! - starts[bag]!, places!);
  for (let i = 0; i < elementCount; i++) {
    const elementAt = starts[bag]! + i;
    if (inner) {
      const codes = inner.values.subarray(inner.starts[values[elementAt]!], inner.ends[values[elementAt]!]);
      to.set(codes.subarray(0, maxElements), i * maxElements);
    } else {
      // If the list goes through the item tower, row 0 of its table stands for "not an item".
      to[i] = through ? items![elementAt]! + 1 : values[elementAt]!;
    }
  }
}

function weightsOf({ column, index }: IndexedColumn, rows: number, [places]: readonly number[]): Tensor {
  invariant(column.kind === 'bags', 'weights are of a list');
  const data = new Float32Array(rows * places!);
  for (let row = 0; row < rows; row++) {
    const bag = index ? index[row]! : row;
    const bagStart = column.starts[bag]!;
    const elementCount = Math.min(column.ends[bag]! - bagStart, places!);
    for (let i = 0; i < elementCount; i++) data[row * places! + i] = column.weights ? column.weights[bagStart + i]! : 1;
  }
  return { dtype: 'float32', shape: [rows, places!], data };
}
