import { ShapeError } from '../../library/contract.ts';
import { featureUse } from '../../library/features/uses.ts';
import { featuresNamed, withNamed } from '../references.ts';
import type { Rule } from './rule.ts';

/** Arguments of a feature that do not go together, and features that are defined by one another in a circle. */
export const featureArguments: Rule = {
  name: 'feature arguments',
  check({ features, library }, report) {
    const reach = (name: string): ReadonlySet<string> => withNamed([name], features, library.features);
    const reported: string[] = [];
    for (const [name, { call }] of features) {
      const namesOthers = featuresNamed(call, library.features).length > 0;
      // One that names a feature whose own declaration is wrong cannot be judged.
      if (namesOthers && [...reach(name)].some((other) => !features.has(other))) continue;
      // A circle is one mistake, however many stand in it.
      if (namesOthers && reported.some((other) => reach(other).has(name) && reach(name).has(other))) continue;
      try {
        featureUse(name, features);
      } catch (error) {
        if (!(error instanceof ShapeError)) throw error;
        if (error.feature !== name) continue;
        reported.push(name);
        report('arguments-conflict', call.span, { kind: call.kind, reason: error.reason });
      }
    }
  },
};
