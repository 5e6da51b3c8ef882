/** Reads the columns of the items that metrics name, such as the `genres` of `diversity(genres, 10)`. They do not depend on what a model reads. */
import { failure } from '../base/diagnostics/failure.ts';
import type { DataDescription } from '../graph/plan/data_description.ts';
import type { MeasureSpec } from '../graph/plan/plan.ts';
import { type BindOptions, withBoundDatabase } from './binding/bind.ts';
import type { Needs } from './binding/data_layout.ts';
import type { Corpus, Dataset } from './dataset.ts';
import { filterColumnsOf, readValues } from './rows/item_columns.ts';

interface MetricSource {
  readonly metrics: readonly MeasureSpec[];
  readonly description: DataDescription;
  readonly needs: Needs;
}

/** Returns the data set with the values of these columns. @throws Failure `data-needs` without an items file, `unknown-name` if it lacks a column */
export async function withMetricColumns(
  dataset: Dataset,
  { metrics, description, needs }: MetricSource,
  options: Omit<BindOptions, 'model'>,
): Promise<Dataset> {
  const named = metrics.filter(({ column }) => column !== undefined);
  if (named.length === 0) return dataset;
  const { keys } = dataset.corpus;
  const calls = named.map(({ metric: kind, column }) => ({ kind, arguments: { column } }));
  const model = { features: new Map(), labels: new Map(), train: { metrics: calls } };
  const elements = await withBoundDatabase(description, needs, { ...options, model }, async (database, { layout }) => {
    const [source, key, columns] = [layout.sources.get('items')!, layout.itemKey!.inFile!, layout.metricColumns!];
    const readable = filterColumnsOf(source, { features: columns }, key);
    const wanted = [...columns].map(([name, { bare = name }]) => {
      const column = readable.find((each) => each.name === bare);
      if (column) return { ...column, name };
      const known = readable.map((each) => each.name);
      throw failure('unknown-name', { what: 'column of single values or lists', name, known });
    });
    const values = await readValues(database, source, key, wanted, keys, options.signal);
    return new Map([...values].map(([name, { values: own }]) => [name, elementsOf(own)]));
  });
  return { ...dataset, corpus: { ...dataset.corpus, elements } };
}

/** Codes the distinct values of each item. An empty text is missing, as it is for filters. */
function elementsOf(values: readonly unknown[]): NonNullable<ReturnType<NonNullable<Corpus['elements']>['get']>> {
  const starts = new Int32Array(values.length);
  const ends = new Int32Array(values.length);
  const codes: number[] = [];
  const codeOf = new Map<unknown, number>();
  values.forEach((value, item) => {
    starts[item] = codes.length;
    for (const element of new Set([value ?? []].flat())) {
      if (element === '') continue;
      if (!codeOf.has(element)) codeOf.set(element, codeOf.size);
      codes.push(codeOf.get(element)!);
    }
    ends[item] = codes.length;
  });
  return { starts, ends, values: Int32Array.from(codes) };
}
