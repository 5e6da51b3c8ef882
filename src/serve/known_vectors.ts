/**
 * The query vectors of users of the data who have asked, within a bound of memory. A vector depends on the model and the user alone, so it has the bits that the
 * query tower would give again. When the room is taken, a vector leaves that nobody asked for since the hand of
 * a clock last passed it, as pages of memory leave in operating systems.
 */
export interface KnownVectors {
  /** Copies: one vector, or one for each interest. Undefined of a user whose vectors are not kept. */
  get(user: number): Float32Array[] | undefined;
  /** @param user a row of the data, below `users` */
  put(user: number, vectors: readonly Float32Array[]): void;
  /** As they are at the moment that they are read. */
  readonly figures: KnownVectorFigures;
}

export interface KnownVectorFigures {
  /** Questions whose vectors were kept, and those whose vectors were not. */
  readonly kept: number;
  readonly computed: number;
  /** Users whose vectors are kept, and how many can be. */
  readonly users: number;
  readonly room: number;
}

/** Of a slot besides its numbers: its user, and whether it was asked for. */
const slotBytes = 5;

/**
 * @param users of the data: each has a row below it, and takes 4 bytes besides
 * @param bytes of the vectors and of what finds them
 */
export function makeKnownVectors(users: number, bytes: number): KnownVectors {
  let store: Store | undefined;
  let [kept, computed] = [0, 0];
  return {
    get(user) {
      const found = store?.get(user);
      if (found) kept++;
      else computed++;
      return found;
    },
    put(user, vectors) {
      store ??= makeStore(users, bytes, vectors);
      store.put(user, vectors);
    },
    figures: {
      get kept() {
        return kept;
      },
      get computed() {
        return computed;
      },
      get users() {
        return store?.count() ?? 0;
      },
      get room() {
        return store?.room ?? 0;
      },
    },
  };
}

interface Store extends Pick<KnownVectors, 'get' | 'put'> {
  readonly room: number;
  count(): number;
}

/** Memory that nothing was written to is none of the machine's yet: a large bound costs nothing before it is used. */
function makeStore(users: number, bytes: number, like: readonly Float32Array[]): Store {
  const [interests, width] = [like.length, like[0]!.length];
  const each = interests * width;
  const room = Math.max(0, Math.min(users, Math.floor((bytes - 4 * users) / (4 * each + slotBytes))));
  const numbers = new Float32Array(room * each);
  /** Of a user: the slot, plus 1. */
  const slots = new Int32Array(room === 0 ? 0 : users);
  const owners = new Int32Array(room);
  const isAsked = new Uint8Array(room);
  let taken = 0;
  let hand = 0;

  const freeSlot = (): number => {
    if (taken < room) return taken++;
    while (isAsked[hand] === 1) {
      isAsked[hand] = 0;
      hand = (hand + 1) % room;
    }
    const slot = hand;
    hand = (hand + 1) % room;
    slots[owners[slot]!] = 0;
    return slot;
  };

  return {
    room,
    count: () => taken,
    get(user) {
      const slot = (slots[user] ?? 0) - 1;
      if (slot < 0) return undefined;
      isAsked[slot] = 1;
      return Array.from({ length: interests }, (_, i) => {
        const at = slot * each + i * width;
        // A copy: the slot may be another user's before the answer is made.
        return numbers.slice(at, at + width);
      });
    },
    put(user, vectors) {
      if (room === 0 || slots[user] !== 0) return;
      const slot = freeSlot();
      vectors.forEach((vector, i) => void numbers.set(vector, slot * each + i * width));
      owners[slot] = user;
      slots[user] = slot + 1;
    },
  };
}
