/**
 * Finds the parameters that several tasks share: weights that more than one task's loss reaches, and rows of tables that more than one reaches,
 * through any input. Gradients of looked-up rows are converted to gradients of table rows.
 */
import { invariant } from '../../base/diagnostics/diagnostic.ts';
import type { Ref } from '../../graph/builder.ts';
import { valuesReachedByGradient } from '../../graph/differentiate.ts';
import { productOfDims, symbolicDim } from '../../graph/dims.ts';
import { type BagPool, tableOfSource } from '../../graph/plan/plan.ts';
import type { GraphLowering } from './flow.ts';
import type { Forward } from './forward.ts';
import type { EmbeddingInput } from './inputs.ts';

export interface SharedByTasks {
  /** The name of the parameter, or of the graph input with embedding rows. */
  readonly name: string;
  readonly kind: 'weights' | 'embedding';
  /** The tasks whose losses reach it, or its table through any input, in the order of the file. At least two. */
  readonly tasks: readonly string[];
}

export interface SharedRef extends SharedByTasks {
  readonly ref: Ref;
}

/** Returns the shared values in the order of the graph. */
export function sharedByTasks({ context, losses }: Forward): readonly SharedRef[] {
  if (losses.size < 2) return [];
  const { inputs } = context;
  const { builder } = inputs;
  const reachedByTask = [...losses].map(([task, loss]) => ({ task, ids: valuesReachedByGradient(builder, loss) }));
  const weights = builder
    .finish()
    .parameters.filter(({ trainable }) => trainable)
    .map(({ name, node }) => ({ name, kind: 'weights' as const, ref: { id: node, type: builder.nodes[node]!.type } }));
  const tables = tablesOfInputs(context);
  const inputsOf = (table: string): number[] => [...tables].filter(([, its]) => its === table).map(([id]) => id);
  const embeddings = inputs
    .embeddings()
    .filter(({ ref }) => reachedByTask.some(({ ids }) => ids.has(ref.id)))
    .map(({ name, ref }) => ({ name, kind: 'embedding' as const, ref }));
  return [...weights, ...embeddings]
    .map((value) => {
      const table = tables.get(value.ref.id);
      const nodes = table === undefined ? [value.ref.id] : inputsOf(table);
      const tasks = reachedByTask.filter(({ ids }) => nodes.some((id) => ids.has(id))).map(({ task }) => task);
      return { ...value, tasks };
    })
    .filter(({ tasks }) => tasks.length > 1)
    .sort((a, b) => a.ref.id - b.ref.id);
}

/** Maps the nodes of inputs with embedding rows to their tables. */
function tablesOfInputs({ inputs, features }: GraphLowering): ReadonlyMap<number, string> {
  return new Map(
    inputs.embeddings().map(({ ref, source }) => {
      const table = tableOfSource(source, features.byName.get(source.feature)!.plan);
      invariant(table, `feature ${source.feature} has a table`);
      return [ref.id, table];
    }),
  );
}

/**
 * Returns the gradients of one scalar with respect to the trained parameters in `by`: weights unchanged, embedding rows summed for each table,
 * float32 [rows seen, dim], at the index of the table's first input. Undefined if the scalar does not depend on it. A row is one parameter, however
 * often a batch looks it up: as another event's value, in a bag, by a feature that shares the table, or as a drawn negative.
 */
export function byTrained(
  context: GraphLowering,
  by: readonly Ref[],
  gradients: readonly (Ref | undefined)[],
): readonly (Ref | undefined)[] {
  const { builder } = context.inputs;
  const tables = tablesOfInputs(context);
  const embeddings = new Map(context.inputs.embeddings().map((input) => [input.ref.id, input]));
  const sums = new Map<string, Ref | undefined>();
  by.forEach(({ id }, index) => {
    const table = tables.get(id);
    if (table === undefined) return;
    const gradient = gradients[index];
    const tableSum = sums.get(table);
    const sum = gradient && byRow(context, table, embeddings.get(id)!, gradient);
    sums.set(table, tableSum && sum ? builder.add(tableSum, sum) : (tableSum ?? sum));
  });
  const givenTables = new Set<string>();
  return by.flatMap(({ id }, index) => {
    const table = tables.get(id);
    if (table === undefined) return [gradients[index]];
    if (givenTables.has(table)) return [];
    givenTables.add(table);
    return [sums.get(table)];
  });
}

/**
 * Returns the gradient of one input of looked-up rows with respect to the rows of their table, float32 [rows seen, dim]. An element of a bag gets its share.
 */
function byRow(context: GraphLowering, table: string, { name, ref, source }: EmbeddingInput, gradient: Ref): Ref {
  const { inputs } = context;
  const { builder } = inputs;
  const { feature, rows, table: own } = { table: undefined, ...source };
  const seenRows = symbolicDim(`${table}_seen`);
  const isSeen = inputs.input(`table/${table}`, { from: 'table_seen', table }, [seenRows]);
  const pool: BagPool | 'none' = source.from === 'sequence' ? 'sequence' : source.pool;
  const rowCount = pool === 'none' ? ref.type.shape[0]! : symbolicDim(`${name}_elements`);
  const placesSource = { from: 'table_places', feature, rows, table: own } as const;
  const rowPlaces = inputs.input(`table/${name}/places`, placesSource, [rowCount], 'int32');
  const rowWidth = ref.type.shape.at(-1)!;
  let elementGradients = gradient;
  if (pool !== 'none') {
    const { shape } = ref.type;
    const lines =
      pool === 'sequence' ? builder.reshape(gradient, [productOfDims(shape.slice(0, -1)), rowWidth]) : gradient;
    const rowsSource = { from: 'element_rows', feature, rows, pool } as const;
    const elementRows = inputs.input(`table/${name}/rows`, rowsSource, [rowCount], 'int32');
    const weights = inputs.input(`table/${name}/weights`, { from: 'element_weights', feature, rows, pool }, [rowCount]);
    elementGradients = builder.mul(builder.gather(lines, elementRows), builder.reshape(weights, [rowCount, 1]));
  }
  // The product tells engines the number of rows, which is the length of an input that it reads.
  return builder.mul(builder.segmentSum(elementGradients, rowPlaces, seenRows), builder.reshape(isSeen, [seenRows, 1]));
}
