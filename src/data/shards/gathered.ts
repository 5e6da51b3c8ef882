/** Combines the results of partitions that are in no shard. */
import { defined } from '../../base/util/defined.ts';
import type { BagColumn, IndexedColumn, LabelSums } from '../dataset.ts';
import { addSums, noSums } from '../label_sums.ts';
import type { ColumnBlock } from './block.ts';
import type { EventsSpec } from './event_rows.ts';
import { SeenItems, type SeenOfBucket, type SeenSpans } from './seen_items.ts';
import { SideColumns, type SideRows } from './side_columns.ts';

/** Events without a value of a label, in training and in all. */
export interface MissingLabels {
  readonly training: number;
  readonly all: number;
}

/** Plain data: it is stored while later partitions are encoded, so that passes which were stopped resume. */
export interface PartitionRest {
  readonly spec: EventsSpec;
  readonly heldSpec: EventsSpec;
  readonly held: Readonly<Record<'validation' | 'test', ColumnBlock>>;
  /** Set for the first partition alone, since all have the same: columns of the items' file, and the bags that elements of lists are. */
  readonly shared?: {
    readonly items: ReadonlyMap<string, IndexedColumn>;
    readonly inner: ReadonlyMap<string, BagColumn>;
  };
  /** Columns of items from events; absent where the items' file has all. */
  readonly items?: SideRows;
  readonly newItems: Int32Array;
  readonly users: SideRows;
  /** The spans of items that the partition's users had in training; the items are in the file of all. */
  readonly seen: SeenOfBucket;
  readonly members: Int32Array;
  readonly asOfLastEvent: readonly string[];
  readonly missing: ReadonlyMap<string, number>;
  readonly missingLabels: ReadonlyMap<string, MissingLabels>;
  /** By task. */
  readonly labelSums: ReadonlyMap<string, LabelSums>;
}

export interface EncodedRest
  extends Omit<PartitionRest, 'held' | 'shared' | 'items' | 'newItems' | 'users' | 'members' | 'seen'> {
  readonly seen: SeenSpans;
  readonly held: Readonly<Record<'validation' | 'test', readonly ColumnBlock[]>>;
  readonly items: ReadonlyMap<string, IndexedColumn>;
  readonly users: ReadonlyMap<string, IndexedColumn>;
  readonly inner: ReadonlyMap<string, BagColumn>;
}

export class Gathered {
  /** 1 for each item that a partition had. */
  readonly knownItems: Uint8Array;
  readonly #items: SideColumns;
  readonly #users: SideColumns;
  readonly #seen: SeenItems;
  readonly #held = { validation: [] as ColumnBlock[], test: [] as ColumnBlock[] };
  readonly #missing = new Map<string, number>();
  readonly #missingLabels = new Map<string, MissingLabels>();
  readonly #sums = new Map<string, LabelSums>();
  #first: Pick<PartitionRest, 'spec' | 'heldSpec' | 'shared'> | undefined;
  #asOfLastEvent: readonly string[] = [];

  constructor(items: number, users: number) {
    this.knownItems = new Uint8Array(items);
    this.#items = new SideColumns(items);
    this.#users = new SideColumns(users);
    this.#seen = new SeenItems(users);
  }

  add(rest: PartitionRest): void {
    const { spec, heldSpec, shared } = rest;
    this.#first ??= { spec, heldSpec, ...defined({ shared }) };
    if (rest.items) this.#items.add(rest.items);
    for (const item of rest.newItems) this.knownItems[item] = 1;
    this.#users.add(rest.users);
    this.#seen.add(rest.seen, rest.members);
    for (const part of ['validation', 'test'] as const) this.#held[part].push(rest.held[part]);
    for (const [name, count] of rest.missing) this.#missing.set(name, (this.#missing.get(name) ?? 0) + count);
    for (const [name, { training, all }] of rest.missingLabels) {
      const total = this.#missingLabels.get(name) ?? { training: 0, all: 0 };
      this.#missingLabels.set(name, { training: total.training + training, all: total.all + all });
    }
    for (const [task, sums] of rest.labelSums) this.#sums.set(task, addSums(this.#sums.get(task) ?? noSums, sums));
    this.#asOfLastEvent = rest.asOfLastEvent;
  }

  all(): EncodedRest {
    const { spec, heldSpec, shared } = this.#first!;
    const { items, inner } = shared!;
    return {
      ...{ spec, heldSpec, inner, held: this.#held, seen: this.#seen.places, asOfLastEvent: this.#asOfLastEvent },
      items: new Map([...items, ...this.#items.columns(inner)]),
      users: this.#users.columns(inner),
      ...{ missing: this.#missing, missingLabels: this.#missingLabels, labelSums: this.#sums },
    };
  }
}
