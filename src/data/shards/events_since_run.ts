/** For `--from` with rows in shards: finds the events that the earlier run did not have, partition by partition, without sorting all events. */
import { listRowIndexes } from '../../base/util/objects.ts';
import type { ReadPlan } from '../binding/data_layout.ts';
import type { Until } from '../dataset.ts';
import type { Pinned } from '../pinned.ts';
import { unitOf } from '../rows/fresh.ts';
import type { ArrangedPartition, Cuts, Moment, PartitionSource } from './partition_source.ts';

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
