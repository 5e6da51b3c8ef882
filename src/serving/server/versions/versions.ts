/**
 * Holds the version that answers. A request takes it once, at its start; a swap is one assignment; a version is freed when its last request has ended.
 *
 *     const versions = makeVersions(first);
 *     await versions.use(async ({ answers }) => answers.recommend(body));
 *     await versions.assign(second); // resolves when `first` is freed
 */
import { invariant } from '../../../base/diagnostics/diagnostic.ts';
import type { Answers } from '../answers.ts';

export interface VersionState {
  /** Sentences about the version now: since when it answers, and how it was judged. */
  readonly sentences: readonly string[];
  /** Figures of the last closed day: of the version, of the candidate, and of baselines. */
  readonly figures?: readonly { readonly name: string; readonly metric: string; readonly mean: number }[];
}

export interface Version {
  /** Checksum of the manifest, which answers contain. */
  readonly id: string;
  readonly folder: string;
  readonly answers: Answers;
  readonly loaded: Date;
  readonly state?: () => Promise<VersionState>;
  /** Absent: it can only be loaded from its folder again. */
  readonly file?: VersionFile;
  /** Frees the resources of the engine. The version must not be used afterwards. */
  close(): Promise<void>;
}

/** A loaded version as plain data, from which any process of this machine opens it in less time than from its folder. */
export interface VersionFile {
  readonly path: string;
  remove(): void;
}

/** The part of a version that a swap needs. */
export type SwappedVersion = Pick<Version, 'id' | 'folder' | 'file' | 'close'>;

export interface VersionSource {
  readonly answers: Answers;
  readonly folder?: string;
  readonly file?: VersionFile | undefined;
  readonly state?: Version['state'];
  close?(): Promise<void>;
}

export const makeVersion = ({ answers, folder = '', file, state, close = async () => {} }: VersionSource): Version => ({
  id: answers.version,
  folder,
  answers,
  loaded: new Date(),
  file,
  state,
  close,
});

export interface Versions {
  /** The version that answers. Outside of `use`, it may be freed at any time. */
  readonly current: Version;
  readonly recent: RecentBodies;
  /** Does work with the version of this moment, which is not freed before the work ends. */
  use<T>(work: (version: Version) => Promise<T>): Promise<T>;
  /** Resolves when the version before is freed. */
  assign(version: Version): Promise<void>;
  /** Frees the version when the requests that took it have ended. No request may follow. */
  close(): Promise<void>;
}

export function makeVersions(firstVersion: Version): Versions {
  const requestCounts = new Map<Version, number>();
  /** Called when the last request of an inactive version ends. */
  const leavingVersions = new Map<Version, () => void>();
  let current = firstVersion;

  const countRequest = (version: Version, by: 1 | -1): void => {
    const count = (requestCounts.get(version) ?? 0) + by;
    if (count > 0) requestCounts.set(version, count);
    else requestCounts.delete(version);
    if (count === 0) leavingVersions.get(version)?.();
  };
  const freeWhenUnused = async (version: Version): Promise<void> => {
    const lastRequestEnded = new Promise<void>((resolve) => leavingVersions.set(version, resolve));
    if (requestCounts.has(version)) await lastRequestEnded;
    await version.close();
    leavingVersions.delete(version);
  };

  return {
    get current() {
      return current;
    },
    recent: makeRecent(),
    async use(work) {
      const version = current;
      countRequest(version, 1);
      try {
        return await work(version);
      } finally {
        countRequest(version, -1);
      }
    },
    async assign(version) {
      invariant(!leavingVersions.has(version), 'a version that is freed does not come back');
      const versionBefore = current;
      current = version;
      if (versionBefore !== version) await freeWhenUnused(versionBefore);
    },
    close: () => freeWhenUnused(current),
  };
}

export const onlyVersion = (source: VersionSource): Versions => makeVersions(makeVersion(source));

/** Recent bodies, which are kept only in memory. A new version is warmed up with them before it answers clients. */
type RecentRoute = 'recommend' | 'similar';

export interface RecentBody {
  readonly route: RecentRoute;
  readonly body: object;
}

export interface RecentBodies {
  /** @param bytes of the whole body; a long one is not kept */
  add(route: RecentRoute, body: object, bytes: number): void;
  /** Returns the bodies, the oldest first. */
  list(): readonly RecentBody[];
}

const maxRecentBodies = 64;
const maxRecentBytes = 16_384;

export function makeRecent(maxBodies = maxRecentBodies): RecentBodies {
  const recentBodies: RecentBody[] = [];
  return {
    add(route, body, bytes) {
      // A body that names a version asks for a further page of it. The next version would refuse it.
      if (bytes > maxRecentBytes || 'version' in body) return;
      recentBodies.push({ route, body });
      if (recentBodies.length > maxBodies) recentBodies.shift();
    },
    list: () => [...recentBodies],
  };
}
