/** Ids that training replaces by the unknown id, so that the row of unknown ids is trained (`id(drop: …)`). */
import { makeRandom } from '../../base/random/random.ts';
import type { FeaturePlan, RowsOf } from '../../graph/plan/plan.ts';
import { rowsPrefix } from '../../graph/plan/rows_prefix.ts';

/** The code of an id that the vocabulary does not have. */
const unknown = 0;

export interface IdDrop {
  /** Picks of `count` rows of a step those that read the unknown id, ascending: a function of the seed, the feature, the rows and the step alone. */
  places(count: number, step: number): number[];
  /**
   * Writes the unknown id at those places.
   * @param placeOf the place of each code among those of all workers. Absent: its own
   */
  apply(codes: Int32Array, count: number, step: number, placeOf?: (at: number) => number): void;
}

/** Undefined for a feature that keeps its ids. All inputs that read the same rows of a feature in a step drop the same ones. */
export function makeDrop({ name, drop }: FeaturePlan, rows: RowsOf, seed: number): IdDrop | undefined {
  if (drop === undefined) return undefined;
  const stream = makeRandom(seed, ...Buffer.from(`drop/${rowsPrefix(rows)}${name}`)).integer(2 ** 32);
  const each = (count: number, step: number, found: (at: number) => void): void => {
    const random = makeRandom(stream, step);
    for (let at = 0; at < count; at++) if (random.next() < drop) found(at);
  };
  return {
    places(count, step) {
      const dropped: number[] = [];
      each(count, step, (at) => dropped.push(at));
      return dropped;
    },
    apply(codes, count, step, placeOf) {
      if (!placeOf) {
        each(count, step, (at) => {
          codes[at] = unknown;
        });
        return;
      }
      let placeCount = 0;
      for (let at = 0; at < count; at++) placeCount = Math.max(placeCount, placeOf(at) + 1);
      const isDropped = new Uint8Array(placeCount);
      each(placeCount, step, (place) => void (isDropped[place] = 1));
      for (let at = 0; at < count; at++) if (isDropped[placeOf(at)] === 1) codes[at] = unknown;
    },
  };
}
