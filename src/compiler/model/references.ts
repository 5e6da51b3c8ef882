/** Follows references between features: features that features name (`like(video_id)`), lists through a tower, nested groups, and features that tasks read. */
import type { BoundKind, FeatureUse, KindRow, LossKind, SideArgument } from '../library/contract.ts';
import { usesOf, validUse } from '../library/features/uses.ts';
import type { Library } from './library.ts';
import type { Call, Feature, ScoreUse, Tower } from './model.ts';
import type { Scope } from './scope.ts';

type Kinds = Readonly<Record<string, KindRow>>;
type DeclaredFeatures = ReadonlyMap<string, { readonly call: BoundKind }>;

export function featuresNamed(call: BoundKind, kinds: Kinds): readonly string[] {
  const featureNames: string[] = [];
  const parameters = kinds[call.kind]?.parameters;
  // Many rules call this for each feature, so it avoids `Object.entries`.
  for (const parameter in parameters) {
    const { type } = parameters[parameter]!;
    const value = call.arguments[parameter];
    if (value === undefined) continue;
    if (type.is === 'name' && type.of === 'feature') featureNames.push(...[value].flat().map(String));
    if (type.is !== 'feature') continue;
    const element = value as { readonly feature: string } | BoundKind;
    if ('feature' in element) featureNames.push(element.feature);
    else featureNames.push(...featuresNamed(element, kinds));
  }
  return featureNames;
}

/** Returns the references by which a feature uses the values of another, and not only its table: `last(history)`. */
export function valuesNamed(call: BoundKind, kinds: Readonly<Record<string, KindRow>>): readonly string[] {
  return Object.entries(kinds[call.kind]?.parameters ?? {}).flatMap(([parameter, { type }]) => {
    const value = call.arguments[parameter];
    return type.is === 'name' && type.of === 'feature' && value !== undefined ? [value].flat().map(String) : [];
  });
}

/** Returns the given features and all features that they name, transitively. */
export function withNamed(names: Iterable<string>, features: DeclaredFeatures, kinds: Kinds): ReadonlySet<string> {
  const reachedFeatures = new Set(names);
  // The loop also visits names that are added to the set while it runs.
  for (const name of reachedFeatures) {
    const feature = features.get(name);
    for (const other of feature ? featuresNamed(feature.call, kinds) : []) reachedFeatures.add(other);
  }
  return reachedFeatures;
}

/** Returns the features that tasks name, as a weight or in a loss such as `mask: history`. */
export function featuresOfTasks(
  tasks: readonly { readonly loss?: BoundKind & Pick<Call, 'declared'>; readonly weight?: string }[],
  features: ReadonlyMap<string, unknown>,
  { losses }: { readonly losses: Readonly<Record<string, KindRow>> },
): readonly string[] {
  return tasks.flatMap(({ loss, weight }) => [
    ...(weight !== undefined && features.has(weight) ? [weight] : []),
    ...(loss ? argumentsThatName(loss, loss.declared?.row ?? losses[loss.kind]!) : []),
  ]);
}

function argumentsThatName({ arguments: given }: BoundKind, { parameters }: KindRow): readonly string[] {
  return Object.entries(parameters).flatMap(([name, { type }]) => {
    const givenValue = given[name];
    if (type.is === 'name' && type.of === 'feature') return typeof givenValue === 'string' ? [givenValue] : [];
    // A nested call, such as `negatives: listed(shown)`.
    const call = type.is === 'kind' ? (givenValue as BoundKind | undefined) : undefined;
    return call ? argumentsThatName(call, (type as { of: Readonly<Record<string, KindRow>> }).of[call.kind]!) : [];
  });
}

type FeatureMap = ReadonlyMap<string, Feature>;

/** Returns the use of a feature; undefined if it is invalid, which another rule reports. */
export const useOf = (name: string, features: FeatureMap): FeatureUse | undefined =>
  features.has(name) ? validUse(name, features) : undefined;

/** Returns the features whose elements go through a tower, in order, with their reference to it. Most models have none. */
export const featuresThrough = (features: FeatureMap): ReadonlyMap<string, SideArgument> =>
  new Map([...usesOf(features)].flatMap(([name, { through }]) => (through ? [[name, through]] : [])));

/** Returns the named channel, or the only channel of the tower. */
export function channelThrough(
  { channel }: SideArgument,
  steps: readonly Pick<Tower['steps'][number], 'name' | 'channel'>[],
): string | undefined {
  const channels = steps.filter((step) => step.channel).map(({ name }) => name);
  if (channel === undefined) return channels.length === 1 ? channels[0] : undefined;
  return channels.includes(channel) ? channel : undefined;
}

/** Returns the channels of a tower that the features in `names` pass through. */
export function channelsThrough(
  names: Iterable<string>,
  features: FeatureMap,
  { name, steps }: Pick<Tower, 'name'> & { readonly steps: Parameters<typeof channelThrough>[1] },
): ReadonlySet<string> {
  const channelNames = new Set<string>();
  const throughOf = featuresThrough(features);
  if (throughOf.size === 0) return channelNames;
  for (const feature of names) {
    const side = throughOf.get(feature);
    const channel = side?.tower === name ? channelThrough(side, steps) : undefined;
    if (channel !== undefined) channelNames.add(channel);
  }
  return channelNames;
}

export function needsOf(
  { losses }: Pick<Library, 'losses'>,
  loss: BoundKind,
): Required<Pick<LossKind, 'label' | 'needsItemKey'>> {
  const row = losses[loss.kind]!;
  return { label: row.label, needsItemKey: row.needsItemKey, ...row.argumentNeeds?.(loss.arguments) };
}

/** Returns the groups nested in a group, transitively and in order, without the group itself. */
export function groupsWithin({ groups }: Pick<Scope, 'groups'>, name: string): readonly string[] {
  const groupNames = new Set([name]);
  // The loop also visits groups that are added to the set while it runs.
  for (const group of groupNames) {
    for (const member of groups.get(group)?.members ?? []) if (groups.has(member.name)) groupNames.add(member.name);
  }
  groupNames.delete(name);
  return [...groupNames];
}

/** Returns the term of a score that is fitted as a whole, such as `item_to_item`; undefined if the score compares vectors. */
export const fittedTerm = (
  { score }: { readonly score?: { readonly terms: readonly ScoreUse[] } },
  { scores }: Pick<Library, 'scores'>,
): Call | undefined => score?.terms.find(({ call }) => scores[call.kind]?.lower === undefined)?.call;
