/** Which features a feature names: `like(video_id)`, `list(movie_id)`. */
import type { BoundKind, KindRow } from '../library/contract.ts';

type Kinds = Readonly<Record<string, KindRow>>;
type Declared = ReadonlyMap<string, { readonly call: BoundKind }>;

export function featuresNamed(call: BoundKind, kinds: Kinds): readonly string[] {
  const named: string[] = [];
  const parameters = kinds[call.kind]?.parameters;
  // Asked of each feature by many rules: no list of pairs is made.
  for (const parameter in parameters) {
    const { type } = parameters[parameter]!;
    const value = call.arguments[parameter];
    if (value === undefined) continue;
    if (type.is === 'name' && type.of === 'feature') named.push(...[value].flat().map(String));
    if (type.is !== 'feature') continue;
    const element = value as { readonly feature: string } | BoundKind;
    if ('feature' in element) named.push(element.feature);
    else named.push(...featuresNamed(element, kinds));
  }
  return named;
}

/** Those of which it takes the values, and not the table alone: `last(history)`. */
export function valuesNamed(call: BoundKind, kinds: Readonly<Record<string, KindRow>>): readonly string[] {
  return Object.entries(kinds[call.kind]?.parameters ?? {}).flatMap(([parameter, { type }]) => {
    const value = call.arguments[parameter];
    return type.is === 'name' && type.of === 'feature' && value !== undefined ? [value].flat().map(String) : [];
  });
}

/** The features given and all that they name, and so on. */
export function withNamed(names: Iterable<string>, features: Declared, kinds: Kinds): ReadonlySet<string> {
  const reached = new Set(names);
  // A set goes on through what is added to it on the way.
  for (const name of reached) {
    const feature = features.get(name);
    for (const other of feature ? featuresNamed(feature.call, kinds) : []) reached.add(other);
  }
  return reached;
}

/** The features that tasks name: as a weight, or in a loss as `mask: history`. */
export function featuresOfTasks(
  tasks: readonly { readonly loss?: BoundKind; readonly weight?: string }[],
  features: ReadonlyMap<string, unknown>,
  { losses }: { readonly losses: Readonly<Record<string, KindRow>> },
): readonly string[] {
  return tasks.flatMap(({ loss, weight }) => [
    ...(weight !== undefined && features.has(weight) ? [weight] : []),
    ...(loss ? argumentsThatName(loss, losses[loss.kind]!) : []),
  ]);
}

function argumentsThatName({ arguments: given }: BoundKind, { parameters }: KindRow): readonly string[] {
  return Object.entries(parameters).flatMap(([name, { type }]) => {
    const value = given[name];
    if (type.is === 'name' && type.of === 'feature') return typeof value === 'string' ? [value] : [];
    // A call within, such as `negatives: listed(shown)`.
    const call = type.is === 'kind' ? (value as BoundKind | undefined) : undefined;
    return call ? argumentsThatName(call, (type as { of: Readonly<Record<string, KindRow>> }).of[call.kind]!) : [];
  });
}
