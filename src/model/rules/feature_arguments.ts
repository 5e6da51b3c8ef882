import { ShapeError } from '../../library/contract.ts';
import { featureUse } from '../../library/features/uses.ts';
import { withNamed } from '../references.ts';
import type { Rule } from './rule.ts';

/** Arguments of a feature that do not go together, and features that are defined by one another in a circle. */
export const featureArguments: Rule = {
  name: 'feature arguments',
  check({ features, library }, report) {
    const calls = new Map([...features].map(([name, { call }]) => [name, call]));
    const reach = (name: string): ReadonlySet<string> => withNamed([name], calls, library.features);
    const reported: string[] = [];
    for (const [name, { call }] of features) {
      // One that names a feature whose own declaration is wrong cannot be judged.
      if ([...reach(name)].some((other) => !calls.has(other))) continue;
      // A circle is one mistake, however many stand in it.
      if (reported.some((other) => reach(other).has(name) && reach(name).has(other))) continue;
      try {
        featureUse(name, calls);
      } catch (error) {
        if (!(error instanceof ShapeError)) throw error;
        if (error.feature !== name) continue;
        reported.push(name);
        report('arguments-conflict', call.span, { kind: call.kind, reason: error.reason });
      }
    }
  },
};
