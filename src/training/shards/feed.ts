/** A feeder over the rows that are in memory. For other rows a new feeder takes over the state of the last one. */
import { failure, invariant } from '../../base/diagnostics/diagnostic.ts';
import { makeRandom } from '../../base/random/random.ts';
import type { Dataset, Events, ShardUnit, TrainingShards } from '../../data/dataset.ts';
import { hasRowPerUser, type Plan, sequenceFeature } from '../../graph/plan/plan.ts';
import { rowSizes, tableBytes } from '../embedding/optimizer.ts';
import { stepBytes } from '../embedding/tables.ts';
import type { Feeder } from '../feed/feeder.ts';
import { type AnyEpoch, type EventOrder, orderStream, replayStream } from '../feed/order.ts';
import { type EpochUnits, epochUnits, type UnitsToKeep } from './units.ts';

/** Separates the order of shards from all other draws. */
const pileStream = 0x511e;

interface ShuffledChunk {
  readonly epoch: number;
  readonly group: number;
  readonly events: Events;
  readonly units: ReturnType<EpochUnits['rowsIn']>;
  /** Index of the first unit here in the epoch's order of units. */
  readonly from: number;
  /** The unit of `events` at each position from there on. */
  readonly order: Int32Array;
}

interface PileGroups {
  readonly piles: readonly (readonly number[])[];
  /** Number of units of the epoch before each group, then the total. */
  readonly starts: readonly number[];
}

/**
 * Yields the rows of shards. An epoch takes the shards in a new order, a few at a time, and shuffles the units of these few. The order depends only on the seed,
 * the epoch and the layout of the shards, so a run can be resumed in the middle of an epoch.
 */
export class ShardStream {
  readonly #counts: ArrayLike<number>;
  #chunk: ShuffledChunk | undefined;
  #next: { readonly epoch: number; readonly group: number; readonly chunk: Promise<ShuffledChunk> } | undefined;

  /** @param onEvents called before rows of new events are returned */
  constructor(
    private readonly shards: TrainingShards,
    private readonly units: EpochUnits,
    private readonly seed: number,
    private readonly onEvents: (events: Events) => void,
  ) {
    this.#counts = shards.units ?? shards.piles;
  }

  get steps(): number {
    return this.units.counts.steps;
  }

  /** Returns rows of the events that `onEvents` was last given, ascending. @throws Failure `shards-damaged` */
  async batch(epoch: number, index: number): Promise<Int32Array> {
    const [start, end] = [this.units.startOf(index), this.units.startOf(index + 1)];
    const { starts } = this.groups(epoch);
    const groupIndex = starts.findIndex((groupStart) => groupStart >= end) - 1;
    const { order, from, units } = await this.chunkOf(epoch, groupIndex);
    return units.batch(order.slice(start - from, end - from));
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
  private prefetch(currentChunk: ShuffledChunk): void {
    const groups = this.groups(currentChunk.epoch).piles.length;
    const isLast = currentChunk.group + 1 === groups;
    const [epoch, group] = isLast ? [currentChunk.epoch + 1, 0] : [currentChunk.epoch, currentChunk.group + 1];
    const chunk = this.load(epoch, group, currentChunk);
    // The caller that takes the chunk gets the error.
    chunk.catch(() => {});
    this.#next = { epoch, group, chunk };
  }

  /** @param before the chunk in memory, which may be the previous one */
  private async load(epoch: number, group: number, before: ShuffledChunk | undefined): Promise<ShuffledChunk> {
    const { piles, starts } = this.groups(epoch);
    const ownOrder = this.permutation(epoch, group, starts[group + 1]! - starts[group]!);
    const from = this.units.startOf(this.units.stepOf(starts[group]!));
    if (from === starts[group]) {
      // If all shards are held together, the events are the same in each epoch.
      if (piles.length === 1 && before && !this.shards.replayed)
        return { ...before, epoch, group, from, order: ownOrder };
      return { epoch, group, from, ...(await this.read(epoch, piles[group]!)), order: ownOrder };
    }
    const lastChunk =
      before?.epoch === epoch && before.group === group - 1 ? before : await this.loadFrom(epoch, group - 1, from);
    const leftUnits = lastChunk.order.slice(from - lastChunk.from, starts[group]! - lastChunk.from);
    const order = new Int32Array(leftUnits.length + ownOrder.length);
    for (let index = 0; index < leftUnits.length; index++) order[index] = index;
    for (let index = 0; index < ownOrder.length; index++)
      order[leftUnits.length + index] = leftUnits.length + ownOrder[index]!;
    return {
      epoch,
      group,
      from,
      ...(await this.read(epoch, piles[group]!, lastChunk.units.readRows(leftUnits))),
      order,
    };
  }

  /** Reads a chunk as far as it is needed from a position on. It contains rows that are left of earlier groups only if a group is small. */
  private async loadFrom(epoch: number, group: number, from: number): Promise<ShuffledChunk> {
    const { piles, starts } = this.groups(epoch);
    invariant(group >= 0, 'rows are left of a group before');
    if (starts[group]! > from) return this.load(epoch, group, undefined);
    const order = this.permutation(epoch, group, starts[group + 1]! - starts[group]!);
    return { epoch, group, from: starts[group]!, ...(await this.read(epoch, piles[group]!)), order };
  }

  /** Reads what an epoch takes of some piles. */
  private async read(
    epoch: number,
    piles: readonly number[],
    before?: UnitsToKeep,
  ): Promise<Pick<ShuffledChunk, 'events' | 'units'>> {
    const { shards, units, seed } = this;
    const { replayed } = shards;
    const rowsOf = (events: Events, pile: number): Int32Array =>
      units.drawRows(events, replayed![pile]!, makeRandom(seed, replayStream, epoch, pile));
    const events = await shards.read(piles, before, replayed && rowsOf);
    return { events, units: this.units.rowsIn(events) };
  }

  private permutation(epoch: number, group: number, rows: number): Int32Array {
    return makeRandom(this.seed, orderStream, epoch, group).permutation(rows);
  }

  private groups(epoch: number): PileGroups {
    if (this.#groups?.epoch === epoch) return this.#groups;
    const { layout, piles } = this.shards;
    const pileOrder = makeRandom(this.seed, pileStream, epoch).permutation(piles.length);
    const pileGroups: number[][] = [];
    const groupStarts = [0];
    for (let index = 0; index < pileOrder.length; index += layout.held) {
      const groupPiles = [...pileOrder.slice(index, index + layout.held).sort()];
      pileGroups.push(groupPiles);
      groupStarts.push(groupStarts.at(-1)! + groupPiles.reduce((sum, pile) => sum + this.#counts[pile]!, 0));
    }
    this.#groups = { epoch, piles: pileGroups, starts: groupStarts };
    return this.#groups;
  }

  #groups: (PileGroups & { readonly epoch: number }) | undefined;
}

/** @throws Failure `shards-unsupported`, `shards-damaged` */
export async function feedFromShards(
  { shards, parts }: Pick<Dataset, 'parts'> & { readonly shards: TrainingShards },
  plan: Plan,
  feederOf: (events: Events) => Feeder,
): Promise<{ readonly order: EventOrder<AnyEpoch>; readonly feeder: Feeder }> {
  refuseUnsupported(plan);
  const units = epochUnits(plan, parts.train);
  // The state has the same names and lengths before there are rows.
  let currentFeeder = feederOf(await shards.read([]));
  const shardStream = new ShardStream(shards, units, plan.train.seed, (events) => {
    const feederState = Object.entries(currentFeeder.state()).map(([name, values]) => [name, values.slice()] as const);
    currentFeeder.close();
    currentFeeder = feederOf(events);
    currentFeeder.load(Object.fromEntries(feederState));
  });
  const wrappedFeeder: Feeder = {
    get events() {
      return currentFeeder.events;
    },
    inputs: (...args) => currentFeeder.inputs(...args),
    collectLookups: (...args) => currentFeeder.collectLookups(...args),
    rowsOf: (of) => currentFeeder.rowsOf(of),
    apply: (...args) => currentFeeder.apply(...args),
    accumulate: (outputs) => currentFeeder.accumulate(outputs),
    update: (...args) => currentFeeder.update(...args),
    get mined() {
      return currentFeeder.mined;
    },
    state: () => currentFeeder.state(),
    load: (state) => currentFeeder.load(state),
    close: () => currentFeeder.close(),
  };
  const { counts } = units;
  const epoch = (number: number): AnyEpoch => ({
    steps: counts.steps,
    batch: (index) => shardStream.batch(number, index),
  });
  return { feeder: wrappedFeeder, order: { ...counts, epoch } };
}

/** Names the part of a plan that needs all training rows at any time, so that a few shuffled shards are not enough. */
export function unsupportedInShards({ train, fitted }: Pick<Plan, 'train' | 'fitted'>): string | undefined {
  if (fitted) return 'a score that is fitted as a whole';
  return train.graph === undefined ? undefined : '`graph` of `train`';
}

/** Returns what a step of a plan takes whole. Absent: single rows. */
export function shardUnitOf({ step }: Pick<Plan, 'step'>): ShardUnit | undefined {
  const list = sequenceFeature(step);
  if (list !== undefined) return { kind: 'windows', list };
  return hasRowPerUser(step) ? { kind: 'users' } : undefined;
}

export const itemsGivenInTraining = ({ step }: Pick<Plan, 'step'>): readonly string[] => [
  ...new Set(
    step.inputs.flatMap(({ source }) =>
      'rows' in source && source.rows?.kind === 'listed' ? [source.rows.feature] : [],
    ),
  ),
];

/** @throws Failure `shards-unsupported` */
function refuseUnsupported(plan: Pick<Plan, 'train' | 'fitted'>): void {
  const unsupportedPart = unsupportedInShards(plan);
  if (unsupportedPart !== undefined) throw failure('shards-unsupported', { what: unsupportedPart });
}

/** Returns the bytes of a step, as if it scored no items but those of its batch. */
export const bytesOfStep = ({ step, train }: Plan): number => stepBytes(step, { batch: train.batch, corpus: 1 });

/** Returns the bytes of a row of each table, with the state of its optimizer and its place among the gradients. @param sharing number of workers that share the rows */
export const tableRows = (plan: Plan, sharing: number): readonly { encoderOf: string; rowBytes: number }[] =>
  rowSizes(plan).map((size) => ({
    encoderOf: size.encoderOf,
    rowBytes: (tableBytes({ ...size, rows: 1 }) + 4) / sharing,
  }));
