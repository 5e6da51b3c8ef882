/** The items that a model is told somebody had before an event, so that a baseline can be told no less. */
import type { Corpus, Events } from '../data/dataset.ts';
import type { Plan } from '../lower/plan.ts';
import type { IndexedBags } from './scorer.ts';

/** The asking tower's list of items as corpus rows; undefined where it reads none. A code that several items share names none. */
export function modelHistory({ towers, features }: Plan, events: Events, corpus: Corpus): IndexedBags | undefined {
  const [query, { key }] = towers;
  const feature = features.find(
    ({ name, gives, encoderOf }) => gives === 'bag' && encoderOf === key && query.features.includes(name),
  );
  const bags = feature && events.features.get(feature.name);
  const codes = key === undefined ? undefined : corpus.features.get(key);
  if (bags?.column.kind !== 'bags' || codes?.column.kind !== 'codes') return undefined;
  const rowOf = new Map<number, number>();
  for (let row = 0; row < corpus.rows; row++) {
    const code = codes.column.values[codes.index ? codes.index[row]! : row]!;
    rowOf.set(code, rowOf.has(code) ? -1 : row);
  }
  const values = bags.column.values.map((code) => rowOf.get(code) ?? -1);
  return { bags: { ...bags.column, values }, ...(bags.index ? { index: bags.index } : {}) };
}
