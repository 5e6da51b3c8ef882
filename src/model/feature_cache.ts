/** Features that were bound before are not bound again, for an editor: most of a text is as it was. */
import { follow, Latest, sharedNames, type Table } from '../kept/history.ts';
import { isSame } from '../kept/kept.ts';
import { revised } from '../kept/revised.ts';
import { meaningOf } from './feature_words.ts';
import type { Feature } from './model.ts';
import { bindEach, resolveFeature } from './resolve/features.ts';
import type { Scope, TypedName } from './scope.ts';
import { wordsOf } from './words.ts';
import type { Workspace } from './workspace.ts';

interface Bound {
  readonly feature: Feature;
  readonly words: readonly string[];
  /** What the words represent. */
  readonly meaning: string;
}

interface BoundTable {
  readonly features: Table<Feature>;
  /** The names of those that are bound in each text, as binding does more than answer. */
  readonly again: ReadonlySet<string>;
  /** Of those that have words, which may mean something else where names are others. */
  readonly worded: ReadonlySet<string>;
  /** The names of the text, and its constants. */
  readonly around: readonly unknown[];
}

/** Of nodes that stay the same while their text does; see `IncrementalParser`. */
export class BoundFeatures {
  readonly #known = new WeakMap<TypedName, Bound>();
  /** By what they were bound from. */
  readonly #latest = new Latest<BoundTable>();

  /** The same as `resolveFeatures`. */
  features(workspace: Workspace, scope: Scope): Table<Feature> {
    const { features: written } = scope;
    const last = this.#latest.of(written);
    const bound = last
      ? this.#bindAgain(workspace, scope, last.known, last.names)
      : this.#bind(workspace, scope, written);
    this.#latest.set(written, bound);
    return bound.features;
  }

  /** Those that differ from the text before, in the order of the file: mistakes are reported in it. */
  #bindAgain(workspace: Workspace, scope: Scope, before: BoundTable, names: readonly string[]): BoundTable {
    const { features: written } = scope;
    const isOther = (name: string): boolean => {
      const typed = written.get(name);
      const known = typed && this.#known.get(typed);
      return known?.meaning !== meaningOf(known?.words ?? [], scope);
    };
    const others = isSame(before.around, aroundWords(scope)) ? [] : [...before.worded].filter(isOther);
    const wanted = new Set([...names, ...before.again, ...others]);
    const there = [...wanted].filter((name) => written.has(name));
    const ordered = there.length > 1 ? [...written.keys()].filter((name) => wanted.has(name)) : there;
    const bound = this.#bind(
      workspace,
      scope,
      ordered.map((name) => [name, written.get(name)!]),
    );
    const worded = withOthers(before.worded, wanted, bound.worded);
    const known = { ...bound, worded };
    const changed = [...wanted].filter((name) => bound.features.get(name) !== before.features.get(name));
    if (changed.every((name) => bound.features.has(name) && before.features.has(name))) {
      return { ...known, features: revised(before.features, bound.features) };
    }
    const features = new Map<string, Feature>();
    for (const name of written.keys()) {
      const feature = (wanted.has(name) ? bound : before).features.get(name);
      if (feature) features.set(name, feature);
    }
    return { ...known, features: follow(before.features, features, changed, false) };
  }

  #bind(workspace: Workspace, scope: Scope, entries: Iterable<readonly [string, TypedName]>): BoundTable {
    const again = new Set<string>();
    const worded = new Set<string>();
    const features = bindEach(entries, (typed) => {
      const feature = this.#feature(workspace, scope, typed);
      const known = this.#known.get(typed);
      const names = known === undefined ? again : known.words.length === 0 ? undefined : worded;
      for (const { name } of typed.entry.names) names?.add(name);
      return feature;
    });
    return { features, again, worded, around: aroundWords(scope) };
  }

  /** The same as `resolveFeature`. */
  #feature(workspace: Workspace, scope: Scope, entry: TypedName): Feature | undefined {
    const known = this.#known.get(entry);
    if (known && known.meaning === meaningOf(known.words, scope)) return known.feature;
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
      const words = wordsOf(entry.value);
      this.#known.set(entry, { feature, words, meaning: meaningOf(words, scope) });
    }
    return feature;
  }
}

/** All that words may represent: the same where no name and no constant is another. */
const aroundWords = ({ features, lets }: Scope): readonly unknown[] => [sharedNames(features), lets];

/** A set in which only those of some names are other ones; the same where they are not. */
function withOthers(
  set: ReadonlySet<string>,
  names: ReadonlySet<string>,
  others: ReadonlySet<string>,
): ReadonlySet<string> {
  if ([...names].every((name) => set.has(name) === others.has(name))) return set;
  const changed = new Set(set);
  for (const name of names) {
    if (others.has(name)) changed.add(name);
    else changed.delete(name);
  }
  return changed;
}
