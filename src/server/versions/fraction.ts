/** Where a key lies between 0 and 1: the same in every process, and even over many keys. */
import { createHash } from 'node:crypto';

/** A salt of its own, so that a share of users here is independent of other systems that hash the same keys. */
const salt = 'tower canary ';

export const fractionOf = (key: string): number =>
  createHash('sha256')
    .update(salt + key)
    .digest()
    .readUInt32BE(0) /
  2 ** 32;
