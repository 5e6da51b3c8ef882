/** The second pass: the events of each bucket are encoded with their histories; training events go to piles, the others stay. */

import { everyRow } from '../../every_row.ts';
import { madeOf } from '../../plan/plan.ts';
import { hashOf } from '../../random/mixed.ts';
import type { ColumnRequests } from '../binding/column_requests.ts';
import type { Layout } from '../binding/layout.ts';
import type { Needs } from '../binding/needs.ts';
import { type EncodedParts, encodeParts } from '../columns/assemble.ts';
import type { BagColumn, Encoding, Events, IndexedColumn, Part } from '../dataset.ts';
import { labelSums } from '../label_sums.ts';
import type { Cuts } from './arrange.ts';
import type { Block, Numbers } from './block.ts';
import type { ArrangedBucket, BucketSource } from './bucket_source.ts';
import { grouped } from './buckets.ts';
import { packEvents, specOf } from './event_rows.ts';
import type { BucketRest, Gathered, MissingLabels } from './gathered.ts';
import type { OnPass } from './passes.ts';
import type { PileWriter } from './piles.ts';
import { blockOfSeen, seenOfBucket } from './seen_items.ts';
import { type SideRows, sideRows } from './side_columns.ts';

export interface ToEncodeBuckets {
  readonly layout: Layout;
  readonly wanted: ColumnRequests;
  readonly needs: Needs;
  readonly encodings: ReadonlyMap<string, Encoding>;
  readonly lastTraining: Int32Array;
  /** One file a pile, then that of what users had. */
  readonly writer: PileWriter;
  readonly piles: number;
  /** What the buckets before `from` have of it is there. */
  readonly gathered: Gathered;
  /** The first bucket that is not encoded yet. */
  readonly from: number;
  /** Features whose items training reads. */
  readonly keepsGiven: (feature: string) => boolean;
  readonly onPass?: OnPass | undefined;
  /** After a bucket is in piles. */
  readonly onDone: (bucket: number, rest: BucketRest) => Promise<void>;
}

const pileStream = 2;

export async function encodeBuckets(source: BucketSource, cuts: Cuts, to: ToEncodeBuckets): Promise<void> {
  const { layout, wanted, needs, encodings, lastTraining, writer, piles, gathered, onPass } = to;
  const sides = sidesOfFeatures(needs, wanted);
  for (let at = to.from; at < source.count; at++) {
    onPass?.({ pass: 'encoding', done: at, total: source.count });
    const read = await source.read(at, cuts, lastTraining);
    const parts = encodeParts({ good: read.good, wanted, needs, layout }, read.arranged, encodings);
    const train = withOwnIds(parts.events.train, read);
    const specs = specsOfParts(parts, sides, to);
    const groups = grouped(train.rows, piles, (row) => hashOf(train.ids![row]!, pileStream) % piles);
    for (const [pile, rows] of groups.entries()) {
      if (rows.length > 0) writer.append(pile, rows.length, packEvents(train, specs.spec, rows, read.members));
    }
    writer.append(piles, read.members.length, blockOfSeen(parts.seen));
    const rest = restOfBucket(at, read, parts, specs, sides, to);
    gathered.add(rest);
    await to.onDone(at, rest);
  }
  onPass?.({ pass: 'encoding', done: source.count, total: source.count });
}

type SideOf = ReadonlyMap<string, 'items' | 'users'>;

const specsOfParts = ({ events }: EncodedParts, sides: SideOf, { keepsGiven }: ToEncodeBuckets) => ({
  spec: specOf(events.train, sides, keepsGiven),
  heldSpec: specOf(events.validation, sides, () => true),
});

const withOwnIds = (events: Events, { bucket }: ArrangedBucket): Events => ({
  ...events,
  ids: events.ids!.map((row) => bucket.ids[row]!),
});

function restOfBucket(
  at: number,
  read: ArrangedBucket,
  parts: EncodedParts,
  specs: ReturnType<typeof specsOfParts>,
  sides: SideOf,
  to: ToEncodeBuckets,
): BucketRest {
  const { events, encoded, seen } = parts;
  const { arranged, members } = read;
  const held = (part: 'validation' | 'test'): Block => {
    const of = withOwnIds(events[part], read);
    const block = packEvents(of, specs.heldSpec, everyRow(of.rows), members) as Map<string, Numbers>;
    const { times } = arranged.stream;
    block.set(
      '#time',
      Float64Array.from(arranged.places[part], (place) => times?.[place] ?? 0),
    );
    return block;
  };
  const fromFile = (name: string): boolean => sides.get(name) === 'items';
  const missing = [...encoded.missing].map(([name, count]) => [name, at > 0 && sides.has(name) ? 0 : count] as const);
  return {
    ...specs,
    held: { validation: held('validation'), test: held('test') },
    ...(at === 0
      ? {
          shared: {
            items: new Map([...encoded.items].filter(([name]) => fromFile(name))),
            inner: innerOf(encoded.parts.train),
          },
        }
      : {}),
    ...itemsOfBucket(at, new Map([...encoded.items].filter(([name]) => !fromFile(name))), arranged.items, to.gathered),
    users: sideRows(encoded.users, everyRow(members.length), members),
    seen: seenOfBucket(seen),
    members,
    asOfLastEvent: encoded.asOfLastEvent,
    missing: new Map(missing),
    missingLabels: new Map([...events.train.labels.keys()].map((name) => [name, missingLabelsOf(events, name)])),
    labelSums: new Map(
      (to.needs.tasks ?? []).flatMap((task) =>
        task.name === undefined || task.label === undefined ? [] : [[task.name, labelSums(task, events.train)]],
      ),
    ),
  };
}

/** A column of the items' file is whole in each bucket; one that only events know comes from the bucket of an item's last event. */
function itemsOfBucket(
  at: number,
  columns: ReadonlyMap<string, IndexedColumn>,
  { rows, lastTraining }: { readonly rows: Int32Array; readonly lastTraining: Int32Array },
  { knownItems }: Gathered,
): { readonly items?: SideRows; readonly newItems: Int32Array } {
  if (columns.size === 0) return { newItems: new Int32Array(0) };
  const targets: number[] = [];
  const newItems: number[] = [];
  for (let item = 0; item < rows.length; item++) {
    const isNew = rows[item]! >= 0 && knownItems[item] === 0;
    if (isNew) newItems.push(item);
    if (at === 0 || isNew || lastTraining[item]! >= 0) targets.push(item);
  }
  const its = Int32Array.from(targets);
  return { items: sideRows(columns, its, its), newItems: Int32Array.from(newItems) };
}

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

function missingLabelsOf(events: Readonly<Record<Part, Events>>, name: string): MissingLabels {
  const [training, validation, test] = [events.train, events.validation, events.test].map((of) => countNaN(of, name));
  return { training: training!, all: training! + validation! + test! };
}

const countNaN = ({ labels }: Events, name: string): number =>
  labels.get(name)!.reduce((sum, value) => sum + (Number.isNaN(value) ? 1 : 0), 0);
