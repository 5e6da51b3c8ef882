/** Gradients of looked-up rows as gradients of their tables: one sum for each table, over all that looks its rows up. */
import { invariant } from '../../base/diagnostics/failure.ts';
import { defined } from '../../base/util/defined.ts';
import type { Ref } from '../../graph/builder.ts';
import { elementsOf, symbolic } from '../../graph/dims.ts';
import { type BagPool, tableRead } from '../../graph/plan/plan.ts';
import type { EmbeddingInput } from './inputs.ts';
import type { TowerContext } from './tower.ts';

/** The table of each input that embedding rows come in by, by node. */
export function tablesOfInputs({ inputs, features }: TowerContext): ReadonlyMap<number, string> {
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
  const tables = tablesOfInputs(context);
  const embeddings = new Map(context.inputs.embeddings().map((input) => [input.ref.id, input]));
  const sums = new Map<string, Ref | undefined>();
  by.forEach(({ id }, at) => {
    const table = tables.get(id);
    if (table === undefined) return;
    const gradient = gradients[at];
    const tableSum = sums.get(table);
    const sum = gradient && byRow(context, table, embeddings.get(id)!, gradient);
    sums.set(table, tableSum && sum ? builder.add(tableSum, sum) : (tableSum ?? sum));
  });
  const givenTables = new Set<string>();
  return by.flatMap(({ id }, at) => {
    const table = tables.get(id);
    if (table === undefined) return [gradients[at]];
    if (givenTables.has(table)) return [];
    givenTables.add(table);
    return [sums.get(table)];
  });
}

// The gradient of one input of looked-up rows, an element's share of its pooled bag included, by the rows of its table.

/** float32 [rows seen, dim] */
function byRow(context: TowerContext, table: string, { name, ref, source }: EmbeddingInput, gradient: Ref): Ref {
  const { inputs } = context;
  const { builder } = inputs;
  const { feature, rows, table: own } = { table: undefined, ...source };
  const seenRows = symbolic(`${table}_seen`);
  const isSeen = inputs.input(`table/${table}`, { from: 'table_seen', table }, [seenRows]);
  const pool: BagPool | 'none' = source.from === 'sequence' ? 'sequence' : source.pool;
  const count = pool === 'none' ? ref.type.shape[0]! : symbolic(`${name}_elements`);
  const rowPlaces = inputs.input(
    `table/${name}/places`,
    { from: 'table_places', feature, rows, ...defined({ table: own }) },
    [count],
    'int32',
  );
  const width = ref.type.shape.at(-1)!;
  let elementGradients = gradient;
  if (pool !== 'none') {
    const { shape } = ref.type;
    const lines = pool === 'sequence' ? builder.reshape(gradient, [elementsOf(shape.slice(0, -1)), width]) : gradient;
    const elementRows = inputs.input(
      `table/${name}/rows`,
      { from: 'element_rows', feature, rows, pool },
      [count],
      'int32',
    );
    const weights = inputs.input(`table/${name}/weights`, { from: 'element_weights', feature, rows, pool }, [count]);
    elementGradients = builder.mul(builder.gather(lines, elementRows), builder.reshape(weights, [count, 1]));
  }
  // The product says how many rows there are to an engine: the length of an input that it reads.
  return builder.mul(builder.segmentSum(elementGradients, rowPlaces, seenRows), builder.reshape(isSeen, [seenRows, 1]));
}
