/** Whether a model can rank items that it was never trained on. */
import type { Corpus } from '../data/dataset.ts';
import type { FeaturePlan, Plan } from '../plan/plan.ts';

/**
 * Whether the vector of an item without training events is made of trained weights alone: the item tower reads no id of the item,
 * or training dropped that id in a share of its rows, so that the row of unknown ids is trained, or left its table as it is. A feature of one code is an id
 * if it shares the encoding of the key, or if its vocabulary has no value of any cold item.
 */
export function ranksColdItems(plan: Plan, corpus: Corpus): boolean {
  const [, { key, features }] = plan.towers;
  const byName = new Map(plan.features.map((feature) => [feature.name, feature]));
  const encoderOfKey = key === undefined ? undefined : byName.get(key)?.encoderOf;
  const isId = (feature: FeaturePlan): boolean =>
    feature.gives === 'code' &&
    (feature.name === key ||
      feature.encoderOf === encoderOfKey ||
      (feature.crosses ?? []).some((name) => isId(byName.get(name)!)) ||
      isUnknownOfCold(feature, corpus));
  const isTrained = (feature: FeaturePlan): boolean =>
    feature.drop !== undefined || feature.frozen === true || !isId(feature);
  return features.every((name) => byName.get(name)!.width === 0 || isTrained(byName.get(name)!));
}

function isUnknownOfCold({ name, encoder }: FeaturePlan, { rows, features, trainingCounts }: Corpus): boolean {
  const indexed = features.get(name);
  if (encoder.kind !== 'vocabulary' || encoder.values || encoder.file || indexed?.column.kind !== 'codes') return false;
  const { column, index } = indexed;
  let cold = 0;
  for (let row = 0; row < rows; row++) {
    if (trainingCounts[row] !== 0) continue;
    cold++;
    if (column.values[index ? index[row]! : row] !== 0) return false;
  }
  return cold > 0;
}
