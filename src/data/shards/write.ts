/**
 * Writes training rows into shards in two passes. The first takes valid rows out of the database into buckets of users. The second reads a
 * bucket at a time, as if it were all data, and deals its encoded rows to piles. No rows are sorted but those of one bucket.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { defined } from '../../defined.ts';
import { failure } from '../../diagnostics/failure.ts';
import type { DataDescription } from '../../model/model.ts';
import type { ColumnRequest, ColumnRequests } from '../binding/column_requests.ts';
import type { Layout } from '../binding/layout.ts';
import type { Needs } from '../binding/needs.ts';
import { readFirstValues } from '../columns/first_values.ts';
import { fitFromSamples } from '../columns/fit_encoders.ts';
import type { Dataset, Encoding, Rejected, ShardLayout } from '../dataset.ts';
import type { FeatureFile } from '../files/feature_files.ts';
import { protocolOf, sentencesOfVectors } from '../protocol.ts';
import type { Dictionaries } from '../rows/dictionaries.ts';
import { cutsOf, describeSplit, partsOfUsers } from '../rows/split.ts';
import type { Staged } from '../rows/staged.ts';
import type { ValidRawRows } from '../rows/valid_rows.ts';
import type { Cuts } from './arrange.ts';
import { BucketSource, bucketName } from './bucket_source.ts';
import { momentsAt } from './by_time.ts';
import { type Counted, countBuckets, titleCodes } from './count.ts';
import { type EncodedRest, encodeBuckets } from './encode.ts';
import { heldOut } from './held_out.ts';
import { heldPiles, pilesFor, refuseLargeBucket, refuseLargeHeldOut, refuseLargePile } from './layout.ts';
import { pileName } from './manifest.ts';
import { packedBytes } from './packed_bytes.ts';
import { type PileFile, PileWriter } from './piles.ts';
import type { ShardRequest } from './request.ts';
import type { Scattered } from './scatter.ts';
import { globalSide, type Sides } from './sides.ts';
import { datasetOf, type Rest, seal } from './store.ts';

/** What the first pass gives. */
export interface Buckets {
  readonly partial: string;
  readonly key: string;
  readonly scattered: Scattered;
  readonly files: readonly PileFile[];
  readonly dictionaries: Dictionaries;
  readonly items?: ValidRawRows | undefined;
  readonly users?: ValidRawRows | undefined;
  readonly staged: Pick<Staged, 'files'>;
  readonly rejected: Rejected;
}

export interface ToWrite {
  readonly description: DataDescription;
  readonly needs: Needs;
  readonly layout: Layout;
  readonly featureFiles: ReadonlyMap<string, FeatureFile>;
  readonly wanted: ColumnRequests;
  readonly request: ShardRequest;
  readonly signal?: AbortSignal | undefined;
}

export async function writeShards(to: ToWrite, from: Buckets): Promise<Dataset> {
  const { description, needs, layout, wanted, request, featureFiles } = to;
  const { partial, dictionaries, files, items, users, scattered } = from;
  const { memory, onPass } = request;
  refuseLargeBucket(memory, Math.max(...files.map(({ bytes }) => bytes)));
  const sides: Sides = {
    items: globalSide(wanted.itemKey, items, scattered.occurs.items, dictionaries),
    users: globalSide(wanted.userKey, users, scattered.occurs.users, dictionaries),
  };
  const source = new BucketSource({
    ...{ folder: partial, files, wanted, dictionaries, sides, staged: from.staged, description },
    ...{ items, users, signal: to.signal },
  });
  const cuts = await cutsOfAll(to, scattered, source);
  const joined = { items, users };
  const counted = await countBuckets(source, cuts, { wanted, needs, sides, dictionaries, files: joined, onPass });
  const sentence = describeSplit(description.split, counted.counts, description.span);
  const sampleOf = (column: ColumnRequest) => counted.sampleOf(column);
  const encodings = fitFromSamples({ wanted, needs, files: featureFiles, dictionaries }, sampleOf);

  const shardLayout = layoutOf(to, source.count, counted);
  const names = Array.from({ length: shardLayout.piles }, (_, at) => pileName(at));
  const writer = new PileWriter(partial, names);
  const rest = await encodeBuckets(source, cuts, {
    ...{ layout, wanted, needs, sides, encodings, lastTraining: counted.lastTraining, writer },
    ...{ piles: shardLayout.piles, onPass },
    keepsGiven: (feature) => request.given?.includes(feature) ?? false,
    onDone: (bucket) => rmSync(join(partial, bucketName(bucket)), { force: true }),
  });
  refuseWithoutLabels(rest, counted, description);
  const piles = await writer.finish();
  refuseLargePile(memory, Math.max(...piles.map(({ bytes }) => bytes)), shardLayout.held);
  const all = await restOf(to, from, { sides, counted, encodings, rest, sentence });
  const of = { key: from.key, layout: shardLayout, spec: rest.spec, piles };
  const { memory: made, sizes } = request;
  const sealed = await seal(partial, request.folder, of, all, { memory: made, ...defined({ sizes }) });
  const dataset = datasetOf(all, sealed.folder, sealed.manifest, sealed.checksum);
  return { ...dataset, rejected: from.rejected };
}

/** What a split needs of all events together. Where events ascend in time, ranks say it, and no bucket is read for it. */
async function cutsOfAll(
  { description: { split } }: ToWrite,
  { rows, ascends }: Scattered,
  source: BucketSource,
): Promise<Cuts> {
  if (split.kind === 'by_time') {
    const [validation, test] = cutsOf(split, rows);
    if (ascends) return { split, ofRank: (rank) => (rank >= test ? 2 : rank >= validation ? 1 : 0) };
    const [first, second] = await momentsAt(() => source.times(), [validation, test]);
    return { split, moments: [first, second] };
  }
  if (split.kind !== 'random') return { split };
  if (!ascends) {
    throw failure('shards-unsupported', { what: '`split = random` of events that are not in the order of their time' });
  }
  const random = partsOfUsers(split, { rows, user: new Int32Array(0), users: 0 });
  return { split, ofRank: (rank) => random[rank]! };
}

function layoutOf({ request, layout, wanted, needs }: ToWrite, buckets: number, counted: Counted): ShardLayout {
  const { memory, when, sizes } = request;
  const packed = packedBytes(counted, needs, wanted, layout, request.given ?? []);
  const [training, ...others] = counted.counts as [number, number, number];
  // They take this at least: what users had before is not in it. So it is known before the second pass.
  refuseLargeHeldOut(memory, (2 * packed * (others[0] + others[1])) / Math.max(1, training));
  if (typeof when === 'object') return when;
  const held = sizes?.held ?? heldPiles;
  return { buckets, piles: sizes?.piles ?? pilesFor(memory, packed), held };
}

/** @throws Failure `data-needs` where the training part has no value of a label: nothing could be learned from it */
function refuseWithoutLabels({ missingLabels }: EncodedRest, { counts }: Counted, { events }: DataDescription): void {
  for (const [name, { training }] of missingLabels) {
    if (training < counts[0]!) continue;
    const needs = 'a value in one event at least of the training part';
    throw failure('data-needs', { what: name, needs }, events.span);
  }
}

interface Made {
  readonly sides: Sides;
  readonly counted: Counted;
  readonly encodings: ReadonlyMap<string, Encoding>;
  readonly rest: EncodedRest;
  readonly sentence: string;
}

async function restOf(to: ToWrite, from: Buckets, { sides, counted, encodings, rest, sentence }: Made): Promise<Rest> {
  const { description, needs, layout, wanted, featureFiles, request } = to;
  const { dictionaries, items, rejected } = from;
  const shared = { items: rest.items, users: rest.users, inner: rest.inner };
  const texts = dictionaries.get('title');
  const titles = wanted.title && titleCodes(counted, wanted.title, sides, items);
  const missingLabels = new Map([...rest.missingLabels].map(([name, { all }]) => [name, all]));
  const corpus = { keys: sides.items.keys, trainingCounts: counted.items };
  const described = { description, layout, good: defined({ items }) };
  const firstValues = await readFirstValues(featureFiles, encodings);
  const protocol = [
    ...protocolOf(described, { sentence, items: corpus }, missingLabels),
    ...sentencesOfVectors(firstValues, needs, encodings),
  ];
  return {
    shared,
    labelSums: rest.labelSums,
    dataset: {
      parts: heldOut(rest, shared, request.memory),
      corpus: {
        rows: corpus.keys.length,
        features: rest.items,
        ...corpus,
        ...defined({ titles: titles && Array.from(titles, (code, at) => texts![code]! || corpus.keys[at]!) }),
      },
      users: {
        rows: sides.users.keys.length,
        features: rest.users,
        keys: sides.users.keys,
        seen: rest.seen,
        asOfLastEvent: rest.asOfLastEvent,
      },
      encodings,
      seen: description.seen,
      ...defined({ evaluate: description.evaluate, firstValues }),
      histories: new Map([...layout.histories].map(([name, { max }]) => [name, max])),
      missing: rest.missing,
      missingLabels,
      protocol,
      // The file of them is in the folder of one run, and shards are of many.
      rejected: { count: rejected.count, total: rejected.total },
    },
  };
}
