/**
 * The query vectors of users of the data who have asked, within a bound of memory. A vector depends on the model and the user alone, so it has the bits that the
 * query tower would give again. When the room is taken, a vector leaves that nobody asked for since the hand of
 * a clock last passed it, as pages of memory leave in operating systems.
 */
export interface UserVectorCache {
  /** Copies: one vector, or one for each interest. Undefined for a user who is not cached. */
  get(user: number): Float32Array[] | undefined;
  /** @param user a row of the data, below `users` */
  put(user: number, vectors: readonly Float32Array[]): void;
  readonly figures: UserVectorFigures;
}

export interface UserVectorFigures {
  /** Queries whose vectors were cached, and those whose vectors were not. */
  readonly kept: number;
  readonly computed: number;
  /** Users whose vectors are cached, and how many can be. */
  readonly users: number;
  readonly room: number;
}

/** Bytes of a slot besides its numbers: its user, and a flag of its use. */
const slotBytes = 5;

/**
 * @param users of the data: each has a row below it, and takes 4 bytes besides
 * @param bytes of the vectors and of what finds them
 */
export function makeUserVectorCache(users: number, bytes: number): UserVectorCache {
  let vectorStore: VectorStore | undefined;
  let [kept, computed] = [0, 0];
  return {
    get(user) {
      const cachedVectors = vectorStore?.get(user);
      if (cachedVectors) kept++;
      else computed++;
      return cachedVectors;
    },
    put(user, vectors) {
      vectorStore ??= makeStore(users, bytes, vectors);
      vectorStore.put(user, vectors);
    },
    figures: {
      get kept() {
        return kept;
      },
      get computed() {
        return computed;
      },
      get users() {
        return vectorStore?.count() ?? 0;
      },
      get room() {
        return vectorStore?.room ?? 0;
      },
    },
  };
}

interface VectorStore extends Pick<UserVectorCache, 'get' | 'put'> {
  readonly room: number;
  count(): number;
}

/** Memory that nothing was written to is none of the machine's yet: a large bound costs nothing before it is used. */
function makeStore(users: number, bytes: number, like: readonly Float32Array[]): VectorStore {
  const [interests, width] = [like.length, like[0]!.length];
  const numbersPerUser = interests * width;
  const room = Math.max(0, Math.min(users, Math.floor((bytes - 4 * users) / (4 * numbersPerUser + slotBytes))));
  const numbers = new Float32Array(room * numbersPerUser);
  /** By user: the slot, plus 1. */
  const slots = new Int32Array(room === 0 ? 0 : users);
  const owners = new Int32Array(room);
  const isAsked = new Uint8Array(room);
  let takenSlots = 0;
  let clockHand = 0;

  const freeSlot = (): number => {
    if (takenSlots < room) return takenSlots++;
    while (isAsked[clockHand] === 1) {
      isAsked[clockHand] = 0;
      clockHand = (clockHand + 1) % room;
    }
    const slot = clockHand;
    clockHand = (clockHand + 1) % room;
    slots[owners[slot]!] = 0;
    return slot;
  };

  return {
    room,
    count: () => takenSlots,
    get(user) {
      const slot = (slots[user] ?? 0) - 1;
      if (slot < 0) return undefined;
      isAsked[slot] = 1;
      return Array.from({ length: interests }, (_, i) => {
        const at = slot * numbersPerUser + i * width;
        // A copy: the slot may be another user's before the answer is made.
        return numbers.slice(at, at + width);
      });
    },
    put(user, vectors) {
      if (room === 0 || slots[user] !== 0) return;
      const slot = freeSlot();
      vectors.forEach((vector, i) => void numbers.set(vector, slot * numbersPerUser + i * width));
      owners[slot] = user;
      slots[user] = slot + 1;
    },
  };
}
