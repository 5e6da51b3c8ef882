/** Runs the second pass: encodes the events of each partition with their histories, writes training events to shuffled shards, and returns the others. */

import { hashInteger } from '../../base/random/random.ts';
import { listRowIndexes } from '../../base/util/objects.ts';
import { madeOf } from '../../graph/plan/plan.ts';
import type { ReadPlan } from '../binding/data_layout.ts';
import { type EncodedParts, encodeParts } from '../columns/assemble.ts';
import { countMissingLabels } from '../columns/protocol.ts';
import {
  type BagColumn,
  type Encoding,
  type Events,
  type IndexedColumn,
  type ShardUnit,
  sumLabels,
  type Until,
} from '../dataset.ts';
import type { Pinned } from '../pinned.ts';
import { trainingTimes, unitOf, untilOf } from '../rows/fresh.ts';
import { lastRowsOfUsers } from '../rows/gather_rows.ts';
import { windowsOf } from '../rows/windows.ts';
import type { BlockArray, ColumnBlock } from './column_block.ts';
import { packEvents, specOf, withEarlier } from './event_rows.ts';
import {
  blockOfSeen,
  type PartitionSummary,
  type SideRows,
  seenOfPartition,
  sideRows,
  type UnitsOfPiles,
} from './gathered.ts';
import type { ArrangedPartition, Cuts, Moment, PartitionSource } from './partition_source.ts';
import { PieceWriter } from './pieces.ts';
import type { OnPass } from './request.ts';
import { grouped } from './scatter.ts';
import type { ShardWriter } from './shard_files.ts';

export interface EncodingInput {
  readonly readPlan: ReadPlan;
  readonly encodings: ReadonlyMap<string, Encoding>;
  readonly lastTraining: Int32Array;
  readonly writer: ShardWriter;
  readonly shards: number;
  /** By item: the first partition with an event of it. */
  readonly firstPartitions: Int32Array;
  /** The first partition to encode. */
  readonly from: number;
  readonly unit?: ShardUnit | undefined;
  /** The first new event, if a run trains on new events alone. */
  readonly fresh?: Moment | undefined;
  /** True if the latest event of each user is also written apart, by ranges of users, as many as there are shards. */
  readonly latest: boolean;
  /** True if an epoch adds earlier events to the new ones. */
  readonly replays: boolean;
  /** True for features whose items training reads. */
  readonly keepsGiven: (feature: string) => boolean;
  readonly onPass?: OnPass | undefined;
  readonly onDone: (partition: number, summary: PartitionSummary) => Promise<void>;
}

const shardStream = 2;

export async function encodePartitions(source: PartitionSource, cuts: Cuts, input: EncodingInput): Promise<void> {
  const { readPlan, encodings, lastTraining, writer, shards, onPass, from } = input;
  const end = source.count;
  const sides = sidesOfFeatures(readPlan);
  const users = source.of.sides.users.keys.length;
  const rangeOfUser = (user: number): number => Math.floor((user / users) * shards);
  for (let index = from; index < end; index++) {
    onPass?.({ pass: 'encoding', done: index, total: end });
    const partition = await source.read(index, cuts, lastTraining);
    const parts = encodeParts({ good: partition.good, readPlan }, partition.arranged, encodings);
    const isFresh = newEvents(readPlan, partition, input.fresh);
    const train = {
      ...withOwnIds(parts.events.train, partition),
      ...(input.replays ? { marks: Int32Array.from(parts.events.train.user, (_, row) => Number(isFresh(row))) } : {}),
    };
    const blockSpecs = specsOfParts(train, parts.events.validation, sides, input);
    const pileOf = (row: number): number => {
      const user = train.user[row]!;
      const member = input.unit && user >= 0 ? partition.members[user]! : train.ids![row]!;
      return hashInteger(member, shardStream) % shards;
    };
    const isTrained = trainedRows(train, isFresh, input);
    const groups = grouped(train.rows, shards, pileOf).map((rows) => rows.filter(isTrained));
    const file = new PieceWriter(writer, index, shards, input.latest);
    const packed = (rows: Int32Array) => packEvents(train, blockSpecs.spec, rows, partition.members);
    for (const rows of groups) file.append(rows.length, rows.length > 0 ? packed(rows) : undefined);
    for (const items of [parts.seen, parts.had]) file.append(partition.members.length, blockOfSeen(items));
    if (input.latest) {
      const latest = lastRowsOfUsers(train).filter(isTrained);
      const withSeen = { ...train, earlier: { bags: parts.seen, index: train.user } };
      const spec = withEarlier(blockSpecs.spec);
      const rangeOf = (index: number): number => rangeOfUser(partition.members[train.user[latest[index]!]!]!);
      for (const places of grouped(latest.length, shards, rangeOf)) {
        const rows = places.map((index) => latest[index]!);
        file.append(rows.length, rows.length > 0 ? packEvents(withSeen, spec, rows, partition.members) : undefined);
      }
    }
    const partitionRest = {
      pieces: file.pieces,
      ...restOfPartition(index, partition, parts, blockSpecs, sides, input),
      units: unitsOfPartition(train, shards, { pileOf, isTrained, isFresh }, input),
    };
    await input.onDone(index, partitionRest);
  }
  onPass?.({ pass: 'encoding', done: end, total: end });
}

type SideOf = ReadonlyMap<string, 'items' | 'users'>;

/** Returns which rows go into shards: the new ones, or all of a user who has new ones; all rows if earlier ones are replayed. */
function trainedRows(
  { rows, user }: Events,
  isFresh: (row: number) => boolean,
  { unit, fresh, replays }: Pick<EncodingInput, 'unit' | 'fresh' | 'replays'>,
): (row: number) => boolean {
  if (replays) return () => true;
  if (unit?.kind !== 'users' || !fresh) return isFresh;
  const users = new Set(
    listRowIndexes(rows)
      .filter(isFresh)
      .map((row) => user[row]!),
  );
  return (row) => users.has(user[row]!);
}

interface DealtRows {
  pileOf(row: number): number;
  isTrained(row: number): boolean;
  isFresh(row: number): boolean;
}

/** Returns undefined if units are single rows, and shards have no others than an epoch takes. */
function unitsOfPartition(
  events: Events,
  shards: number,
  { pileOf, isTrained, isFresh }: DealtRows,
  { unit, replays }: Pick<EncodingInput, 'unit' | 'replays'>,
): UnitsOfPiles | undefined {
  if (!replays) return unit && unitsIn(events, unit, shards, { pileOf, isTrained });
  const isEarlier = (row: number): boolean => !isFresh(row);
  return {
    ...unitsIn(events, unit, shards, { pileOf, isTrained: isFresh }),
    earlier: unitsIn(events, unit, shards, { pileOf, isTrained: isEarlier }),
  };
}

/** Counts the units of each shard that have trained events, and these events. A user is counted by the last event. */
function unitsIn(
  events: Events,
  unit: ShardUnit | undefined,
  shards: number,
  { pileOf, isTrained }: Pick<DealtRows, 'pileOf' | 'isTrained'>,
): UnitsOfPiles {
  const piles = new Int32Array(shards);
  if (unit?.kind === 'windows') {
    const { starts, members } = windowsOf(events.features.get(unit.list)!, events.rows);
    let targets = 0;
    for (let window = 0; window + 1 < starts.length; window++) {
      const trained = members.subarray(starts[window], starts[window + 1]).filter(isTrained);
      if (trained.length > 0) piles[pileOf(trained[0]!)]!++;
      targets += trained.length;
    }
    return { piles, targets };
  }
  const trained = (unit ? lastRowsOfUsers(events) : listRowIndexes(events.rows)).filter(isTrained);
  for (const row of trained) piles[pileOf(row)]!++;
  return { piles, targets: trained.length };
}

/** Events of one user have windows on one timeline. If they stay together, it is written once. */
const specsOfParts = (
  train: Events,
  heldOut: Events,
  sides: SideOf,
  { keepsGiven, unit, readPlan }: EncodingInput,
) => ({
  spec: specOf(train, sides, keepsGiven, (name) => unit !== undefined && readPlan.layout.histories.has(name)),
  heldSpec: specOf(heldOut, sides, () => true),
});

const withOwnIds = (events: Events, { partition }: ArrangedPartition): Events => ({
  ...events,
  ids: events.ids!.map((row) => partition.ids[row]!),
});

function restOfPartition(
  index: number,
  partition: ArrangedPartition,
  parts: EncodedParts,
  specs: ReturnType<typeof specsOfParts>,
  sides: SideOf,
  to: EncodingInput,
): Omit<PartitionSummary, 'pieces'> {
  const { events, encoded, seen, had, knownUntil } = parts;
  const { arranged, members } = partition;
  const heldOutBlock = (part: 'validation' | 'test'): ColumnBlock => {
    const ownEvents = withOwnIds(events[part], partition);
    const block = packEvents(ownEvents, specs.heldSpec, listRowIndexes(ownEvents.rows), members) as Map<
      string,
      BlockArray
    >;
    const { times } = arranged.stream;
    block.set(
      '#time',
      Float64Array.from(arranged.eventIndexes[part], (index) => times?.[index] ?? 0),
    );
    return block;
  };
  const fromFile = (name: string): boolean => sides.get(name) === 'items';
  return {
    ...specs,
    held: { validation: heldOutBlock('validation'), test: heldOutBlock('test') },
    ...(index === 0
      ? {
          shared: {
            items: new Map([...encoded.items].filter(([name]) => fromFile(name))),
            itemElements: encoded.itemElements,
            inner: innerOf(encoded.parts.train),
          },
        }
      : {}),
    items: itemsOfPartition(
      index,
      new Map([...encoded.items].filter(([name]) => !fromFile(name))),
      arranged.items,
      to.firstPartitions,
    ),
    users: sideRows(encoded.users, listRowIndexes(members.length), members),
    ...{ seen: seenOfPartition(seen), had: seenOfPartition(had) },
    knownUntil,
    until: untilOf(trainingTimes(to.readPlan, arranged)),
    members,
    asOfLastEvent: encoded.asOfLastEvent,
    missingLabels: countMissingLabels(events),
    labelSums: new Map(
      (to.readPlan.needs.tasks ?? []).flatMap((task) =>
        task.name === undefined || task.label === undefined ? [] : [[task.name, sumLabels(task, events.train)]],
      ),
    ),
  };
}

/** Selects the items whose columns come from this partition: items that are new, or whose last training event is in it; partition 0 includes all. */
function itemsOfPartition(
  index: number,
  columns: ReadonlyMap<string, IndexedColumn>,
  { lastTraining }: { readonly lastTraining: Int32Array },
  firstPartitions: Int32Array,
): SideRows | undefined {
  if (columns.size === 0) return undefined;
  const targets: number[] = [];
  for (let item = 0; item < lastTraining.length; item++)
    if (index === 0 || firstPartitions[item] === index || lastTraining[item]! >= 0) targets.push(item);
  const itemIndexes = Int32Array.from(targets);
  return sideRows(columns, itemIndexes, itemIndexes);
}

/** Returns the features whose column is in the file of items or of users. */
export const sidesOfFeatures = (readPlan: ReadPlan): Map<string, 'items' | 'users'> =>
  new Map(
    readPlan.needs.features.flatMap((plan): [string, 'items' | 'users'][] => {
      const role = madeOf(plan).length > 0 ? undefined : readPlan.features.get(plan.name)?.column.role;
      return role === 'items' || role === 'users' ? [[plan.name, role]] : [];
    }),
  );

/** Returns the bags that are elements of lists. They are equal in all partitions, because they come from a dictionary or from the items' file. */
const innerOf = (columns: ReadonlyMap<string, IndexedColumn>): Map<string, BagColumn> =>
  new Map(
    [...columns].flatMap(([name, { column }]): [string, BagColumn][] =>
      column.kind === 'bags' && column.inner ? [[name, column.inner]] : [],
    ),
  );

// For `--from` with rows in shards: finds the events that the earlier run did not have, partition by partition, without sorting all events.

/** From which event on, in the order of time, events are new in three senses. Times have the unit of `Until`. An absent field: all events are new. */
export interface FirstNewEvents {
  /** The first training event that this run trains on. */
  readonly fresh?: Moment;
  /** The first training event that the counts of the earlier run lack. */
  readonly uncounted?: Moment;
  /** The first held-out event that the earlier run cannot have trained on. */
  readonly untrained?: Moment;
}

export async function firstNewEvents(
  { time }: ReadPlan,
  { fresh, until, trainedUntil = until, trainedAll }: Pinned,
  source: PartitionSource,
  cuts: Cuts,
): Promise<FirstNewEvents> {
  if (time === undefined) return {};
  const unit = unitOf(time.column.type);
  /**
   * Returns the first event after those that a run had. @param last the latest time of its events; it had the first `last.events` events of that time
   * @param ofAll counts held-out events too
   */
  const cutAfter = async (last: Until, ofAll = false): Promise<Moment> => {
    const sameTime: number[] = [];
    for (let index = 0; index < source.count; index++) {
      const { arranged, partition } = await source.read(index, cuts);
      const { order, eventIndexes, stream } = arranged;
      for (const event of ofAll ? listRowIndexes(order.length) : eventIndexes.train)
        if (stream.times![event]! / unit === last.time) sameTime.push(partition.ids[order[event]!]!);
    }
    return { time: last.time, row: sameTime.sort((a, b) => a - b)[last.events] ?? Number.POSITIVE_INFINITY };
  };
  const uncounted = until && (await cutAfter(until));
  let firstFresh: Moment | undefined;
  if (fresh && 'since' in fresh) firstFresh = { time: fresh.since, row: 0 };
  else if (fresh) firstFresh = uncounted ?? (await cutAfter(fresh.after));
  let untrained: Moment | undefined;
  if (trainedUntil && trainedAll) untrained = await cutAfter(trainedUntil, true);
  else if (trainedUntil) untrained = { time: trainedUntil.time, row: 0 };
  return { uncounted, fresh: firstFresh, untrained };
}

/** Returns a function that tells whether an event of a part is new, given its index in the part. */
export function newEvents(
  { time }: ReadPlan,
  { arranged, partition }: ArrangedPartition,
  cut: Moment | undefined,
  part: 'train' | 'validation' | 'test' = 'train',
): (index: number) => boolean {
  const { times } = arranged.stream;
  if (cut === undefined || times === undefined || time === undefined) return () => true;
  const unit = unitOf(time.column.type);
  const [places, rows] = [arranged.eventIndexes[part], arranged.rows[part]];
  return (index) => {
    const eventTime = times[places[index]!]! / unit;
    return eventTime > cut.time || (eventTime === cut.time && partition.ids[rows[index]!]! >= cut.row);
  };
}

/** Counts new events, and the held-out events that an earlier run may have trained on. */
export class NewEventCounts {
  /** New training events of each item, and their number. */
  readonly fresh: { readonly items: Int32Array; rows: number };
  heldOutBefore = 0;

  constructor(
    private readonly readPlan: ReadPlan,
    private readonly past: FirstNewEvents,
    items: number,
  ) {
    this.fresh = { items: new Int32Array(items), rows: 0 };
  }

  add(partition: ArrangedPartition): void {
    if (this.past.fresh === undefined && this.past.untrained === undefined) return;
    const { items, eventIndexes } = partition.arranged;
    const isFresh = newEvents(this.readPlan, partition, this.past.fresh);
    eventIndexes.train.forEach((event, index) => {
      if (!isFresh(index)) return;
      this.fresh.rows++;
      const item = items.ofEvent[event]!;
      if (item >= 0) this.fresh.items[item]!++;
    });
    for (const part of this.past.untrained ? (['validation', 'test'] as const) : []) {
      const isUntrained = newEvents(this.readPlan, partition, this.past.untrained, part);
      for (const index of eventIndexes[part].keys()) if (!isUntrained(index)) this.heldOutBefore++;
    }
  }
}
