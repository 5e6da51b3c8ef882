/** Stores folders of shards. Each is complete or does not exist, as it is written under a temporary name. `shards.json` has its key, files and checksums. */
import { createHash } from 'node:crypto';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { readdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { describeSystemError, failure } from '../../base/diagnostics/diagnostic.ts';
import { syncFolder } from '../../base/storage/durable.ts';
import type { Needs, ReadPlan } from '../binding/data_layout.ts';
import type { Dataset, Events, LabelSums, ShardLayout, TrainingShards } from '../dataset.ts';
import { giveBack } from '../files/give_back.ts';
import { type ColumnBlock, packPlain, unpackPlain } from './column_block.ts';
import { type EventsSpec, packEvents, type SharedColumns, unpackEvents, withEarlier } from './event_rows.ts';
import { type SeenSpans, seenInFiles } from './gathered.ts';
import { readBags, readJoined } from './joined.ts';
import { PieceFiles, type PiecesOfFile, rowsName, totalsOfPiles } from './pieces.ts';
import type { OnPass, ShardRequest } from './request.ts';
import {
  type FileSpan,
  isShardFile,
  notWritten,
  readShard,
  type ShardFile,
  ShardWriter,
  verifyShard,
} from './shard_files.ts';

export interface ShardSummary {
  /** The data set without the training rows and without the items that users had. */
  readonly dataset: Omit<Dataset, 'parts' | 'shards' | 'users'> & {
    readonly parts: Pick<Dataset['parts'], 'validation' | 'test'>;
    readonly users: Omit<Dataset['users'], 'seen' | 'had'>;
  };
  /** By bucket. */
  readonly pieces: readonly PiecesOfFile[];
  readonly seen: SeenSpans;
  readonly had: SeenSpans;
  readonly shared: SharedColumns;
  readonly labelSums: ReadonlyMap<string, LabelSums>;
  readonly training: TrainingRows;
}

/** The number of training events, the units that an epoch takes of them, and how many of these each shard has. */
interface TrainingRows extends Pick<Events, 'rows' | 'units' | 'freshItems' | 'replayedShare'> {
  readonly piles?: Int32Array;
  readonly replayed?: Int32Array;
}

/** Returns the name of the folder with the shards of a key and layout. */
export const shardsName = (key: string, layout: ShardLayout): string =>
  createHash('sha256')
    .update(JSON.stringify([key, layout]))
    .digest('hex')
    .slice(0, 16);

export async function seal(
  partial: string,
  root: string,
  manifestFields: Omit<ShardManifest, 'format' | 'rest' | 'grown'>,
  summary: ShardSummary,
  origin: ShardOrigin,
): Promise<{ readonly folder: string; readonly manifest: ShardManifest; readonly checksum: string }> {
  const { admissions, recoded, ...dataset } = summary.dataset;
  const writer = ShardWriter.create(partial, [restName, grownName]);
  writer.append(0, 0, packPlain({ ...summary, dataset }));
  writer.append(1, 0, packPlain({ admissions, recoded }));
  const [restFile, grown] = (await writer.finish()) as [ShardFile, ShardFile];
  const manifest = makeManifest({ ...manifestFields, rest: restFile, grown });
  const folder = join(root, shardsName(manifestFields.key, manifestFields.layout));
  try {
    writeFileSync(join(partial, madeName), JSON.stringify(origin));
    writeFileSync(join(partial, manifestName), manifestText(manifest));
    const finalNames = new Set([
      madeName,
      manifestName,
      restName,
      grownName,
      ...manifestFields.buckets.map((_, bucket) => rowsName(bucket)),
    ]);
    // Removes the state and the owner file of the passes.
    for (const name of readdirSync(partial)) if (!finalNames.has(name)) rmSync(join(partial, name), { force: true });
    await syncFolder(partial);
    // If another process has written the same shards, it may be reading them now, and its files are equivalent.
    const existing = await readShardManifest(folder).catch(() => undefined);
    if (existing?.checksum === checksumOfManifest(manifest)) rmSync(partial, { recursive: true, force: true });
    else {
      rmSync(folder, { recursive: true, force: true });
      await rename(partial, folder);
      await syncFolder(root);
    }
  } catch (error) {
    throw notWritten(folder, error);
  }
  return { folder, manifest, checksum: checksumOfManifest(manifest) };
}

/** Finds the folder with shards of a key and layout. Unreadable folders are ignored. */
async function findFolder(root: string, key: string, isWanted: LayoutFilter): Promise<string | undefined> {
  const names = await readdir(root).catch(() => []);
  for (const name of names.filter((entry) => /^[0-9a-f]{16}$/.test(entry)).sort()) {
    const folder = join(root, name);
    const candidate = await readShardManifest(folder).catch(() => undefined);
    if (candidate?.manifest.key === key && isWanted(candidate.manifest.layout, await readMade(folder))) return folder;
  }
  return undefined;
}

export interface OpenWatch {
  readonly onPass?: OnPass | undefined;
  readonly signal?: AbortSignal | undefined;
}

export type ShardedDataset = Dataset & Required<Pick<Dataset, 'shards'>>;

export type LayoutFilter = (layout: ShardLayout, origin: ShardOrigin | undefined) => boolean;

/** Opens the data set of shards with this key, after checking that all files are unchanged; undefined if there are none. @throws Failure `shards-damaged` */
export async function openShards(
  root: string,
  key: string,
  isWanted: LayoutFilter,
  { onPass, signal }: OpenWatch,
): Promise<ShardedDataset | undefined> {
  const folder = await findFolder(root, key, isWanted);
  return folder === undefined ? undefined : openFolder(folder, { onPass, signal });
}

/**
 * Opens the shards with this name in `root`, whose files another process has just checked or written: so many workers do not read them all at once. Each
 * file is checked when it is read. @throws Failure `shards-missing`, `shards-damaged`
 */
export async function openNamed(root: string, name: string, watch: OpenWatch): Promise<ShardedDataset> {
  const folder = join(root, name);
  const opened = await openFolder(folder, watch, false);
  if (!opened) throw failure('shards-missing', { folder });
  return opened;
}

async function openFolder(
  folder: string,
  { onPass, signal }: OpenWatch,
  verifies = true,
): Promise<ShardedDataset | undefined> {
  const opened = await readShardManifest(folder);
  if (!opened) return undefined;
  const { manifest, checksum } = opened;
  const files = verifies ? manifest.buckets : [];
  const total = files.length;
  for (const [bucket, file] of files.entries()) {
    signal?.throwIfAborted();
    onPass?.({ pass: 'checking', done: bucket, total });
    await verifyShard(folder, rowsName(bucket), file);
  }
  onPass?.({ pass: 'checking', done: total, total });
  const [block] = await readShard(folder, restName, manifest.rest);
  const [grownBlock] = await readShard(folder, grownName, manifest.grown);
  try {
    const dataset = datasetOf(unpackPlain(block!) as ShardSummary, folder, manifest, checksum);
    return { ...dataset, ...(unpackPlain(grownBlock!) as Pick<Dataset, 'admissions' | 'recoded'>) };
  } catch (error) {
    throw failure('shards-damaged', { path: join(folder, restName), folder, reason: (error as Error).message });
  }
}

export function datasetOf(
  { dataset, shared, pieces, seen, had, labelSums, training }: ShardSummary,
  folder: string,
  manifest: ShardManifest,
  checksum: string,
): ShardedDataset {
  const { rows, units, piles, replayed, freshItems, replayedShare } = training;
  const ofEpoch = { freshItems, replayedShare };
  const files = new PieceFiles(folder, manifest.buckets, pieces, manifest.layout.piles);
  const rowsOfPiles = totalsOfPiles(pieces, 'rows', manifest.layout.piles);
  return {
    ...dataset,
    parts: { train: absentRows({ rows, units }), ...dataset.parts },
    users: { ...dataset.users, seen: seenInFiles(files, 'seen', seen), had: seenInFiles(files, 'had', had) },
    shards: {
      ...{ folder, checksum, layout: manifest.layout, piles: rowsOfPiles, labelSums },
      ...readersOf(files, manifest.spec, shared, ofEpoch),
      units: piles,
      replayed,
      seenOf: (users) => readBags(folder, files.spansOfItemsOfUsers('seen'), seen, users),
    },
  };
}

/** Represents the training rows in shards by their number only. Access to a row throws a Failure that the command does not support shards. */
function absentRows(counts: Pick<Events, 'rows' | 'units'>): Events {
  const absent = (): never => {
    throw failure('shards-unsupported', { what: 'this command' });
  };
  return {
    ...counts,
    get features() {
      return absent();
    },
    get labels() {
      return absent();
    },
    get item() {
      return absent();
    },
    get user() {
      return absent();
    },
  };
}

/** Bytes of shards before which it pays to give back what was read earlier: that takes some 50 milliseconds. */
const largeRead = 2 ** 24;

function readersOf(
  files: PieceFiles,
  spec: EventsSpec,
  shared: SharedColumns,
  ofEpoch: Partial<Events>,
): Pick<TrainingShards, 'read' | 'latest'> {
  const readParts = async (
    parts: readonly (readonly FileSpan[])[],
    blockSpec: EventsSpec,
    before?: { readonly events: Events; readonly rows: Int32Array },
    rowsOf?: (events: Events, index: number) => Int32Array,
  ): Promise<Events> => {
    if (parts.flat().reduce((sum, { bytes }) => sum + bytes, 0) > largeRead) await giveBack();
    const blocks: ColumnBlock[] = before ? [packEvents(before.events, blockSpec, before.rows)] : [];
    if (!rowsOf) blocks.push(await readJoined(files.folder, parts.flat(), blocks.pop()));
    else {
      for (const [index, spans] of parts.entries()) {
        if (spans.length === 0) continue;
        const all = unpackEvents([await readJoined(files.folder, spans)], blockSpec, shared);
        blocks.push(packEvents(all, blockSpec, rowsOf(all, index)));
      }
    }
    const filled = blocks.filter(({ size }) => size > 0);
    return { ...unpackEvents(filled, blockSpec, shared), ...ofEpoch };
  };
  return {
    read: (piles, before, rowsOf) =>
      readParts(
        piles.map((pile) => files.spansOf(pile)),
        spec,
        before,
        rowsOf && ((events, index) => rowsOf(events, piles[index]!)),
      ),
    ...(files.latestRanges > 0 && {
      latest: {
        ranges: files.latestRanges,
        read: (range, before) => readParts([files.spansOfLatest(range)], withEarlier(spec), before),
      },
    }),
  };
}

const manifestName = 'shards.json';
const restName = 'rest.bin';
/** The file with the counts of vocabularies that grow from run to run. Only the run that wrote the shards knows them. */
const grownName = 'grown.bin';
const format = 'tower-shards-8';

interface ShardManifest {
  readonly format: typeof format;
  /** Identifies the data and the parts of the plan that determine rows; see `sourceHash`. */
  readonly key: string;
  readonly layout: ShardLayout;
  readonly spec: EventsSpec;
  /** The rows of each bucket. */
  readonly buckets: readonly ShardFile[];
  readonly rest: ShardFile;
  readonly grown: ShardFile;
}

/**
 * Hashes the source of shards: the data block, the current state of the files, and the columns that the plan reads. Plans that read the same columns share
 * shards. @param encodedBy the name of other shards whose encodings these have. Absent: they have their own
 */
export function sourceHash(
  { description, needs, layout }: ReadPlan,
  { given = [], unit, continues, latest }: Pick<ShardRequest, 'given' | 'unit' | 'continues' | 'latest'>,
  encodedBy?: string,
): string {
  const { features, labels, tasks = [], towers } = needs;
  // A folder may have several names, so the stamps identify the files.
  const stamps = [...layout.sources].map(([role, { stamps }]) => [role, [...stamps.values()]]);
  const towerParts = towers.map(({ name, key, features: featureNames }) => [name, key, featureNames]);
  const taskParts = tasks.map(({ name, label, only, weight }) => [name, label, only, weight]);
  const { folder: _, ...block } = description;
  const rowParts = features.map(rowsOfFeature);
  const parts = [format, withoutSpans(block), stamps, rowParts, labels, towerParts, taskParts, given, unit, continues];
  if (latest) parts.push('latest');
  if (encodedBy !== undefined) parts.push([encodedBy]);
  return createHash('sha256')
    .update(JSON.stringify(parts, (_, value) => withoutSpans(value)))
    .digest('hex');
}

/** The widths of tables and the way they train do not change rows, so the trials of a study share shards. */
const rowsOfFeature = ({ width: _, drop: __, table: ___, ...rest }: Needs['features'][number]) => rest;

/** Removes spans, because the position of a text does not change its meaning. */
function withoutSpans(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const otherEntries = Object.entries(value).filter(([name]) => name !== 'span' && name !== 'nameSpan');
  return Object.fromEntries(otherEntries);
}

/** The origin of the layout. It has its own file, because it does not change the shards. */
interface ShardOrigin {
  readonly memory: number;
  readonly sizes?: unknown;
}

const madeName = 'made.json';

async function readMade(folder: string): Promise<ShardOrigin | undefined> {
  const text = await readFile(join(folder, madeName), 'utf8').catch(() => 'null');
  const origin = parseOrUndefined(text) as Partial<ShardOrigin> | null | undefined;
  return typeof origin?.memory === 'number' ? (origin as ShardOrigin) : undefined;
}

/**
 * Hashes the contents of the folder. The key is excluded, because equal rows may come from plans that are written differently; and the counts, because a
 * resumed run writes its shards again without them.
 */
const checksumOfManifest = ({ key: _, grown: __, ...rest }: ShardManifest): string =>
  createHash('sha256').update(JSON.stringify(rest)).digest('hex');

/** Returns undefined if there is none. @throws Failure `shards-damaged` */
async function readShardManifest(folder: string): Promise<{ manifest: ShardManifest; checksum: string } | undefined> {
  const path = join(folder, manifestName);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    const reason = describeSystemError(error);
    if (reason === undefined) throw error;
    throw failure('shards-damaged', { path, folder, reason });
  }
  const manifest = parseOrUndefined(text);
  if (!isManifest(manifest)) throw failure('shards-damaged', { path, folder, reason: 'it is not a list of shards' });
  return { manifest, checksum: checksumOfManifest(manifest) };
}

function parseOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function isSpec(value: unknown): value is EventsSpec {
  const { features, labels, given, earlier } = (value ?? {}) as Partial<EventsSpec>;
  const areTexts = (list: unknown): boolean => Array.isArray(list) && list.every((text) => typeof text === 'string');
  const kinds: readonly unknown[] = ['items', 'users', 'codes', 'numbers', 'bags'];
  const isColumn = (column: unknown): boolean =>
    Array.isArray(column) && typeof column[0] === 'string' && kinds.includes((column[1] as { kind?: unknown })?.kind);
  const areColumns = Array.isArray(features) && features.every(isColumn);
  return areColumns && areTexts(labels) && areTexts(given) && typeof earlier === 'boolean';
}

function isManifest(value: unknown): value is ShardManifest {
  if (typeof value !== 'object' || value === null) return false;
  const candidate = value as Partial<ShardManifest>;
  const { buckets, piles, held } = candidate.layout ?? ({} as Partial<ShardLayout>);
  return (
    candidate.format === format &&
    typeof candidate.key === 'string' &&
    [buckets, piles, held].every((count) => isCount(count) && count > 0) &&
    Array.isArray(candidate.buckets) &&
    candidate.buckets.length === buckets &&
    candidate.buckets.every(isShardFile) &&
    isShardFile(candidate.rest) &&
    isShardFile(candidate.grown) &&
    isSpec(candidate.spec)
  );
}

const makeManifest = (of: Omit<ShardManifest, 'format'>): ShardManifest => ({ format, ...of });

const manifestText = (manifest: ShardManifest): string => `${JSON.stringify(manifest, null, 1)}\n`;
