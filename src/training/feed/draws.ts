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
  /** Writes the unknown id at these positions. @param positionOf maps the index of a code to its position among the codes of all workers. Default: the same */
  apply(codes: Int32Array, count: number, step: number, positionOf?: (index: number) => number): void;
}

/** Returns undefined for a feature that drops no ids. All inputs that read the same rows of a feature in a step drop the same ones. */
export function makeIdDrop({ name, drop }: FeaturePlan, rows: RowsOf, seed: number): IdDrop | undefined {
  if (drop === undefined) return undefined;
  const dropStream = makeRandom(seed, ...Buffer.from(`drop/${rowsPrefix(rows)}${name}`)).integer(2 ** 32);
  const droppedPositions = (count: number, step: number): number[] => {
    const random = makeRandom(dropStream, step);
    const positions: number[] = [];
    for (let position = 0; position < count; position++) if (random.next() < drop) positions.push(position);
    return positions;
  };
  return {
    droppedPositions,
    apply(codes, count, step, positionOf = (index) => index) {
      let positionCount = 0;
      for (let index = 0; index < count; index++) positionCount = Math.max(positionCount, positionOf(index) + 1);
      const dropped = new Set(droppedPositions(positionCount, step));
      for (let index = 0; index < count; index++) if (dropped.has(positionOf(index))) codes[index] = unknownCode;
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
  partEnded?(part: FeedPart, name: string, start: number): void;
  /** Called when the rows of a table have their gradients, and are about to change. */
  gradientsReady?(table: Table): void;
}
