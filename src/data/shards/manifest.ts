/** `shards.json`: the key of a folder of shards, and its files with their checksums. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { failure } from '../../base/diagnostics/failure.ts';
import { systemReason } from '../../base/diagnostics/system_reason.ts';
import type { DataDescription } from '../../compiler/model/model.ts';
import type { DataLayout } from '../binding/layout.ts';
import type { Needs } from '../binding/needs.ts';
import type { ShardLayout } from '../dataset.ts';
import type { EventsSpec } from './event_rows.ts';
import type { ShardFile } from './shard_files.ts';

export const manifestName = 'shards.json';
export const restName = 'rest.bin';
export const shardName = (at: number): string => `pile-${at}.bin`;
const format = 'tower-shards-2';

export interface ShardManifest {
  readonly format: typeof format;
  /** Identifies the data and what the plan reads; see `keyOf`. */
  readonly key: string;
  readonly layout: ShardLayout;
  readonly spec: EventsSpec;
  readonly piles: readonly ShardFile[];
  /** The items that each user had in training. */
  readonly seen: ShardFile;
  readonly rest: ShardFile;
}

/** Hashes the source of shards: the data block, the files as they are now, and what the plan reads. Plans that read the same share them. */
export function sourceHash(
  description: DataDescription,
  needs: Needs,
  bound: DataLayout,
  given: readonly string[],
): string {
  const { features, labels, tasks = [], towers } = needs;
  // A folder may be named in several ways; a stamp says which file it is.
  const stamps = [...bound.sources].map(([role, { stamps }]) => [role, [...stamps.values()]]);
  const towerParts = towers.map(({ name, key, features: read }) => [name, key, read]);
  const taskParts = tasks.map(({ name, label, only, weight }) => [name, label, only, weight]);
  const { folder: _, ...block } = description;
  const rowParts = features.map(rowsOfFeature);
  const parts = [format, withoutSpans(block), stamps, rowParts, labels, towerParts, taskParts, given];
  return createHash('sha256')
    .update(JSON.stringify(parts, (_, value) => withoutSpans(value)))
    .digest('hex');
}

/** Widths of tables and how they train change no row: so the trials of a study share their shards. */
const rowsOfFeature = ({ width: _, drop: __, table: ___, ...rest }: Needs['features'][number]) => rest;

/** Removes spans: the position of a text does not change its meaning. */
function withoutSpans(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const otherEntries = Object.entries(value).filter(([name]) => name !== 'span' && name !== 'nameSpan');
  return Object.fromEntries(otherEntries);
}

/** The origin of the layout; shards are the same without it, so it has a file of its own. */
export interface ShardOrigin {
  readonly memory: number;
  readonly sizes?: unknown;
}

export const madeName = 'made.json';

export async function readMade(folder: string): Promise<ShardOrigin | undefined> {
  const text = await readFile(join(folder, madeName), 'utf8').catch(() => 'null');
  const origin = parseOrUndefined(text) as Partial<ShardOrigin> | null | undefined;
  return typeof origin?.memory === 'number' ? (origin as ShardOrigin) : undefined;
}

/** Hashes all that is in the folder. The key is left out: how a plan is written does not change the rows. */
export const checksumOfManifest = ({ key: _, ...rest }: ShardManifest): string =>
  createHash('sha256').update(JSON.stringify(rest)).digest('hex');

/** Returns undefined where there is none. @throws Failure `shards-damaged` */
export async function readShardManifest(
  folder: string,
): Promise<{ manifest: ShardManifest; checksum: string } | undefined> {
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
  const { rows, bytes, sha256 } = (value ?? {}) as Partial<ShardFile>;
  return isCount(rows) && isCount(bytes) && typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256);
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
    isFile(candidate.rest) &&
    isSpec(candidate.spec)
  );
}

export const makeManifest = (of: Omit<ShardManifest, 'format'>): ShardManifest => ({ format, ...of });

export const manifestText = (manifest: ShardManifest): string => `${JSON.stringify(manifest, null, 1)}\n`;
