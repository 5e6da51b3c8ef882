/** The embedding tables of a plan. */
import { type Encoding, rowsOf } from '../data/dataset.ts';
import { invariant } from '../diagnostics/failure.ts';
import { foreseeMemory, freeBytes } from '../embedding/memory.ts';
import { makeTable, type Table } from '../embedding/table.ts';
import { countElements, resolveShape } from '../graph/dims.ts';
import type { Graph } from '../graph/graph.ts';
import type { Plan } from '../lower/plan.ts';

export type Tables = ReadonlyMap<string, Table>;

/**
 * Tables to train, at their first values.
 * @throws Failure `too-large-for-memory` before anything is allocated, `table-too-large`
 */
export function makeTables(plan: Plan, encodings: ReadonlyMap<string, Encoding>): Tables {
  const optimizer = plan.train.embeddings;
  const sizes = plan.tables.map(({ name, dim, encoderOf }) => ({
    name,
    dim,
    rows: tableRows(encodings, encoderOf),
    optimizer,
  }));
  foreseeMemory(sizes, freeBytes(), parameterBytes(plan.step.graph));
  return new Map(
    sizes.map((size, i) => {
      const table = makeTable(size);
      table.initialize(plan.train.seed, plan.tables[i]!.limit);
      return [size.name, table];
    }),
  );
}

/** What the engine keeps from step to step. */
function parameterBytes(graph: Graph): number {
  return graph.parameters.reduce(
    (sum, { node }) => sum + 4 * countElements(resolveShape(graph.nodes[node]!.type.shape, {})),
    0,
  );
}

export function tableRows(encodings: ReadonlyMap<string, Encoding>, feature: string): number {
  const encoding = encodings.get(feature);
  invariant(encoding, `feature ${feature} has no encoding`);
  return rowsOf(encoding);
}
