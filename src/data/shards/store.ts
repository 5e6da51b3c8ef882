/** Stores folders of shards. Each is complete or does not exist, as it is written under a temporary name. `shards.json` has its key, files and checksums. */
import { createHash } from 'node:crypto';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { readdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { failure } from '../../base/diagnostics/failure.ts';
import { systemReason } from '../../base/diagnostics/system_reason.ts';
import { syncFolder } from '../../base/storage/durable.ts';
import { defined } from '../../base/util/defined.ts';
import type { Needs, ReadPlan } from '../binding/layout.ts';
import type { Dataset, Events, LabelSums, ShardLayout, TrainingShards } from '../dataset.ts';
import { merged, type OwnBlock, packPlain, unpackPlain } from './block.ts';
import { type EventsSpec, packEvents, type SharedColumns, unpackEvents } from './event_rows.ts';
import { hadName, type SeenSpans, seenInFile, seenName } from './gathered.ts';
import type { OnPass, ShardRequest } from './request.ts';
import { notWritten, readShard, type ShardFile, ShardWriter, verifyShard } from './shard_files.ts';

export interface ShardRest {
  /** The data set without the training rows and without the items that users had. */
  readonly dataset: Omit<Dataset, 'parts' | 'shards' | 'users'> & {
    readonly parts: Pick<Dataset['parts'], 'validation' | 'test'>;
    readonly users: Omit<Dataset['users'], 'seen' | 'had'>;
  };
  readonly seen: SeenSpans;
  readonly had: SeenSpans;
  readonly shared: SharedColumns;
  readonly labelSums: ReadonlyMap<string, LabelSums>;
  readonly training: TrainingRows;
}

/** The number of training events, the units that an epoch takes of them, and how many of these each shard has. */
interface TrainingRows extends Pick<Events, 'rows' | 'units' | 'freshItems'> {
  readonly piles?: Int32Array;
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
  rest: ShardRest,
  origin: ShardOrigin,
): Promise<{ readonly folder: string; readonly manifest: ShardManifest; readonly checksum: string }> {
  const { admissions, recoded, ...dataset } = rest.dataset;
  const writer = ShardWriter.new(partial, [restName, grownName]);
  writer.append(0, 0, packPlain({ ...rest, dataset }));
  writer.append(1, 0, packPlain(defined({ admissions, recoded })));
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
      seenName,
      hadName,
      ...manifestFields.piles.map((_, index) => shardName(index)),
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
async function findFolder(root: string, key: string, wants: LayoutFilter): Promise<string | undefined> {
  const names = await readdir(root).catch(() => []);
  for (const name of names.filter((each) => /^[0-9a-f]{16}$/.test(each)).sort()) {
    const folder = join(root, name);
    const candidate = await readShardManifest(folder).catch(() => undefined);
    if (candidate?.manifest.key === key && wants(candidate.manifest.layout, await readMade(folder))) return folder;
  }
  return undefined;
}

export interface OpenWatch {
  readonly onPass?: OnPass | undefined;
  readonly signal?: AbortSignal | undefined;
}

export type ShardedDataset = Dataset & Required<Pick<Dataset, 'shards'>>;

export type LayoutFilter = (layout: ShardLayout, made: ShardOrigin | undefined) => boolean;

/** Opens the data set of shards with this key, after checking that all files are unchanged; undefined if there are none. @throws Failure `shards-damaged` */
export async function openShards(
  root: string,
  key: string,
  wants: LayoutFilter,
  { onPass, signal }: OpenWatch,
): Promise<ShardedDataset | undefined> {
  const folder = await findFolder(root, key, wants);
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
  const allFiles = [
    ...manifest.piles.map((shard, index) => [shardName(index), shard] as const),
    [seenName, manifest.seen] as const,
    [hadName, manifest.had] as const,
  ];
  const files = verifies ? allFiles : [];
  const total = files.length;
  for (const [index, [name, file]] of files.entries()) {
    signal?.throwIfAborted();
    onPass?.({ pass: 'checking', done: index, total });
    await verifyShard(folder, name, file);
  }
  onPass?.({ pass: 'checking', done: total, total });
  const [block] = await readShard(folder, restName, manifest.rest);
  const [grownBlock] = await readShard(folder, grownName, manifest.grown);
  try {
    const dataset = datasetOf(unpackPlain(block!) as ShardRest, folder, manifest, checksum);
    return { ...dataset, ...(unpackPlain(grownBlock!) as Pick<Dataset, 'admissions' | 'recoded'>) };
  } catch (error) {
    throw failure('shards-damaged', { path: join(folder, restName), folder, reason: (error as Error).message });
  }
}

export function datasetOf(
  { dataset, shared, seen, had, labelSums, training }: ShardRest,
  folder: string,
  manifest: ShardManifest,
  checksum: string,
): ShardedDataset {
  const { rows, units, piles, freshItems } = training;
  return {
    ...dataset,
    parts: { train: absentRows(defined({ rows, units })), ...dataset.parts },
    users: {
      ...dataset.users,
      seen: seenInFile(folder, seenName, manifest.seen, seen),
      had: seenInFile(folder, hadName, manifest.had, had),
    },
    shards: {
      ...trainingShards(folder, manifest, checksum, { ...shared, ...defined({ freshItems }) }, labelSums),
      ...defined({ units: piles }),
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

function trainingShards(
  folder: string,
  { piles: shards, layout, spec }: ShardManifest,
  checksum: string,
  { freshItems, ...shared }: SharedColumns & Pick<Events, 'freshItems'>,
  labelSums: TrainingShards['labelSums'],
): TrainingShards {
  return {
    folder,
    checksum,
    layout,
    piles: shards.map(({ rows }) => rows),
    labelSums,
    async read(requestedShards, earlierRows) {
      const blocks: OwnBlock[] = earlierRows ? [packEvents(earlierRows.events, spec, earlierRows.rows)] : [];
      for (const shard of requestedShards) {
        if (shards[shard]!.rows > 0) blocks.push(merged(await readShard(folder, shardName(shard), shards[shard]!)));
      }
      const events = unpackEvents(blocks.length > 1 ? [merged(blocks)] : blocks, spec, shared);
      return { ...events, ...defined({ freshItems }) };
    },
  };
}

const manifestName = 'shards.json';
const restName = 'rest.bin';
/** The file with the counts of vocabularies that grow from run to run. Only the run that wrote the shards knows them. */
const grownName = 'grown.bin';
export const shardName = (at: number): string => `pile-${at}.bin`;
const format = 'tower-shards-7';

interface ShardManifest {
  readonly format: typeof format;
  /** Identifies the data and the parts of the plan that determine rows; see `sourceHash`. */
  readonly key: string;
  readonly layout: ShardLayout;
  readonly spec: EventsSpec;
  readonly piles: readonly ShardFile[];
  /** The items that each user had in training. */
  readonly seen: ShardFile;
  /** The items that each user had in all events. */
  readonly had: ShardFile;
  readonly rest: ShardFile;
  readonly grown: ShardFile;
}

/**
 * Hashes the source of shards: the data block, the current state of the files, and the columns that the plan reads. Plans that read the same columns share
 * shards. @param encodedBy the name of other shards whose encodings these have. Absent: they have their own
 */
export function sourceHash(
  { description, needs, layout }: ReadPlan,
  { given = [], unit, continues }: Pick<ShardRequest, 'given' | 'unit' | 'continues'>,
  encodedBy?: string,
): string {
  const { features, labels, tasks = [], towers } = needs;
  // A folder may have several names, so the stamps identify the files.
  const stamps = [...layout.sources].map(([role, { stamps }]) => [role, [...stamps.values()]]);
  const towerParts = towers.map(({ name, key, features: read }) => [name, key, read]);
  const taskParts = tasks.map(({ name, label, only, weight }) => [name, label, only, weight]);
  const { folder: _, ...block } = description;
  const rowParts = features.map(rowsOfFeature);
  const parts = [format, withoutSpans(block), stamps, rowParts, labels, towerParts, taskParts, given, unit, continues];
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
    const reason = systemReason(error);
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

function isFile(value: unknown): value is ShardFile {
  const { rows, bytes, sum } = (value ?? {}) as Partial<ShardFile>;
  return isCount(rows) && isCount(bytes) && typeof sum === 'string' && /^[0-9a-f]{64}$/.test(sum);
}

function isSpec(value: unknown): value is EventsSpec {
  const { features, labels, given, earlier } = (value ?? {}) as Partial<EventsSpec>;
  const areTexts = (list: unknown): boolean => Array.isArray(list) && list.every((each) => typeof each === 'string');
  const kinds: readonly unknown[] = ['items', 'users', 'codes', 'numbers', 'bags'];
  const isColumn = (column: unknown): boolean =>
    Array.isArray(column) && typeof column[0] === 'string' && kinds.includes((column[1] as { kind?: unknown })?.kind);
  const areColumns = Array.isArray(features) && features.every(isColumn);
  return areColumns && areTexts(labels) && areTexts(given) && typeof earlier === 'boolean';
}

function isManifest(value: unknown): value is ShardManifest {
  if (typeof value !== 'object' || value === null) return false;
  const candidate = value as Partial<ShardManifest>;
  const { buckets: partitions, piles: shards, held } = candidate.layout ?? ({} as Partial<ShardLayout>);
  return (
    candidate.format === format &&
    typeof candidate.key === 'string' &&
    [partitions, shards, held].every((count) => isCount(count) && count > 0) &&
    Array.isArray(candidate.piles) &&
    candidate.piles.length === shards &&
    candidate.piles.every(isFile) &&
    isFile(candidate.seen) &&
    isFile(candidate.had) &&
    isFile(candidate.rest) &&
    isFile(candidate.grown) &&
    isSpec(candidate.spec)
  );
}

const makeManifest = (of: Omit<ShardManifest, 'format'>): ShardManifest => ({ format, ...of });

const manifestText = (manifest: ShardManifest): string => `${JSON.stringify(manifest, null, 1)}\n`;
