/** Adds to features what the item tower determines: the width of the elements of lists that go through it. */
import type { Diagnostic } from '../../base/diagnostics/diagnostic.ts';
import { makeBuilder } from '../../graph/builder.ts';
import type { Model, Tower } from '../model/model.ts';
import { channelThrough } from '../model/references.ts';
import { makeLowering } from './flow.ts';
import { GraphInputs } from './inputs.ts';
import { type LoweredFeature, type LoweredFeatures, lowerFeatures } from './lower_features.ts';
import { lowerTower } from './lower_tower.ts';

/** Lowers features for towers whose steps are known. */
export function lowerFeaturesWhole(model: Pick<Model, 'features' | 'towers'>): {
  output: LoweredFeatures;
  diagnostics: Diagnostic[];
} {
  const { output, diagnostics } = lowerFeatures(model);
  return { output: withElements(output, model.towers), diagnostics };
}

/** Returns the features with the widths of list elements: that of the channel that they go through, or 0 if the channel is not a vector. */
function withElements(features: LoweredFeatures, towers: readonly Tower[]): LoweredFeatures {
  if (!hasThrough(features)) return features;
  const cachedWidths = new Map<string, ReadonlyMap<string, number>>();
  const widthsOf = (tower: Tower): ReadonlyMap<string, number> => {
    const widths = cachedWidths.get(tower.name) ?? channelWidths(tower, features);
    cachedWidths.set(tower.name, widths);
    return widths;
  };
  const withWidth = (lowered: LoweredFeature): LoweredFeature => {
    const { plan } = lowered;
    const { through } = lowered.use;
    const tower = through && towers.find(({ name }) => name === through.tower);
    const channel = tower && channelThrough(through, tower.steps);
    if (channel === undefined) return lowered;
    const channelWidth = widthsOf(tower!).get(channel) ?? 0;
    return { ...lowered, plan: { ...plan, through: { tower: tower!.name, channel }, width: channelWidth } };
  };
  return { ...features, byName: new Map([...features.byName].map(([name, feature]) => [name, withWidth(feature)])) };
}

const hasThrough = ({ byName }: LoweredFeatures): boolean => [...byName.values()].some(({ use }) => use.through);

/** Returns the channels of the item tower that lists go through. */
export function encodes({ byName }: LoweredFeatures): readonly string[] {
  return [...new Set([...byName.values()].flatMap(({ plan: { through } }) => (through ? [through.channel] : [])))];
}

/** Returns the widths of channels that are vectors. */
function channelWidths(tower: Tower, features: LoweredFeatures): ReadonlyMap<string, number> {
  const context = makeLowering(new GraphInputs(makeBuilder('elements')), features, false);
  const channels = lowerTower(context, tower);
  return new Map([...channels].flatMap(([name, value]) => (value.kind === 'vector' ? [[name, value.width]] : [])));
}
