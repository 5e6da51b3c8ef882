/** Draws of replay: which earlier events, or lists, an epoch adds to the new ones. */
import { makeRandom } from '../random/random.ts';

/** Sets these draws apart from all others of the same seed. */
const replayStream = 0x4e91;

/** `count` of the numbers below `below`, each once at most, ascending. @param epoch from 1 */
export function drawReplayed(below: number, count: number, seed: number, epoch: number): Int32Array {
  if (count === 0) return new Int32Array(0);
  const random = makeRandom(seed, replayStream, epoch);
  // Selection sampling: one pass, and no list of all of them (Knuth, vol. 2, algorithm S).
  const drawn = new Int32Array(count);
  for (let at = 0, had = 0; had < count; at++) {
    if (random.next() * (below - at) < count - had) drawn[had++] = at;
  }
  return drawn;
}
