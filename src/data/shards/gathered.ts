/** Combines the results of partitions that are not stored in shards. */
import type { MissingLabels } from '../columns/protocol.ts';
import { addSums, type BagColumn, type IndexedColumn, type LabelSums, noSums, type Until } from '../dataset.ts';
import { laterEnd } from '../rows/fresh.ts';
import type { BlockArray, ColumnBlock } from './column_block.ts';
import { type EventsSpec, packColumns, specsOf, unpackColumn } from './event_rows.ts';
import type { PieceFiles, PiecesOfFile } from './pieces.ts';

/** Units by pile, if they are not single rows. */
export interface UnitsOfPiles {
  readonly piles: Int32Array;
  readonly targets: number;
  /** Those of earlier events, if an epoch draws some of them. */
  readonly earlier?: Pick<UnitsOfPiles, 'piles' | 'targets'>;
}

const addUnits = (left: UnitsOfPiles, right: UnitsOfPiles): UnitsOfPiles => ({
  piles: left.piles.map((count, index) => count + right.piles[index]!),
  targets: left.targets + right.targets,
  ...(left.earlier && right.earlier ? { earlier: addUnits(left.earlier, right.earlier) } : {}),
});

/** Plain data, which is stored while later partitions are encoded, so that stopped passes can resume. */
export interface PartitionSummary {
  /** What the file with its rows consists of. */
  readonly pieces: PiecesOfFile;
  readonly spec: EventsSpec;
  readonly heldSpec: EventsSpec;
  readonly held: Readonly<Record<'validation' | 'test', ColumnBlock>>;
  /** Set only for the first partition, because it is the same for all: columns of the items' file, what its items add to histories, and the bags that are elements of lists. */
  readonly shared?: {
    readonly items: ReadonlyMap<string, IndexedColumn>;
    readonly itemElements: ReadonlyMap<string, BagColumn>;
    readonly inner: ReadonlyMap<string, BagColumn>;
  };
  /** Item columns from events. Absent if the items' file has all columns. */
  readonly items?: SideRows;
  readonly users: SideRows;
  /** The spans of the items that the partition's users had in training; the items themselves are in the file of its rows. */
  readonly seen: SeenOfPartition;
  /** The same spans for all events. */
  readonly had: SeenOfPartition;
  readonly knownUntil?: number;
  readonly until?: Until;
  readonly members: Int32Array;
  readonly asOfLastEvent: readonly string[];
  readonly missingLabels: ReadonlyMap<string, MissingLabels>;
  readonly units?: UnitsOfPiles;
  /** By task. */
  readonly labelSums: ReadonlyMap<string, LabelSums>;
}

export interface EncodedSummary
  extends Omit<PartitionSummary, 'pieces' | 'held' | 'shared' | 'items' | 'users' | 'members' | 'seen' | 'had'> {
  /** By partition. */
  readonly pieces: readonly PiecesOfFile[];
  readonly seen: SeenSpans;
  readonly had: SeenSpans;
  readonly held: Readonly<Record<'validation' | 'test', readonly ColumnBlock[]>>;
  readonly items: ReadonlyMap<string, IndexedColumn>;
  readonly users: ReadonlyMap<string, IndexedColumn>;
  readonly itemElements: ReadonlyMap<string, BagColumn>;
  readonly inner: ReadonlyMap<string, BagColumn>;
}

export class Gathered {
  readonly #items: SideColumns;
  readonly #users: SideColumns;
  readonly #seen: SeenItems;
  readonly #had: SeenItems;
  #knownUntil = Number.NEGATIVE_INFINITY;
  #until: Until | undefined;
  readonly #held = { validation: [] as ColumnBlock[], test: [] as ColumnBlock[] };
  readonly #missingLabels = new Map<string, MissingLabels>();
  readonly #sums = new Map<string, LabelSums>();
  #first: Pick<PartitionSummary, 'spec' | 'heldSpec' | 'shared'> | undefined;
  readonly #pieces: PiecesOfFile[] = [];
  #units: UnitsOfPiles | undefined;
  #asOfLastEvent: readonly string[] = [];

  constructor(items: number, users: number) {
    this.#items = new SideColumns(items);
    this.#users = new SideColumns(users);
    this.#seen = new SeenItems(users);
    this.#had = new SeenItems(users);
  }

  add(summary: PartitionSummary): void {
    const { spec, heldSpec, shared } = summary;
    this.#first ??= { spec, heldSpec, shared };
    this.#pieces.push(summary.pieces);
    if (summary.items) this.#items.add(summary.items);
    this.#users.add(summary.users);
    this.#seen.add(summary.seen, summary.members);
    this.#had.add(summary.had, summary.members);
    const { knownUntil = Number.NEGATIVE_INFINITY } = summary;
    this.#knownUntil = Math.max(this.#knownUntil, knownUntil);
    this.#until = laterEnd(this.#until, summary.until);
    for (const part of ['validation', 'test'] as const) this.#held[part].push(summary.held[part]);
    for (const [name, { training, all }] of summary.missingLabels) {
      const total = this.#missingLabels.get(name) ?? { training: 0, all: 0 };
      this.#missingLabels.set(name, { training: total.training + training, all: total.all + all });
    }
    for (const [task, sums] of summary.labelSums) this.#sums.set(task, addSums(this.#sums.get(task) ?? noSums, sums));
    if (summary.units) this.#units = this.#units ? addUnits(this.#units, summary.units) : summary.units;
    this.#asOfLastEvent = summary.asOfLastEvent;
  }

  all(): EncodedSummary {
    const { spec, heldSpec, shared } = this.#first!;
    const { items, itemElements, inner } = shared!;
    return {
      ...{ spec, heldSpec, itemElements, inner, held: this.#held, asOfLastEvent: this.#asOfLastEvent },
      pieces: this.#pieces,
      ...{ seen: this.#seen.places, had: this.#had.places },
      ...(Number.isFinite(this.#knownUntil) ? { knownUntil: this.#knownUntil } : {}),
      until: this.#until,
      units: this.#units,
      items: new Map([...items, ...this.#items.columns(inner)]),
      users: this.#users.columns(inner),
      ...{ missingLabels: this.#missingLabels, labelSums: this.#sums },
    };
  }
}

export interface SideRows {
  readonly specs: EventsSpec['features'];
  readonly block: ColumnBlock;
  readonly targets: Int32Array;
}

export function sideRows(columns: ReadonlyMap<string, IndexedColumn>, rows: Int32Array, targets: Int32Array): SideRows {
  const specs = specsOf(columns);
  const block = new Map<string, BlockArray>();
  packColumns(block, columns, specs, rows);
  return { specs, block, targets };
}

export class SideColumns {
  readonly #blocks: ColumnBlock[] = [];
  readonly #places: Int32Array;
  #specs: EventsSpec['features'] | undefined;
  #next = 0;

  constructor(count: number) {
    this.#places = new Int32Array(count);
  }

  /** Adds rows, which replace earlier rows of the same item or user. */
  add({ specs, block, targets }: SideRows): void {
    this.#specs ??= specs;
    this.#blocks.push(block);
    for (const target of targets) this.#places[target] = this.#next++;
  }

  columns(inner: ReadonlyMap<string, BagColumn>): Map<string, IndexedColumn> {
    const inOrder = this.#places.every((entry, index) => entry === index) && this.#next === this.#places.length;
    return new Map(
      (this.#specs ?? []).map(([name, spec]) => [
        name,
        { column: unpackColumn(this.#blocks, name, spec, inner), ...(inOrder ? {} : { index: this.#places }) },
      ]),
    );
  }
}

/** The span of each user's items among those of all users: 4 bytes for each event. Training reads only what users of held-out events had. */
export type SeenSpans = Pick<BagColumn, 'starts' | 'ends'>;

export interface SeenOfPartition extends SeenSpans {
  readonly items: number;
}

export const blockOfSeen = ({ values }: BagColumn): ColumnBlock => new Map([['values', values as Int32Array]]);

export const seenOfPartition = ({ starts, ends, values }: BagColumn): SeenOfPartition => ({
  ...{ starts, ends },
  items: values.length,
});

/** Combines the spans of all partitions. */
export class SeenItems {
  readonly places: SeenSpans;
  #items = 0;

  constructor(users: number) {
    this.places = { starts: new Int32Array(users), ends: new Int32Array(users) };
  }

  /** @param members indexes of the partition's users among all users */
  add({ starts, ends, items }: SeenOfPartition, members: Int32Array): void {
    members.forEach((user, local) => {
      this.places.starts[user] = this.#items + starts[local]!;
      this.places.ends[user] = this.#items + ends[local]!;
    });
    this.#items += items;
  }
}

/** Returns a column whose items are read at their first use. Reading throws Failure `shards-damaged`. */
export function seenInFiles(files: PieceFiles, listName: 'seen' | 'had', { starts, ends }: SeenSpans): BagColumn {
  let values: Int32Array | undefined;
  return {
    ...{ kind: 'bags', starts, ends },
    get values() {
      values ??= endToEnd(files.readItemsOfUsers(listName));
      return values;
    },
  };
}

/** Joins the items of all blocks in place, because a copy would double the memory. */
function endToEnd(blocks: readonly ColumnBlock[]): Int32Array {
  let length = 0;
  let joinedItems = new Int32Array(0);
  for (const block of blocks) {
    const values = block.get('values') as Int32Array;
    if (length === 0) joinedItems = new Int32Array(values.buffer as ArrayBuffer);
    const start = values.byteOffset / Int32Array.BYTES_PER_ELEMENT;
    joinedItems.copyWithin(length, start, start + values.length);
    length += values.length;
  }
  return joinedItems.subarray(0, length);
}
