/** The sizes of a synthetic set, checked. */
import { failure } from '../../../diagnostics/failure.ts';

export interface SyntheticOptions {
  readonly rows?: number;
  readonly users?: number;
  readonly items?: number;
  readonly clusters?: number;
  readonly seed?: number;
}

/** Everything that the bytes of a set depend on. */
export type SyntheticShape = Required<SyntheticOptions>;

const syntheticDefaults = { rows: 1_000_000, users: 10_000, items: 10_000, seed: 1 } as const;

/** User and item numbers are 32-bit integers in the files. */
const most = 2 ** 31 - 1;
/** Rows are numbered exactly by a double. */
const mostRows = 2 ** 53;
/** The table that ranks are drawn from has a place for each item of a cluster. */
const mostInCluster = 2 ** 24;

/**
 * Absent clusters are about the square root of the items.
 * @throws Failure `synthetic-shape`
 */
export function shapeOf(options: SyntheticOptions): SyntheticShape {
  const { rows, users, items, seed } = { ...syntheticDefaults, ...options };
  const clusters = options.clusters ?? Math.max(2, Math.ceil(items / mostInCluster), Math.round(Math.sqrt(items)));
  inRange('rows', rows, 1, mostRows);
  inRange('users', users, 1, most);
  inRange('items', items, 2, most);
  inRange('clusters', clusters, Math.max(2, Math.ceil(items / mostInCluster)), items);
  return { rows, users, items, clusters, seed };
}

function inRange(option: string, value: number, from: number, to: number): void {
  if (value < from || value > to) throw failure('synthetic-shape', { option, value, from, to });
}
