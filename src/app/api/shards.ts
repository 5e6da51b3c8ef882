/** Decides how the rows of a run are read: the available memory, and the folder for training rows that do not fit into it. */
import { basename, dirname, join, resolve } from 'node:path';
import { failure } from '../../base/diagnostics/diagnostic.ts';
import type { Until } from '../../data/dataset.ts';
import { leastMemory, memoryOf, usualMemory } from '../../data/files/query_guard.ts';
import type { OnPass, ShardDecision, ShardRequest, TableRow } from '../../data/shards/request.ts';
import { hasMinedRows, type Plan } from '../../graph/plan/plan.ts';
import type { LoadedModel } from '../../training/artifact/load.ts';
import {
  bytesOfStep,
  itemsGivenInTraining,
  shardUnitOf,
  tableRows,
  unsupportedInShards,
} from '../../training/shards/feed.ts';

export type { PassEvent, ShardDecision } from '../../data/shards/request.ts';

export interface MemoryRequest {
  /**
   * Memory for the process with rows, database, tables and engine, in bytes or as text: `8G`. Default: three quarters of the memory of the machine or
   * container.
   */
  readonly memory?: number | string;
  /** Folder for training rows that do not fit. Default: `tower-shards` next to the folder of the run. */
  readonly shards?: string;
  /** Called several times a second while rows are read and written. */
  readonly onPass?: OnPass;
  /** Called once it is known where rows go: into memory or into shards. */
  readonly onDecision?: (decision: ShardDecision) => void;
  /** The earlier run that this one continues. */
  readonly continues?: ShardRequest['continues'];
  /** Sizes for tests. Default: from the memory. */
  readonly shardSizes?: ShardRequest['sizes'];
}

/** @param when when rows go to shards @param sharing number of workers that share the rows of tables */
export async function shardRequest(
  plan: Plan,
  { memory, shards, onPass, onDecision, continues, shardSizes }: MemoryRequest,
  run: string,
  when: ShardRequest['when'],
  sharing = 1,
): Promise<ShardRequest> {
  return {
    memory: memoryBytes(memory),
    isSet: memory !== undefined,
    folder: shards ?? defaultShardFolder(run),
    when,
    given: itemsGivenInTraining(plan),
    tables: withItemVectors(plan, tableRows(plan, sharing)),
    step: bytesOfStep(plan),
    latest: hasMinedRows(plan),
    unit: shardUnitOf(plan),
    continues: continues && earlierOf(continues),
    unsupported: unsupportedInShards(plan),
    onPass,
    onDecision,
    sizes: shardSizes,
  };
}

/** Adds the vectors of items, and their copies for the engine, to the table of their keys. */
function withItemVectors({ towers }: Plan, tables: readonly TableRow[]): readonly TableRow[] {
  const { key, width } = towers[1];
  return tables.map((table) => (table.encoderOf === key ? { ...table, vectorBytes: 2 * 4 * width } : table));
}

/** Returns what determines the rows of a run that continues another one. */
const earlierOf = ({ checksum, fresh, until, replay }: NonNullable<ShardRequest['continues']>) =>
  ({ checksum, fresh, until, replay: replay || undefined }) as NonNullable<ShardRequest['continues']>;

/** Returns the default folder for shards, next to the folder of a run or of a study. */
export const defaultShardFolder = (folder: string): string => join(dirname(resolve(folder)), 'tower-shards');

/** @throws Failure `memory-text` */
export function memoryBytes(memory: number | string | undefined): number {
  const bytes = typeof memory === 'string' ? memoryOf(memory) : (memory ?? usualMemory());
  if (bytes !== undefined && bytes >= leastMemory) return bytes;
  throw failure('memory-text', { text: String(memory), least: leastMemory, bytes });
}

/** Reads rows as the training did: from the same shards, or into memory. */
export async function shardsOfTrained(
  { plan, manifest, folder }: LoadedModel,
  request: MemoryRequest & { readonly data?: string; readonly later?: Until },
): Promise<ShardRequest> {
  const { fingerprint, shards } = manifest.data;
  // Other data is read with the codes of the run, so its shards belong to the run.
  const ofOther = { checksum: manifest.checksum, until: request.later ?? manifest.data.until };
  const continues = request.data === undefined ? manifest.from : ofOther;
  const knownShards = request.shards ?? (shards && dirname(shards));
  const trained = await shardRequest(
    plan,
    { ...request, shards: knownShards, continues },
    folder,
    fingerprint.shards ?? 'never',
  );
  return { ...trained, trainedFrom: request.data === undefined ? shards && basename(shards) : undefined };
}
