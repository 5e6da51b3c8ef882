/** Watches a folder of runs and loads the newest run that can be served. */
import { lstat, readdir, readFile, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { awaitRead, type Diagnostic, Failure } from '../../../base/diagnostics/diagnostic.ts';
import { readManifest } from '../../../training/artifact/load.ts';
import { type Manifest, manifestFile } from '../../../training/artifact/run_manifest.ts';
import type { ClosedDay } from '../../report/days_page.ts';
import { nameOf } from '../check.ts';

export interface WatchOptions {
  readonly folder: string;
  /** A further file of each run. When it changes, a run that could not be served is tried again. */
  readonly extraFile?: string;
  /** Checksums of the active versions. Older runs are not loaded. */
  answering(): readonly string[];
  /** Versions that are not loaded. A rejected one that answers is replaced, also by an older run. */
  readonly rejected: Pick<ReadonlySet<string>, 'has'>;
  /** @throws Failure for a run that cannot be served */
  loadFolder(folder: string): Promise<void>;
  /** Called once for each state of a run that cannot be served. */
  say(line: string): void;
}

export interface RunWatch {
  /** Scans the folder once. Resolves to the number of runs that could not be served, once a newer run is active or none is left to try. */
  look(): Promise<number>;
  /** Scans again and retries the runs that could not be served. */
  again(): Promise<number>;
  /** Scans every second until the signal. */
  follow(signal: AbortSignal): Promise<void>;
}

/** Milliseconds between two scans. */
const scanInterval = 1000;

export function makeWatch({ folder, extraFile, answering, rejected, loadFolder, say }: WatchOptions): RunWatch {
  const manifests: KnownManifests = new Map();
  /** The signature of the state that could not be served, by folder. */
  const failed = new Map<string, string>();
  let signaturesBefore = new Map<string, string>();
  let isUnreadable = false;

  /** An incomplete run may still be being copied: it is tried once its files have not changed since the previous scan. */
  const mayBeTaken = ({ isWhole, signature, folder: candidateFolder }: RunCandidate): boolean =>
    failed.get(candidateFolder) !== signature && (isWhole || signaturesBefore.get(candidateFolder) === signature);

  const tryEach = async (candidates: readonly RunCandidate[]): Promise<number> => {
    let refusedCount = 0;
    for (const candidate of candidates) {
      const { checksum, folder: candidateFolder, signature } = candidate;
      if (checksum !== undefined && rejected.has(checksum)) continue;
      if (checksum !== undefined && answering().includes(checksum)) break;
      if (!mayBeTaken(candidate)) continue;
      try {
        await loadFolder(candidateFolder);
        failed.delete(candidateFolder);
        break;
      } catch (error) {
        if (error instanceof Error && error.name === 'AbortError') break;
        refusedCount++;
        failed.set(candidateFolder, signature);
        say(`${candidateFolder} is not served: ${reasonOf(error)}`);
      }
    }
    return refusedCount;
  };
  const lookNow = async (): Promise<number> => {
    const candidates = await candidatesIn(folder, manifests, extraFile);
    const refusedCount = await tryEach(candidates);
    signaturesBefore = new Map(
      candidates.map(({ folder: candidateFolder, signature }) => [candidateFolder, signature]),
    );
    return refusedCount;
  };

  return {
    look: lookNow,
    again() {
      failed.clear();
      return lookNow();
    },
    async follow(signal) {
      while (!signal.aborted) {
        try {
          await pause(scanInterval, undefined, { signal, ref: false });
          await lookNow();
          isUnreadable = false;
        } catch (error) {
          if (signal.aborted) return;
          if (!isUnreadable) say(`${folder} cannot be looked at: ${reasonOf(error)}`);
          isUnreadable = true;
        }
      }
    },
  };
}

/** Returns a reason of one line. Of an internal error, only the first line of its message. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Failure)) return error instanceof Error ? error.message.split('\n')[0]! : String(error);
  const [first] = error.diagnostics as readonly [Diagnostic];
  return `${first.message} [${first.code}]`;
}

/** The runs of a folder that a server watches, the newest first. */
export interface RunCandidate {
  /** The real path, so that a symbolic link that changes later cannot mix two versions. Relative if the folder is within the working folder. */
  readonly folder: string;
  /** Absent if the manifest cannot be read. */
  readonly checksum?: string;
  /** True if each file has the bytes that the manifest lists. A run that is being copied may not have them yet. */
  readonly isWhole: boolean;
  /** Changes with any change of the run's files. */
  readonly signature: string;
  /** Time of the manifest, which is written last. */
  readonly written: number;
}

/** Caches manifests by the signature of their file. */
type KnownManifests = Map<string, Manifest | undefined>;

/**
 * Returns the runs in the subfolders of a folder, which may be symbolic links. The folder may also be a run itself, or a link to one that is replaced
 * atomically, as Kubernetes replaces `..data`.
 * @param extraFile a further file of each run that is part of its signature
 * @throws Failure `cannot-read`
 */
export async function candidatesIn(
  folder: string,
  known: KnownManifests = new Map(),
  extraFile?: string,
): Promise<RunCandidate[]> {
  const realFolder = await awaitRead(
    folder,
    realpath(join(folder, '..data')).catch(() => realpath(folder)),
  );
  const runFolders = (await isFile(join(realFolder, manifestFile)))
    ? [realFolder]
    : (await awaitRead(realFolder, readdir(realFolder)))
        .filter((name) => !name.startsWith('.'))
        .map((name) => join(realFolder, name));
  if (known.size > maxKnownManifests) known.clear();
  const real = await Promise.all(runFolders.map((runFolder) => realpath(runFolder).catch(() => undefined)));
  const foundCandidates = await Promise.all(
    [...new Set(real)].map((realPath) => realPath && candidateAt(nameOf(realPath), known, extraFile)),
  );
  return foundCandidates
    .filter((candidate): candidate is RunCandidate => typeof candidate === 'object')
    .sort((a, b) => b.written - a.written || b.folder.localeCompare(a.folder, 'en', { numeric: true }));
}

async function candidateAt(
  folder: string,
  known: KnownManifests,
  extraFile?: string,
): Promise<RunCandidate | undefined> {
  try {
    const manifestPath = join(folder, manifestFile);
    const file = await lstat(manifestPath);
    const manifestState = `${file.ino} ${file.size} ${file.mtimeMs}`;
    const manifestKey = `${folder} ${manifestState}`;
    if (!known.has(manifestKey)) known.set(manifestKey, await readManifest(folder).catch(withoutManifest));
    const manifest = known.get(manifestKey);
    const sizes = await Promise.all(
      Object.entries(manifest?.files ?? {}).map(async ([name, { bytes }]) => {
        const { size, mtimeMs } = await lstat(join(folder, name)).catch(() => ({ size: -1, mtimeMs: 0 }));
        return { isRight: size === bytes, text: `${size} ${mtimeMs}` };
      }),
    );
    const otherState = extraFile === undefined ? '' : await stateOf(join(folder, extraFile));
    return {
      folder,
      ...(manifest ? { checksum: manifest.checksum } : {}),
      isWhole: manifest !== undefined && sizes.every(({ isRight }) => isRight),
      signature: [manifestState, ...sizes.map(({ text }) => text), otherState].join(' '),
      written: file.mtimeMs,
    };
  } catch {
    // Without a manifest this is not a run, or it is still being written or was just removed.
    return undefined;
  }
}

const stateOf = (path: string): Promise<string> =>
  lstat(path).then(
    ({ ino, size, mtimeMs }) => `${ino} ${size} ${mtimeMs}`,
    () => '',
  );

function withoutManifest(error: unknown): undefined {
  if (!(error instanceof Failure)) throw error;
}

const maxKnownManifests = 1000;

const isFile = (path: string): Promise<boolean> =>
  stat(path).then(
    (stats) => stats.isFile(),
    () => false,
  );

/** The file with a line for each closed day, beside the versions. */
export const daysName = 'days.jsonl';

/** Returns the days that were closed before. Lines that are no such days are left out. */
export async function closedDays(folder: string): Promise<readonly ClosedDay[]> {
  const text = await readFile(join(folder, daysName), 'utf8').catch(() => '');
  return text.split('\n').flatMap((line): ClosedDay[] => {
    try {
      return [JSON.parse(line) as ClosedDay];
    } catch {
      return [];
    }
  });
}
