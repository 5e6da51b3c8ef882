/** `features { … }`: each feature bound to its kind. */
import type * as Ast from '../../syntax/ast.ts';
import { bindKind } from '../arguments.ts';
import type { Library } from '../library.ts';
import type { Feature } from '../model.ts';
import type { TypedName } from '../scope.ts';
import type { Binding } from '../values.ts';
import type { Workspace } from '../workspace.ts';

/** Those that are valid. */
export function resolveFeatures({ library, scope, binding }: Workspace): ReadonlyMap<string, Feature> {
  const bind = (typed: TypedName): Feature | undefined => resolveFeature(library, typed, binding);
  const features = new Map<string, Feature>();
  /** By entry: the kind of several names is one, and so are its mistakes. */
  const several = new Map<Ast.TypedEntryNode, Feature | undefined>();
  for (const [name, typed] of scope.features) {
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
function resolveFeature(library: Library, { name, value }: TypedName, binding: Binding): Feature | undefined {
  const call = bindKind('kind of feature', library.features, value, binding);
  return call && { name: name.name, span: name.span, call };
}
