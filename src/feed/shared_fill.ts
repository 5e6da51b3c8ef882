/** Fills the inputs of one worker's graph. */
import type { Table } from '../embedding/table.ts';
import type { Tensors } from '../engine/engine.ts';
import type { Tensor } from '../graph/graph.ts';
import type { GraphPlan, InputPlan } from '../plan/plan.ts';
import { fillOf, type ShareFill, WorkerRows, type WorkerShare } from './share.ts';
import type { Batch, InputFeed } from './source.ts';

interface NamedInput {
  readonly name: string;
  readonly source: InputFeed;
}

export function makeShare(plan: GraphPlan, share: WorkerShare) {
  const rows = new WorkerRows(plan, share);
  const fills = new Map<string, ShareFill>(plan.inputs.map((input) => [input.name, fillOf(plan.graph, input)!]));
  return {
    rows,
    fill(sources: readonly (NamedInput & { readonly input: InputPlan })[], batch: Batch): Tensors {
      const ownBatch = rows.batch(batch, batch);
      const batchOf = (name: string): Batch => (fills.get(name) === 'own' ? ownBatch : batch);
      if (batch.whole) for (const { source } of sources) source.number?.(batch.whole);
      for (const { name, source } of sources) source.reserve?.(batchOf(name));
      const tensors: Record<string, Tensor> = {};
      for (const { name, source, input } of sources) {
        tensors[name] = rows.cut(input, fills.get(name)!, source.fill(batchOf(name)), batch);
      }
      return { ...tensors, ...rows.tensors(batch) };
    },
    /** Keeps for the first worker alone the gradient of an input that every worker has whole. */
    learning(learning: ReadonlyMap<Table, readonly NamedInput[]>): ReadonlyMap<Table, readonly NamedInput[]> {
      if (share.rank === 0) return learning;
      return new Map([...learning].map(([table, its]) => [table, its.filter(({ name }) => fills.get(name) === 'own')]));
    },
  };
}
