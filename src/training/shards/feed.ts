/** A feeder over the rows that are in memory. For other rows a new feeder takes over the state of the last one. */
import { failure, invariant } from '../../base/diagnostics/failure.ts';
import { makeRandom } from '../../base/random/random.ts';
import type { Events, TrainingShards } from '../../data/dataset.ts';
import { type Plan, type RowsOf, usersAreRows } from '../../graph/plan/plan.ts';
import { rowSizes, tableBytes } from '../embedding/optimizer.ts';
import type { Feeder } from '../feed/feeder.ts';
import { type AnyEpoch, type EventOrder, orderStream, stepsOfEpoch } from '../order.ts';

/** Separates the order of shards from all other draws. */
const pileStream = 0x511e;

interface ShuffledChunk {
  readonly epoch: number;
  readonly group: number;
  readonly events: Events;
  /** Index of the first row here in the epoch's order of rows. */
  readonly from: number;
  /** The row of `events` at each position from there on. */
  readonly order: Int32Array;
}

interface PileGroups {
  readonly piles: readonly (readonly number[])[];
  /** Number of rows of the epoch before each group, then the total. */
  readonly starts: readonly number[];
}

/**
 * Yields the rows of shards. An epoch takes the shards in a new order, a few at a time, and shuffles the rows of these few. The order depends only on the seed,
 * the epoch and the layout of the shards, so a run can be resumed in the middle of an epoch.
 */
export class ShardStream {
  readonly rows: number;
  readonly steps: number;
  #chunk: ShuffledChunk | undefined;
  #next: { readonly epoch: number; readonly group: number; readonly chunk: Promise<ShuffledChunk> } | undefined;

  /** @param onEvents called before rows of new events are returned */
  constructor(
    private readonly shards: TrainingShards,
    private readonly size: number,
    private readonly seed: number,
    private readonly onEvents: (events: Events) => void,
  ) {
    this.rows = shards.piles.reduce((sum, rows) => sum + rows, 0);
    this.steps = stepsOfEpoch(this.rows, size);
  }

  /** Returns rows of the events that `onEvents` was last given, ascending. @throws Failure `shards-damaged` */
  async batch(epoch: number, index: number): Promise<Int32Array> {
    const batchEnd = Math.min(this.rows, (index + 1) * this.size);
    const { starts } = this.groups(epoch);
    const groupIndex = starts.findIndex((start) => start >= batchEnd) - 1;
    const { order, from } = await this.chunkOf(epoch, groupIndex);
    return order.slice(index * this.size - from, batchEnd - from).sort();
  }

  private async chunkOf(epoch: number, group: number): Promise<ShuffledChunk> {
    const currentChunk = this.#chunk;
    if (currentChunk?.epoch === epoch && currentChunk.group === group) return currentChunk;
    const nextChunk = this.#next;
    this.#next = undefined;
    const isNext = nextChunk?.epoch === epoch && nextChunk.group === group;
    // Releases a chunk that is no longer needed, to make room.
    if (!isNext && !(currentChunk?.epoch === epoch && currentChunk.group === group - 1)) this.#chunk = undefined;
    const chunk = isNext ? await nextChunk.chunk : await this.load(epoch, group, this.#chunk);
    if (chunk.events !== currentChunk?.events) this.onEvents(chunk.events);
    this.#chunk = chunk;
    this.prefetch(chunk);
    return chunk;
  }

  /** Reads the next chunk while steps take this one. */
  private prefetch(now: ShuffledChunk): void {
    const groups = this.groups(now.epoch).piles.length;
    const isLast = now.group + 1 === groups;
    const [epoch, group] = isLast ? [now.epoch + 1, 0] : [now.epoch, now.group + 1];
    const chunk = this.load(epoch, group, now);
    // The caller that takes the chunk gets the error.
    chunk.catch(() => {});
    this.#next = { epoch, group, chunk };
  }

  /** @param before the chunk in memory, which may be the previous one */
  private async load(epoch: number, group: number, before: ShuffledChunk | undefined): Promise<ShuffledChunk> {
    const { piles, starts } = this.groups(epoch);
    const ownOrder = this.permutation(epoch, group, starts[group + 1]! - starts[group]!);
    const from = Math.floor(starts[group]! / this.size) * this.size;
    if (from === starts[group]) {
      // If all shards are held together, the events are the same in each epoch.
      const sameEvents = piles.length === 1 && before ? before.events : undefined;
      return { epoch, group, from, events: sameEvents ?? (await this.shards.read(piles[group]!)), order: ownOrder };
    }
    const lastChunk =
      before?.epoch === epoch && before.group === group - 1 ? before : await this.enoughOf(epoch, group - 1, from);
    const leftRows = lastChunk.order.slice(from - lastChunk.from, starts[group]! - lastChunk.from);
    const events = await this.shards.read(piles[group]!, { events: lastChunk.events, rows: leftRows });
    const rowOrder = new Int32Array(leftRows.length + ownOrder.length);
    for (let at = 0; at < leftRows.length; at++) rowOrder[at] = at;
    for (let at = 0; at < ownOrder.length; at++) rowOrder[leftRows.length + at] = leftRows.length + ownOrder[at]!;
    return { epoch, group, from, events, order: rowOrder };
  }

  /** Reads a chunk as far as it is needed from a position on. It contains rows that are left of earlier groups only if a group is small. */
  private async enoughOf(epoch: number, group: number, from: number): Promise<ShuffledChunk> {
    const { piles, starts } = this.groups(epoch);
    invariant(group >= 0, 'rows are left of a group before');
    if (starts[group]! > from) return this.load(epoch, group, undefined);
    const rowOrder = this.permutation(epoch, group, starts[group + 1]! - starts[group]!);
    return { epoch, group, from: starts[group]!, events: await this.shards.read(piles[group]!), order: rowOrder };
  }

  private permutation(epoch: number, group: number, rows: number): Int32Array {
    return makeRandom(this.seed, orderStream, epoch, group).permutation(rows);
  }

  private groups(epoch: number): PileGroups {
    if (this.#groups?.epoch === epoch) return this.#groups;
    const { piles, layout } = this.shards;
    const pileOrder = makeRandom(this.seed, pileStream, epoch).permutation(piles.length);
    const pileGroups: number[][] = [];
    const groupStarts = [0];
    for (let at = 0; at < pileOrder.length; at += layout.held) {
      const groupPiles = [...pileOrder.slice(at, at + layout.held).sort()];
      pileGroups.push(groupPiles);
      groupStarts.push(groupStarts.at(-1)! + groupPiles.reduce((sum, pile) => sum + piles[pile]!, 0));
    }
    this.#groups = { epoch, piles: pileGroups, starts: groupStarts };
    return this.#groups;
  }

  #groups: (PileGroups & { readonly epoch: number }) | undefined;
}

/** @throws Failure `shards-unsupported`, `shards-damaged` */
export async function feedFromShards(
  shards: TrainingShards,
  plan: Plan,
  feederOf: (events: Events) => Feeder,
): Promise<{ readonly order: EventOrder<AnyEpoch>; readonly feeder: Feeder }> {
  refuseUnsupported(plan);
  const { batch, seed } = plan.train;
  // The state has the same names and lengths before there are rows.
  let currentFeeder = feederOf(await shards.read([]));
  const shardStream = new ShardStream(shards, batch, seed, (events) => {
    const feederState = Object.entries(currentFeeder.state()).map(([name, values]) => [name, values.slice()] as const);
    currentFeeder.close();
    currentFeeder = feederOf(events);
    currentFeeder.load(Object.fromEntries(feederState));
  });
  invariant(currentFeeder.mined.length === 0, 'no negatives are mined in shards');
  const wrappedFeeder: Feeder = {
    inputs: (...args) => currentFeeder.inputs(...args),
    ask: (...args) => currentFeeder.ask(...args),
    rowsOf: (of) => currentFeeder.rowsOf(of),
    apply: (...args) => currentFeeder.apply(...args),
    accumulate: (outputs) => currentFeeder.accumulate(outputs),
    update: (...args) => currentFeeder.update(...args),
    mined: [],
    state: () => currentFeeder.state(),
    load: (state) => currentFeeder.load(state),
    close: () => currentFeeder.close(),
  };
  return { feeder: wrappedFeeder, order: orderOfStream(shardStream, batch) };
}

const orderOfStream = (stream: ShardStream, batch: number): EventOrder<AnyEpoch> => ({
  rows: stream.rows,
  steps: stream.steps,
  leftOut: Math.max(0, stream.rows - stream.steps * batch),
  withoutList: 0,
  epoch: (number) => ({ steps: stream.steps, batch: (index) => stream.batch(number, index) }),
});

/** Parts of a plan that need all training rows at any time, so that a few shuffled shards are not enough. */
const kinds: { readonly [K in RowsOf['kind']]?: string } = {
  sequences: 'a loss at each position of a list',
  queue: 'a queue of items of past batches',
  mined: 'mining of negatives',
};

export function unsupportedInShards({
  train,
  step,
  fitted,
}: Pick<Plan, 'train' | 'step' | 'fitted'>): string | undefined {
  if (fitted) return 'a score that is fitted as a whole';
  if (train.graph !== undefined) return '`graph` of `train`';
  if (usersAreRows(step)) return '`targets = users`';
  for (const { source } of step.inputs) {
    const rows = 'rows' in source ? source.rows : undefined;
    if (rows?.kind === 'views' && rows.sameItem) return '`same_item` of a loss';
    const unsupportedKind = rows && kinds[rows.kind];
    if (unsupportedKind !== undefined) return unsupportedKind;
  }
  return undefined;
}

export const itemsGivenInTraining = ({ step }: Pick<Plan, 'step'>): readonly string[] => [
  ...new Set(
    step.inputs.flatMap(({ source }) =>
      'rows' in source && source.rows?.kind === 'listed' ? [source.rows.feature] : [],
    ),
  ),
];

/** @throws Failure `shards-unsupported` */
function refuseUnsupported(plan: Pick<Plan, 'train' | 'step' | 'fitted'>): void {
  const unsupportedPart = unsupportedInShards(plan);
  if (unsupportedPart !== undefined) throw failure('shards-unsupported', { what: unsupportedPart });
}

/** Returns the bytes of a row of each table, with the state of its optimizer. @param sharing number of workers that share the rows */
export const tableRows = (plan: Plan, sharing: number): readonly { encoderOf: string; rowBytes: number }[] =>
  rowSizes(plan).map((size) => ({ encoderOf: size.encoderOf, rowBytes: tableBytes({ ...size, rows: 1 }) / sharing }));
