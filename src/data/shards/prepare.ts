/** What the second pass needs of all events before it encodes the first: where parts begin, counts, encoders, and how many piles. */
import { failure } from '../../diagnostics/failure.ts';
import type { DataDescription, Split } from '../../model/model.ts';
import type { ColumnRequest } from '../binding/column_requests.ts';
import { knowsEarlier } from '../columns/assemble.ts';
import { fitFromSamples } from '../columns/fit_encoders.ts';
import type { Encoding, ShardLayout } from '../dataset.ts';
import { cutsOf, partsOfUsers } from '../rows/split.ts';
import type { Cuts } from './arrange.ts';
import type { BucketSource } from './bucket_source.ts';
import { momentsAt } from './by_time.ts';
import { type Counted, countBuckets } from './count.ts';
import type { Buckets, ToWrite } from './first_pass.ts';
import { heldPiles, pilesFor, refuseLargeHeldOut } from './layout.ts';
import { packedBytes } from './packed_bytes.ts';
import type { Scattered } from './scatter.ts';

/** Plain data. */
export interface Prepared extends Pick<Counted, 'counts' | 'items' | 'lastTraining' | 'titles'>, Pick<Cuts, 'moments'> {
  readonly encodings: ReadonlyMap<string, Encoding>;
  readonly layout: ShardLayout;
}

export async function prepare(to: ToWrite, from: Buckets, source: BucketSource): Promise<Prepared> {
  const { description, needs, wanted, request, featureFiles } = to;
  const { scattered, dictionaries, items, users } = from;
  const moments = await momentsOf(description, scattered, source);
  const cuts = makeCuts(description.split, scattered, moments);
  const joined = { items, users };
  const { sides } = source.of;
  const counted = await countBuckets(source, cuts, {
    ...{ wanted, needs, sides, dictionaries, files: joined, onPass: request.onPass },
  });
  const sampleOf = (column: ColumnRequest) => counted.sampleOf(column);
  const { counts, items: countsOfItems, lastTraining, titles } = counted;
  return {
    ...(moments ? { moments } : {}),
    ...{ counts, items: countsOfItems, lastTraining },
    ...(titles ? { titles } : {}),
    encodings: fitFromSamples({ wanted, needs, files: featureFiles, dictionaries }, sampleOf),
    layout: layoutOf(to, source.count, counted),
  };
}

/** @throws Failure `shards-unsupported` where rows are drawn by their order in time, and are not in it */
export function makeCuts(
  split: Split,
  { rows, ascends }: Pick<Scattered, 'rows' | 'ascends'>,
  moments: Cuts['moments'],
): Cuts {
  if (moments) return { split, moments };
  if (split.kind === 'by_time') {
    const [validation, test] = cutsOf(split, rows);
    return { split, ofRank: (rank) => (rank >= test ? 2 : rank >= validation ? 1 : 0) };
  }
  if (split.kind !== 'random') return { split };
  if (!ascends) {
    throw failure('shards-unsupported', { what: '`split = random` of events that are not in the order of their time' });
  }
  const random = partsOfUsers(split, { rows, user: new Int32Array(0), users: 0 });
  return { split, ofRank: (rank) => random[rank]! };
}

/** Undefined where no time says the part. Where events ascend in time their ranks do, and no bucket is read for it. */
async function momentsOf(
  { split }: DataDescription,
  { rows, ascends }: Pick<Scattered, 'rows' | 'ascends'>,
  source: BucketSource,
): Promise<Cuts['moments']> {
  if (split.kind !== 'by_time' || ascends) return undefined;
  const [validation, test] = await momentsAt(() => source.times(), cutsOf(split, rows));
  return { ...(validation ? { validation } : {}), ...(test ? { test } : {}) };
}

/** A held-out row keeps its time until the rows are in order. */
const bytesOfTime = 8;

function layoutOf({ request, layout, wanted, needs }: ToWrite, buckets: number, counted: Counted): ShardLayout {
  const { memory, when, sizes } = request;
  const packed = packedBytes(counted, needs, wanted, layout, request.given ?? []);
  const [training, ...others] = counted.counts as [number, number, number];
  // About what they will take, so that it is known before the second pass. Ordering them takes the same again.
  const heldRows = others[0] + others[1];
  const held = (packed * heldRows) / Math.max(1, training) + bytesOfTime * heldRows;
  const earlier = knowsEarlier(wanted) ? 4 * counted.beforeHeldOut : 0;
  refuseLargeHeldOut(memory, 2 * (held + earlier));
  if (typeof when === 'object') return when;
  return { buckets, piles: sizes?.piles ?? pilesFor(memory, packed), held: sizes?.held ?? heldPiles };
}
