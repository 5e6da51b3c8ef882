/**
 * Writes training rows to shards in two passes. The first pass partitions the valid rows of the database by user. The second pass reads one partition at a
 * time, as if it were all data, and distributes its encoded rows over shuffled shards. Only the rows of one partition are ever sorted.
 */
import { ascendingIndexes } from '../../base/util/ascending_indexes.ts';
import { givesEvents } from '../../graph/plan/data_description.ts';
import { titlesFrom } from '../columns/assemble.ts';
import { readFirstValues } from '../columns/fit_encoders.ts';
import { protocolOf, rejectUnlabelled, sentencesOfPast, sentencesOfVectors } from '../columns/protocol.ts';
import type { Dataset, Events } from '../dataset.ts';
import { gatherCodes } from '../rows/gather_rows.ts';
import { type GlobalSides, globalSide } from '../rows/order_events.ts';
import { type ColumnBlock, joinedArrays } from './column_block.ts';
import { encodePartitions, type NewEventCounts } from './encode_partitions.ts';
import { packEvents, type SharedColumns, unpackEvents } from './event_rows.ts';
import type { FirstPassResult, ShardingInput } from './first_pass.ts';
import { type EncodedSummary, Gathered, type UnitsOfPiles } from './gathered.ts';
import { largestOf, refuseLargeHeldOut, refuseLargePartition, refuseLargeShard } from './memory_shares.ts';
import { type PartitionRows, PartitionSource } from './partition_source.ts';
import { rowsName, totalsOfPiles } from './pieces.ts';
import { makeCuts, prepareShards, type ShardPlan } from './prepare_shards.ts';
import type { ShardFile } from './shard_files.ts';
import { datasetOf, type ShardSummary, seal } from './shard_store.ts';
import { titleCodes } from './training_counts.ts';
import type { Passes } from './unfinished.ts';

export async function writeShards(input: ShardingInput, firstPass: FirstPassResult, passes: Passes): Promise<Dataset> {
  const source = partitionSourceOf(input, firstPass, (partition) => passes.readPartition(partition));
  const storedPlan = await passes.prepared();
  const plan = storedPlan ?? (await prepareShards(input, firstPass, source));
  if (!storedPlan) await passes.keepPrepared(plan);
  const gathered = gatheredOf(source);
  const names = Array.from({ length: source.count }, (_, bucket) => rowsName(bucket));
  const writer = await passes.openShardWriter(names, gathered, input.signal);
  await encodePartitions(source, makeCuts(input.readPlan.description, firstPass.scattered, plan), {
    ...{ ...encodingOf(input, plan), writer, from: passes.done },
    async onDone(partition, summary) {
      gathered.add(summary);
      await passes.keepPartition(partition, summary, writer);
    },
  });
  return sealShards(input, firstPass, { source, plan, summary: gathered.all(), files: await writer.finish() });
}

/** @param read reads the rows of a partition @throws Failure `shards-memory` */
function partitionSourceOf(
  { readPlan, request, signal }: ShardingInput,
  { dictionaries, files, items, users, scattered, partsOfFiles }: FirstPassResult,
  read: PartitionRows['read'],
): PartitionSource {
  refuseLargePartition(request.memory, largestOf(files.map(({ bytes }) => bytes)));
  const sides: GlobalSides = {
    items: globalSide(readPlan.itemKey, items, scattered.occurs.items, dictionaries),
    users: globalSide(readPlan.userKey, users, scattered.occurs.users, dictionaries),
  };
  const { partitionOfUser } = scattered;
  return new PartitionSource({
    ...{ count: files.length, read, partitionOfUser, readPlan },
    ...{ dictionaries, sides, partsOfFiles, items, users, signal },
  });
}

const gatheredOf = ({ of: { sides } }: PartitionSource): Gathered =>
  new Gathered(sides.items.keys.length, sides.users.keys.length);

function encodingOf({ readPlan, request }: ShardingInput, plan: ShardPlan) {
  const { encodings, lastTraining, firstPartitions, past, layout, latest } = plan;
  return {
    ...{ readPlan, encodings, lastTraining, firstPartitions, shards: layout.piles, fresh: past.fresh, latest },
    replays: plan.replay !== undefined,
    ...{ unit: request.unit, onPass: request.onPass },
    keepsGiven: (feature: string) => request.given?.includes(feature) ?? false,
  };
}

interface EncodedShards {
  readonly source: PartitionSource;
  readonly plan: ShardPlan;
  readonly summary: EncodedSummary;
  /** The rows of each bucket, in the partial folder. */
  readonly files: readonly ShardFile[];
}

async function sealShards(input: ShardingInput, firstPass: FirstPassResult, encoded: EncodedShards): Promise<Dataset> {
  const { memory, folder, sizes } = input.request;
  const { source, plan, summary, files } = encoded;
  const { piles, held } = plan.layout;
  rejectUnlabelled(summary.missingLabels, plan.counts[0]!, input.readPlan.description);
  refuseLargeShard(memory, largestOf(totalsOfPiles(summary.pieces, 'bytes', piles)), held);
  const shardSummary = await summaryOf(input, firstPass, { sides: source.of.sides, prepared: plan, summary });
  const manifestFields = { key: firstPass.key, layout: plan.layout, spec: summary.spec, buckets: files };
  const sealed = await seal(firstPass.partial, folder, manifestFields, shardSummary, { memory, sizes });
  const dataset = datasetOf(shardSummary, sealed.folder, sealed.manifest, sealed.checksum);
  return { ...dataset, rejected: firstPass.rejected };
}

async function summaryOf(
  input: ShardingInput,
  firstPass: FirstPassResult,
  { sides, prepared, summary }: { sides: GlobalSides; prepared: ShardPlan; summary: EncodedSummary },
): Promise<ShardSummary> {
  const { readPlan, featureFiles, request } = input;
  const { description, needs, layout } = readPlan;
  const { dictionaries, items, rejected } = firstPass;
  const { encodings, admissions, recoded, heldOutBefore } = prepared;
  const earlierEnd = input.pinned?.until;
  const until = summary.until && earlierEnd && earlierEnd.time > summary.until.time ? earlierEnd : summary.until;
  const shared = { items: summary.items, users: summary.users, inner: summary.inner };
  const texts = dictionaries.get('title');
  const titles = readPlan.title && titleCodes(prepared, readPlan.title, sides, items);
  const corpus = { keys: sides.items.keys, trainingCounts: prepared.items };
  const firstValues = await readFirstValues(featureFiles, encodings);
  const protocol = [
    ...protocolOf(readPlan, { items }, { sentence: prepared.sentence, items: corpus }, summary.missingLabels),
    ...sentencesOfPast(
      { fresh: prepared.fresh && { length: prepared.fresh.rows }, heldOutBefore },
      input.pinned,
      description.split.kind,
    ),
    ...sentencesOfVectors(firstValues, needs, encodings),
  ];
  return {
    ...{ shared, pieces: summary.pieces, seen: summary.seen, had: summary.had },
    labelSums: summary.labelSums,
    training: trainingRows(summary, prepared),
    dataset: {
      parts: heldOut(summary, shared, { memory: request.memory, givesEarlier: givesEvents(description) }),
      corpus: {
        rows: corpus.keys.length,
        features: summary.items,
        ...corpus,
        titles: titles && titlesFrom(titles, texts!, corpus.keys),
      },
      users: {
        rows: sides.users.keys.length,
        features: summary.users,
        keys: sides.users.keys,
        asOfLastEvent: summary.asOfLastEvent,
      },
      encodings,
      seen: description.seen,
      evaluate: description.evaluate,
      firstValues,
      knownUntil: summary.knownUntil,
      until,
      ...(admissions.size > 0 ? { admissions } : {}),
      ...(recoded.size > 0 ? { recoded } : {}),
      ...(prepared.past.untrained ? { heldOutBefore } : {}),
      histories: new Map([...layout.histories].map(([name, { max }]) => [name, max])),
      protocol,
      // The file of rejected rows is in the folder of one run, but several runs share the shards.
      rejected: { count: rejected.count, total: rejected.total },
      eventBasis: { ...firstPass.eventBasis, itemElements: summary.itemElements },
    },
  };
}

/** Counts the rows and units of an epoch. A run that goes on from an earlier one, and replays nothing, has shards of new events alone. */
function trainingRows({ units }: EncodedSummary, { counts, fresh, replay }: ShardPlan): ShardSummary['training'] {
  const rows = counts[0]!;
  if (!units && !fresh) return { rows };
  if (units?.earlier && replay !== undefined) return withReplay(units, units.earlier, { rows, fresh: fresh!, replay });
  const count = units?.piles.reduce((sum, rows) => sum + rows, 0) ?? fresh!.rows;
  const targets = units?.targets ?? fresh!.rows;
  const unitCounts = { count, targets, fresh: fresh?.rows };
  return { rows, units: unitCounts, piles: units?.piles, freshItems: fresh?.items };
}

/** Counts the units of an epoch that adds earlier units to the new ones. Each shard gives earlier units in proportion to those it has. */
function withReplay(
  newUnits: UnitsOfPiles,
  earlier: UnitsOfPiles,
  { rows, fresh, replay }: { readonly rows: number; readonly fresh: NewEventCounts['fresh']; readonly replay: number },
): ShardSummary['training'] {
  const sumOf = ({ piles }: UnitsOfPiles): number => piles.reduce((sum, count) => sum + count, 0);
  const [ownCount, earlierCount] = [sumOf(newUnits), sumOf(earlier)];
  const drawnCount = Math.min(earlierCount, Math.round(replay * ownCount));
  // Rounds running totals, so that shares add up exactly to `drawn`, and no shard gives more than it has.
  const drawnBefore = (units: number): number =>
    earlierCount === 0 ? 0 : Number((BigInt(units) * BigInt(drawnCount)) / BigInt(earlierCount));
  let before = 0;
  const replayed = earlier.piles.map((count) => {
    const first = drawnBefore(before);
    before += count;
    return drawnBefore(before) - first;
  });
  const replayedEvents = Math.min(rows - fresh.rows, Math.round(replay * fresh.rows));
  return {
    rows,
    units: {
      count: ownCount + drawnCount,
      targets: newUnits.targets + Math.round((drawnCount / Math.max(1, earlierCount)) * earlier.targets),
      fresh: fresh.rows,
      replayed: replayedEvents,
    },
    piles: newUnits.piles.map((count, pile) => count + replayed[pile]!),
    ...{ replayed, freshItems: fresh.items },
    replayedShare: replayedEvents === 0 ? 0 : replayedEvents / (rows - fresh.rows),
  };
}

/** Reads validation and test events, which stay in memory, sorted by time. @throws Failure `shards-memory` */
function heldOut(
  { held, heldSpec }: Pick<EncodedSummary, 'held' | 'heldSpec'>,
  shared: SharedColumns,
  { memory, givesEarlier }: { readonly memory: number; readonly givesEarlier: boolean },
): Pick<Dataset['parts'], 'validation' | 'test'> {
  // Sorting doubles the memory.
  refuseLargeHeldOut(memory, 2 * [...held.validation, ...held.test].reduce((sum, block) => sum + bytesOf(block), 0));
  const inOrder = (blocks: readonly ColumnBlock[]): Events => {
    const events = unpackEvents(blocks, heldSpec, shared);
    const times = joinedArrays(blocks, '#time', Float64Array);
    // Sorted by row first, so that events with the same time keep the file's order.
    const byRow = ascendingIndexes(events.ids!);
    const byTime = ascendingIndexes(Float64Array.from(byRow, (index) => times[index]!));
    return unpackEvents([packEvents(events, heldSpec, gatherCodes(byRow, byTime))], heldSpec, shared);
  };
  const ofPart = (part: 'validation' | 'test'): Events => ({
    ...inOrder(held[part]),
    ...(heldSpec.earlier && givesEarlier ? { givesEarlier } : {}),
  });
  return { validation: ofPart('validation'), test: ofPart('test') };
}

const bytesOf = (block: ColumnBlock): number =>
  [...block.values()].reduce((sum, { byteLength }) => sum + byteLength, 0);
