/** The folder of a run: which files Tower owns, whose run it is, and whether a new one may begin there. */
import { lstat, readdir, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describeSystemError, failure } from '../base/diagnostics/diagnostic.ts';
import { isPartialOf, makeFolder, removeDurably, removeFile, writeTextDurably } from '../base/storage/durable.ts';
import { type FolderLock, isLockFile, lockFolder, rejectIfLocked, rejectIfRead } from '../base/storage/lock.ts';
import { isFolder, readJsonFile } from '../base/storage/run_files.ts';
import { isObject } from '../base/util/objects.ts';
import type { Encoding, ShardLayout } from '../data/dataset.ts';
import type { Pinned } from '../data/pinned.ts';
import { type EngineName, engineNames } from '../engines/engine.ts';
import type { Plan } from '../graph/plan/plan.ts';
import { checkpointFile } from './artifact/checkpoint.ts';
import {
  admissionFile,
  cacheFilesIn,
  compactionFile,
  readEncoding,
  startCacheFolder,
} from './artifact/encoding_file.ts';
import { describeOtherData, identityOf, isLineage, pinnedBy, type RunIdentity } from './artifact/identity.ts';
import { evaluationFile, manifestFile, reportFile, trackingFile } from './artifact/run_manifest.ts';
import { metricsFile, stepsFile } from './metrics_log.ts';
import { profileFilesIn, profileFolder } from './step_profile.ts';
import { isEventFile } from './tracking/event_file.ts';

export const [runFile, weightsFile] = ['run.json', 'weights.safetensors'] as const;
/** Weights of the best epoch so far, while the run continues. */
export const bestFile = (epoch: number): string => `weights-${epoch}.safetensors`;
export const isBestFile = (name: string): boolean => /^weights-\d+\.safetensors$/.test(name);

const topFiles = [
  ...[runFile, manifestFile, checkpointFile, weightsFile, metricsFile, stepsFile, reportFile, evaluationFile],
  ...[admissionFile, compactionFile, trackingFile],
];

const isTopFile = (name: string): boolean => topFiles.includes(name) || isBestFile(name) || isEventFile(name);

const modelFolders = ['graphs', 'encodings', 'sources', startCacheFolder, profileFolder];

/** True for a file in a subfolder that a model may have. No other path that a run or a manifest lists is removed. */
const isModelPath = (path: string): boolean =>
  /^(graphs|encodings|sources)\/[^/\\\0]+$/.test(path) && !/\/\.\.?$/.test(path);

/** Reports invalid rows of the data. It is written before a run begins. */
const rejectsFile = 'rejected.jsonl';

const isPartialOfTop = (name: string): boolean => {
  const files = [...topFiles, name.replace(/^\.(weights-\d+\.safetensors)\..*$/, '$1')];
  return files.some((file) => isTopFile(file) && isPartialOf(name, file));
};

interface RunContents {
  readonly paths: ReadonlySet<string>;
  readonly model: string;
  /** True if there is something to continue or to use: a checkpoint or a model. */
  readonly work: boolean;
}

/** Returns undefined if the folder holds no run. */
async function runContentsIn(folder: string, names: readonly string[]): Promise<RunContents | undefined> {
  const [run, manifest] = await Promise.all([readTowerJson(folder, runFile), readTowerJson(folder, manifestFile)]);
  if (run === undefined && manifest === undefined) return undefined;
  const ownPaths = new Set(names.filter((name) => isTopFile(name) || isPartialOfTop(name)));
  const files = [run?.files, manifest?.files].flatMap((all) => (Array.isArray(all) ? all : Object.keys(all ?? {})));
  const nestedPaths = files.filter((path) => typeof path === 'string' && isModelPath(path)) as string[];
  for (const subfolder of new Set(nestedPaths.map((path) => dirname(path)))) {
    for (const name of await namesIn(join(folder, subfolder))) {
      const path = `${subfolder}/${name}`;
      const isPartial = nestedPaths.some((nestedPath) => isPartialOf(name, nestedPath.slice(subfolder.length + 1)));
      if (nestedPaths.includes(path) || isPartial) ownPaths.add(path);
    }
  }
  for (const path of [...(await cacheFilesIn(folder)), ...(await profileFilesIn(folder))]) ownPaths.add(path);
  const plan = manifest?.plan as { model?: unknown } | undefined;
  const hasWork = names.includes(manifestFile) || names.includes(checkpointFile);
  return { paths: ownPaths, model: String(run?.model ?? plan?.model ?? ''), work: hasWork };
}

/**
 * Tells whether `run.json` and `manifest.json` of a folder belong to a run, because other programs have files of these names too. `damaged`: one of them cannot
 * be read, so it is unknown.
 */
export async function isRunIn(folder: string, names: readonly string[]): Promise<'run' | 'other' | 'damaged'> {
  const files = [runFile, manifestFile].filter((name) => names.includes(name));
  const values = await Promise.all(files.map((name) => readJsonFile(folder, name).catch((error: unknown) => error)));
  if (values.some((value, index) => isTowerJson(value, files[index]!))) return 'run';
  return values.some((value) => value instanceof Error) ? 'damaged' : 'other';
}

/** True if a run has begun in the folder, so that `resume` can go on with it. */
export const hasRun = async (folder: string): Promise<boolean> => (await readTowerJson(folder, runFile)) !== undefined;

const formats: Readonly<Record<string, RegExp>> = { [runFile]: /^tower-run-\d+$/, [manifestFile]: /^tower-model-\d+$/ };

const isTowerJson = (value: unknown, name: string): value is Record<string, unknown> =>
  isObject(value) && typeof value.format === 'string' && formats[name]!.test(value.format);

async function readTowerJson(folder: string, name: string): Promise<Record<string, unknown> | undefined> {
  const value = await readJsonFile(folder, name).catch(() => undefined);
  return isTowerJson(value, name) ? value : undefined;
}

/** @param force allows replacing an existing run @throws Failure `folder-in-use`, `cannot-read` */
async function refuseFolderInUse(folder: string, force: boolean): Promise<void> {
  if (force) return;
  const otherNames = (await namesIn(folder)).filter((name) => name !== rejectsFile && !isStartLeftover(name));
  if (otherNames.length === 0) return;
  const runContents = await runContentsIn(folder, otherNames);
  // A run without a checkpoint ended in its first epoch: nothing of it can be lost.
  if (runContents && !runContents.work && (await pathsIn(folder)).every((path) => runContents.paths.has(path))) return;
  const content = runContents
    ? `a run of model ${runContents.model}`
    : `other files (${otherNames.slice(0, 3).join(', ')})`;
  throw failure('folder-in-use', { folder, run: runContents !== undefined, holds: content });
}

/** True for files that a kill may leave at the start of a run. */
const isStartLeftover = (name: string): boolean => isLockFile(name) || isPartialOf(name, runFile);

/**
 * Prepares the folder for a new run, and removes an existing one. Files that Tower did not write remain. @returns these files, if there are any @throws Failure
 * `own-file`, `cannot-write`
 */
export async function startFolder(folder: string, identity: RunIdentity): Promise<readonly string[]> {
  await makeFolder(folder);
  const names = await namesIn(folder);
  const ownPaths = (await runContentsIn(folder, names))?.paths ?? new Set<string>(names.filter(isStartLeftover));
  await refuseOwnFiles(folder, identity, ownPaths);
  await removeFiles(folder, ownPaths);
  await writeIdentity(folder, identity);
  return (await pathsIn(folder)).filter((path) => path !== runFile);
}

/** Removes the files of a run except `run.json`, which lists the files of Tower, and the folders of its model that are empty then. */
async function removeFiles(folder: string, paths: ReadonlySet<string>): Promise<void> {
  // These go first: a partly removed folder must look neither like a model nor like a run to resume.
  for (const path of [manifestFile, checkpointFile]) if (paths.has(path)) await removeDurably(join(folder, path));
  for (const path of paths) if (path !== runFile && !isLockFile(path)) await removeFile(join(folder, path));
  for (const subfolder of modelFolders) await rmdir(join(folder, subfolder)).catch(() => {});
}

export const writeIdentity = (folder: string, identity: RunIdentity): Promise<void> =>
  writeTextDurably(join(folder, runFile), `${JSON.stringify(identity, undefined, 2)}\n`);

/** Refuses a folder in which the run would overwrite something that Tower did not write. */
async function refuseOwnFiles(folder: string, { files }: RunIdentity, ours: ReadonlySet<string>): Promise<void> {
  const modelDirs = new Set(files.map((file) => dirname(file)));
  for (const path of [...topFiles, ...modelDirs, ...files]) {
    const fileStats = await lstat(join(folder, path)).catch((error: unknown) => {
      const reason = describeSystemError(error);
      if (reason === undefined) throw error;
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw failure('cannot-write', { path: join(folder, path), reason });
    });
    if (fileStats === undefined) continue;
    // The folders of a model contain its files, and may contain others.
    const isReplaceable = modelDirs.has(path) ? fileStats.isDirectory() : ours.has(path) && !fileStats.isDirectory();
    if (!isReplaceable) throw failure('own-file', { path: join(folder, path), folder: fileStats.isDirectory() });
  }
}

/** Lists all files in a run's folder and in those of its model, except locks and rejected rows. */
async function pathsIn(folder: string): Promise<string[]> {
  const paths: string[] = [];
  for (const name of await namesIn(folder)) {
    if (name === rejectsFile || isLockFile(name)) continue;
    if (!modelFolders.includes(name) || !(await isFolder(join(folder, name)))) paths.push(name);
    else for (const nestedPath of await namesIn(join(folder, name))) paths.push(`${name}/${nestedPath}`);
  }
  return paths;
}

export async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    const reason = describeSystemError(error);
    throw reason === undefined ? error : failure('cannot-read', { path: folder, reason });
  }
}

/** @throws Failure `nothing-to-resume`, `damaged-file`, `cannot-read` */
export async function readIdentity(folder: string): Promise<RunIdentity> {
  const path = join(folder, runFile);
  const value = await readJsonFile(folder, runFile);
  if (value === undefined) throw failure('nothing-to-resume', { folder });
  const reason = identityError(value);
  if (reason !== undefined) throw failure('damaged-file', { path, reason });
  return value as RunIdentity;
}

/** Returns the layout of the shards of the folder's run, if its training rows are in shards. @throws Failure as `readIdentity` */
export async function shardsOfRun(folder: string): Promise<ShardLayout | undefined> {
  const { shards } = (await readIdentity(folder)).data;
  if (shards === undefined) return undefined;
  const isCount = (value: unknown): boolean =>
    Number.isSafeInteger(value) && (value as number) > 0 && (value as number) <= 1e6;
  if (isCount(shards?.buckets) && isCount(shards.piles) && isCount(shards.held)) return shards;
  throw failure('damaged-file', { path: join(folder, runFile), reason: 'its shards have no number' });
}

function identityError(value: unknown): string | undefined {
  const { format, model, plan, data, seed, engine, precision, measured, settings, changes, files, from, final } =
    (value ?? {}) as Partial<RunIdentity>;
  if (format !== 'tower-run-2') return 'it is not a run of this version';
  const textEntries = [model, plan, engine, data?.events, ...Object.values(data?.features ?? {})];
  const isComplete =
    textEntries.every((entry) => typeof entry === 'string') &&
    typeof data?.features === 'object' &&
    [seed, settings?.epochs].every(Number.isSafeInteger) &&
    [settings?.dense?.rate, settings?.embeddings?.rate].every((rate) => typeof rate === 'number') &&
    Array.isArray(changes) &&
    changes.every((change) => typeof change?.setting === 'string' && Number.isSafeInteger(change.step)) &&
    Array.isArray(files) &&
    [undefined, 'float32', 'bf16'].includes(precision) &&
    (measured === undefined || [measured?.float32, measured?.bf16].every(Number.isFinite)) &&
    (from === undefined || isLineage(from)) &&
    (final === undefined || [final?.name, final?.checksum].every((entry) => typeof entry === 'string'));
  return isComplete ? undefined : 'an entry of it is missing or of another kind';
}

/**
 * Returns how to read the data if the folder's run continues an earlier one: with the codes that it began with. Undefined if it does not.
 * @throws Failure `nothing-to-resume`, `lost-file`, `damaged-file`, `cannot-read`
 */
export async function pinnedIn(folder: string, { features }: Plan): Promise<Pinned | undefined> {
  const { from } = await readIdentity(folder);
  if (from === undefined) return undefined;
  const encodings = new Map<string, Encoding>();
  const encodingNames = await namesIn(join(folder, 'encodings'));
  for (const owner of new Set(features.map(({ encoderOf }) => encoderOf))) {
    const file = encodingNames.find((name) => name === `${owner}.keys`) ?? `${owner}.json`;
    encodings.set(owner, await readEncoding(folder, `encodings/${file}`));
  }
  return pinnedBy(encodings, from);
}

/**
 * Checks that the folder's run is this one. @returns the identity in the folder, whose settings may differ @throws Failure `nothing-to-resume`, `other-run`,
 * `damaged-file`, `cannot-read`
 */
export async function resumeFolder(folder: string, identity: RunIdentity): Promise<RunIdentity> {
  const folderIdentity = await readIdentity(folder);
  refuseOtherRun(folder, folderIdentity, identity);
  const difference = describeOtherData(folderIdentity.data, identity.data);
  if (difference !== undefined) throw failure('other-run', { folder, what: `data set (${difference})` });
  // Otherwise the figures of its epochs could not be compared, and no epoch would be the best.
  if (folderIdentity.seen !== identity.seen) throw failure('other-run', { folder, what: 'declaration of `seen`' });
  if ((folderIdentity.evaluate ?? 'per_event') !== (identity.evaluate ?? 'per_event')) {
    throw failure('other-run', { folder, what: 'declaration of `evaluate`' });
  }
  // A kill may leave partial files.
  for (const name of await namesIn(folder)) if (isPartialOfTop(name)) await removeFile(join(folder, name));
  return folderIdentity;
}

/** @param identity what is known of the run: before the data is read, only its model */
function refuseOtherRun(folder: string, folderIdentity: RunIdentity, identity: Partial<RunIdentity>): void {
  const whatWords = { model: 'model', engine: 'engine', seed: 'seed', plan: 'form of the model' } as const;
  for (const what of ['model', 'engine', 'seed', 'plan'] as const) {
    if (what in identity && folderIdentity[what] !== identity[what])
      throw failure('other-run', { folder, what: whatWords[what] });
  }
}

export const admissionFilesIn = async (folder: string): Promise<string[]> =>
  (await namesIn(folder)).filter((name) => name === admissionFile || name === compactionFile);

/** Returns the engine that a run began with: it is resumed with the same one, because another one gives other bits. Undefined if there is no run. */
export async function engineOfRun(folder: string): Promise<EngineName | undefined> {
  const runIdentity = await readJsonFile(folder, runFile).catch(() => undefined);
  return engineNames.find((name) => isObject(runIdentity) && runIdentity.engine === name);
}

/**
 * Locks a folder for training, after checking that its content fits the request.
 * @throws Failure `run-in-use`, `folder-in-use`, `nothing-to-resume`, `other-run`, `cannot-read`, `cannot-write`
 */
export async function claimFolder(
  folder: string,
  { plan, resume, finish, force }: { plan: Plan; resume?: boolean; finish?: boolean; force?: boolean },
): Promise<FolderLock> {
  const refuseMisfit = async (): Promise<void> => {
    if (resume || finish) refuseOtherRun(folder, await readIdentity(folder), identityOf(plan));
    else await refuseFolderInUse(folder, force ?? false);
  };
  // Checks before anything is written there, the lock included.
  await rejectIfLocked(folder);
  await refuseMisfit();
  const lock = await lockFolder(folder, { purpose: 'tower train' });
  try {
    // Another process may just have ended its training there.
    await refuseMisfit();
    return lock;
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/**
 * Removes the files that Tower wrote for the run in a folder, and the folder if it is empty then. @returns the remaining files, which Tower did not write @throws
 * Failure `run-in-use`, `cannot-read`, `cannot-write`
 */
export async function removeRun(folder: string): Promise<readonly string[]> {
  const lock = await lockFolder(folder, { purpose: 'tower runs' });
  let remainingPaths: readonly string[] = [];
  try {
    await rejectIfRead(folder);
    const ownPaths = (await runContentsIn(folder, await namesIn(folder)))?.paths;
    // Another process may have replaced the content since the runs were listed.
    if (ownPaths === undefined) return await pathsIn(folder);
    const isBegun = await hasRun(folder);
    await removeFiles(folder, ownPaths);
    await removeFile(join(folder, rejectsFile));
    if (isBegun) await removeFile(join(folder, runFile));
    remainingPaths = await pathsIn(folder);
  } finally {
    await lock.release();
  }
  if (remainingPaths.length === 0) await rmdir(folder).catch(() => {});
  return remainingPaths;
}
