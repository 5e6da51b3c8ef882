/** The gradient of one input of looked-up rows, an element's share of its pooled bag included, by the rows of its table. */
import { defined } from '../../base/util/defined.ts';
import type { Ref } from '../../graph/builder.ts';
import { elementsOf, symbolic } from '../../graph/dims.ts';
import type { BagPool } from '../../graph/plan/plan.ts';
import type { EmbeddingInput } from './inputs.ts';
import type { TowerContext } from './tower.ts';

/** float32 [rows seen, dim] */
export function byRow(context: TowerContext, table: string, { name, ref, source }: EmbeddingInput, gradient: Ref): Ref {
  const { inputs } = context;
  const { builder } = inputs;
  const { feature, rows, table: own } = { table: undefined, ...source };
  const seen = symbolic(`${table}_seen`);
  const known = inputs.input(`table/${table}`, { from: 'table_seen', table }, [seen]);
  const pool: BagPool | 'none' = source.from === 'sequence' ? 'sequence' : source.pool;
  const count = pool === 'none' ? ref.type.shape[0]! : symbolic(`${name}_elements`);
  const places = inputs.input(
    `table/${name}/places`,
    { from: 'table_places', feature, rows, ...defined({ table: own }) },
    [count],
    'int32',
  );
  const width = ref.type.shape.at(-1)!;
  let each = gradient;
  if (pool !== 'none') {
    const { shape } = ref.type;
    const lines = pool === 'sequence' ? builder.reshape(gradient, [elementsOf(shape.slice(0, -1)), width]) : gradient;
    const at = inputs.input(`table/${name}/rows`, { from: 'element_rows', feature, rows, pool }, [count], 'int32');
    const weights = inputs.input(`table/${name}/weights`, { from: 'element_weights', feature, rows, pool }, [count]);
    each = builder.mul(builder.gather(lines, at), builder.reshape(weights, [count, 1]));
  }
  // The product says how many rows there are to an engine: the length of an input that it reads.
  return builder.mul(builder.segmentSum(each, places, seen), builder.reshape(known, [seen, 1]));
}
