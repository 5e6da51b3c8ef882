/** Takes the newest run of a folder that can be served, whenever there is a newer one. */
import { lstat, readdir, realpath, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Diagnostic } from '../../../base/diagnostics/diagnostic.ts';
import { Failure } from '../../../base/diagnostics/failure.ts';
import { reading } from '../../../base/diagnostics/system_reason.ts';
import { readManifest } from '../../../training/artifact/load.ts';
import { type Manifest, manifestFile } from '../../../training/artifact/manifest.ts';

export interface WatchOptions {
  readonly folder: string;
  /** One more file of each run: a run that could not be served is tried again when it changes. */
  readonly besides?: string;
  /** Checksums of the active versions: nothing older is taken. */
  answering(): readonly string[];
  readonly rejected: ReadonlySet<string>;
  /** @throws Failure for a run that cannot be served */
  take(folder: string): Promise<void>;
  /** Called once for each state of a run that cannot be served. */
  say(line: string): void;
}

export interface RunWatch {
  /** Looks now. Resolves to how many runs could not be served, when a newer one answers or there is none. */
  look(): Promise<number>;
  /** Looks again, also at what could not be served. */
  again(): Promise<number>;
  /** Looks every second until the signal. */
  follow(signal: AbortSignal): Promise<void>;
}

const everyMilliseconds = 1000;

export function makeWatch({ folder, besides, answering, rejected, take, say }: WatchOptions): RunWatch {
  const manifests: KnownManifests = new Map();
  /** The state that could not be served, by folder. */
  const failed = new Map<string, string>();
  let signaturesBefore = new Map<string, string>();
  let isUnreadable = false;

  /** One that is not whole may be on its way: it is tried when nothing has changed since the look before. */
  const mayBeTaken = ({ checksum, isWhole, signature, folder: at }: RunCandidate): boolean =>
    failed.get(at) !== signature &&
    !(checksum !== undefined && rejected.has(checksum)) &&
    (isWhole || signaturesBefore.get(at) === signature);

  const tryEach = async (candidates: readonly RunCandidate[]): Promise<number> => {
    let refused = 0;
    for (const candidate of candidates) {
      const { checksum, folder: at, signature } = candidate;
      if (checksum !== undefined && answering().includes(checksum)) break;
      if (!mayBeTaken(candidate)) continue;
      try {
        await take(at);
        failed.delete(at);
        break;
      } catch (error) {
        if (isAbort(error)) break;
        refused++;
        failed.set(at, signature);
        say(`${at} is not served: ${reasonOf(error)}`);
      }
    }
    return refused;
  };
  const lookNow = async (): Promise<number> => {
    const candidates = await candidatesIn(folder, manifests, besides);
    const refused = await tryEach(candidates);
    signaturesBefore = new Map(candidates.map(({ folder: at, signature }) => [at, signature]));
    return refused;
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
          await pause(everyMilliseconds, undefined, { signal, ref: false });
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

const isAbort = (error: unknown): boolean => (error as Error | undefined)?.name === 'AbortError';

/** One line. An internal error shows its name only. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Failure)) return error instanceof Error ? error.message.split('\n')[0]! : String(error);
  const [first] = error.diagnostics as readonly [Diagnostic];
  return `${first.message} [${first.code}]`;
}

/** The runs of a folder that a server watches, the newest first. */
interface RunCandidate {
  /** Without links: one that is changed later does not mix two versions. From the working folder, where it lies there. */
  readonly folder: string;
  /** Absent if the manifest cannot be read. */
  readonly checksum?: string;
  /** True if each file has the bytes that the manifest lists. A run that is being copied may not have them yet. */
  readonly isWhole: boolean;
  /** Another one after any change of its files. */
  readonly signature: string;
  /** Time of the manifest, which is written last. */
  readonly written: number;
}

/** Manifests that were read, by the signature of their file. */
type KnownManifests = Map<string, Manifest | undefined>;

/**
 * A folder has its runs in subfolders, or in subfolders that links name. It may be a run itself, also through a link that is changed in one step, as
 * Kubernetes changes `..data`.
 * @param besides one more file of a run, whose changes count
 * @throws Failure `cannot-read`
 */
export async function candidatesIn(
  folder: string,
  known: KnownManifests = new Map(),
  besides?: string,
): Promise<RunCandidate[]> {
  const realFolder = await reading(
    folder,
    realpath(join(folder, '..data')).catch(() => realpath(folder)),
  );
  const runFolders = (await isFile(join(realFolder, manifestFile)))
    ? [realFolder]
    : (await reading(realFolder, readdir(realFolder)))
        .filter((name) => !name.startsWith('.'))
        .map((name) => join(realFolder, name));
  if (known.size > mostKnown) known.clear();
  const real = await Promise.all(runFolders.map((place) => realpath(place).catch(() => undefined)));
  const foundCandidates = await Promise.all(
    [...new Set(real)].map((place) => place && candidateAt(shorter(place), known, besides)),
  );
  return foundCandidates
    .filter((each): each is RunCandidate => typeof each === 'object')
    .sort((a, b) => b.written - a.written || b.folder.localeCompare(a.folder, 'en', { numeric: true }));
}

async function candidateAt(folder: string, known: KnownManifests, besides?: string): Promise<RunCandidate | undefined> {
  try {
    const manifestPath = join(folder, manifestFile);
    const file = await lstat(manifestPath);
    const manifestState = `${file.ino} ${file.size} ${file.mtimeMs}`;
    const manifestKey = `${folder} ${manifestState}`;
    if (!known.has(manifestKey)) known.set(manifestKey, await readManifest(folder).catch(refusedAs(undefined)));
    const manifest = known.get(manifestKey);
    const sizes = await Promise.all(
      Object.entries(manifest?.files ?? {}).map(async ([name, { bytes }]) => {
        const { size, mtimeMs } = await lstat(join(folder, name)).catch(() => ({ size: -1, mtimeMs: 0 }));
        return { isRight: size === bytes, text: `${size} ${mtimeMs}` };
      }),
    );
    const otherState = besides === undefined ? '' : await stateOf(join(folder, besides));
    return {
      folder,
      ...(manifest ? { checksum: manifest.checksum } : {}),
      isWhole: manifest !== undefined && sizes.every(({ isRight }) => isRight),
      signature: [manifestState, ...sizes.map(({ text }) => text), otherState].join(' '),
      written: file.mtimeMs,
    };
  } catch {
    // No manifest: no run, or one that is being written. Or it has been removed since.
    return undefined;
  }
}

const stateOf = (path: string): Promise<string> =>
  lstat(path).then(
    ({ ino, size, mtimeMs }) => `${ino} ${size} ${mtimeMs}`,
    () => '',
  );

const refusedAs =
  <T>(value: T) =>
  (error: unknown): T => {
    if (error instanceof Failure) return value;
    throw error;
  };

const mostKnown = 1000;

function shorter(folder: string): string {
  const relativePath = relative('', folder);
  return relativePath === '' || relativePath.startsWith('..') ? folder : relativePath;
}

const isFile = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
