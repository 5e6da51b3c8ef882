/** A feeder over the rows that are in memory. Other rows get a feeder of their own, which takes over what the last one knows. */
import type { Events, TrainingShards } from '../../data/dataset.ts';
import { invariant } from '../../diagnostics/failure.ts';
import type { Feeder } from '../../feed/feeder.ts';
import type { Plan } from '../../plan/plan.ts';
import { makeRandom } from '../../random/random.ts';
import { type AnyEpoch, orderStream, stepsOfEpoch } from '../batches.ts';
import type { Order } from '../order.ts';
import { refuseUnsupported } from './unsupported.ts';

// The rows of each step, where training rows are in piles. An epoch takes the piles in a new order, a few at a time, and shuffles the rows
// of these few. The order follows from the seed, the epoch and the layout of the shards alone, so a run goes on in the middle of an epoch.

/** Sets the order of piles apart from all other draws. */
const pileStream = 0x511e;

/** Rows that are in memory together. */
interface Chunk {
  readonly epoch: number;
  readonly group: number;
  readonly events: Events;
  /** Of the epoch's rows in their order, the place of the first one here. */
  readonly from: number;
  /** The row of `events` at each place from there on. */
  readonly order: Int32Array;
}

/** The piles of an epoch that are shuffled together. */
interface Groups {
  readonly piles: readonly (readonly number[])[];
  /** Rows of the epoch before each group; then all of them. */
  readonly starts: readonly number[];
}

export class ShardStream {
  readonly rows: number;
  readonly steps: number;
  #chunk: Chunk | undefined;
  #next: { readonly epoch: number; readonly group: number; readonly chunk: Promise<Chunk> } | undefined;

  /** @param onEvents called before rows of other events than those before are given */
  constructor(
    private readonly shards: TrainingShards,
    private readonly size: number,
    private readonly seed: number,
    private readonly onEvents: (events: Events) => void,
  ) {
    this.rows = shards.piles.reduce((sum, rows) => sum + rows, 0);
    this.steps = stepsOfEpoch(this.rows, size);
  }

  /** Rows of the events that `onEvents` was last given, ascending. @throws Failure `shards-damaged` */
  async batch(epoch: number, index: number): Promise<Int32Array> {
    const end = Math.min(this.rows, (index + 1) * this.size);
    const { starts } = this.groups(epoch);
    const group = starts.findIndex((start) => start >= end) - 1;
    const { order, from } = await this.chunkOf(epoch, group);
    return order.slice(index * this.size - from, end - from).sort();
  }

  private async chunkOf(epoch: number, group: number): Promise<Chunk> {
    const now = this.#chunk;
    if (now?.epoch === epoch && now.group === group) return now;
    const next = this.#next;
    this.#next = undefined;
    const isNext = next?.epoch === epoch && next.group === group;
    // A chunk that is needed no more makes room first.
    if (!isNext && !(now?.epoch === epoch && now.group === group - 1)) this.#chunk = undefined;
    const chunk = isNext ? await next.chunk : await this.load(epoch, group, this.#chunk);
    if (chunk.events !== now?.events) this.onEvents(chunk.events);
    this.#chunk = chunk;
    this.prefetch(chunk);
    return chunk;
  }

  /** Reads the chunk that comes next while steps take this one. */
  private prefetch(now: Chunk): void {
    const groups = this.groups(now.epoch).piles.length;
    const isLast = now.group + 1 === groups;
    const [epoch, group] = isLast ? [now.epoch + 1, 0] : [now.epoch, now.group + 1];
    const chunk = this.load(epoch, group, now);
    // The caller that takes the chunk gets the error.
    chunk.catch(() => {});
    this.#next = { epoch, group, chunk };
  }

  /** @param before the chunk that was in memory before, which may be the one before this */
  private async load(epoch: number, group: number, before: Chunk | undefined): Promise<Chunk> {
    const { piles, starts } = this.groups(epoch);
    const own = this.permutation(epoch, group, starts[group + 1]! - starts[group]!);
    const from = Math.floor(starts[group]! / this.size) * this.size;
    if (from === starts[group]) {
      // Where all piles are held together, they are the same events in each epoch.
      const same = piles.length === 1 && before ? before.events : undefined;
      return { epoch, group, from, events: same ?? (await this.shards.read(piles[group]!)), order: own };
    }
    const last =
      before?.epoch === epoch && before.group === group - 1 ? before : await this.enoughOf(epoch, group - 1, from);
    const left = last.order.slice(from - last.from, starts[group]! - last.from);
    const events = await this.shards.read(piles[group]!, { events: last.events, rows: left });
    const order = new Int32Array(left.length + own.length);
    for (let at = 0; at < left.length; at++) order[at] = at;
    for (let at = 0; at < own.length; at++) order[left.length + at] = left.length + own[at]!;
    return { epoch, group, from, events, order };
  }

  /** A chunk as far as it is needed from a place on: the rows that are left of groups before it only where a group is small. */
  private async enoughOf(epoch: number, group: number, from: number): Promise<Chunk> {
    const { piles, starts } = this.groups(epoch);
    invariant(group >= 0, 'rows are left of a group before');
    if (starts[group]! > from) return this.load(epoch, group, undefined);
    const order = this.permutation(epoch, group, starts[group + 1]! - starts[group]!);
    return { epoch, group, from: starts[group]!, events: await this.shards.read(piles[group]!), order };
  }

  private permutation(epoch: number, group: number, rows: number): Int32Array {
    return makeRandom(this.seed, orderStream, epoch, group).permutation(rows);
  }

  private groups(epoch: number): Groups {
    if (this.#groups?.epoch === epoch) return this.#groups;
    const { piles, layout } = this.shards;
    const order = makeRandom(this.seed, pileStream, epoch).permutation(piles.length);
    const groups: number[][] = [];
    const starts = [0];
    for (let at = 0; at < order.length; at += layout.held) {
      const its = [...order.slice(at, at + layout.held).sort()];
      groups.push(its);
      starts.push(starts.at(-1)! + its.reduce((sum, pile) => sum + piles[pile]!, 0));
    }
    this.#groups = { epoch, piles: groups, starts };
    return this.#groups;
  }

  #groups: (Groups & { readonly epoch: number }) | undefined;
}

/** @throws Failure `shards-unsupported`, `shards-damaged` */
export async function feedFromShards(
  shards: TrainingShards,
  plan: Plan,
  feederOf: (events: Events) => Feeder,
): Promise<{ readonly order: Order<AnyEpoch>; readonly feeder: Feeder }> {
  refuseUnsupported(plan);
  const { batch, seed } = plan.train;
  // Its state has the same names and lengths before there are rows.
  let current = feederOf(await shards.read([]));
  const stream = new ShardStream(shards, batch, seed, (events) => {
    const state = Object.entries(current.state()).map(([name, values]) => [name, values.slice()] as const);
    current.close();
    current = feederOf(events);
    current.load(Object.fromEntries(state));
  });
  invariant(current.mined.length === 0, 'no negatives are mined in shards');
  const feeder: Feeder = {
    inputs: (...args) => current.inputs(...args),
    ask: (...args) => current.ask(...args),
    rowsOf: (of) => current.rowsOf(of),
    apply: (...args) => current.apply(...args),
    accumulate: (outputs) => current.accumulate(outputs),
    update: (...args) => current.update(...args),
    mined: [],
    state: () => current.state(),
    load: (state) => current.load(state),
    close: () => current.close(),
  };
  return { feeder, order: orderOfStream(stream, batch) };
}

const orderOfStream = (stream: ShardStream, batch: number): Order<AnyEpoch> => ({
  rows: stream.rows,
  steps: stream.steps,
  leftOut: Math.max(0, stream.rows - stream.steps * batch),
  withoutList: 0,
  epoch: (number) => ({ steps: stream.steps, batch: (index) => stream.batch(number, index) }),
});
