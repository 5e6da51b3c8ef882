/** Lists whose elements a tower encodes: `list(movie_id, through: item)`. */
import type { FeatureUse, SideArgument } from '../library/contract.ts';
import { usesOf, validUse } from '../library/features/uses.ts';
import type { Feature, Tower } from './model.ts';

type Features = ReadonlyMap<string, Feature>;

/** What a feature asks for; nothing where it is wrong, which another rule reports. */
export const useOf = (name: string, features: Features): FeatureUse | undefined =>
  features.has(name) ? validUse(name, features) : undefined;

/** The features that go through a tower, in order, with what they say of it. Most models have none. */
export const featuresThrough = (features: Features): ReadonlyMap<string, SideArgument> =>
  new Map([...usesOf(features)].flatMap(([name, { through }]) => (through ? [[name, through]] : [])));

/** The channel that is named, or the only one that the tower has. */
export function channelThrough(
  { channel }: SideArgument,
  steps: readonly Pick<Tower['steps'][number], 'name' | 'channel'>[],
): string | undefined {
  const channels = steps.filter((step) => step.channel).map(({ name }) => name);
  if (channel === undefined) return channels.length === 1 ? channels[0] : undefined;
  return channels.includes(channel) ? channel : undefined;
}

/** The channels of a tower that features among `names` go through. */
export function channelsThrough(
  names: Iterable<string>,
  features: Features,
  { name, steps }: Pick<Tower, 'name'> & { readonly steps: Parameters<typeof channelThrough>[1] },
): ReadonlySet<string> {
  const found = new Set<string>();
  const through = featuresThrough(features);
  if (through.size === 0) return found;
  for (const feature of names) {
    const side = through.get(feature);
    const channel = side?.tower === name ? channelThrough(side, steps) : undefined;
    if (channel !== undefined) found.add(channel);
  }
  return found;
}
