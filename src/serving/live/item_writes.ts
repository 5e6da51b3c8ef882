/**
 * Writes items for one trained model: given values are read like the items file, go through the item tower, and become visible. Computing and showing are
 * separate steps, so that a log can be written in between, and several models can show the items at the same moment.
 */

import { Failure } from '../../base/diagnostics/diagnostic.ts';
import { makeSerialQueue } from '../../base/util/objects.ts';
import type { Corpus, Encoding, IndexedColumn } from '../../data/dataset.ts';
import type { GivenItem, ItemReader, ReadItem } from '../../data/written/fields.ts';
import type { Plan } from '../../graph/plan/plan.ts';
import { joinColumns } from '../../retrieval/query_answerer.ts';
import { withMadeFeatures } from '../../retrieval/query_columns.ts';
import type { Snapshot } from '../../retrieval/snapshot.ts';
import type { Vectors } from '../../retrieval/vectors.ts';
import type { ItemChange, LiveItems } from './live_items.ts';

export type ItemWrite = GivenItem | { readonly key: string; readonly deleted: true };

export interface ItemWrites {
  readonly snapshot: Snapshot;
  /** Computes writes. An invalid write gives its Failure: `unknown-name`, `item-value`, `vectors-not-finite`. */
  prepare(writes: readonly ItemWrite[]): Promise<(ItemChange | Failure)[]>;
  /** All writes become visible together, in their order. */
  show(changes: readonly ItemChange[]): void;
  /** Frees memory of earlier writes, if there is much of it. `show` must not be called before it has ended. */
  tidy(): Promise<void>;
  close(): void;
}

export interface ItemWritesSource {
  readonly plan: Plan;
  readonly encodings: ReadonlyMap<string, Encoding>;
  readonly corpus: Pick<Corpus, 'features'> & { readonly hasTitles: boolean };
  readonly live: LiveItems;
  readonly base: Snapshot;
  readonly reader: ItemReader;
  itemTower(columns: ReadonlyMap<string, IndexedColumn>, rows: number): Promise<Vectors>;
}

export function makeItemWrites(source: ItemWritesSource): ItemWrites {
  const { live, base, reader, corpus } = source;

  const vectorsOf = async (items: readonly ReadItem[]): Promise<(Float32Array | Failure)[]> => {
    if (items.length === 0) return [];
    const rows = items.map((item) => rowOf(item, base.itemRow(item.key), source));
    try {
      const columns = withMadeFeatures(joinColumns(rows), items.length, source.plan.towers[1], source);
      const { data } = await source.itemTower(columns, items.length);
      const numbers = data.length / items.length;
      return items.map((_, index) => data.slice(index * numbers, (index + 1) * numbers));
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      if (items.length === 1) return [error];
      // One of them has a vector that is not finite, so each is computed alone.
      const oneByOne: (Float32Array | Failure)[] = [];
      for (const item of items) for (const vector of await vectorsOf([item])) oneByOne.push(vector);
      return oneByOne;
    }
  };

  const prepare = async (writes: readonly ItemWrite[]): Promise<(ItemChange | Failure)[]> => {
    const givenItems = writes.filter((write): write is GivenItem => !('deleted' in write));
    const readItems = await reader.read(givenItems);
    const validItems = readItems.filter((item): item is ReadItem => !(item instanceof Failure));
    const vectors = (await vectorsOf(validItems)).values();
    const nextItem = readItems.values();
    return writes.map((write): ItemChange | Failure => {
      if ('deleted' in write) return { delete: write.key };
      const item = nextItem.next().value!;
      if (item instanceof Failure) return item;
      const vector = vectors.next().value!;
      if (vector instanceof Failure) return vector;
      const { key, values } = item;
      return { put: { key, vector, values, title: titleOf(item, base, corpus) } };
    });
  };
  /** Items are read by one query at a time: entries of other processes arrive while this one validates its own. */
  const inTurn = makeSerialQueue();

  return {
    get snapshot() {
      return live.snapshot;
    },
    prepare: (writes) => inTurn(() => prepare(writes)),
    show: live.apply,
    tidy: live.tidy,
    close: reader.close,
  };
}

function titleOf(
  { key, title }: ReadItem,
  base: Snapshot,
  { hasTitles }: ItemWritesSource['corpus'],
): string | undefined {
  if (title !== undefined || !hasTitles) return title;
  const row = base.itemRow(key);
  return row < 0 ? key : base.titleAt(row);
}

function rowOf(
  { features }: ReadItem,
  row: number,
  { reader, corpus }: ItemWritesSource,
): ReadonlyMap<string, IndexedColumn> {
  const eventFeatures = [...reader.missing].map(([name, missing]) => {
    const corpusColumn = row < 0 ? undefined : corpus.features.get(name);
    if (corpusColumn === undefined) return [name, missing] as const;
    const { column, index } = corpusColumn;
    return [name, { column, index: Int32Array.of(index ? index[row]! : row) }] as const;
  });
  return new Map([...features, ...eventFeatures]);
}
