/** Keeps the hard negatives that were mined for users when the epoch began, and draws from them. */
import { invariant } from '../../base/diagnostics/failure.ts';
import { makeRandom } from '../../base/random/random.ts';
import type { Corpus, Events } from '../../data/dataset.ts';
import type { MinedRows } from '../../graph/plan/plan.ts';
import { makeSampler } from './sampler.ts';
import type { FeedState } from './source.ts';

/** Sets these draws apart from all others of the same seed. */
const minedStream = 0x317e;

export interface Mined {
  readonly of: MinedRows;
  readonly items: OwnItems;
  /** The users of an epoch, by row and ascending: drawn from the seed and the epoch alone. */
  usersOf(epoch: number): Int32Array;
  eventOf(user: number): number;
  /**
   * Takes the best items of each of these users, `best` each; −1 where there are no more.
   * @param found int32 [users, best]
   */
  take(users: Int32Array, found: Int32Array): void;
  /** Entries of a checkpoint: the users, −1 for none, and their items. */
  state(): FeedState;
}

export function makeMined(events: Events, corpus: Corpus, of: MinedRows, seed: number): Mined {
  const latest = latestEvents(events);
  const candidates = Int32Array.from(latest.keys()).sort();
  const most = Math.min(of.users, candidates.length);
  const { best, perRow } = of;
  const users = new Int32Array(most).fill(-1);
  const items = new Int32Array(most * best).fill(-1);
  const sample = makeSampler(corpus, { by: 'uniform' }, seed);
  let placeOf: Map<number, number> | undefined;
  const places = (): Map<number, number> => (placeOf ??= new Map([...users].map((user, at) => [user, at])));
  let rows = new Int32Array(0);
  let known = new Uint8Array(0);
  return {
    of,
    usersOf(epoch) {
      const order = makeRandom(seed, minedStream, 0, epoch).permutation(candidates.length);
      return order
        .subarray(0, most)
        .map((at) => candidates[at]!)
        .sort();
    },
    eventOf: (user) => latest.get(user)!,
    take(found, best) {
      invariant(found.length === most && best.length === items.length, 'the mined items are as many as planned');
      users.set(found);
      items.set(best);
      placeOf = undefined;
    },
    items(batch, step) {
      const length = batch.length * perRow;
      if (rows.length < length) {
        rows = new Int32Array(length);
        known = new Uint8Array(length).fill(1);
      }
      const drawn = rows.subarray(0, length);
      sample(step, drawn);
      const random = makeRandom(seed, minedStream, 1, step);
      for (let i = 0; i < batch.length; i++) {
        const user = events.user[batch[i]!]!;
        const place = user < 0 ? undefined : places().get(user);
        const count = place === undefined ? 0 : countOf(items, place * best, best);
        if (count === 0) continue;
        for (let n = 0; n < perRow; n++) drawn[i * perRow + n] = items[place! * best + random.integer(count)]!;
      }
      return { rows: drawn, known: known.subarray(0, length) };
    },
    // A checkpoint is read into these.
    state() {
      placeOf = undefined;
      return { users, items };
    },
  };
}

/** Counts the items before the first −1. */
function countOf(items: Int32Array, from: number, best: number): number {
  for (let count = 0; count < best; count++) if (items[from + count]! < 0) return count;
  return best;
}

/** The last event of each user that has one to train on, in the order of the events. */
function latestEvents({ user, rows, fresh }: Events): ReadonlyMap<number, number> {
  const latest = new Map<number, number>();
  const count = fresh?.length ?? rows;
  for (let at = 0; at < count; at++) {
    const row = fresh ? fresh[at]! : at;
    if (user[row]! >= 0) latest.set(user[row]!, row);
  }
  return latest;
}

/** Items that each row of a batch has for itself as negatives, row-major; `known` is 0 where a row has none, and the corpus row there says nothing. */
export interface OwnRowsOfBatch {
  readonly rows: Int32Array;
  readonly known: Uint8Array;
}

/** Takes the events of a batch at a step. Returns views that the next step reuses. */
export type OwnItems = (batch: Int32Array, step: number) => OwnRowsOfBatch;
