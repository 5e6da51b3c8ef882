/** Gradients of looked-up rows as gradients of their tables: one sum for each table, over all that looks its rows up. */
import { invariant } from '../../base/diagnostics/failure.ts';
import type { Ref } from '../../graph/builder.ts';
import { tableRead } from '../../graph/plan/plan.ts';
import { byRow } from './row_gradient.ts';
import type { TowerContext } from './tower.ts';

/** The table of each input that embedding rows come in by, by node. */
export function tablesOf({ inputs, features }: TowerContext): ReadonlyMap<number, string> {
  return new Map(
    inputs.embeddings().map(({ ref, source }) => {
      const table = tableRead(source, features.byName.get(source.feature)!.plan);
      invariant(table, `feature ${source.feature} has a table`);
      return [ref.id, table];
    }),
  );
}

/**
 * Gradients of one scalar by each of `by`, as gradients by what is trained: those of weights as they are; those of embedding
 * rows added up to one a table, float32 [rows seen, dim], where the first of its inputs is. Undefined where the scalar does not
 * depend on it. The same `by` gives the same order. A row is one parameter however often a batch looks it up: as another
 * event's value, as an element of a bag, by a feature that shares the table, as a drawn negative.
 */
export function byTrained(
  context: TowerContext,
  by: readonly Ref[],
  gradients: readonly (Ref | undefined)[],
): readonly (Ref | undefined)[] {
  const { builder } = context.inputs;
  const tables = tablesOf(context);
  const embeddings = new Map(context.inputs.embeddings().map((input) => [input.ref.id, input]));
  const sums = new Map<string, Ref | undefined>();
  by.forEach(({ id }, at) => {
    const table = tables.get(id);
    if (table === undefined) return;
    const gradient = gradients[at];
    const known = sums.get(table);
    const sum = gradient && byRow(context, table, embeddings.get(id)!, gradient);
    sums.set(table, known && sum ? builder.add(known, sum) : (known ?? sum));
  });
  const given = new Set<string>();
  return by.flatMap(({ id }, at) => {
    const table = tables.get(id);
    if (table === undefined) return [gradients[at]];
    if (given.has(table)) return [];
    given.add(table);
    return [sums.get(table)];
  });
}
