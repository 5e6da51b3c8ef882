/** Fills the inputs of one worker's graph. */
import type { Table } from '../embedding/table.ts';
import type { Tensors } from '../engine/engine.ts';
import type { Tensor } from '../graph/graph.ts';
import type { GraphPlan, InputPlan } from '../plan/plan.ts';
import { type Fill, fillOf, OwnRows, type Share } from './share.ts';
import type { Batch, Source } from './source.ts';

interface Named {
  readonly name: string;
  readonly source: Source;
}

export function makeShare(plan: GraphPlan, share: Share) {
  const rows = new OwnRows(plan, share);
  const fills = new Map<string, Fill>(plan.inputs.map((input) => [input.name, fillOf(plan.graph, input)!]));
  return {
    rows,
    fill(sources: readonly (Named & { readonly input: InputPlan })[], batch: Batch): Tensors {
      const own = rows.batch(batch, batch);
      const batchOf = (name: string): Batch => (fills.get(name) === 'own' ? own : batch);
      if (batch.whole) for (const { source } of sources) source.number?.(batch.whole);
      for (const { name, source } of sources) source.reserve?.(batchOf(name));
      const tensors: Record<string, Tensor> = {};
      for (const { name, source, input } of sources) {
        tensors[name] = rows.cut(input, fills.get(name)!, source.fill(batchOf(name)), batch);
      }
      return { ...tensors, ...rows.tensors(batch) };
    },
    /** Of an input that every worker has whole, the first worker alone takes the gradient. */
    learning(learning: ReadonlyMap<Table, readonly Named[]>): ReadonlyMap<Table, readonly Named[]> {
      if (share.rank === 0) return learning;
      return new Map([...learning].map(([table, its]) => [table, its.filter(({ name }) => fills.get(name) === 'own')]));
    },
  };
}
