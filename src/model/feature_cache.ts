/** Features that were bound before are not bound again, for an editor: most of a text is as it was. */
import type * as Ast from '../syntax/ast.ts';
import { textOf } from '../text/source.ts';
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

const names = new WeakMap<Workspace, string>();

/** Every name that a word of a feature may represent, and what constants are. */
function namesOf(workspace: Workspace): string {
  const { scope } = workspace;
  const known =
    names.get(workspace) ?? [...scope.features.keys(), ...scope.lets.map(({ span }) => textOf(span))].join();
  names.set(workspace, known);
  return known;
}

function hasWords(expression: Ast.Expression): boolean {
  switch (expression.kind) {
    case 'Name':
      return true;
    case 'Call':
      return expression.arguments.some(({ value }) => hasWords(value));
    case 'List':
      return expression.items.some(hasWords);
    case 'Unary':
      return hasWords(expression.operand);
    case 'Binary':
      return hasWords(expression.left) || hasWords(expression.right);
    case 'Flow':
      return expression.steps.some(hasWords);
    default:
      return false;
  }
}
