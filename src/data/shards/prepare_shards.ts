/** Prepares the second pass over all events: computes where parts begin, counts, encoders, and the number of shards. */

import { packTexts } from '../../base/text/texts.ts';
import { ascendingIndexes } from '../../base/util/ascending_indexes.ts';
import { type DataDescription, givesEvents, type Split } from '../../graph/plan/data_description.ts';
import { madeOf } from '../../graph/plan/plan.ts';
import type { ReadPlan } from '../binding/data_layout.ts';
import { hasEarlierItems } from '../columns/assemble.ts';
import { fitFromSamples } from '../columns/fit_encoders.ts';
import { type GrownEncodings, growEncodings } from '../columns/grown_encodings.ts';
import type { Encoding, ShardLayout } from '../dataset.ts';
import type { Dictionaries } from '../rows/raw.ts';
import { cutsOf, describeSplit, drawUsers, partsOfUsers } from '../rows/split.ts';
import { type FirstNewEvents, firstNewEvents, sidesOfFeatures } from './encode_partitions.ts';
import type { FirstPassResult, ShardingInput } from './first_pass.ts';
import { heldShards, refuseLargeHeldOut, shardsFor, shareOf } from './memory_shares.ts';
import { type Cuts, isBefore, type Moment, momentsAt, type PartitionSource, type Times } from './partition_source.ts';
import type { ShardRequest } from './request.ts';
import type { ScatterResult } from './scatter.ts';
import { TrainingCounter, type TrainingCounts } from './training_counts.ts';

/** What a split depends on, of all events together. */
export interface SplitFacts extends Pick<Cuts, 'moments'> {
  /** For `by_user`: the number of events of each user, which the draw of users depends on. */
  readonly eventsOfUsers?: Int32Array;
  /** For a random split of events that are not sorted by time: the part of each event by its rank. */
  readonly partOfRank?: Uint8Array;
}

export interface ShardPlan
  extends Pick<
      TrainingCounts,
      'counts' | 'items' | 'lastTraining' | 'firstPartitions' | 'titles' | 'fresh' | 'heldOutBefore'
    >,
    SplitFacts,
    GrownEncodings {
  readonly past: FirstNewEvents;
  readonly layout: ShardLayout;
  /** True if the latest event of each user has files of its own. */
  readonly latest: boolean;
  /** Number of earlier events that an epoch adds for each new one. Absent: shards have new events alone, or all are new. */
  readonly replay?: number;
  /** Describes the split. */
  readonly sentence: string;
}

export async function prepareShards(
  input: ShardingInput,
  from: FirstPassResult,
  source: PartitionSource,
): Promise<ShardPlan> {
  const { readPlan, request, pinned } = input;
  const { dictionaries, scattered, items, users } = from;
  const facts = await splitFacts(input, scattered, source);
  const cuts = makeCuts(readPlan.description, scattered, facts);
  const past = pinned ? await firstNewEvents(readPlan, pinned, source, cuts) : {};
  const { sides } = source.of;
  const files = { items, users };
  const counter = new TrainingCounter({ readPlan, sides, dictionaries, files, past, onPass: request.onPass });
  await counter.read(source, cuts);
  const counted = counter.all();
  const { counts, lastTraining, firstPartitions, titles, fresh, heldOutBefore } = counted;
  return {
    ...facts,
    ...{ counts, items: counted.items, lastTraining, firstPartitions, past, heldOutBefore, titles, fresh },
    ...encodingsOf(input, dictionaries, counted),
    layout: layoutOf(input, source.count, counted),
    latest: request.latest ?? false,
    ...(past.fresh && pinned?.replay ? { replay: pinned.replay } : {}),
    sentence: describeSplit(readPlan.description, counts, facts.eventsOfUsers),
  };
}

function encodingsOf(
  { readPlan, featureFiles, pinned }: ShardingInput,
  dictionaries: Dictionaries,
  { sampleOf, occurrences }: TrainingCounts,
): GrownEncodings {
  if (pinned && !pinned.grows)
    return { encodings: packed(pinned.encodings), admissions: new Map(), recoded: new Map() };
  const fitted = fitFromSamples({ readPlan, files: featureFiles, dictionaries }, sampleOf);
  const grown = growEncodings({ readPlan, fitted, pinned }, ({ name }) => occurrences.get(name)!);
  return { ...grown, encodings: packed(grown.encodings) };
}

/** Packs texts, so that encodings that were read from a run give the same bytes. */
const packed = (encodings: ReadonlyMap<string, Encoding>): ReadonlyMap<string, Encoding> =>
  new Map(
    [...encodings].map(([name, encoding]) => [
      name,
      'values' in encoding && encoding.values ? { ...encoding, values: packTexts(encoding.values) } : encoding,
    ]),
  );

export function makeCuts(
  { split, trainsAll }: Pick<DataDescription, 'split' | 'trainsAll'>,
  { rows }: Pick<ScatterResult, 'rows'>,
  { moments, eventsOfUsers, partOfRank }: SplitFacts,
): Cuts {
  if (trainsAll) return { split, ofRank: () => 0 };
  if (moments) return { split, moments };
  if (split.kind === 'by_time') {
    const [validation, test] = cutsOf(split, rows);
    return { split, ofRank: (rank) => (rank >= test ? 2 : rank >= validation ? 1 : 0) };
  }
  if (split.kind === 'by_user') return { split, ofUsers: drawUsers(split, eventsOfUsers!).partsOf };
  if (split.kind !== 'random') return { split };
  const random = partOfRank ?? randomParts(split, rows);
  return { split, ofRank: (rank) => random[rank]! };
}

/** @throws Failure `shards-damaged` */
async function splitFacts(
  input: ShardingInput,
  scattered: Pick<ScatterResult, 'rows' | 'ascends'>,
  source: PartitionSource,
): Promise<SplitFacts> {
  const { description } = input.readPlan;
  return {
    moments: await momentsOf(description, scattered, source),
    partOfRank: await partsOfUnsorted(input, scattered, source),
    eventsOfUsers: givesEvents(description) ? await source.eventsOfUsers() : undefined,
  };
}

/** Bytes that sorting takes for an event: its time and rank, and the lists of both sorts. */
const bytesToSort = 64;

/** Returns the parts of a random split by rank; undefined for another one, or if events are sorted by time, so that ranks are enough. */
async function partsOfUnsorted(
  { readPlan: { description }, request }: ShardingInput,
  { rows, ascends }: Pick<ScatterResult, 'rows' | 'ascends'>,
  source: PartitionSource,
): Promise<Uint8Array | undefined> {
  const { split, trainsAll } = description;
  if (trainsAll || split.kind !== 'random' || ascends) return undefined;
  const maxRows = Math.ceil(shareOf(request.memory, 'partition') / bytesToSort);
  return randomPartsByRank(() => source.times(), split, { rows, most: maxRows });
}

/** Returns the times at which parts begin; undefined if the split is not by time, or if events are sorted by time, so that ranks are enough. */
async function momentsOf(
  { split, trainsAll }: DataDescription,
  { rows, ascends }: Pick<ScatterResult, 'rows' | 'ascends'>,
  source: PartitionSource,
): Promise<Cuts['moments']> {
  if (trainsAll || split.kind !== 'by_time' || ascends) return undefined;
  const [validation, test] = await momentsAt(() => source.times(), cutsOf(split, rows));
  return { ...(validation ? { validation } : {}), ...(test ? { test } : {}) };
}

/** Bytes of the time that a held-out row has until the rows are sorted. */
const bytesOfTime = 8;

function layoutOf({ request, readPlan }: ShardingInput, partitions: number, counts: TrainingCounts): ShardLayout {
  const { memory, when, sizes } = request;
  const { given = [], unit } = request;
  const packedSize = packedBytes(counts, readPlan, { given, unit });
  // Lists of held-out events do not share values.
  const unsharedSize = packedBytes(counts, readPlan, { given });
  const [training, ...heldOutCounts] = counts.counts as [number, number, number];
  // This estimate allows a refusal before the second pass. Sorting the rows takes the same memory again.
  const heldOutRows = heldOutCounts[0] + heldOutCounts[1];
  const heldOutBytes = (unsharedSize * heldOutRows) / Math.max(1, training) + bytesOfTime * heldOutRows;
  const earlierBytes = hasEarlierItems(readPlan) ? 4 * counts.beforeHeldOut : 0;
  refuseLargeHeldOut(memory, 2 * (heldOutBytes + earlierBytes));
  if (typeof when === 'object') return when;
  return {
    buckets: partitions,
    piles: sizes?.piles ?? shardsFor(memory, packedSize, training),
    held: sizes?.held ?? heldShards,
  };
}

/** Estimates the bytes of all training rows in shards, slightly too high: histories are counted as if all events of a user had different times. */
function packedBytes(
  { counts, users, elements }: Pick<TrainingCounts, 'counts' | 'users' | 'elements'>,
  readPlan: ReadPlan,
  { given = [], unit }: Pick<ShardRequest, 'given' | 'unit'>,
): number {
  const rows = counts[0]!;
  const sides = sidesOfFeatures(readPlan);
  let bytes = rows * (12 + 4 * readPlan.labels.size);
  for (const plan of readPlan.needs.features) {
    const history = readPlan.layout.histories.get(plan.name);
    const columnRequest = readPlan.features.get(plan.name);
    const perElement =
      4 *
      (1 +
        Number(plan.through !== undefined) +
        Number(readPlan.listWeights.has(plan.name)) * (given.includes(plan.name) ? 2 : 1) +
        Number(given.includes(plan.name)));
    if (history && unit && history.kind !== 'others')
      bytes += 12 * rows + perElement * users.reduce((sum, count) => sum + count, 0);
    else if (history) bytes += 4 * rows + perElement * windowsOf(users, history.max, history.kind === 'others');
    else if (sides.has(plan.name)) continue;
    else if (columnRequest === undefined || madeOf(plan).length > 0) bytes += 4 * rows;
    else if (columnRequest.form === 'vector') bytes += 4 * rows * (columnRequest.width ?? 1);
    else if (columnRequest.form === 'codes' || columnRequest.form === 'numbers')
      bytes += 4 * rows + perElement * (elements.get(columnRequest) ?? 0);
    else bytes += 4 * rows;
  }
  return bytes;
}

/** Returns the total number of elements in all windows of at most `max` events, for users with these numbers of events. */
function windowsOf(users: Int32Array, max: number, isRing: boolean): number {
  let sum = 0;
  for (const count of users) {
    if (isRing) sum += count * Math.min(max, Math.max(0, count - 1));
    else if (count <= max) sum += (count * (count - 1)) / 2;
    else sum += (max * (max - 1)) / 2 + (count - max) * max;
  }
  return sum;
}

// Finds the parts of a random split, which draws places in the order of time, for events that are read in another order.

type RandomSplit = Extract<Split, { kind: 'random' }>;

/** Returns the part of each place in the order of time, as an index in `parts`. */
const randomParts = (split: RandomSplit, rows: number): Uint8Array =>
  partsOfUsers(split, { rows, user: new Int32Array(0), users: 0 });

/**
 * Returns the part of each event by its rank in the order of reading. It sorts `most` events at a time: one span of time after the other.
 * @param pieces returns all events, once for each span
 */
export async function randomPartsByRank(
  pieces: () => AsyncIterable<Times>,
  split: RandomSplit,
  { rows, most }: { readonly rows: number; readonly most: number },
): Promise<Uint8Array> {
  const partOfPlace = randomParts(split, rows);
  const partOfRank = new Uint8Array(rows);
  const spans = Math.ceil(rows / most);
  const firstPlaces = Array.from({ length: spans - 1 }, (_, index) => (index + 1) * most);
  const firsts = (await momentsAt(pieces, firstPlaces, Math.ceil(most / spans))) as Moment[];
  for (let span = 0; span < spans; span++) {
    const [first, next] = [firsts[span - 1], firsts[span]];
    const size = Math.min(most, rows - span * most);
    const times = new Float64Array(size);
    const ranks = new Int32Array(size);
    let filled = 0;
    for await (const piece of pieces()) {
      for (let i = 0; i < piece.rows.length; i++) {
        const [time, row] = [piece.times[i]!, piece.rows[i]!];
        if ((first && isBefore(time, row, first)) || (next && !isBefore(time, row, next))) continue;
        times[filled] = time;
        ranks[filled++] = piece.ranks[i]!;
      }
    }
    const byRank = ascendingIndexes(ranks);
    const byTime = ascendingIndexes(Float64Array.from(byRank, (rank) => times[rank]!));
    for (let place = 0; place < size; place++) {
      partOfRank[ranks[byRank[byTime[place]!]!]!] = partOfPlace[span * most + place]!;
    }
  }
  return partOfRank;
}
