/** Feature values as they come from a person or a request, encoded as training encoded its columns: one row. */
import { crossColumns } from '../data/crosses.ts';
import type { Column, Encoding, IndexedColumn } from '../data/dataset.ts';
import { type EncodedValue, encodeValue } from '../data/encoders/value.ts';
import { failure, invariant } from '../diagnostics/failure.ts';
import type { FeaturePlan, Plan, TowerPlan } from '../lower/plan.ts';
import { nearest } from '../text/nearest.ts';

/** By feature; what is left out is missing. */
export type FeatureValues = Readonly<Record<string, unknown>>;

/** @throws Failure `unknown-name`, `feature-value` */
export function queryColumns(
  plan: Plan,
  tower: TowerPlan,
  encodings: ReadonlyMap<string, Encoding>,
  values: FeatureValues,
): Map<string, IndexedColumn> {
  for (const name of Object.keys(values)) {
    const crosses = plan.features.some((feature) => feature.name === name && feature.crosses !== undefined);
    if ((tower.features.includes(name) && !crosses) || name === tower.key) continue;
    throw failure('unknown-name', {
      what: `feature of tower \`${tower.name}\``,
      name,
      nearest: nearest(name, tower.features),
    });
  }
  const own = plan.features.filter((feature) => tower.features.includes(feature.name));
  const encodingOf = (feature: FeaturePlan): Encoding => {
    const encoding = encodings.get(feature.encoderOf);
    invariant(encoding, `feature ${feature.name} has no encoding`);
    return encoding;
  };
  const columns = new Map<string, IndexedColumn>();
  for (const feature of own) {
    if (feature.crosses) continue;
    const value = encode(feature, encodingOf(feature), values);
    columns.set(feature.name, { column: columnOf(feature, value, keeps(plan, feature)) });
  }
  for (const feature of own) {
    if (!feature.crosses) continue;
    const parts = feature.crosses.map((name) => columns.get(name)!);
    columns.set(feature.name, crossColumns(encodingOf(feature), parts, 1));
  }
  return columns;
}

function encode(feature: FeaturePlan, encoding: Encoding, values: FeatureValues): EncodedValue {
  const value = values[feature.name] ?? (feature.gives === 'bag' && !isText(encoding) ? [] : undefined);
  try {
    return encodeValue(encoding, value);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw failure('feature-value', { feature: feature.name, reason: error.message });
  }
}

const isText = ({ kind }: Encoding): boolean => kind === 'words' || kind === 'trigrams';

/** A list of the items themselves is a history, in the order of time. */
export function keeps(plan: Plan, feature: FeaturePlan): 'latest' | 'first' {
  return feature.encoderOf === plan.towers[1].key ? 'latest' : 'first';
}

function columnOf(feature: FeaturePlan, value: EncodedValue, keep: 'latest' | 'first'): Column {
  switch (feature.gives) {
    case 'code':
      if (value.kind !== 'code')
        throw failure('feature-value', { feature: feature.name, reason: 'expected one value' });
      return { kind: 'codes', values: Int32Array.of(value.code) };
    case 'numbers':
      if (value.kind !== 'numbers')
        throw failure('feature-value', { feature: feature.name, reason: 'expected numbers' });
      return { kind: 'numbers', width: value.numbers.length, values: Float32Array.from(value.numbers) };
    case 'bag': {
      if (value.kind === 'numbers')
        throw failure('feature-value', { feature: feature.name, reason: 'expected a list' });
      const all = value.kind === 'code' ? [value.code] : value.codes;
      const codes = feature.skipsUnseen ? all.filter((code) => code !== 0) : all;
      const max = feature.max ?? codes.length;
      const kept = keep === 'latest' ? codes.slice(Math.max(0, codes.length - max)) : codes.slice(0, max);
      return {
        kind: 'bags',
        starts: Int32Array.of(0),
        ends: Int32Array.of(kept.length),
        values: Int32Array.from(kept),
      };
    }
  }
}
