/** Features that were bound before are not bound again, for an editor: most of a text is as it was. */
import { hasWords, namesOf } from './feature_words.ts';
import type { Feature } from './model.ts';
import { resolveFeature } from './resolve/features.ts';
import type { TypedName } from './scope.ts';
import type { Workspace } from './workspace.ts';

interface Bound {
  readonly feature: Feature;
  /** The names that words could represent; nothing where it has no words. */
  readonly among: string | undefined;
}

/** Of nodes that stay the same while their text does; see `ParseMemory`. */
export class BoundFeatures {
  readonly #known = new WeakMap<TypedName, Bound>();

  /** The same as `resolveFeature`. */
  feature(workspace: Workspace, entry: TypedName): Feature | undefined {
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
