import { type BoundKind, ShapeError } from '../../library/contract.ts';
import { deepest, featureUse, usesOf } from '../../library/features/uses.ts';
import { featuresNamed, withNamed } from '../references.ts';
import type { Rule } from './rule.ts';

/** Arguments of a feature that do not go together, and features that are defined by one another in a cycle. */
export const featureArguments: Rule = {
  name: 'feature arguments',
  check({ features, library }, report) {
    const reach = (name: string): ReadonlySet<string> => withNamed([name], features, library.features);
    const reported: string[] = [];
    const reportedKinds = new Set<BoundKind>();
    const naming = new Map([...features].map(([name, { call }]) => [name, featuresNamed(call, library.features)]));
    const unsettled = unsettledOf(features, naming);
    // Of very many that are unsettled not all are looked at.
    const valid = unsettled.size > most ? new Map() : usesOf(features);
    if (valid.size === features.size) return;
    for (const [name, { call }] of features) {
      if (valid.has(name)) continue;
      // Of very many it is enough to report one: each looks at all the others.
      if (unsettled.size > most && unsettled.has(name) && reported.some((other) => unsettled.has(other))) continue;
      const namesOthers = naming.get(name)!.length > 0;
      // One that names a feature whose own declaration is wrong cannot be judged.
      if (namesOthers && [...reach(name)].some((other) => !features.has(other))) continue;
      // A cycle is one mistake, however many features it has.
      if (namesOthers && reported.some((other) => reach(other).has(name) && reach(name).has(other))) continue;
      try {
        featureUse(name, features);
      } catch (error) {
        if (!(error instanceof ShapeError)) throw error;
        if (error.feature !== name) continue;
        reported.push(name);
        // Several names of one kind.
        if (reportedKinds.has(call)) continue;
        reportedKinds.add(call);
        report('arguments-conflict', call.span, { kind: call.kind, reason: error.reason });
      }
    }
  },
};

/** Features in cycles, or in chains that are too long, of which each is judged by itself. */
const most = 200;

/** Features whose named features, and those that these name, do not end within `deepest`. */
function unsettledOf(
  features: ReadonlyMap<string, unknown>,
  naming: ReadonlyMap<string, readonly string[]>,
): ReadonlySet<string> {
  // Those that name none end first: they are most of a file.
  const left = new Map([...naming].filter(([, named]) => named.some((other) => features.has(other))));
  for (let depth = 1; depth <= deepest; depth++) {
    const ended = [...left].filter(([, named]) => named.every((other) => !left.has(other)));
    if (ended.length === 0) break;
    for (const [name] of ended) left.delete(name);
  }
  return new Set(left.keys());
}
