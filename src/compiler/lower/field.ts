/** Lowers a feature at the entry of a tower: graph inputs, which the host fills, become a field or a sequence. */
import type { Ref } from '../../graph/builder.ts';
import { productOfDims, symbolicDim } from '../../graph/dims.ts';
import type { Dim } from '../../graph/graph.ts';
import { type FeaturePlan, type RowsOf, shortenedLength } from '../../graph/plan/plan.ts';
import { rowsPrefix, rowsSymbol } from '../../graph/plan/rows_prefix.ts';
import type { FeatureUse, Field, Sequence } from '../library/contract.ts';
import { biasTable } from './bias.ts';
import type { GraphInputs } from './inputs.ts';
import type { LoweredFeature } from './lower_features.ts';

/** Returns the number of rows: `batch`, `sequences`, `distinct`, `elements`, `corpus` or a part, `perRow` for each row of the batch, or a constant. */
export function rowsDim(rows: RowsOf): Dim {
  switch (rows.kind) {
    case 'events':
      return symbolicDim('batch');
    case 'sampled':
    case 'listed':
    case 'mined':
      return symbolicDim('batch', rows.perRow);
    case 'shared':
    case 'queue':
      return rows.count;
    default:
      return symbolicDim(rowsSymbol(rows));
  }
}

/** Returns the rows of features with one value for each event, next to lists of `rows`. */
export function eventsOf(rows: RowsOf): RowsOf {
  if (rows.kind !== 'sequences') return rows;
  const { feature, length } = rows;
  return length === undefined ? { kind: 'events' } : { kind: 'part', feature, length };
}

/** True if the feature enters a tower as a sequence, otherwise as a field. */
export const isSequence = ({ gives, pool }: FeatureUse): boolean => gives === 'bag' && pool === 'none';

export interface FeatureContext {
  readonly inputs: GraphInputs;
  /** See `GraphLowering`. */
  readonly elements?: ((channel: string) => Ref | undefined) | undefined;
}

/** Graph inputs are named after the feature; those of drawn rows have a prefix for the kind of draw. */
export function lowerFeature(
  { inputs, elements }: FeatureContext,
  { plan, use, frozen }: LoweredFeature,
  rows: RowsOf,
): ({ readonly kind: 'field' } & Field) | Sequence {
  const encoded = plan.through && elements?.(plan.through.channel);
  const count = rowsDim(rows);
  const name = `${rowsPrefix(rows)}${plan.name}`;
  const feature = plan.name;
  const fieldOf = (tensor: Ref) => ({ kind: 'field', name: feature, tensor, width: plan.width }) as const;
  if (use.gives === 'numbers') {
    const size = use.size ?? 1;
    const numbers = inputs.input(name, { from: 'numbers', feature, rows }, [count, size]);
    return fieldOf(projected(inputs, numbers, size, plan.name, use.project));
  }
  if (isSequence(use)) {
    const list = use.along ?? feature;
    const largestLength = use.max!;
    const length = shortenedLength(rows, list) ?? largestLength;
    const source = { from: 'mask', feature: list, rows } as const;
    const mask = inputs.input(`${rowsPrefix(rows)}${list}/mask`, source, [count, length]);
    return {
      kind: 'sequence',
      name: list,
      tensor: encoded
        ? elementsInSequence(inputs, { plan, rows, encoded, mask })
        : inputs.input(name, { from: 'sequence', feature, rows, frozen }, [count, length, plan.width]),
      mask,
      length,
      maxLength: largestLength,
      width: plan.width,
      holdsTimes: use.ordinal,
    };
  }
  const pool = use.gives === 'bag' ? (use.pool ?? 'mean') : 'none';
  if (encoded && pool !== 'none') return fieldOf(pooledElements(inputs, { plan, rows, encoded, pool, length: count }));
  return fieldOf(inputs.input(name, { from: 'embedding', feature, pool, rows, frozen }, [count, plan.width]));
}

/** Lowers the learned bias of each row's key, initially 0: float32 [rows, 1]. */
export function lowerKeyBias(inputs: GraphInputs, tower: string, { plan }: LoweredFeature, rows: RowsOf): Ref {
  const table = biasTable(tower);
  const source = { from: 'embedding', feature: plan.name, pool: 'none', rows, table } as const;
  return inputs.input(`${rowsPrefix(rows)}${table}`, source, [rowsDim(rows), 1]);
}

/** Applies a learned map [size, width] without a bias, if the feature requests one. */
function projected({ builder }: GraphInputs, numbers: Ref, size: number, name: string, width?: number): Ref {
  if (width === undefined) return numbers;
  const fans = [size, width] as const;
  const weights = builder.scope(`features/${name}`, () =>
    builder.parameter('projection', fans, { kind: 'glorot', fans }),
  );
  return builder.matMul(numbers, weights);
}

/**
 * Elements of a list that goes `through` the item tower. Each item in the lists of a batch goes through the tower once, however often it occurs. The functions
 * below copy the vectors to the elements, and the backward pass sums their gradients.
 */
interface EncodedElements {
  readonly plan: FeaturePlan;
  readonly rows: RowsOf;
  /** float32 [elements, width] */
  readonly encoded: Ref;
}

/** Returns float32 [rows, length, width], zeros where the mask is 0. */
function elementsInSequence(
  inputs: GraphInputs,
  { plan, rows, encoded, mask }: EncodedElements & { readonly mask: Ref },
): Ref {
  const { builder } = inputs;
  const { name: feature, max, width } = plan;
  const { shape } = mask.type;
  const source = { from: 'element_places', feature, rows, pool: 'sequence', most: max! } as const;
  const rowPlaces = inputs.input(`${rowsPrefix(rows)}${feature}/places`, source, shape, 'int32');
  return builder.scope(`through/${feature}`, () => {
    const count = productOfDims(shape);
    const elementRows = builder.gather(encoded, builder.reshape(rowPlaces, [count]));
    return builder.reshape(builder.mul(elementRows, builder.reshape(mask, [count, 1])), [...shape, width]);
  });
}

/** Returns float32 [rows, width]. The work is proportional to the number of elements and not to `max`. */
function pooledElements(
  inputs: GraphInputs,
  { plan, rows, encoded, pool, length }: EncodedElements & { readonly pool: 'mean' | 'sum'; readonly length: Dim },
): Ref {
  const { builder } = inputs;
  const { name: feature, max } = plan;
  const name = `${rowsPrefix(rows)}${feature}`;
  const count = symbolicDim(`${name}_elements`);
  const placesSource = { from: 'element_places', feature, rows, pool, most: max! } as const;
  const rowPlaces = inputs.input(`${name}/places`, placesSource, [count], 'int32');
  const elementRows = inputs.input(`${name}/rows`, { from: 'element_rows', feature, rows, pool }, [count], 'int32');
  const weights = inputs.input(`${name}/weights`, { from: 'element_weights', feature, rows, pool }, [count]);
  return builder.scope(`through/${feature}`, () => {
    const weightedElements = builder.mul(builder.gather(encoded, rowPlaces), builder.reshape(weights, [count, 1]));
    return builder.segmentSum(weightedElements, elementRows, length);
  });
}
