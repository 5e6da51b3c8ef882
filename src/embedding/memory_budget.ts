/** Memory foreseen from the declared tables, so that a run that cannot fit says so before it starts. */
import { readFileSync } from 'node:fs';
import { freemem } from 'node:os';
import { failure } from '../diagnostics/failure.ts';
import type { RowOptimizerPlan } from '../plan/plan.ts';
import { rowOptimizers } from './optimizer.ts';

export interface TableSize {
  readonly name: string;
  readonly rows: number;
  readonly dim: number;
  readonly optimizer?: RowOptimizerPlan;
}

/** Values and optimizer state, in bytes. */
export function tableBytes({ rows, dim, optimizer }: TableSize): number {
  const state = optimizer ? rowOptimizers[optimizer.kind].state(optimizer) : [];
  return state.reduce((sum, spec) => sum + 4 * (spec.per === 'row' ? rows : rows * dim), 4 * rows * dim);
}

/** Bytes this process may still take: what the machine has free, or less where a control group (a container) allows less. */
export function freeBytes(): number {
  return Math.min(availableMemory(), ...ownGroups('/sys/fs/cgroup', readOrEmpty('/proc/self/cgroup')).map(groupMemory));
}

/** Linux counts caches that it would give back as free only in MemAvailable. */
function availableMemory(): number {
  const line = /^MemAvailable:\s+(\d+) kB/m.exec(readOrEmpty('/proc/meminfo'));
  return line ? Number(line[1]) * 1024 : freemem();
}

/** Folders of this process's control group (version 2) and of all that it is part of. Exported for its tests. */
export function ownGroups(root: string, membership: string): string[] {
  const path = /^0::(\/.*)$/m.exec(membership)?.[1] ?? '/';
  const names = path.split('/').filter((name) => name !== '' && name !== '..');
  return [root, ...names.map((_, depth) => [root, ...names.slice(0, depth + 1)].join('/'))];
}

/** What a control group (version 2, then 1) leaves; Infinity without one. Exported for its tests. */
export function groupMemory(folder: string): number {
  const limits = [
    ['memory.max', 'memory.current', 'memory.stat', 'inactive_file'],
    ['memory/memory.limit_in_bytes', 'memory/memory.usage_in_bytes', 'memory/memory.stat', 'total_inactive_file'],
  ] as const;
  for (const [max, current, stat, cache] of limits) {
    const limit = Number.parseInt(readOrEmpty(`${folder}/${max}`), 10);
    const used = Number.parseInt(readOrEmpty(`${folder}/${current}`), 10);
    if (Number.isNaN(limit) || Number.isNaN(used)) continue;
    const cached = new RegExp(`^${cache} (\\d+)`, 'm').exec(readOrEmpty(`${folder}/${stat}`));
    return limit - used + (cached ? Number(cached[1]) : 0);
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

/** What a training step holds besides tables and weights. */
export interface StepSize {
  /** Rows of a step. */
  readonly batch: number;
  readonly bytes: number;
}

/**
 * Throws Failure `too-large-for-memory` when the tables and their state do not fit in `available` bytes, next to `blockBytes`,
 * the weights of blocks and what their optimizer keeps, and what a step holds.
 */
export function foreseeMemory(
  tables: readonly TableSize[],
  available: number = freeBytes(),
  blockBytes: number = 0,
  step?: StepSize,
): void {
  const parts = [
    ...tables.map((table) => ({ bytes: tableBytes(table), words: sizeWords(table) })),
    ...(blockBytes > 0 ? [{ bytes: blockBytes, words: `blocks: ${blockBytes.toLocaleString('en')} bytes` }] : []),
    ...(step ? [{ bytes: step.bytes, words: stepWords(step) }] : []),
  ];
  const needed = parts.reduce((sum, { bytes }) => sum + bytes, 0);
  if (needed <= available) return;
  const largest = parts.sort((a, b) => b.bytes - a.bytes).slice(0, 3);
  throw failure('too-large-for-memory', { needed, available, parts: largest.map(({ words }) => words).join(', ') });
}

const stepWords = ({ batch, bytes }: StepSize): string =>
  `a step of ${batch.toLocaleString('en')} rows: ${bytes.toLocaleString('en')} bytes`;

/** `movie_id 1,000,000 × 64: 260,000,000 bytes`: how a table is named in a message about memory. */
export function sizeWords(table: TableSize): string {
  const words = (count: number): string => count.toLocaleString('en');
  return `${table.name} ${words(table.rows)} × ${table.dim}: ${words(tableBytes(table))} bytes`;
}
