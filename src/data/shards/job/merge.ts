/** Joins rows that were read in parts: texts get the codes that one process would give them, and events their place among all. */

import { type PackedTexts, packTexts, type Texts, TextsWriter } from '../../../base/text/texts.ts';
import { defined } from '../../../base/util/defined.ts';
import type { ColumnRequest, ReadPlan } from '../../binding/layout.ts';
import { refuseTooLarge } from '../../columns/grown_encodings.ts';
import type { Dictionaries, ValidRawRows } from '../../rows/raw.ts';
import type { ColumnBlock } from '../block.ts';
import type { ScatteredRows } from '../first_pass.ts';
import { partitionName } from '../partition_source.ts';
import { readShard, type ShardWriter } from '../shard_files.ts';

interface MappedPart {
  readonly folder: string;
  /** Reads what is not in buckets, because all parts together may be large. */
  read(): Promise<ScatteredRows>;
}

type CodeMaps = ReadonlyMap<string, Int32Array>;

/** @param writer of one file for each bucket */
export async function mergeRows(
  parts: readonly MappedPart[],
  readPlan: ReadPlan,
  writer: ShardWriter,
  signal?: AbortSignal,
): Promise<Omit<ScatteredRows, 'files'>> {
  const columns = readPlan.columns.get('events')!;
  const dictionaries = await unionOfParts(parts);
  const marksOf = (key: ReadPlan['itemKey']): Uint8Array =>
    new Uint8Array(key ? dictionaries.get(key.inEvents.dictionary!)!.length : 0);
  const occurs = { items: marksOf(readPlan.itemKey), users: marksOf(readPlan.userKey) };
  const total: TimesOfParts = { rows: 0, ascends: true };
  let joined: Pick<ScatteredRows, 'items' | 'users' | 'partsOfFiles' | 'eventBasis'> | undefined;
  for (const { folder, read } of parts) {
    const { scattered, files, dictionaries: own, ...others } = await read();
    const codes: CodeMaps = new Map([...own].map(([name, texts]) => [name, placesOf(texts, dictionaries.get(name)!)]));
    for (const [bucket, file] of files.entries()) {
      signal?.throwIfAborted();
      for (const block of file.bytes === 0 ? [] : await readShard(folder, partitionName(bucket), file)) {
        const rows = block.get('row')!.length;
        writer.append(bucket, rows, renumbered(block, columns, codes, total.rows));
      }
    }
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
  return { scattered: { ...total, occurs }, dictionaries, ...joined! };
}

type TimesOfParts = {
  -readonly [K in keyof Omit<ScatteredRows['scattered'], 'occurs'>]: ScatteredRows['scattered'][K];
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

/** Gives the events of a block their codes and ranks among all. @param before number of events before those of the part */
function renumbered(
  block: ColumnBlock,
  columns: readonly ColumnRequest[],
  codes: CodeMaps,
  before: number,
): ColumnBlock {
  const ranks = block.get('rank')!;
  for (let row = 0; row < ranks.length; row++) ranks[row]! += before;
  for (const [index, { dictionary }] of columns.entries())
    if (dictionary !== undefined) recode(block.get(`c${index}`)!, codes.get(dictionary)!);
  return block;
}

function recoded(rows: ValidRawRows, codes: CodeMaps): ValidRawRows {
  for (const [{ dictionary }, { values }] of rows.columns)
    if (dictionary !== undefined) recode(values, codes.get(dictionary)!);
  return rows;
}

function recode(values: { readonly length: number; [at: number]: number }, codes: Int32Array): void {
  for (let at = 0; at < values.length; at++) values[at] = codes[values[at]!]!;
}

async function unionOfParts(parts: readonly MappedPart[]): Promise<Dictionaries> {
  const union = new Map<string, Texts>();
  for (const { read } of parts) {
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
