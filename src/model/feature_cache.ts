/** Features that were bound before are not bound again, for an editor: most of a text is as it was. */
import { changesOf, revised, type Table } from '../kept/revised.ts';
import { hasWords, namesOf } from './feature_words.ts';
import type { Feature } from './model.ts';
import { bindEach, resolveFeature } from './resolve/features.ts';
import type { TypedName } from './scope.ts';
import type { Workspace } from './workspace.ts';

interface Bound {
  readonly feature: Feature;
  /** The names that words could represent; nothing where it has no words. */
  readonly among: string | undefined;
}

interface BoundTable {
  readonly features: Table<Feature>;
  /** The names of those that are bound in each text, as binding does more than answer. */
  readonly again: ReadonlySet<string>;
  /** Of those that have words, which may mean something else where names are others. */
  readonly worded: ReadonlySet<string>;
  /** The names that these words could represent. */
  readonly among: string | undefined;
}

/** Of nodes that stay the same while their text does; see `IncrementalParser`. */
export class BoundFeatures {
  readonly #known = new WeakMap<TypedName, Bound>();
  /** By what they were bound from. */
  readonly #tables = new WeakMap<Table<TypedName>, BoundTable>();

  /** The same as `resolveFeatures`. */
  features(workspace: Workspace): Table<Feature> {
    const { features: written } = workspace.scope;
    const since = this.#tables.has(written) ? { before: written, names: [] } : changesOf(written);
    const before = since && this.#tables.get(since.before);
    const bound = before ? this.#bindAgain(workspace, before, since.names) : this.#bind(workspace, written);
    this.#tables.set(written, bound);
    return bound.features;
  }

  /** Those that differ from the text before, in the order of the file: mistakes are reported in it. */
  #bindAgain(workspace: Workspace, before: BoundTable, names: readonly string[]): BoundTable {
    const { features: written } = workspace.scope;
    const meansOther = before.worded.size > 0 && before.among !== namesOf(workspace);
    const wanted = new Set([...names, ...before.again, ...(meansOther ? before.worded : [])]);
    const ordered = wanted.size > 1 ? [...written.keys()].filter((name) => wanted.has(name)) : [...wanted];
    const bound = this.#bind(
      workspace,
      ordered.map((name) => [name, written.get(name)!]),
    );
    const worded = withOthers(before.worded, ordered, bound.worded);
    const known = { ...bound, worded, among: bound.among ?? before.among };
    if (ordered.every((name) => bound.features.has(name) === before.features.has(name))) {
      return { ...known, features: revised(before.features, bound.features) };
    }
    const features = new Map<string, Feature>();
    for (const name of written.keys()) {
      const feature = (wanted.has(name) ? bound : before).features.get(name);
      if (feature) features.set(name, feature);
    }
    return { ...known, features };
  }

  #bind(workspace: Workspace, entries: Iterable<readonly [string, TypedName]>): BoundTable {
    const again = new Set<string>();
    const worded = new Set<string>();
    const features = bindEach(entries, (typed) => {
      const feature = this.#feature(workspace, typed);
      const known = this.#known.get(typed);
      const names = known === undefined ? again : known.among === undefined ? undefined : worded;
      for (const { name } of typed.entry.names) names?.add(name);
      return feature;
    });
    return { features, again, worded, among: worded.size > 0 ? namesOf(workspace) : undefined };
  }

  /** The same as `resolveFeature`. */
  #feature(workspace: Workspace, entry: TypedName): Feature | undefined {
    const known = this.#known.get(entry);
    if (known && (known.among === undefined || known.among === namesOf(workspace))) return known.feature;
    // What reads a name or reports a mistake does more than answer.
    let more = false;
    const note = (): void => {
      more = true;
    };
    const { library, binding } = workspace;
    const feature = resolveFeature(library, entry, {
      ...binding,
      report: (...mistake) => {
        note();
        binding.report(...mistake);
      },
      onName: (...name) => {
        note();
        binding.onName?.(...name);
      },
      onUnknown: (...kind) => {
        note();
        binding.onUnknown?.(...kind);
      },
    });
    if (feature && !more) {
      this.#known.set(entry, { feature, among: hasWords(entry.value) ? namesOf(workspace) : undefined });
    }
    return feature;
  }
}

/** A set in which only those of some names are other ones; the same where they are not. */
function withOthers(
  set: ReadonlySet<string>,
  names: readonly string[],
  others: ReadonlySet<string>,
): ReadonlySet<string> {
  if (names.every((name) => set.has(name) === others.has(name))) return set;
  const changed = new Set(set);
  for (const name of names) {
    if (others.has(name)) changed.add(name);
    else changed.delete(name);
  }
  return changed;
}
