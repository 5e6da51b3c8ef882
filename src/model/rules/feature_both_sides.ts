import { notes } from '../../diagnostics/codes.ts';
import type { Rule } from './rule.ts';

/** A tower is a wall: no feature stands on both sides of it. */
export const featureBothSides: Rule = {
  name: 'feature on both sides',
  check({ towers }, report) {
    const reported = new Set<string>();
    towers.forEach((tower, at) => {
      for (const other of towers.slice(at + 1)) {
        for (const input of other.inputs) {
          const name = input.features.find((feature) => tower.features.includes(feature) && !reported.has(feature));
          if (name === undefined) continue;
          for (const feature of input.features) if (tower.features.includes(feature)) reported.add(feature);
          const first = tower.inputs.find(({ features }) => features.includes(name))!;
          const facts = { name, first: tower.name, second: other.name };
          report('feature-both-sides', input.span, facts, {
            notes: [{ message: notes.read(tower.name, name), at: first.span }],
          });
        }
      }
    });
  },
};
