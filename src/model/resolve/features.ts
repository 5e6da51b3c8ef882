/** `features { … }`: each feature bound to its kind, or taken from what was bound before. */
import type * as Ast from '../../syntax/ast.ts';
import { bindKind } from '../arguments.ts';
import type { Library } from '../library.ts';
import type { Feature } from '../model.ts';
import type { TypedName } from '../scope.ts';
import type { Binding } from '../values.ts';
import type { Workspace } from '../workspace.ts';

/** Binds a feature, or answers what it was bound to before. */
export interface FeatureCache {
  feature(workspace: Workspace, typed: TypedName): Feature | undefined;
}

/** @param cache of the texts before, whose features need not be bound again */
export function resolveFeatures(workspace: Workspace, cache?: FeatureCache): ReadonlyMap<string, Feature> {
  const { library, scope, binding } = workspace;
  const features = new Map<string, Feature>();
  /** By entry: the kind of several names is one, and so are its mistakes. */
  const bound = new Map<Ast.TypedEntry, Feature | undefined>();
  for (const [name, typed] of scope.features) {
    const { entry } = typed;
    const resolve = () => (cache ? cache.feature(workspace, typed) : resolveFeature(library, typed, binding));
    if (entry.names.length === 1) {
      const feature = resolve();
      if (feature) features.set(name, feature);
      continue;
    }
    if (!bound.has(entry)) bound.set(entry, resolve());
    const first = bound.get(entry);
    if (first) features.set(name, { name, span: typed.name.span, call: first.call });
  }
  return features;
}

/** Nothing where it is not valid. */
export function resolveFeature(library: Library, { name, value }: TypedName, binding: Binding): Feature | undefined {
  const call = bindKind('kind of feature', library.features, value, binding);
  return call && { name: name.name, span: name.span, call };
}
