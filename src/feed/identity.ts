/** Which item an event is about, to distinguish items: its corpus row, or, where the corpus does not have it, its key's code. */
import type { Corpus, Events } from '../data/dataset.ts';
import { invariant } from '../diagnostics/failure.ts';

/**
 * A number an event row: below `corpus.rows` a corpus row, from there on the code of an item that the corpus does not have. −1: an
 * item of which nothing is known, equal to no other.
 */
export function makeIdentity(events: Events, corpus: Corpus, key: string): (row: number) => number {
  const indexed = events.features.get(key);
  const { item } = events;
  if (!indexed) return (row) => item[row]!;
  const { column, index } = indexed;
  invariant(column.kind === 'codes', `key ${key} is fed by a column of ${column.kind}`);
  return (row) => {
    const known = item[row]!;
    if (known >= 0) return known;
    return corpus.rows + column.values[index ? index[row]! : row]!;
  };
}
