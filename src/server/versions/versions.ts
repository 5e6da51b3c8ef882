/**
 * Which versions answer. A request takes the sides of its moment once; a swap is one assignment; a version that no side has is freed when the last
 * request that took it has ended.
 *
 *     const versions = makeVersions(makeSides(first));
 *     await versions.use(async (sides) => sides.of(body).answers.recommend(body));
 *     await versions.assign(makeSides(second)); // resolves when `first` is freed
 */
import { createHash } from 'node:crypto';
import { invariant } from '../../diagnostics/failure.ts';
import type { Answers } from '../answers.ts';

/** A trained model that is loaded and answers. */
export interface Version {
  /** What its answers name: the checksum of the manifest. */
  readonly id: string;
  /** The folder that it was loaded from, as a person reads it. */
  readonly folder: string;
  readonly answers: Answers;
  readonly loaded: Date;
  /** Gives back what the engine holds. Nothing asks the version after that. */
  close(): Promise<void>;
}

export interface VersionSource {
  readonly answers: Answers;
  readonly folder?: string;
  close?(): Promise<void>;
}

export const makeVersion = ({ answers, folder = '', close = async () => {} }: VersionSource): Version => ({
  id: answers.version,
  folder,
  answers,
  loaded: new Date(),
  close,
});

type Label = 'stable' | 'canary';

/** What a question is about: as far as its side depends on it. */
export interface About {
  readonly user?: string | number;
  readonly values?: unknown;
  readonly item?: string | number;
}

/**
 * The versions that answer at one moment: all requests go to `stable`, or a share of them to `canary`. Immutable, so a request that takes it once has
 * tower, index and share of one moment.
 */
export interface Sides {
  readonly stable: Version;
  readonly canary?: Version;
  /** Of the questions to `canary`, from 0 to 1. */
  readonly share: number;
  /** All versions, each once. */
  readonly all: readonly Version[];
  /**
   * The version that answers a question. A user, and an item of `similar`, is always on one side, and a larger share moves nobody back. Without
   * either, the feature values decide. Vectors alone go to `stable`: a vector belongs to the tower that made it.
   */
  of(about: About): Version;
  labelled(label: Label): Version | undefined;
}

export interface Versions {
  /** The sides of this moment. What asks a version does so in `use`. */
  readonly current: Sides;
  /** What was asked lately. */
  readonly recent: Recent;
  /** Does work with the sides of this moment, which are not freed before the work ends. */
  use<T>(work: (sides: Sides) => Promise<T>): Promise<T>;
  /** Requests from now on get these sides. Resolves when the versions that they do not have are freed. */
  assign(sides: Sides): Promise<void>;
  /** Frees all versions when the requests that took them have ended. No request comes after it. */
  close(): Promise<void>;
}

export function makeVersions(first: Sides): Versions {
  /** How many requests have each version in hand. */
  const holders = new Map<Version, number>();
  /** What waits for the last of these requests, of versions that no side has any more. */
  const leaving = new Map<Version, () => void>();
  let current = first;

  const take = (sides: Sides, by: 1 | -1): void => {
    for (const version of sides.all) {
      const count = (holders.get(version) ?? 0) + by;
      if (count > 0) holders.set(version, count);
      else holders.delete(version);
      if (count === 0) leaving.get(version)?.();
    }
  };
  const free = async (version: Version): Promise<void> => {
    const ended = new Promise<void>((resolve) => leaving.set(version, resolve));
    if (holders.has(version)) await ended;
    await version.close();
    leaving.delete(version);
  };

  return {
    get current() {
      return current;
    },
    recent: makeRecent(),
    async use(work) {
      const sides = current;
      take(sides, 1);
      try {
        return await work(sides);
      } finally {
        take(sides, -1);
      }
    },
    async assign(sides) {
      invariant(!sides.all.some((each) => leaving.has(each)), 'a version that is freed does not come back');
      const before = current;
      current = sides;
      await Promise.all(before.all.filter((each) => !sides.all.includes(each)).map(free));
    },
    async close() {
      await Promise.all(current.all.map(free));
    },
  };
}

/** One version, which stays. */
export const onlyVersion = (source: VersionSource): Versions => makeVersions(makeSides(makeVersion(source)));

/** The latest bodies that were answered, in memory alone: what a new version is warmed up with before it answers others. */
type AskedRoute = 'recommend' | 'similar';

export interface RecentBody {
  readonly route: AskedRoute;
  readonly body: object;
}

export interface Recent {
  /** @param bytes of the whole body; a long one is not kept */
  add(route: AskedRoute, body: object, bytes: number): void;
  /** The oldest first. */
  all(): readonly RecentBody[];
}

const mostBodies = 64;
const mostBytes = 16_384;

export function makeRecent(most = mostBodies): Recent {
  const ring: RecentBody[] = [];
  let next = 0;
  return {
    add(route, body, bytes) {
      if (bytes > mostBytes) return;
      ring[next] = { route, body };
      next = (next + 1) % most;
    },
    all: () => [...ring.slice(next), ...ring.slice(0, next)],
  };
}

export function makeSides(stable: Version, canary?: Version, share = 0): Sides {
  const isCanary = ({ user, values, item }: About): boolean => {
    if (user !== undefined) return fractionOf(`user ${user}`) < share;
    if (item !== undefined) return fractionOf(`item ${item}`) < share;
    return values !== undefined && fractionOf(JSON.stringify(values)) < share;
  };
  return {
    stable,
    ...(canary ? { canary } : {}),
    share: canary ? share : 0,
    all: canary ? [stable, canary] : [stable],
    of: (about) => (canary && share > 0 && isCanary(about) ? canary : stable),
    labelled: (label) => (label === 'stable' ? stable : canary),
  };
}

/** A salt of its own, so that a share of users here is independent of other systems that hash the same keys. */
const salt = 'tower canary ';

/** Where a key lies between 0 and 1: the same in every process, and even over many keys. */
export const fractionOf = (key: string): number =>
  createHash('sha256')
    .update(salt + key)
    .digest()
    .readUInt32BE(0) /
  2 ** 32;
