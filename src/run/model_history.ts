/** The items that a model is told somebody had before an event, so that a baseline can be told no less. */
import type { BagColumn, Corpus, Events, IndexedColumn } from '../data/dataset.ts';
import type { Plan } from '../lower/plan.ts';
import type { IndexedBags } from './scorer.ts';

/**
 * All that the asking tower reads of items, lists and single ones, as corpus rows; undefined where it reads none. A code that
 * several items share names none, and neither does that of the unseen.
 */
export function modelHistory({ towers, features }: Plan, events: Events, corpus: Corpus): IndexedBags | undefined {
  const [query, { key }] = towers;
  const codes = key === undefined ? undefined : corpus.features.get(key);
  if (codes?.column.kind !== 'codes') return undefined;
  const told = features.flatMap(({ name, encoderOf }) => {
    const isTold = name !== key && encoderOf === key && query.features.includes(name);
    const indexed = isTold ? events.features.get(name) : undefined;
    return indexed === undefined ? [] : [indexed];
  });
  const [first] = told;
  if (first === undefined) return undefined;

  const rowOf = new Map<number, number>();
  for (let row = 0; row < corpus.rows; row++) {
    const code = codes.column.values[codes.index ? codes.index[row]! : row]!;
    rowOf.set(code, rowOf.has(code) ? -1 : row);
  }
  if (features.find(({ name }) => name === key)?.encoder.kind === 'vocabulary') rowOf.set(0, -1);
  const { column, index } =
    told.length === 1 && first.column.kind === 'bags' ? first : { column: joined(told, events) };
  const bags = column as BagColumn;
  const values = bags.values.map((code) => rowOf.get(code) ?? -1);
  return { bags: { ...bags, values }, ...(index ? { index } : {}) };
}

/** One bag an event, of what any of these columns holds for it, each once. */
function joined(told: readonly IndexedColumn[], { rows }: Events): BagColumn {
  const starts = new Int32Array(rows);
  const ends = new Int32Array(rows);
  const values: number[] = [];
  for (let row = 0; row < rows; row++) {
    starts[row] = values.length;
    const held = new Set<number>();
    for (const { column, index } of told) {
      const at = index ? index[row]! : row;
      if (column.kind === 'codes') held.add(column.values[at]!);
      else if (column.kind === 'bags') {
        for (let i = column.starts[at]!; i < column.ends[at]!; i++) held.add(column.values[i]!);
      }
    }
    for (const code of held) values.push(code);
    ends[row] = values.length;
  }
  return { kind: 'bags', starts, ends, values: Int32Array.from(values) };
}
