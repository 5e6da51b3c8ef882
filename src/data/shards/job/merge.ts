/**
 * Joins what is known of rows that were read in parts: texts get the codes that one process would give them. The rows stay where they are, and `JoinedBuckets`
 * gives them these codes when it reads them.
 */

import { type PackedTexts, packTexts, type Texts, TextsWriter } from '../../../base/text/texts.ts';
import { defined } from '../../../base/util/defined.ts';
import type { ReadPlan } from '../../binding/layout.ts';
import { refuseTooLarge } from '../../columns/grown_encodings.ts';
import { gatherCodes } from '../../rows/gather.ts';
import type { Dictionaries, ValidRawRows } from '../../rows/raw.ts';
import type { ScatteredRows } from '../first_pass.ts';
import { grouped } from '../scatter.ts';
import type { ShardWriter } from '../shard_files.ts';
import { type CodeMaps, type PartOfBuckets, recode } from './joined_buckets.ts';

interface MergedRows {
  readonly rows: Omit<ScatteredRows, 'files'>;
  readonly parts: readonly PartOfBuckets[];
}

/**
 * @param parts read what is not in buckets, one after another, because all together may be large
 * @param userCodes writer of one file for each bucket, with a block for each part
 */
export async function mergeRows(
  parts: readonly (() => Promise<ScatteredRows>)[],
  readPlan: ReadPlan,
  { userCodes, signal }: { userCodes: ShardWriter; signal?: AbortSignal | undefined },
): Promise<MergedRows> {
  const dictionaries = await unionOfParts(parts);
  const marksOf = (key: ReadPlan['itemKey']): Uint8Array =>
    new Uint8Array(key ? dictionaries.get(key.inEvents.dictionary!)!.length : 0);
  const occurs = { items: marksOf(readPlan.itemKey), users: marksOf(readPlan.userKey) };
  const userTexts = readPlan.userKey?.inEvents.dictionary;
  const partitionOfUser = userTexts === undefined ? undefined : new Int32Array(dictionaries.get(userTexts)!.length);
  const names = namesOfWholeMaps(readPlan);
  const total: TimesOfParts = { rows: 0, ascends: true };
  const partsOfBuckets: PartOfBuckets[] = [];
  let joined: Pick<ScatteredRows, 'items' | 'users' | 'partsOfFiles' | 'eventBasis'> | undefined;
  for (const read of parts) {
    signal?.throwIfAborted();
    const { scattered, files, dictionaries: own, ...others } = await read();
    const codes: CodeMaps = new Map([...own].map(([name, texts]) => [name, placesOf(texts, dictionaries.get(name)!)]));
    const whole = new Map([...codes].filter(([name]) => names.has(name)));
    partsOfBuckets.push({ files, before: total.rows, codes: whole });
    if (partitionOfUser)
      writeUserCodes(codes.get(userTexts!)!, scattered.partitionOfUser!, partitionOfUser, {
        userCodes,
        buckets: files.length,
      });
    markAll(occurs.items, scattered.occurs.items, readPlan.itemKey, codes);
    markAll(occurs.users, scattered.occurs.users, readPlan.userKey, codes);
    addTimes(total, scattered);
    // Each part reads the files of items and users as a whole.
    joined ??= {
      ...others,
      ...defined({
        items: others.items && recoded(others.items, codes),
        users: others.users && recoded(others.users, codes),
      }),
    };
  }
  return {
    rows: { scattered: { ...total, occurs, ...defined({ partitionOfUser }) }, dictionaries, ...joined! },
    parts: partsOfBuckets,
  };
}

/** Returns the dictionaries whose codes may be in any bucket. Those of users are only in the bucket of the user. */
const namesOfWholeMaps = ({ columns, userKey }: ReadPlan): ReadonlySet<string | undefined> =>
  new Set(columns.get('events')!.flatMap((column) => (column === userKey?.inEvents ? [] : [column.dictionary])));

/**
 * Writes the codes of a part's users apart for each bucket, because all users of all parts may be many times those of one part.
 * @param bucketOf of each user of the part @param bucketOfAll of each user of all parts, which is filled
 */
function writeUserCodes(
  codes: Int32Array,
  bucketOf: Int32Array,
  bucketOfAll: Int32Array,
  { userCodes, buckets }: { readonly userCodes: ShardWriter; readonly buckets: number },
): void {
  for (const [bucket, own] of grouped(codes.length, buckets, (user) => bucketOf[user]!).entries()) {
    const all = gatherCodes(codes, own);
    for (const user of all) bucketOfAll[user] = bucket;
    const block = new Map([
      ['own', own],
      ['all', all],
    ]);
    userCodes.append(bucket, own.length, block);
  }
}

type TimesOfParts = {
  -readonly [K in keyof Omit<ScatteredRows['scattered'], 'occurs' | 'partitionOfUser'>]: ScatteredRows['scattered'][K];
};

/** @param next of the part that follows */
function addTimes(total: TimesOfParts, next: ScatteredRows['scattered']): void {
  total.rows += next.rows;
  const { firstTime, lastTime, ascends } = next;
  if (!ascends) total.ascends = false;
  if (firstTime === undefined || lastTime === undefined) return;
  if (firstTime < (total.lastTime ?? firstTime)) total.ascends = false;
  total.firstTime ??= firstTime;
  total.lastTime = lastTime;
}

function markAll(marks: Uint8Array, own: Uint8Array, key: ReadPlan['itemKey'], codes: CodeMaps): void {
  const codeOf = key && codes.get(key.inEvents.dictionary!)!;
  for (let code = 0; code < own.length; code++) if (own[code] === 1) marks[codeOf![code]!] = 1;
}

function recoded(rows: ValidRawRows, codes: CodeMaps): ValidRawRows {
  for (const [{ dictionary }, { values }] of rows.columns)
    if (dictionary !== undefined) recode(values, codes.get(dictionary)!);
  return rows;
}

async function unionOfParts(parts: readonly (() => Promise<ScatteredRows>)[]): Promise<Dictionaries> {
  const union = new Map<string, Texts>();
  for (const read of parts) {
    for (const [name, texts] of (await read()).dictionaries) {
      const earlier = union.get(name);
      union.set(name, earlier ? refuseTooLarge(name, () => unionOf(packTexts(earlier), packTexts(texts))) : texts);
    }
  }
  return union;
}

/** Returns the texts of both lists, which are in the order of their bytes. */
function unionOf(one: PackedTexts, other: PackedTexts): PackedTexts {
  const writer = new TextsWriter(Math.max(one.length, other.length));
  let [at, to] = [0, 0];
  while (at < one.length || to < other.length) {
    const order = at === one.length ? 1 : to === other.length ? -1 : compareBytes(one, at, other, to);
    if (order <= 0) writer.addFrom(one, at++);
    else writer.addFrom(other, to);
    if (order >= 0) to++;
  }
  return writer.texts();
}

/** Returns the place of each text in a list that has all of them. Both are in the order of their bytes. */
function placesOf(texts: Texts, all: Texts): Int32Array {
  const [own, others] = [packTexts(texts), packTexts(all)];
  let place = -1;
  return Int32Array.from(own.ends, (_, at) => {
    do place++;
    while (compareBytes(own, at, others, place) !== 0);
    return place;
  });
}

/** Returns a negative number if the text at `a` comes before the one at `b`, in the order of their bytes. */
function compareBytes(one: PackedTexts, a: number, other: PackedTexts, b: number): number {
  let [at, to] = [one.startOf(a), other.startOf(b)];
  const [end, stop] = [one.ends[a]!, other.ends[b]!];
  for (; at < end && to < stop; at++, to++)
    if (one.bytes[at] !== other.bytes[to]) return one.bytes[at]! - other.bytes[to]!;
  return end - at - (stop - to);
}
