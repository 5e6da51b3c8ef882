import { readFileSync } from 'node:fs';
import { freemem } from 'node:os';

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

/** Bytes that a control group (version 2, then 1) leaves; Infinity without one. Exported for its tests. */
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
