/** The sizes of a synthetic set, checked. */
import { failure } from '../../../base/diagnostics/failure.ts';

export interface SyntheticOptions {
  readonly rows?: number;
  readonly users?: number;
  readonly items?: number;
  readonly clusters?: number;
  readonly seed?: number;
}

/** All parameters of the bytes of a set. */
export type SyntheticShape = Required<SyntheticOptions>;

const syntheticDefaults = { rows: 1_000_000, users: 10_000, items: 10_000, seed: 1 } as const;

/** User and item numbers are 32-bit integers in the files. */
const maxNumber = 2 ** 31 - 1;
/** Rows are numbered exactly by a double. */
const maxRows = 2 ** 53;
/** The table that ranks are drawn from has a place for each item of a cluster. */
const maxInCluster = 2 ** 24;

/**
 * Absent clusters are about the square root of the items.
 * @throws Failure `synthetic-shape`
 */
export function syntheticShape(options: SyntheticOptions): SyntheticShape {
  const { rows, users, items, seed } = { ...syntheticDefaults, ...options };
  const clusters = options.clusters ?? Math.max(2, Math.ceil(items / maxInCluster), Math.round(Math.sqrt(items)));
  inRange('rows', rows, 1, maxRows);
  inRange('users', users, 1, maxNumber);
  inRange('items', items, 2, maxNumber);
  inRange('clusters', clusters, Math.max(2, Math.ceil(items / maxInCluster)), items);
  return { rows, users, items, clusters, seed };
}

function inRange(option: string, value: number, from: number, to: number): void {
  if (value < from || value > to) throw failure('synthetic-shape', { option, value, from, to });
}
