/**
 * Caches what a start has read and computed in the folder of the run, so that the next start reads only the cache: `cache/onnx.safetensors`. The
 * cache is valid only while its inputs are unchanged: the run, the engine, the version of Tower, the data block and its files. A damaged or stale
 * cache is reported in a line and rebuilt. Answers are the same with and without it.
 */
import { createHash } from 'node:crypto';
import { lstat, mkdir, open, readdir, rm, stat, statfs } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { describeSystemError, Failure, failure } from '../../../base/diagnostics/diagnostic.ts';
import { isPartialOf, writeDurably } from '../../../base/storage/durable.ts';
import { closeQuietly, computeChecksumOfHandle, openIfExists } from '../../../base/storage/run_files.ts';
import { readOpenMetadata, readOpenSafetensors, writeSafetensors } from '../../../base/storage/safetensors.ts';
import type { Access } from '../../../data/files/access.ts';
import { findFile, findFiles } from '../../../data/files/find_files.ts';
import { isAddress, remoteEntries } from '../../../data/files/remote/address.ts';
import type { Engine } from '../../../engines/engine.ts';
import type { DataDescription, DataFile } from '../../../graph/plan/data_description.ts';
import type { Plan } from '../../../graph/plan/plan.ts';
import { servedComplaint } from '../../../retrieval/check_servable.ts';
import { openServable, packServable, type Servable, servableFormat } from '../../../retrieval/servable.ts';
import { cacheFilesIn, cachePath, startCacheFolder } from '../../../training/artifact/encoding_file.ts';
import type { LoadedModel } from '../../../training/artifact/load.ts';
import type { Manifest } from '../../../training/artifact/run_manifest.ts';
import { version } from '../version.ts';

/** The state of a file that rows come from, to detect later changes. */
interface FileState {
  /** Relative to the folder of the data block, so that the folder may be copied as a whole. */
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
  /** Different after each change of the file. Also different after a copy, which does not change the content. */
  readonly stamp: string;
  /** True if any later change gets a different stamp: file systems store times in steps of up to 2 s. */
  readonly isSettled: boolean;
}

interface KnownFile extends Pick<FileState, 'name' | 'bytes' | 'stamp'> {
  readonly sha256: string;
}

const maxTimestampStep = 2000;

/** Returns the state of the files of a data block and of a plan's features, in a fixed order. @throws Failure for a file that is missing, or may not be read */
async function fileStates(description: DataDescription, plan: Plan, access?: Access): Promise<FileState[]> {
  const remotePaths = remoteEntries(description);
  const { output, diagnostics } = findFiles(description, access, new Map(remotePaths.map((entry) => [entry, []])));
  if (diagnostics.length > 0) throw new Failure(diagnostics);
  const { span } = description.events;
  const ofFeatures = plan.features.flatMap(({ encoder, vectors }) => [
    ...('file' in encoder && encoder.file !== undefined ? [encoder.file] : []),
    ...(vectors ? [vectors.file, vectors.keys] : []),
  ]);
  const paths = [
    ...output.flatMap(({ files }) => files.map(({ path }) => path)),
    ...ofFeatures.map((path) => findFile(description, { path, span }, access)),
  ];
  const localFiles = [...new Set(paths)].map((path) => stateOf(path, relative(description.folder, path)));
  return [...(await Promise.all(localFiles)), ...remotePaths.map(stateOfAddress)];
}

/** Returns a state that counts as changed, because only a connection could show the current state of a remote file. */
const stateOfAddress = ({ path }: DataFile): FileState => ({ name: path, path, bytes: 0, stamp: '', isSettled: false });

async function stateOf(path: string, name: string): Promise<FileState> {
  const { ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
  const settledBefore = BigInt(Date.now() - maxTimestampStep) * 1_000_000n;
  return {
    name,
    path,
    bytes: Number(size),
    stamp: [ino, size, mtimeNs, ctimeNs].join(),
    isSettled: mtimeNs < settledBefore && ctimeNs < settledBefore,
  };
}

/** Adds checksums of the content. Returns a sentence instead if a file has changed since its rows were read. */
async function addChecksums(earlierFiles: readonly FileState[], signal?: AbortSignal): Promise<KnownFile[] | string> {
  const knownFiles: KnownFile[] = [];
  for (const { name, path, bytes, stamp, isSettled } of earlierFiles) {
    if (isAddress(path)) return `${name} is not a file of this machine`;
    if (!isSettled) return `${name} was written less than two seconds before it was read`;
    const sha256 = await checksumOf(path, signal);
    if ((await stateOf(path, name)).stamp !== stamp) return `${name} has changed since`;
    knownFiles.push({ name, bytes, stamp, sha256 });
  }
  return knownFiles;
}

/** Finds a file whose content changed; undefined if there is none. The content of a file that was only copied or touched is compared. */
async function changedFile(
  verifiedFiles: readonly KnownFile[],
  currentFiles: readonly FileState[],
  signal?: AbortSignal,
): Promise<string | undefined> {
  const names = new Map(verifiedFiles.map((file) => [file.name, file]));
  for (const { name, path, bytes, stamp } of currentFiles) {
    const fileBefore = names.get(name);
    names.delete(name);
    if (fileBefore === undefined || fileBefore.bytes !== bytes) return name;
    if (fileBefore.stamp !== stamp && fileBefore.sha256 !== (await checksumOf(path, signal))) return name;
  }
  return names.keys().next().value;
}

async function checksumOf(path: string, signal?: AbortSignal): Promise<string> {
  const openedFile = await open(path, 'r');
  try {
    return (await computeChecksumOfHandle(openedFile, signal)).sha256;
  } finally {
    await openedFile.close();
  }
}

/** Keys of the description that do not affect rows: positions in its text, and its folder. */
const ignoredKeys: ReadonlySet<string> = new Set(['span', 'nameSpan', 'folder']);

const textOfBlock = (description: DataDescription): string =>
  JSON.stringify(description, (key, value: unknown) => (ignoredKeys.has(key) ? undefined : value));

export interface RunCache {
  /** Checks the data files before a row is read. False if nothing can be cached, with any engine. @throws Failure for missing data files */
  look(): Promise<boolean>;
  /** Returns the cached state; undefined if it cannot be used: rows are then read, and `keep` writes the cache. @throws as `look` */
  open(engine: Engine): Promise<Servable | undefined>;
  /** Writes the cache. Resolves once it is on the disk, or once the reason why it is not is reported. */
  keep(engine: Engine, kept: Servable): Promise<void>;
}

export interface CacheSource {
  readonly trained: LoadedModel;
  /** Returns the data block, and which files it may name. */
  block(): Promise<{ readonly description: DataDescription; readonly access?: Access }>;
  /** True if the user named the data, which may then differ from that of the training. */
  readonly isNamed: boolean;
  readonly signal?: AbortSignal;
  readonly say?: (line: string) => void;
}

export function makeCache({ trained, block, isNamed, signal, say = () => {} }: CacheSource): RunCache {
  const { folder, manifest, plan } = trained;
  const readInputs = async () => {
    const { description, access } = await block();
    return { text: `${isNamed} ${textOfBlock(description)}`, files: await fileStates(description, plan, access) };
  };
  /** Read once. A file that changes after this gets a different stamp. */
  let inputs: ReturnType<typeof readInputs> | undefined;
  const stateFor = async (engine: Engine): Promise<CacheState> => {
    const { text, files } = await (inputs ??= readInputs());
    return { identity: identityOf(manifest, engine, text), files };
  };

  return {
    async look() {
      await (inputs ??= readInputs());
      return (await cacheFilesIn(folder)).length > 0;
    },
    async open(engine) {
      const currentState = await stateFor(engine);
      const again = '; the data is read again';
      try {
        const cachedRun = await readCache(trained, engine.name, currentState, signal);
        if (typeof cachedRun !== 'string') return cachedRun;
        say(`${join(folder, cachePath(engine.name))} is out of date, because ${cachedRun}${again}`);
      } catch (error) {
        signal?.throwIfAborted();
        const cacheReason = reasonOf(error);
        if (cacheReason === undefined) throw error;
        say(`${cacheReason}${again}`);
      }
      return undefined;
    },
    async keep(engine, servable) {
      const writing = stateFor(engine).then((state) => writeCache(folder, engine.name, servable, state, signal));
      // A failure is only reported, because answers do not depend on the cache.
      const writeReason = await writing.catch((error: unknown) =>
        signal?.aborted ? undefined : (reasonOf(error) ?? String(error)),
      );
      if (writeReason !== undefined)
        say(`what was read is not kept in ${join(folder, startCacheFolder)}: ${writeReason}`);
    },
  };
}

const reasonOf = (error: unknown): string | undefined =>
  error instanceof Failure ? error.diagnostics[0]!.message : describeSystemError(error);

// The file of a cache is a safetensors file with a checksum of its own. Its content is checked before it is used.

/** @returns undefined if there is no file, a reason if it is stale @throws Failure `damaged-file`, `cannot-read`; the reason of the signal */
async function readCache(
  trained: LoadedModel,
  engine: string,
  currentState: CacheState,
  signal?: AbortSignal,
): Promise<Servable | string | undefined> {
  const { folder } = trained;
  const path = join(folder, cachePath(engine));
  const cacheFile = await openIfExists(folder, cachePath(engine));
  if (cacheFile === undefined) return undefined;
  try {
    const { identity, format } = await readOpenMetadata(cacheFile, path);
    if (format !== servableFormat) return otherVersion;
    const staleReason = await findStaleness(identity, currentState, signal);
    if (staleReason !== undefined) return staleReason;
    // Tensors of float32 must be finite. Numeric columns have NaN for missing values.
    const storedFile = await readOpenSafetensors(cacheFile, path, {
      hasChecksum: true,
      finite: (name) => name.startsWith('F32'),
    });
    const damaged = (reason: string): Failure => failure('damaged-file', { path, reason });
    const servable = openServable(storedFile, damaged);
    const complaint = servedComplaint(servable, trained);
    if (complaint !== undefined) throw damaged(complaint);
    return servable as Servable;
  } finally {
    await closeQuietly(cacheFile);
  }
}

/**
 * @param earlierState the state before the start read a row
 * @returns the reason if the cache is not written
 * @throws Failure `cannot-write`, an error of the system; the reason of the signal
 */
async function writeCache(
  folder: string,
  engine: string,
  servable: Servable,
  earlierState: CacheState,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const path = join(folder, cachePath(engine));
  await makeOwnFolder(dirname(path));
  const files = await addChecksums(earlierState.files, signal);
  if (typeof files === 'string') return files;
  const { texts, tensors } = packServable(servable);
  const bytes = tensors.reduce((sum, { data }) => sum + data.byteLength, 0);
  const { bavail, bsize } = await statfs(dirname(path));
  // Other writers need disk space too.
  if (bavail * bsize < 2 * bytes) return `it takes ${Math.ceil(bytes / 2 ** 20)} MiB, and the disk is almost full`;
  await removeAbandonedParts(path);
  const metadataTexts = { ...texts, identity: JSON.stringify({ ...earlierState.identity, files }) };
  await writeDurably(path, async (sink) => {
    const writePiece = (piece: Uint8Array): Promise<void> => {
      signal?.throwIfAborted();
      return sink.write(piece);
    };
    await writeSafetensors({ write: writePiece }, tensors, metadataTexts, true);
  });
  return undefined;
}

/** Symbolic links are not followed, because a run folder may come from another person. */
async function makeOwnFolder(path: string): Promise<void> {
  await mkdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  if (!(await lstat(path)).isDirectory()) throw failure('damaged-file', { path, reason: 'it is not a folder' });
}

/** Removes files of writes that were killed, but not of writes that may still be running. */
async function removeAbandonedParts(path: string): Promise<void> {
  const folder = dirname(path);
  for (const name of await readdir(folder)) {
    if (!isPartialOf(name, path.slice(folder.length + 1))) continue;
    const partPath = join(folder, name);
    const { mtimeMs } = await stat(partPath).catch(() => ({ mtimeMs: Date.now() }));
    if (mtimeMs + maxWriteTime < Date.now()) await rm(partPath, { force: true });
  }
}

const maxWriteTime = 3_600_000;

// Identifies the inputs of a cache, which is valid only while all of them are unchanged.

/** The inputs of a cache. All entries except `files` must be equal. */
interface CacheIdentity {
  readonly tower: string;
  readonly run: string;
  readonly engine: string;
  /** The processor and the time zone, which affect vectors and values. */
  readonly machine: string;
  readonly block: string;
  readonly files: readonly KnownFile[];
}

/** The state at a start, before rows are read, so without the content of files. */
interface CacheState {
  readonly identity: Omit<CacheIdentity, 'files'>;
  readonly files: readonly FileState[];
}

const identityOf = (manifest: Manifest, engine: Engine, block: string): Omit<CacheIdentity, 'files'> => ({
  tower: version,
  run: manifest.checksum,
  engine: `${engine.name} ${engine.version}`,
  machine: `${process.arch} ${Intl.DateTimeFormat().resolvedOptions().timeZone}`,
  block: createHash('sha256').update(block).digest('hex'),
});

const otherVersion = 'it is of another version of Tower';

const reasons: Readonly<Record<Exclude<keyof CacheIdentity, 'files'>, string>> = {
  tower: otherVersion,
  run: 'it is of another training',
  engine: 'it is of another version of the engine',
  machine: 'it is of another kind of machine, or another time zone',
  block: 'the data block has changed',
};

/** Returns why a cache is stale; undefined if it is valid. @param text the identity in the file of the cache, as JSON */
async function findStaleness(
  text: string | undefined,
  { identity, files }: CacheState,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const cachedIdentity = identityIn(text);
  if (cachedIdentity === undefined) return otherVersion;
  for (const [name, reason] of Object.entries(reasons) as [keyof typeof reasons, string][]) {
    if (cachedIdentity[name] !== identity[name]) return reason;
  }
  const changed = await changedFile(cachedIdentity.files, files, signal);
  return changed === undefined ? undefined : `${changed} has changed`;
}

function identityIn(text: string | undefined): CacheIdentity | undefined {
  try {
    const parsedIdentity = JSON.parse(text ?? '') as Partial<CacheIdentity> | null;
    const isKnown = (file: Partial<KnownFile> | null): boolean =>
      [file?.name, file?.stamp, file?.sha256].every((entry) => typeof entry === 'string') &&
      typeof file?.bytes === 'number';
    return Array.isArray(parsedIdentity?.files) && parsedIdentity.files.every(isKnown)
      ? (parsedIdentity as CacheIdentity)
      : undefined;
  } catch {
    return undefined;
  }
}
