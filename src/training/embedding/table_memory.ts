/** The linear memory of one table: its values, the state of its optimizer, and the room that lookups take after them. */
import { readFileSync } from 'node:fs';
import { freemem } from 'node:os';
import { failure, invariant } from '../../base/diagnostics/failure.ts';
import { defined } from '../../base/util/defined.ts';
import type { RowOptimizerPlan } from '../../graph/plan/plan.ts';
import { FarRows, makeShards } from './far_rows.ts';
import { type StateSpec, sizeWords, stateLength, tableBytes } from './optimizer.ts';
import type { Staging } from './remote_rows.ts';
import { type KernelSpace, makeKernelSpace, type Region, spaceLimit } from './space.ts';

export interface TableOptions {
  readonly name: string;
  readonly rows: number;
  readonly dim: number;
  /** Absent where nothing is trained: no state is kept. */
  readonly optimizer?: RowOptimizerPlan;
  /** True if the rate of `optimizer` is the table's own, whatever rate an update names. */
  readonly ownRate?: boolean;
  readonly frozen?: boolean;
  /** Layers of a graph that it is a table of. */
  readonly layers?: number;
  /** Absent: float32. */
  readonly precision?: 'bf16';
  /** The worker that has these rows of a larger table: row r here is row r × workers + rank there. */
  readonly owner?: { readonly rank: number; readonly workers: number };
  /** Bytes that look-ups will need next to the table. Default: an eighth of a memory. */
  readonly lookups?: number;
}

/** Look-ups read it in place of the values, where that is not the same. */
export interface ShownRows {
  /** float32 [rows, dim]. */
  readonly region: Region;
  /** Makes sure that these rows of the region are there. @param codes int32 [count], a pointer */
  prepare(codes: number, count: number): void;
}

export interface TableMemory {
  readonly name: string;
  readonly rows: number;
  readonly bytes: number;
  readonly rowBytes: number;
  readonly space: KernelSpace;
  /** float32 [rows, dim]; empty where the rows are far. */
  readonly values: Region;
  readonly far?: FarRows;
  /** Look-ups read from it, if the values are not in this memory. */
  readonly staged?: Staging;
  /** One for each `StateSpec`, in their order. */
  readonly state: readonly Region[];
  readonly shown?: ShownRows;
  /** An integer a row, which numbers the rows that a step saw; absent where nothing is trained. */
  readonly slots?: Region;
  /** Returns a region of at least `bytes` that begins with the content of `region`. Throws Failure `table-too-large`. */
  enlarge(region: Region | undefined, bytes: number): Region;
}

/**
 * @param shared the memory that it lies in with others. Default: one of its own
 * @throws Failure `table-too-large` or `too-large-for-memory` with the bytes
 */
export function allocateTable(options: TableOptions, specs: readonly StateSpec[], shared?: KernelSpace): TableMemory {
  const { name, rows, dim, optimizer } = options;
  invariant(rows > 0 && dim > 0, `table ${name} is ${rows} × ${dim}`);
  const rowBytes = dim * 4;
  const bytes = tableBytes(options);
  const tooLarge = (needed: number): Error =>
    failure('table-too-large', { table: name, bytes: needed, limit: spaceLimit() });
  const slotBytes = optimizer ? rows * 4 : 0;
  const isFar = needsFar(options);
  const shards = isFar ? makeShards(rows, bytes / rows) : undefined;
  if (isFar ? !shards || slotBytes > spaceLimit() : bytes + slotBytes > spaceLimit()) throw tooLarge(bytes);
  const tooLargeForMemory = (): Error =>
    failure('too-large-for-memory', { needed: bytes, available: freeBytes(), parts: sizeWords(options) });
  return withRoom(tooLargeForMemory, () => {
    const space = shared ?? makeKernelSpace();
    // A lookup that does not fit next to the table is as much its size as the table is.
    const enlarge: TableMemory['enlarge'] = (region, more) =>
      withRoom(
        () => tooLarge(bytes + more),
        () => space.enlarge(region, more),
      );
    const values = shards ? { pointer: 0, bytes: 0 } : space.allocate(rows * rowBytes);
    const state = shards ? [] : specs.map((spec) => space.allocate(stateLength(spec, rows, dim) * 4));
    const slotRegion = optimizer && space.allocate(slotBytes);
    const { precision = 'float32', owner } = options;
    const far =
      shards &&
      new FarRows({
        ...{ rows, dim, precision, specs, shards, front: space, enlarge },
        ...defined({ optimizer, idOf: owner && ((row: number) => row * owner.workers + owner.rank) }),
      });
    const rowsOfAll = { name, rows, bytes, rowBytes, space, values, state };
    return { ...rowsOfAll, ...defined({ slots: slotRegion, far, staged: far }), enlarge };
  });
}

/** True if the rows lie in memories of their own. Tables of a graph do not: their layers are computed in one memory. */
export function needsFar(options: TableOptions): boolean {
  const { rows, optimizer, layers, precision, owner, lookups = spaceLimit() / 8 } = options;
  if (layers !== undefined) return false;
  return (
    owner !== undefined ||
    precision === 'bf16' ||
    tableBytes(options) + (optimizer ? rows * 4 : 0) + lookups > spaceLimit()
  );
}

/** Calls `allocate`; the machine's RangeError becomes the failure of `problem`. */
function withRoom<T>(problem: () => Error, allocate: () => T): T {
  try {
    return allocate();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw problem();
  }
}

/** Bytes this process may still take: what the machine has free, or less where a control group (a container) allows less. */
export function freeBytes(): number {
  // On Linux this is MemAvailable, which includes reclaimable caches.
  return Math.min(freemem(), ...ownGroups('/sys/fs/cgroup', readOrEmpty('/proc/self/cgroup')).map(groupMemory));
}

/** Folders of this process's control group (version 2) and of all that it is part of. Exported for its tests. */
export function ownGroups(root: string, membership: string): string[] {
  const path = /^0::(\/.*)$/m.exec(membership)?.[1] ?? '/';
  const groupNames = path.split('/').filter((name) => name !== '' && name !== '..');
  return [root, ...groupNames.map((_, depth) => [root, ...groupNames.slice(0, depth + 1)].join('/'))];
}

/** Bytes that a control group (version 2, then 1) leaves; Infinity without one. Exported for its tests. */
export function groupMemory(folder: string): number {
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
