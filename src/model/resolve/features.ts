/** `features { … }`: each feature bound to its kind, or taken from what was bound before. */
import type * as Ast from '../../syntax/ast.ts';
import { bindKind } from '../arguments.ts';
import type { Library } from '../library.ts';
import type { Feature } from '../model.ts';
import type { Scope, TypedName } from '../scope.ts';
import type { Binding } from '../values.ts';
import type { Workspace } from '../workspace.ts';

/** @param cache of the texts before, whose features need not be bound again */
export function resolveFeatures(
  workspace: Workspace,
  scope: Scope,
  cache?: FeatureCache,
): ReadonlyMap<string, Feature> {
  const { library, binding } = workspace;
  return (
    cache?.features(workspace, scope) ?? bindEach(scope.features, (typed) => resolveFeature(library, typed, binding))
  );
}

/** Binds features, or answers what they were bound to before. */
export interface FeatureCache {
  features(workspace: Workspace, scope: Scope): ReadonlyMap<string, Feature>;
}

/** Those that are valid. */
export function bindEach(
  entries: Iterable<readonly [string, TypedName]>,
  bind: (typed: TypedName) => Feature | undefined,
): ReadonlyMap<string, Feature> {
  const features = new Map<string, Feature>();
  /** By entry: the kind of several names is one, and so are its mistakes. */
  const several = new Map<Ast.TypedEntry, Feature | undefined>();
  for (const [name, typed] of entries) {
    const { entry } = typed;
    if (entry.names.length === 1) {
      const feature = bind(typed);
      if (feature) features.set(name, feature);
      continue;
    }
    if (!several.has(entry)) several.set(entry, bind(typed));
    const first = several.get(entry);
    if (first) features.set(name, { name, span: typed.name.span, call: first.call });
  }
  return features;
}

/** Nothing where it is not valid. */
export function resolveFeature(library: Library, { name, value }: TypedName, binding: Binding): Feature | undefined {
  const call = bindKind('kind of feature', library.features, value, binding);
  return call && { name: name.name, span: name.span, call };
}
