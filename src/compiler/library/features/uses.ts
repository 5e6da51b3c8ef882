import { type BoundKind, type FeatureArgument, type FeatureUse, ShapeError } from '../contract.ts';
import { features } from './table.ts';

/**
 * Returns what a declared feature needs of the host and of the graph. References to other features are resolved: an `owner` always has its own
 * encoder, and `dim` is then that of the owner. Throws ShapeError for conflicting arguments or a cycle of features. Its `feature` is the one with the
 * error, which may be a referenced one.
 */
export function featureUse(name: string, declarations: FeatureCalls): FeatureUse {
  return checkedUse(name, { declarations, done: new Map() });
}

function checkedUse(name: string, reading: FeatureUseContext): FeatureUse {
  const use = declared(name, reading, []);
  if (use.ordinal && use.along === undefined) throw new ShapeError(misplacedMoment, name);
  return use;
}

const misplacedMoment =
  'takes no `moment` here: it is for the elements of a list in sequence, `along(history, time(moment))`';

/** Returns the use of each valid feature, in order, like `featureUse`. It is cached, because rules and lowering read the features of a check often. */
export function usesOf(declarations: FeatureCalls): ReadonlyMap<string, FeatureUse> {
  const cachedUses = uses.get(declarations);
  if (cachedUses) return cachedUses;
  const validUses = new Map<string, FeatureUse>();
  const reading = { declarations, done: new Map() };
  for (const name of declarations.keys()) {
    const use = unlessInvalid(() => checkedUse(name, reading));
    if (use) validUses.set(name, use);
  }
  uses.set(declarations, validUses);
  return validUses;
}

const uses = new WeakMap<FeatureCalls, ReadonlyMap<string, FeatureUse>>();

/** Returns the use of a declared feature; undefined if it is invalid, which another rule reports. */
export function validUse(name: string, declarations: FeatureCalls): FeatureUse | undefined {
  return unlessInvalid(() => featureUse(name, declarations));
}

function unlessInvalid(read: () => FeatureUse): FeatureUse | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof ShapeError) return undefined;
    throw error;
  }
}

type FeatureCalls = ReadonlyMap<string, { readonly call: BoundKind }>;

interface FeatureUseContext {
  readonly declarations: FeatureCalls;
  /** Cache of uses. A kind may request a feature both as its element and by its name, so without a cache the work would double at each link of a chain. */
  readonly done: Map<string, FeatureUse>;
}

/** Maximum length of a chain of features, so that the recursion does not overflow the stack. */
export const deepest = 64;

function declared(name: string, reading: FeatureUseContext, within: readonly string[]): FeatureUse {
  if (within.includes(name)) throw new ShapeError(`is in a cycle: ${[...within, name].join(' → ')}`, name);
  if (within.length > deepest) {
    throw new ShapeError(`names features that name others, more than ${deepest} deep: name the last one`, within[0]!);
  }
  const doneUse = reading.done.get(name);
  if (doneUse) return doneUse;
  const call = reading.declarations.get(name)?.call;
  if (call === undefined) throw new ShapeError(`names \`${name}\`, which is not a feature`);
  const cachedUse = alone.get(call);
  if (cachedUse) return cachedUse;
  try {
    const use = bound(call, reading, [...within, name]);
    reading.done.set(name, use);
    return use;
  } catch (error) {
    if (!(error instanceof ShapeError) || error.feature !== undefined) throw error;
    throw new ShapeError(error.reason, name, error.insert);
  }
}

function bound(call: BoundKind, reading: FeatureUseContext, within: readonly string[]): FeatureUse {
  const row = features[call.kind];
  if (row === undefined) throw new ShapeError('is not a kind of feature');
  const element = elementOf(call, reading, within);
  if (element?.ordinal && call.kind !== 'along') throw new ShapeError(misplacedMoment);
  const use = row.use(call.arguments, element, namedBy(call, reading, within));
  if (namesNone(call)) alone.set(call, use);
  return use;
}

/** Caches the uses of calls that name no feature, which depend only on their arguments, because rules and lowering read them often. */
const alone = new WeakMap<BoundKind, FeatureUse>();

/** By kind, the parameters that name features or declare an element. */
const naming: Readonly<Record<string, readonly (readonly [parameter: string, declares: boolean, rest: boolean])[]>> =
  Object.fromEntries(
    Object.entries(features).map(([kind, { parameters }]) => [
      kind,
      Object.entries(parameters).flatMap(([parameter, { type, rest = false }]) =>
        type.is === 'feature' || (type.is === 'name' && type.of === 'feature')
          ? [[parameter, type.is === 'feature', rest] as const]
          : [],
      ),
    ]),
  );

function namesNone(call: BoundKind): boolean {
  return (naming[call.kind] ?? []).every(([parameter, declares]) => {
    const element = call.arguments[parameter] as FeatureArgument | undefined;
    return element === undefined || (declares && !('feature' in element) && namesNone(element));
  });
}

/** Returns the uses of the features that arguments name. */
function namedBy(call: BoundKind, reading: FeatureUseContext, within: readonly string[]): readonly FeatureUse[] {
  return naming[call.kind]!.flatMap(([parameter, declares]) => {
    const argument = call.arguments[parameter];
    if (declares || argument === undefined) return [];
    return [argument as string | readonly string[]].flat().map((name) => declared(name, reading, within));
  });
}

/** Returns the use of the feature that an argument declares or, without one, names, if its kind has such an argument. */
function elementOf(call: BoundKind, reading: FeatureUseContext, within: readonly string[]): FeatureUse | undefined {
  const firstWith = (wanted: boolean) =>
    naming[call.kind]!.find(
      ([parameter, declares, rest]) => declares === wanted && !rest && call.arguments[parameter] !== undefined,
    )?.[0];
  const declaring = firstWith(true);
  if (declaring !== undefined) {
    const element = call.arguments[declaring] as FeatureArgument;
    return 'feature' in element ? owned(element.feature, reading, within) : bound(element, reading, within);
  }
  const firstNamed = firstWith(false);
  return firstNamed === undefined ? undefined : owned(call.arguments[firstNamed] as string, reading, within);
}

function owned(name: string, reading: FeatureUseContext, within: readonly string[]): FeatureUse {
  const use = declared(name, reading, within);
  return 'owner' in use.encoder ? use : { ...use, encoder: { owner: name } };
}
