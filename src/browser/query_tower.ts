/**
 * The query tower in plain JavaScript: the project's own definition of every op, sums in float64, results rounded to float32. An engine would add in an order of
 * its own for each machine; this order is fixed, so Node.js and browsers give the same bits, and no runtime of megabytes is loaded.
 */
import type { BagColumn, IndexedColumn } from '../data/dataset.ts';
import { defined } from '../defined.ts';
import { failure, invariant } from '../diagnostics/failure.ts';
import { evaluate, type Tensors } from '../graph/evaluate.ts';
import type { Tensor } from '../graph/graph.ts';
import type { FeaturePlan } from '../plan/plan.ts';
import type { QueryTowerRun } from '../serve/asking.ts';
import type { PageQuery } from '../serve/page_files.ts';

/** As `weightsInput` names it. */
const weightsSuffix = '/weights';

export function makeQueryTower({ plan, graph, width, interests }: PageQuery, parameters: Tensors): QueryTowerRun {
  const [tower] = plan.towers;
  const features = new Map(plan.features.map((feature) => [feature.name, feature]));
  const inputs = graph.inputs.map(({ name, node }) => {
    const isWeights = !features.has(name) && name.endsWith(weightsSuffix);
    const feature = features.get(isWeights ? name.slice(0, -weightsSuffix.length) : name);
    invariant(feature, `input ${name} is a feature`);
    const [, ...each] = graph.nodes[node]!.type.shape as readonly number[];
    return { name, feature, each, isWeights };
  });
  return async (columns, rows) => {
    const given = Object.fromEntries(
      inputs.map(({ name, feature, each, isWeights }): [string, Tensor] => {
        const column = columns.get(feature.name);
        invariant(column, `feature ${feature.name} has a column`);
        return [name, isWeights ? weightsOf(column, rows, each) : valuesOf(column, feature, rows, each)];
      }),
    );
    const { vector } = evaluate(graph, given, parameters).outputs;
    const data = vector!.data as Float32Array;
    if (!data.every(Number.isFinite)) throw failure('vectors-not-finite', { tower: tower.name });
    return { data, rows, width, ...defined({ interests: interests === 1 ? undefined : interests }) };
  };
}

/** @param each shape of the value of a row */
function valuesOf(
  { column, index }: IndexedColumn,
  feature: FeaturePlan,
  rows: number,
  each: readonly number[],
): Tensor {
  const shape = [rows, ...each];
  const size = each.reduce((product, length) => product * length, 1);
  const rowOf = (row: number): number => (index ? index[row]! : row);
  if (column.kind === 'numbers') {
    const data = new Float32Array(rows * size);
    for (let row = 0; row < rows; row++) {
      data.set(column.values.subarray(rowOf(row) * size, (rowOf(row) + 1) * size), row * size);
    }
    return { dtype: 'float32', shape, data };
  }
  const data = new Int32Array(rows * size).fill(-1);
  for (let row = 0; row < rows; row++) {
    if (column.kind === 'codes') data[row] = column.values[rowOf(row)]!;
    else fillBag(column, feature, rowOf(row), data.subarray(row * size, (row + 1) * size), each);
  }
  return { dtype: 'int32', shape, data };
}

/** The rest stays −1. */
function fillBag(
  { starts, ends, values, items, inner }: BagColumn,
  { through }: FeaturePlan,
  bag: number,
  to: Int32Array,
  [places, most = 1]: readonly number[],
): void {
  const count = Math.min(ends[bag]! - starts[bag]!, places!);
  for (let i = 0; i < count; i++) {
    const at = starts[bag]! + i;
    if (inner) {
      const codes = inner.values.subarray(inner.starts[values[at]!], inner.ends[values[at]!]);
      to.set(codes.subarray(0, most), i * most);
    } else {
      // Row 0 of the table of a list through the item tower is of what is no item.
      to[i] = through ? items![at]! + 1 : values[at]!;
    }
  }
}

function weightsOf({ column, index }: IndexedColumn, rows: number, [places]: readonly number[]): Tensor {
  invariant(column.kind === 'bags', 'weights are of a list');
  const data = new Float32Array(rows * places!);
  for (let row = 0; row < rows; row++) {
    const bag = index ? index[row]! : row;
    const from = column.starts[bag]!;
    const count = Math.min(column.ends[bag]! - from, places!);
    for (let i = 0; i < count; i++) data[row * places! + i] = column.weights ? column.weights[from + i]! : 1;
  }
  return { dtype: 'float32', shape: [rows, places!], data };
}
