/**
 * Writes training rows into shards in two passes. The first takes valid rows out of the database into buckets of users. The second reads a
 * bucket at a time, as if it were all data, and deals its encoded rows to piles. No rows are sorted but those of one bucket.
 */

import { defined } from '../../defined.ts';
import { failure } from '../../diagnostics/failure.ts';
import type { DataDescription } from '../../model/model.ts';
import { readFirstValues } from '../columns/first_values.ts';
import { titlesFrom } from '../columns/titles.ts';
import type { Dataset } from '../dataset.ts';
import { protocolOf, sentencesOfVectors } from '../protocol.ts';
import { describeSplit } from '../rows/split.ts';
import { BucketSource } from './bucket_source.ts';
import { titleCodes } from './count.ts';
import { encodeBuckets } from './encode.ts';
import type { Buckets, ToWrite } from './first_pass.ts';
import { type EncodedRest, Gathered } from './gathered.ts';
import { heldOut } from './held_out.ts';
import { refuseLargeBucket, refuseLargePile } from './layout.ts';
import { pileName } from './manifest.ts';
import { makeCuts, type Prepared, prepare } from './prepare.ts';
import { seenName } from './seen_items.ts';
import { globalSide, type Sides } from './sides.ts';
import { datasetOf, type Rest, seal } from './store.ts';
import type { Passes } from './unfinished.ts';

/** The second pass, from where it was stopped. */
export async function writeShards(to: ToWrite, from: Buckets, passes: Passes): Promise<Dataset> {
  const { description, needs, layout, wanted, request, signal } = to;
  const { partial, dictionaries, files, items, users, scattered, partsOfFiles } = from;
  const { memory, onPass, folder, sizes } = request;
  refuseLargeBucket(memory, Math.max(...files.map(({ bytes }) => bytes)));
  const sides: Sides = {
    items: globalSide(wanted.itemKey, items, scattered.occurs.items, dictionaries),
    users: globalSide(wanted.userKey, users, scattered.occurs.users, dictionaries),
  };
  const source = new BucketSource({
    ...{ folder: partial, files, wanted, dictionaries, sides, partsOfFiles, description, items, users, signal },
  });
  const before = await passes.prepared();
  const prepared = before ?? (await prepare(to, from, source));
  if (!before) await passes.keepPrepared(prepared);
  const { counts, encodings, lastTraining } = prepared;
  const { piles, held } = prepared.layout;
  const sentence = describeSplit(description.split, counts, description.span);

  const gathered = new Gathered(sides.items.keys.length, sides.users.keys.length);
  const names = [...Array.from({ length: piles }, (_, at) => pileName(at)), seenName];
  const writer = await passes.piles(names, gathered, signal);
  await encodeBuckets(source, makeCuts(description.split, scattered, prepared.moments), {
    ...{ layout, wanted, needs, encodings, lastTraining, writer, piles, gathered, from: passes.done, onPass },
    keepsGiven: (feature) => request.given?.includes(feature) ?? false,
    onDone: (bucket, rest) => passes.keepBucket(bucket, rest, writer),
  });
  const rest = gathered.all();
  refuseWithoutLabels(rest, prepared, description);
  const all = await writer.finish();
  const written = all.slice(0, piles);
  refuseLargePile(memory, Math.max(...written.map(({ bytes }) => bytes)), held);
  const whole = await restOf(to, from, { sides, prepared, rest, sentence });
  const of = { key: from.key, layout: prepared.layout, spec: rest.spec, piles: written, seen: all[piles]! };
  const sealed = await seal(partial, folder, of, whole, { memory, ...defined({ sizes }) });
  const dataset = datasetOf(whole, sealed.folder, sealed.manifest, sealed.checksum);
  return { ...dataset, rejected: from.rejected };
}

/** @throws Failure `data-needs` where the training part has no value of a label: nothing could be learned from it */
function refuseWithoutLabels({ missingLabels }: EncodedRest, { counts }: Prepared, { events }: DataDescription): void {
  for (const [name, { training }] of missingLabels) {
    if (training < counts[0]!) continue;
    const needs = 'a value in one event at least of the training part';
    throw failure('data-needs', { what: name, needs }, events.span);
  }
}

interface Made {
  readonly sides: Sides;
  readonly prepared: Prepared;
  readonly rest: EncodedRest;
  readonly sentence: string;
}

async function restOf(to: ToWrite, from: Buckets, { sides, prepared, rest, sentence }: Made): Promise<Rest> {
  const { description, needs, layout, wanted, featureFiles, request } = to;
  const { dictionaries, items, rejected } = from;
  const { encodings } = prepared;
  const shared = { items: rest.items, users: rest.users, inner: rest.inner };
  const texts = dictionaries.get('title');
  const titles = wanted.title && titleCodes(prepared, wanted.title, sides, items);
  const missingLabels = new Map([...rest.missingLabels].map(([name, { all }]) => [name, all]));
  const corpus = { keys: sides.items.keys, trainingCounts: prepared.items };
  const described = { description, layout, good: defined({ items }) };
  const firstValues = await readFirstValues(featureFiles, encodings);
  const protocol = [
    ...protocolOf(described, { sentence, items: corpus }, missingLabels),
    ...sentencesOfVectors(firstValues, needs, encodings),
  ];
  return {
    ...{ shared, seen: rest.seen },
    labelSums: rest.labelSums,
    dataset: {
      parts: heldOut(rest, shared, request.memory),
      corpus: {
        rows: corpus.keys.length,
        features: rest.items,
        ...corpus,
        ...defined({ titles: titles && titlesFrom(titles, texts!, corpus.keys) }),
      },
      users: {
        rows: sides.users.keys.length,
        features: rest.users,
        keys: sides.users.keys,
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
