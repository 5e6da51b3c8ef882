/**
 * Holds the active versions. A request takes them once, at its start; a swap is one assignment; an inactive version is freed when its last request
 * has ended.
 *
 *     const versions = makeVersions(makeSides(first));
 *     await versions.use(async (sides) => sides.of(body).answers.recommend(body));
 *     await versions.assign(makeSides(second)); // resolves when `first` is freed
 */
import { createHash } from 'node:crypto';
import { invariant } from '../../../base/diagnostics/failure.ts';
import type { Answers } from '../answers.ts';

export interface Version {
  /** Checksum of the manifest, which answers contain. */
  readonly id: string;
  readonly folder: string;
  readonly answers: Answers;
  readonly loaded: Date;
  /** Returns sentences about the version now: since when it answers, and how it was judged. */
  readonly state?: () => Promise<readonly string[]>;
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

/** The part of a query that decides which version answers. */
export interface RequestTopic {
  readonly user?: string | number;
  readonly values?: unknown;
  readonly item?: string | number;
  /** The version of the first page, which answers while it is active. */
  readonly version?: string;
}

/**
 * The versions that answer at one moment: all queries go to `stable`, or a share of them to `canary`. Immutable, so a request that takes it once has a
 * consistent tower, index and share.
 */
export interface ActiveVersions<V = Version> {
  readonly stable: V;
  readonly canary?: V;
  /** Share of the queries that `canary` answers, from 0 to 1. */
  readonly share: number;
  readonly all: readonly V[];
  /**
   * Returns the version that answers a query. A user, or an item of `similar`, always gets the same version, and a larger share moves nobody back. Without
   * either, the feature values decide. Vectors alone go to `stable`, because a vector belongs to the tower that computed it.
   */
  of(about: RequestTopic): V;
}

export interface Versions {
  /** The current versions. Outside of `use`, a version may be freed at any time. */
  readonly current: ActiveVersions;
  readonly recent: RecentBodies;
  /** Does work with the versions of this moment, which are not freed before the work ends. */
  use<T>(work: (sides: ActiveVersions) => Promise<T>): Promise<T>;
  /** Resolves when the versions that are no longer active are freed. */
  assign(sides: ActiveVersions): Promise<void>;
  /** Frees all versions when the requests that took them have ended. No request may follow. */
  close(): Promise<void>;
}

export function makeVersions(first: ActiveVersions): Versions {
  const requestCounts = new Map<Version, number>();
  /** Called when the last request of an inactive version ends. */
  const leavingVersions = new Map<Version, () => void>();
  let currentVersions = first;

  const countRequest = (sides: ActiveVersions, by: 1 | -1): void => {
    for (const version of sides.all) {
      const count = (requestCounts.get(version) ?? 0) + by;
      if (count > 0) requestCounts.set(version, count);
      else requestCounts.delete(version);
      if (count === 0) leavingVersions.get(version)?.();
    }
  };
  const freeWhenUnused = async (version: Version): Promise<void> => {
    const lastRequestEnded = new Promise<void>((resolve) => leavingVersions.set(version, resolve));
    if (requestCounts.has(version)) await lastRequestEnded;
    await version.close();
    leavingVersions.delete(version);
  };

  return {
    get current() {
      return currentVersions;
    },
    recent: makeRecent(),
    async use(work) {
      const sides = currentVersions;
      countRequest(sides, 1);
      try {
        return await work(sides);
      } finally {
        countRequest(sides, -1);
      }
    },
    async assign(sides) {
      invariant(!sides.all.some((each) => leavingVersions.has(each)), 'a version that is freed does not come back');
      const previousVersions = currentVersions;
      currentVersions = sides;
      await Promise.all(previousVersions.all.filter((each) => !sides.all.includes(each)).map(freeWhenUnused));
    },
    async close() {
      await Promise.all(currentVersions.all.map(freeWhenUnused));
    },
  };
}

export const onlyVersion = (source: VersionSource): Versions => makeVersions(makeActiveVersions(makeVersion(source)));

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
  all(): readonly RecentBody[];
}

const mostBodies = 64;
const mostBytes = 16_384;

export function makeRecent(most = mostBodies): RecentBodies {
  const recentBodies: RecentBody[] = [];
  return {
    add(route, body, bytes) {
      // A body that names a version asks for a further page of it. The next version would refuse it.
      if (bytes > mostBytes || 'version' in body) return;
      recentBodies.push({ route, body });
      if (recentBodies.length > most) recentBodies.shift();
    },
    all: () => [...recentBodies],
  };
}

export function makeActiveVersions<V extends { readonly id: string }>(
  stable: V,
  canary?: V,
  share = 0,
): ActiveVersions<V> {
  const isCanary = ({ user, values, item }: RequestTopic): boolean => {
    if (user !== undefined) return fractionOf(`user ${user}`) < share;
    if (item !== undefined) return fractionOf(`item ${item}`) < share;
    return values !== undefined && fractionOf(JSON.stringify(values)) < share;
  };
  const all = canary ? [stable, canary] : [stable];
  return {
    stable,
    ...(canary ? { canary } : {}),
    share: canary ? share : 0,
    all,
    of: (about) =>
      (about.version !== undefined && all.find(({ id }) => id === about.version)) ||
      (canary && share > 0 && isCanary(about) ? canary : stable),
  };
}

/** A salt makes the share of users independent of other systems that hash the same keys. */
const salt = 'tower canary ';

/** Maps a key to a number from 0 to 1: the same in every process, and evenly distributed over many keys. */
export const fractionOf = (key: string): number =>
  createHash('sha256')
    .update(salt + key)
    .digest()
    .readUInt32BE(0) /
  2 ** 32;
