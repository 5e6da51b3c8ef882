/**
 * The versions that answer at one moment: all requests go to `stable`, or a share of them to `canary`. Immutable, so a request that takes it once has
 * tower, index and share of one moment.
 */
import { createHash } from 'node:crypto';
import type { Version } from './versions.ts';

export type Label = 'stable' | 'canary';

/** What a question is about: as far as its side depends on it. */
export interface About {
  readonly user?: string | number;
  readonly values?: unknown;
  readonly item?: string | number;
}

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
