/**
 * Elements of a list that goes `through` the item tower. Each item that the lists of a batch hold goes through the tower once, however often
 * it comes up; here the vectors are put at the places of the elements, and their gradients are added up on the way back.
 */
import type { Ref } from '../../graph/builder.ts';
import { elementsOf, symbolic } from '../../graph/dims.ts';
import type { Dim } from '../../graph/graph.ts';
import type { FeaturePlan, RowsOf } from '../../graph/plan/plan.ts';
import { rowsPrefix } from '../../graph/plan/rows_prefix.ts';
import type { GraphInputs } from './inputs.ts';

interface Elements {
  readonly plan: FeaturePlan;
  readonly rows: RowsOf;
  /** float32 [elements, width] */
  readonly encoded: Ref;
}

/** float32 [rows, length, width], zeros where the mask is 0. */
export function elementsInSequence(
  inputs: GraphInputs,
  { plan, rows, encoded, mask }: Elements & { readonly mask: Ref },
): Ref {
  const { builder } = inputs;
  const { name: feature, max, width } = plan;
  const { shape } = mask.type;
  const source = { from: 'element_places', feature, rows, pool: 'sequence', most: max! } as const;
  const places = inputs.input(`${rowsPrefix(rows)}${feature}/places`, source, shape, 'int32');
  return builder.scope(`through/${feature}`, () => {
    const count = elementsOf(shape);
    const each = builder.gather(encoded, builder.reshape(places, [count]));
    return builder.reshape(builder.mul(each, builder.reshape(mask, [count, 1])), [...shape, width]);
  });
}

/** float32 [rows, width]: work is in proportion to the elements that there are, not to `max`. */
export function pooledElements(
  inputs: GraphInputs,
  { plan, rows, encoded, pool, length }: Elements & { readonly pool: 'mean' | 'sum'; readonly length: Dim },
): Ref {
  const { builder } = inputs;
  const { name: feature, max } = plan;
  const name = `${rowsPrefix(rows)}${feature}`;
  const count = symbolic(`${name}_elements`);
  const places = inputs.input(
    `${name}/places`,
    { from: 'element_places', feature, rows, pool, most: max! },
    [count],
    'int32',
  );
  const at = inputs.input(`${name}/rows`, { from: 'element_rows', feature, rows, pool }, [count], 'int32');
  const weights = inputs.input(`${name}/weights`, { from: 'element_weights', feature, rows, pool }, [count]);
  return builder.scope(`through/${feature}`, () => {
    const each = builder.mul(builder.gather(encoded, places), builder.reshape(weights, [count, 1]));
    return builder.segmentSum(each, at, length);
  });
}
