/** Keeps the codes of users that the query tower gave when the epoch began, for `prior: composite` of the block `gaussian`. */
import { failure } from '../../base/diagnostics/failure.ts';
import type { Events } from '../../data/dataset.ts';
import { earlierWidth, type GraphPlan } from '../../graph/plan/plan.ts';
import { freeBytes } from '../embedding/table_memory.ts';

/** Filled when an epoch begins. A checkpoint within the epoch contains the values. */
export interface EarlierValues {
  readonly width: number;
  /** Ascending. */
  readonly users: Int32Array;
  /** float32 [users, width]: zeros before the first epoch. */
  readonly values: Float32Array;
  /** Returns the values of the user of an event; zeros if it has none. */
  of(row: number): Float32Array;
  /** The state of the feed that a checkpoint keeps. */
  state(): { readonly earlier: Float32Array };
}

/**
 * Returns undefined if no input reads such values.
 * @param usersOf returns the users who have an event to train on, ascending
 * @throws Failure `too-large-for-memory`
 */
export function makeEarlierValues(
  plan: GraphPlan,
  { user }: Pick<Events, 'user'>,
  usersOf: () => Int32Array,
): EarlierValues | undefined {
  const width = earlierWidth(plan);
  if (width === undefined) return undefined;
  const users = usersOf();
  refuseTooMany(users.length, width);
  const values = new Float32Array(users.length * width);
  const placeOfUser = new Map(Array.from(users, (each, place) => [each, place]));
  const nothing = new Float32Array(width);
  return {
    ...{ width, users, values },
    of(row) {
      const place = placeOfUser.get(user[row]!);
      return place === undefined ? nothing : values.subarray(place * width, (place + 1) * width);
    },
    state: () => ({ earlier: values }),
  };
}

/** Refuses values that do not fit before they are allocated. */
function refuseTooMany(users: number, width: number): void {
  const [needed, available] = [4 * users * width, freeBytes()];
  if (needed <= available) return;
  const parts = `${users.toLocaleString('en')} users × ${width} numbers of \`prior: composite\``;
  throw failure('too-large-for-memory', { needed, available, parts });
}
