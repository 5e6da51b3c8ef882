/** Draws of a step that depend on its rows: ids that become the unknown id, and positions of targets. Also has the interface to watch a step. */
import { makeRandom } from '../../base/random/random.ts';
import type { Windows } from '../../data/rows/windows.ts';
import type { FeaturePlan, RowsOf } from '../../graph/plan/plan.ts';
import { rowsPrefix } from '../../graph/plan/rows_prefix.ts';
import type { Table } from '../embedding/table.ts';

/** The code of an id that is not in the vocabulary. */
const unknownCode = 0;

/** Replaces ids by the unknown id in training, so that the row of unknown ids is trained (`id(drop: …)`). */
export interface IdDrop {
  /** Returns, ascending, those of `count` rows of a step that read the unknown id. They depend only on the seed, the feature, the rows and the step. */
  droppedPositions(count: number, step: number): number[];
  /** Writes the unknown id at these positions. @param placeOf maps a position to that among the codes of all workers. Default: the same */
  apply(codes: Int32Array, count: number, step: number, placeOf?: (index: number) => number): void;
}

/** Returns undefined for a feature that drops no ids. All inputs that read the same rows of a feature in a step drop the same ones. */
export function makeIdDrop({ name, drop }: FeaturePlan, rows: RowsOf, seed: number): IdDrop | undefined {
  if (drop === undefined) return undefined;
  const dropStream = makeRandom(seed, ...Buffer.from(`drop/${rowsPrefix(rows)}${name}`)).integer(2 ** 32);
  const forEachDropped = (count: number, step: number, use: (index: number) => void): void => {
    const random = makeRandom(dropStream, step);
    for (let index = 0; index < count; index++) if (random.next() < drop) use(index);
  };
  return {
    droppedPositions(count, step) {
      const droppedPlaces: number[] = [];
      forEachDropped(count, step, (index) => droppedPlaces.push(index));
      return droppedPlaces;
    },
    apply(codes, count, step, placeOf) {
      if (!placeOf) {
        forEachDropped(count, step, (index) => {
          codes[index] = unknownCode;
        });
        return;
      }
      let placeCount = 0;
      for (let index = 0; index < count; index++) placeCount = Math.max(placeCount, placeOf(index) + 1);
      const isDropped = new Uint8Array(placeCount);
      forEachDropped(placeCount, step, (place) => void (isDropped[place] = 1));
      for (let index = 0; index < count; index++) if (isDropped[placeOf(index)] === 1) codes[index] = unknownCode;
    },
  };
}

/** Returns the place in its window that an event is a target of in a step. */
export type PlaceDraw = (event: number, step: number) => number;

/** Separates these draws from all others of the same seed. */
const placeStream = 0xa4ead;

/**
 * Draws one of the last `ahead` places of an event's list, each alike. It depends only on the seed, the event and the step, so all workers draw the same.
 * @param ids numbers of the events that are the same in memory and in shards
 */
export function makePlaceDraw(
  { placeOf }: Windows,
  ahead: number | undefined,
  seed: number,
  ids?: Int32Array,
): PlaceDraw {
  if (ahead === undefined) return (event) => placeOf[event]!;
  return (event, step) => {
    const place = placeOf[event]!;
    return place - makeRandom(seed, placeStream, step, ids ? ids[event]! : event).integer(Math.min(ahead, place + 1));
  };
}

/** `batch` fills inputs that are not rows of tables; `gather` reads rows of tables; `gradients` adds them up for each row; `update` takes steps on rows. */
export type FeedPart = 'batch' | 'gather' | 'gradients' | 'update';

export interface FeedWatch {
  /** Called when a part of the work ends, with its beginning by `performance.now()`. */
  done?(part: FeedPart, name: string, start: number): void;
  /** Called when the rows of a table have their gradients, and are about to change. */
  learning?(table: Table): void;
}
