/** The rows of one of several workers: read as one process reads them, or from shards that the first worker has written. */
import type { Dataset } from '../../data/dataset.ts';
import type { ShardRequest } from '../../data/shards/request.ts';
import type { Group } from '../../engines/group.ts';
import type { Plan } from '../../graph/plan/plan.ts';
import type { TableLayout } from '../../training/workers/table_layout.ts';
import { type MemoryRequest, memoryBytes, type ShardDecision, shardRequest } from './shards.ts';

export interface RowsOfWorkers {
  readonly plan: Plan;
  readonly request: MemoryRequest & {
    /** Folder of the run. */
    readonly out: string;
    readonly tables?: TableLayout;
    readonly signal?: AbortSignal;
  };
  /** Where the rows go: the first worker decides. */
  readonly when: ShardRequest['when'];
  /** Reads as one process does. */
  read(shards: ShardRequest, signal: AbortSignal | undefined): Promise<Dataset>;
}

/** @throws Failure as one process does, `shards-missing`, `worker-lost` */
export async function rowsOfWorker(group: Group, { plan, request, when, read }: RowsOfWorkers): Promise<Dataset> {
  const { out, tables, signal } = request;
  const sharing = tables === 'sharded' ? group.workers : 1;
  const requestOf = (memory: number, where: ShardRequest['when']): Promise<ShardRequest> =>
    shardRequest(plan, { ...request, memory }, out, where, sharing);
  const { readTogether } = await import('../../training/workers/read_together.ts');
  return readTogether(group, {
    memory: memoryBytes(request.memory),
    async read(memory, first) {
      if (!first) return read(await requestOf(memory, 'never'), signal);
      const shards = await requestOf(memory, when);
      const onDecision = (decision: ShardDecision): void => {
        shards.onDecision?.(decision);
        first.decided(decision);
      };
      return read({ ...shards, onDecision }, AbortSignal.any([first.signal, ...(signal ? [signal] : [])]));
    },
    async open(memory, name) {
      const { openSharedShards } = await import('../../data/shards/read.ts');
      return openSharedShards(await requestOf(memory, 'always'), name, signal);
    },
  });
}
