/** Folders of shards: one is complete or not there. It is written under another name. */
import { createHash } from 'node:crypto';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { failure } from '../../diagnostics/failure.ts';
import { syncFolder } from '../../storage/durable.ts';
import type { Dataset, LabelSums, ShardLayout } from '../dataset.ts';
import type { SharedColumns } from './event_rows.ts';
import {
  checksumOfManifest,
  type Made,
  madeName,
  makeManifest,
  manifestName,
  pileName,
  readMade,
  readManifest,
  restName,
  type ShardManifest,
  textOf,
} from './manifest.ts';
import type { OnPass } from './passes.ts';
import { notWritten, type PileFile, PileWriter, readPile, verifyPile } from './piles.ts';
import { packPlain, unpackPlain } from './plain.ts';
import { type SeenPlaces, seenInFile, seenName } from './seen_items.ts';
import { absentRows, trainingShards } from './training_rows.ts';

/** What a folder holds besides piles. */
export interface Rest {
  /** Without the training rows, and what users had in them. */
  readonly dataset: Omit<Dataset, 'parts' | 'shards' | 'users'> & {
    readonly parts: Pick<Dataset['parts'], 'validation' | 'test'>;
    readonly users: Omit<Dataset['users'], 'seen'>;
  };
  readonly seen: SeenPlaces;
  readonly shared: SharedColumns;
  readonly labelSums: ReadonlyMap<string, LabelSums>;
}

const folderOf = (root: string, key: string, layout: ShardLayout): string =>
  join(
    root,
    createHash('sha256')
      .update(JSON.stringify([key, layout]))
      .digest('hex')
      .slice(0, 16),
  );

/** Gives the folder its name once all of it is on the disk. */
export async function seal(
  partial: string,
  root: string,
  of: Omit<ShardManifest, 'format' | 'rest'>,
  rest: Rest,
  made: Made,
): Promise<{ readonly folder: string; readonly manifest: ShardManifest; readonly checksum: string }> {
  const writer = PileWriter.new(partial, [restName]);
  writer.append(0, 0, packPlain(rest));
  const [file] = (await writer.finish()) as [PileFile];
  const manifest = makeManifest({ ...of, rest: file });
  const folder = folderOf(root, of.key, of.layout);
  try {
    writeFileSync(join(partial, madeName), JSON.stringify(made));
    writeFileSync(join(partial, manifestName), textOf(manifest));
    const kept = new Set([madeName, manifestName, restName, seenName, ...of.piles.map((_, at) => pileName(at))]);
    // What the passes kept to go on from, and whose they are.
    for (const name of readdirSync(partial)) if (!kept.has(name)) rmSync(join(partial, name), { force: true });
    await syncFolder(partial);
    // Another process may have written the same, and may read it now: then its files are as good.
    const there = await readManifest(folder).catch(() => undefined);
    if (there?.checksum === checksumOfManifest(manifest)) rmSync(partial, { recursive: true, force: true });
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

/** The folder that holds shards of a key as they are wanted; one that cannot be read is none. */
async function find(root: string, key: string, wants: Wants): Promise<string | undefined> {
  const names = await readdir(root).catch(() => []);
  for (const name of names.filter((each) => /^[0-9a-f]{16}$/.test(each)).sort()) {
    const folder = join(root, name);
    const found = await readManifest(folder).catch(() => undefined);
    if (found?.manifest.key === key && wants(found.manifest.layout, await readMade(folder))) return folder;
  }
  return undefined;
}

export interface OpenWatch {
  readonly onPass?: OnPass | undefined;
  readonly signal?: AbortSignal | undefined;
}

export type ShardedDataset = Dataset & Required<Pick<Dataset, 'shards'>>;

export type Wants = (layout: ShardLayout, made: Made | undefined) => boolean;

/**
 * The data set of shards whose files are all as they were written; undefined where there are none of the key.
 * @throws Failure `shards-damaged`
 */
export async function openShards(
  root: string,
  key: string,
  wants: Wants,
  { onPass, signal }: OpenWatch,
): Promise<ShardedDataset | undefined> {
  const folder = await find(root, key, wants);
  return folder === undefined ? undefined : openFolder(folder, { onPass, signal });
}

/**
 * The shards of this name in `root`, which another process has just opened or written.
 * @throws Failure `shards-missing`, `shards-damaged`
 */
export async function openNamed(root: string, name: string, watch: OpenWatch): Promise<ShardedDataset> {
  const folder = join(root, name);
  const opened = await openFolder(folder, watch);
  if (!opened) throw failure('shards-missing', { folder });
  return opened;
}

async function openFolder(folder: string, { onPass, signal }: OpenWatch): Promise<ShardedDataset | undefined> {
  const found = await readManifest(folder);
  if (!found) return undefined;
  const { manifest, checksum } = found;
  const files = [
    ...manifest.piles.map((pile, at) => [pileName(at), pile] as const),
    [seenName, manifest.seen] as const,
  ];
  const total = files.length;
  for (const [at, [name, file]] of files.entries()) {
    signal?.throwIfAborted();
    onPass?.({ pass: 'checking', done: at, total });
    await verifyPile(folder, name, file);
  }
  onPass?.({ pass: 'checking', done: total, total });
  const [block] = await readPile(folder, restName, manifest.rest);
  try {
    return datasetOf(unpackPlain(block!) as Rest, folder, manifest, checksum);
  } catch (error) {
    throw failure('shards-damaged', { path: join(folder, restName), folder, reason: (error as Error).message });
  }
}

export function datasetOf(
  { dataset, shared, seen, labelSums }: Rest,
  folder: string,
  manifest: ShardManifest,
  checksum: string,
): ShardedDataset {
  const rows = manifest.piles.reduce((sum, pile) => sum + pile.rows, 0);
  return {
    ...dataset,
    parts: { train: absentRows(rows), ...dataset.parts },
    users: { ...dataset.users, seen: seenInFile(folder, manifest.seen, seen) },
    shards: trainingShards(folder, manifest, checksum, shared, labelSums),
  };
}
