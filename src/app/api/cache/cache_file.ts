/** The file of a cache: a safetensors file with a checksum of its own. What it holds is checked before it is used. */
import { lstat, mkdir, readdir, rm, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Failure, failure } from '../../../base/diagnostics/failure.ts';
import { isPartialOf, writeDurably } from '../../../base/storage/durable.ts';
import { closeRead, openRunFile } from '../../../base/storage/run_files.ts';
import { readOpened, readOpenedMetadata, writeSafetensors } from '../../../base/storage/safetensors.ts';
import { packTree, unpackTree } from '../../../base/storage/tensor_tree.ts';
import type { ServingState } from '../../../serving/serve/served/served.ts';
import { servedComplaint } from '../../../serving/serve/served/valid.ts';
import { cachePath } from '../../../training/artifact/cache_path.ts';
import type { Trained } from '../../../training/artifact/load.ts';
import { type CacheState, outOfDate } from './identity.ts';
import { knownFiles } from './source_files.ts';

/** The state of the recommender, and the sentences that every answer has. */
export interface CachedRun {
  readonly served: ServingState;
  readonly notes: readonly string[];
}

/**
 * @returns undefined where there is no file, a reason where it is out of date
 * @throws Failure `damaged-file`, `cannot-read`; the reason of the signal
 */
export async function readKept(
  trained: Trained,
  engine: string,
  now: CacheState,
  signal?: AbortSignal,
): Promise<CachedRun | string | undefined> {
  const { folder } = trained;
  const path = join(folder, cachePath(engine));
  const cacheFile = await openRunFile(folder, cachePath(engine), 'optional');
  if (cacheFile === undefined) return undefined;
  try {
    const { identity } = await readOpenedMetadata(cacheFile, path);
    const reason = await outOfDate(identity, now, signal);
    if (reason !== undefined) return reason;
    // Of float32 all are finite; a column of numbers has NaN where there is none.
    const storedFile = await readOpened(cacheFile, path, { sealed: true, finite: (name) => name.startsWith('F32') });
    return keptIn(storedFile, path, trained);
  } finally {
    await closeRead(cacheFile);
  }
}

/** @throws Failure `damaged-file` */
function keptIn(
  { metadata, tensors }: Awaited<ReturnType<typeof readOpened>>,
  path: string,
  model: Trained,
): CachedRun {
  const damaged = (reason: string): Failure => failure('damaged-file', { path, reason });
  const contents = unpackTree(metadata.contents ?? '', tensors, damaged) as Partial<CachedRun> | null;
  const { served, notes } = contents ?? {};
  const reason = servedComplaint(served, model);
  if (reason !== undefined) throw damaged(reason);
  if (!Array.isArray(notes) || !notes.every((note) => typeof note === 'string')) throw damaged('it has no notes');
  return { served: served!, notes };
}

/**
 * @param before as the start was before it read a row
 * @returns why it is not written, where that is
 * @throws Failure `cannot-write`, an error of the system; the reason of the signal
 */
export async function writeKept(
  folder: string,
  engine: string,
  kept: CachedRun,
  before: CacheState,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const path = join(folder, cachePath(engine));
  await makeOwnFolder(dirname(path));
  const files = await knownFiles(before.files, signal);
  if (typeof files === 'string') return files;
  const { text, tensors } = packTree({ served: kept.served, notes: kept.notes });
  const bytes = tensors.reduce((sum, { data }) => sum + data.byteLength, 0);
  const { bavail, bsize } = await statfs(dirname(path));
  // What others write needs space too.
  if (bavail * bsize < 2 * bytes) return `it takes ${Math.ceil(bytes / 2 ** 20)} MiB, and the disk is almost full`;
  await removeLeft(path);
  const metadataTexts = { identity: JSON.stringify({ ...before.identity, files }), contents: text };
  await writeDurably(path, async (sink) => {
    const writePiece = (piece: Uint8Array): Promise<void> => {
      signal?.throwIfAborted();
      return sink.write(piece);
    };
    await writeSafetensors({ write: writePiece }, tensors, metadataTexts, true);
  });
  return undefined;
}

/** Not through a link: a run folder may come from others. */
async function makeOwnFolder(path: string): Promise<void> {
  await mkdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  if (!(await lstat(path)).isDirectory()) throw failure('damaged-file', { path, reason: 'it is not a folder' });
}

/** What a kill left of earlier writes: others may be writing now. */
async function removeLeft(path: string): Promise<void> {
  const folder = dirname(path);
  for (const name of await readdir(folder)) {
    if (!isPartialOf(name, path.slice(folder.length + 1))) continue;
    const ownFolder = join(folder, name);
    const { mtimeMs } = await stat(ownFolder).catch(() => ({ mtimeMs: Date.now() }));
    if (mtimeMs + longestWrite < Date.now()) await rm(ownFolder, { force: true });
  }
}

const longestWrite = 3_600_000;
