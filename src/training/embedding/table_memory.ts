/** The linear memory of one table: its values, the state of its optimizer, and room for lookups. */
import { readFileSync } from 'node:fs';
import { freemem } from 'node:os';
import { failure, invariant } from '../../base/diagnostics/diagnostic.ts';
import type { RowOptimizerPlan } from '../../graph/plan/plan.ts';
import { FarRows, makeShards } from './far_rows.ts';
import { KernelSpace, type Region, spaceLimit } from './kernel_memory.ts';
import { countStateNumbers, type StateSpec, sizeWords, tableBytes } from './optimizer.ts';
import type { Staging } from './remote_rows.ts';

export interface TableOptions {
  readonly name: string;
  readonly rows: number;
  readonly dim: number;
  /** Absent if the table is not trained: it then has no state. */
  readonly optimizer?: RowOptimizerPlan;
  /** True if the table uses the rate of `optimizer`, and ignores the rate of an update. */
  readonly ownRate?: boolean;
  readonly frozen?: boolean;
  /** Number of layers of the graph that the table belongs to. */
  readonly layers?: number;
  /** Absent: float32. */
  readonly precision?: 'bf16';
  /** The worker that owns these rows of a larger table: row r here is row r × workers + rank there. */
  readonly owner?: { readonly rank: number; readonly workers: number };
  /** Bytes that look-ups need next to the table. Default: an eighth of a memory. */
  readonly lookups?: number;
}

/** The rows that look-ups read instead of the values, if they differ. */
export interface ShownRows {
  /** float32 [rows, dim]. */
  readonly region: Region;
  /** Computes these rows of the region. @param codes pointer to int32 [count] */
  prepare(codes: number, count: number): void;
}

export interface TableMemory {
  readonly name: string;
  readonly rows: number;
  readonly bytes: number;
  readonly rowBytes: number;
  readonly space: KernelSpace;
  /** float32 [rows, dim]; empty if the rows are in separate memories. */
  readonly values: Region;
  readonly far?: FarRows;
  /** Provides look-ups with rows, if the values are not in this memory. */
  readonly staged?: Staging;
  /** One for each `StateSpec`, in their order. */
  readonly state: readonly Region[];
  readonly shown?: ShownRows;
  /** One integer per row, to number the rows that a step has seen; absent if the table is not trained. */
  readonly slots?: Region;
  /** Returns a region of at least `bytes` that begins with the content of `region`. Throws Failure `table-too-large`. */
  enlarge(region: Region | undefined, bytes: number): Region;
}

/** @param shared the memory to share with other tables. Default: a new one @throws Failure `table-too-large` or `too-large-for-memory` with the bytes */
export function allocateTable(options: TableOptions, specs: readonly StateSpec[], shared?: KernelSpace): TableMemory {
  const { name, rows, dim, optimizer } = options;
  invariant(rows > 0 && dim > 0, `table ${name} is ${rows} × ${dim}`);
  const rowBytes = dim * 4;
  const bytes = tableBytes(options);
  const tooLargeFailure = (neededBytes: number): Error =>
    failure('table-too-large', { table: name, bytes: neededBytes, limit: spaceLimit() });
  const slotBytes = optimizer ? rows * 4 : 0;
  const isFar = needsFarRows(options);
  const shards = isFar ? makeShards(rows, bytes / rows) : undefined;
  if (isFar ? !shards || slotBytes > spaceLimit() : bytes + slotBytes > spaceLimit()) throw tooLargeFailure(bytes);
  const tooLargeForMemory = (): Error =>
    failure('too-large-for-memory', { needed: bytes, available: freeBytes(), parts: sizeWords(options) });
  return replaceRangeError(tooLargeForMemory, () => {
    const space = shared ?? new KernelSpace();
    // A lookup that does not fit next to the table is reported like a table that is too large.
    const enlarge: TableMemory['enlarge'] = (region, extraBytes) =>
      replaceRangeError(
        () => tooLargeFailure(bytes + extraBytes),
        () => space.enlarge(region, extraBytes),
      );
    const values = shards ? { pointer: 0, bytes: 0 } : space.allocate(rows * rowBytes);
    const state = shards ? [] : specs.map((spec) => space.allocate(countStateNumbers(spec, rows, dim) * 4));
    const slotRegion = optimizer && space.allocate(slotBytes);
    const { precision = 'float32', owner } = options;
    const far =
      shards &&
      new FarRows({
        ...{ rows, dim, precision, specs, shards, front: space, enlarge },
        optimizer,
        idOf: owner && ((row: number) => row * owner.workers + owner.rank),
      });
    const commonFields = { name, rows, bytes, rowBytes, space, values, state };
    return { ...commonFields, slots: slotRegion, far, staged: far, enlarge };
  });
}

/** True if the rows are stored in separate memories. Those of a graph's tables never are, because their layers are computed in one memory. */
export function needsFarRows(options: TableOptions): boolean {
  const { rows, optimizer, layers, precision, owner, lookups = spaceLimit() / 8 } = options;
  if (layers !== undefined) return false;
  return (
    owner !== undefined ||
    precision === 'bf16' ||
    tableBytes(options) + (optimizer ? rows * 4 : 0) + lookups > spaceLimit()
  );
}

/** Calls `allocate`, and replaces a RangeError of the machine by the failure of `problem`. */
function replaceRangeError<T>(problem: () => Error, allocate: () => T): T {
  try {
    return allocate();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw problem();
  }
}

/** Returns the bytes that this process may still take: the free memory of the machine, or less if a control group (a container) allows less. */
export function freeBytes(): number {
  // On Linux, `freemem` is MemAvailable, which counts caches that can be reclaimed as free.
  return controlGroups('/sys/fs/cgroup', readOrEmpty('/proc/self/cgroup'))
    .map(freeGroupBytes)
    .reduce((least, bytes) => Math.min(least, bytes), freemem());
}

/** Returns the folders of this process's control group (version 2) and of its ancestors. Exported for its tests. */
export function controlGroups(root: string, membership: string): string[] {
  const path = /^0::(\/.*)$/m.exec(membership)?.[1] ?? '/';
  const groupNames = path.split('/').filter((name) => name !== '' && name !== '..');
  return [root, ...groupNames.map((_, depth) => [root, ...groupNames.slice(0, depth + 1)].join('/'))];
}

/** Returns the bytes that a control group (version 2, then 1) still allows; Infinity without a limit. Exported for its tests. */
export function freeGroupBytes(folder: string): number {
  const limits = [
    ['memory.max', 'memory.current', 'memory.stat', 'inactive_file'],
    ['memory/memory.limit_in_bytes', 'memory/memory.usage_in_bytes', 'memory/memory.stat', 'total_inactive_file'],
  ] as const;
  for (const [max, current, stat, cache] of limits) {
    const limitBytes = Number.parseInt(readOrEmpty(`${folder}/${max}`), 10);
    const usedBytes = Number.parseInt(readOrEmpty(`${folder}/${current}`), 10);
    if (Number.isNaN(limitBytes) || Number.isNaN(usedBytes)) continue;
    const cached = new RegExp(`^${cache} (\\d+)`, 'm').exec(readOrEmpty(`${folder}/${stat}`));
    return limitBytes - usedBytes + (cached ? Number(cached[1]) : 0);
  }
  return Number.POSITIVE_INFINITY;
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
