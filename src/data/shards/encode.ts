/** The second pass: the events of each bucket are encoded with their histories; training events go to piles, the others stay. */

import { madeOf } from '../../plan/plan.ts';
import { hashOf } from '../../random/mixed.ts';
import type { ColumnRequests } from '../binding/column_requests.ts';
import type { Layout } from '../binding/layout.ts';
import type { Needs } from '../binding/needs.ts';
import { encodeParts } from '../columns/assemble.ts';
import type { BagColumn, Encoding, Events, IndexedColumn, LabelSums, Part } from '../dataset.ts';
import { addSums, labelSums, noSums } from '../label_sums.ts';
import type { Cuts } from './arrange.ts';
import type { Block, Numbers } from './block.ts';
import type { ArrangedBucket, BucketSource } from './bucket_source.ts';
import { grouped } from './buckets.ts';
import { type EventsSpec, packEvents, specOf } from './event_rows.ts';
import type { OnPass } from './passes.ts';
import type { PileWriter } from './piles.ts';
import { SeenItems, SideColumns } from './side_columns.ts';
import type { Sides } from './sides.ts';

export interface ToEncodeBuckets {
  readonly layout: Layout;
  readonly wanted: ColumnRequests;
  readonly needs: Needs;
  readonly sides: Sides;
  readonly encodings: ReadonlyMap<string, Encoding>;
  readonly lastTraining: Int32Array;
  /** One file a pile. */
  readonly writer: PileWriter;
  readonly piles: number;
  /** Features whose items training reads. */
  readonly keepsGiven: (feature: string) => boolean;
  readonly onPass?: OnPass | undefined;
  /** After a bucket is in piles. */
  readonly onDone: (bucket: number) => void;
}

/** What is in no pile. */
export interface EncodedRest {
  readonly spec: EventsSpec;
  readonly heldSpec: EventsSpec;
  readonly held: Readonly<Record<'validation' | 'test', readonly Block[]>>;
  readonly items: ReadonlyMap<string, IndexedColumn>;
  readonly users: ReadonlyMap<string, IndexedColumn>;
  readonly inner: ReadonlyMap<string, BagColumn>;
  readonly seen: BagColumn;
  readonly asOfLastEvent: readonly string[];
  readonly missing: ReadonlyMap<string, number>;
  /** By label: events without a value, in training and in all. */
  readonly missingLabels: ReadonlyMap<string, { readonly training: number; readonly all: number }>;
  /** By task. */
  readonly labelSums: ReadonlyMap<string, LabelSums>;
}

const pileStream = 2;

export async function encodeBuckets(source: BucketSource, cuts: Cuts, to: ToEncodeBuckets): Promise<EncodedRest> {
  const { layout, wanted, needs, sides, encodings, lastTraining, writer, piles, onPass } = to;
  const sideOf = sidesOfFeatures(needs, wanted);
  const items = new ItemColumns(sides.items.keys.length, sideOf);
  const users = new SideColumns(sides.users.keys.length);
  const seen = new SeenItems(sides.users.keys.length);
  const held = { validation: [] as Block[], test: [] as Block[] };
  const missing = new Map<string, number>();
  const missingLabels = new Map<string, { training: number; all: number }>();
  const sums = new Map<string, LabelSums>();
  let specs: { spec: EventsSpec; heldSpec: EventsSpec } | undefined;
  let inner: ReadonlyMap<string, BagColumn> = new Map();
  let asOfLastEvent: readonly string[] = [];

  const encode = ({ good, arranged, bucket, members }: ArrangedBucket, at: number): void => {
    const { events, encoded, seen: had } = encodeParts({ good, wanted, needs, layout }, arranged, encodings);
    const own = (part: Part): Events => ({ ...events[part], ids: events[part].ids!.map((row) => bucket.ids[row]!) });
    const train = own('train');
    specs ??= {
      spec: specOf(train, sideOf, to.keepsGiven),
      heldSpec: specOf(events.validation, sideOf, () => true),
    };
    inner = at === 0 ? innerOf(encoded.parts.train) : inner;
    asOfLastEvent = encoded.asOfLastEvent;
    const groups = grouped(train.rows, piles, (row) => hashOf(train.ids![row]!, pileStream) % piles);
    for (const [pile, rows] of groups.entries()) {
      if (rows.length > 0) writer.append(pile, rows.length, packEvents(train, specs.spec, rows, members));
    }
    for (const part of ['validation', 'test'] as const) {
      const of = own(part);
      const block = packEvents(of, specs.heldSpec, every(of.rows), members) as Map<string, Numbers>;
      const { times } = arranged.stream;
      block.set(
        '#time',
        Float64Array.from(arranged.places[part], (place) => times?.[place] ?? 0),
      );
      held[part].push(block);
    }
    items.add(encoded.items, arranged.items, at);
    users.add(encoded.users, every(members.length), members);
    seen.add(had, members);
    for (const [name, count] of encoded.missing) {
      const ofFile = at > 0 && sideOf.has(name);
      missing.set(name, (missing.get(name) ?? 0) + (ofFile ? 0 : count));
    }
    for (const name of train.labels.keys()) {
      const before = missingLabels.get(name) ?? { training: 0, all: 0 };
      const [training, validation, test] = [train, events.validation, events.test].map((of) => countNaN(of, name));
      missingLabels.set(name, {
        training: before.training + training!,
        all: before.all + training! + validation! + test!,
      });
    }
    for (const task of needs.tasks ?? []) {
      if (task.name === undefined || task.label === undefined) continue;
      sums.set(task.name, addSums(sums.get(task.name) ?? noSums, labelSums(task, train)));
    }
  };
  for (let at = 0; at < source.count; at++) {
    onPass?.({ pass: 'encoding', done: at, total: source.count });
    encode(await source.read(at, cuts, lastTraining), at);
    to.onDone(at);
  }
  onPass?.({ pass: 'encoding', done: source.count, total: source.count });
  return {
    ...specs!,
    held,
    items: items.columns(inner),
    users: users.columns(inner),
    inner,
    seen: seen.column(),
    asOfLastEvent,
    missing,
    missingLabels,
    labelSums: sums,
  };
}

const every = (count: number): Int32Array => Int32Array.from({ length: count }, (_, at) => at);

/** Features whose column is one of the items' or the users' file. */
export function sidesOfFeatures({ features }: Needs, wanted: ColumnRequests): Map<string, 'items' | 'users'> {
  return new Map(
    features.flatMap((plan): [string, 'items' | 'users'][] => {
      const at = madeOf(plan).length > 0 ? undefined : wanted.features.get(plan.name)?.column.at;
      return at === 'items' || at === 'users' ? [[plan.name, at]] : [];
    }),
  );
}

/** The bags that elements of lists are: every bucket has the same, since they are of a dictionary or of the items' file. */
const innerOf = (columns: ReadonlyMap<string, IndexedColumn>): Map<string, BagColumn> =>
  new Map(
    [...columns].flatMap(([name, { column }]): [string, BagColumn][] =>
      column.kind === 'bags' && column.inner ? [[name, column.inner]] : [],
    ),
  );

const countNaN = ({ labels }: Events, name: string): number =>
  labels.get(name)!.reduce((sum, value) => sum + (Number.isNaN(value) ? 1 : 0), 0);

/** A column of the items' file is whole in each bucket; one that only events know comes from the bucket of an item's last event. */
class ItemColumns {
  readonly #columns: SideColumns;
  readonly #known: Uint8Array;
  #whole: ReadonlyMap<string, IndexedColumn> = new Map();

  constructor(
    count: number,
    private readonly sideOf: ReadonlyMap<string, 'items' | 'users'>,
  ) {
    this.#columns = new SideColumns(count);
    this.#known = new Uint8Array(count);
  }

  add(
    columns: ReadonlyMap<string, IndexedColumn>,
    { rows, lastTraining }: { readonly rows: Int32Array; readonly lastTraining: Int32Array },
    bucket: number,
  ): void {
    if (bucket === 0) this.#whole = new Map([...columns].filter(([name]) => this.sideOf.get(name) === 'items'));
    const others = new Map([...columns].filter(([name]) => this.sideOf.get(name) !== 'items'));
    const targets: number[] = [];
    for (let item = 0; item < rows.length; item++) {
      const isFirst = rows[item]! >= 0 && this.#known[item] === 0;
      if (bucket === 0 || isFirst || lastTraining[item]! >= 0) targets.push(item);
      if (rows[item]! >= 0) this.#known[item] = 1;
    }
    const its = Int32Array.from(targets);
    if (others.size > 0) this.#columns.add(others, its, its);
  }

  columns(inner: ReadonlyMap<string, BagColumn>): Map<string, IndexedColumn> {
    return new Map([...this.#whole, ...this.#columns.columns(inner)]);
  }
}
