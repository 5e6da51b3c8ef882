import { outputsOf } from '../resolve/outputs.ts';
import type { Rule } from './rule.ts';

/** Of a block that gives several outputs, each is read: one that is not learns nothing. */
export const unreadOutput: Rule = {
  name: 'output nothing reads',
  check({ towers, library }, report) {
    for (const { steps } of towers) {
      const read = steps.flatMap(({ reads = [] }) => reads);
      for (const step of steps) {
        const uses = read.filter(({ name }) => name === step.name);
        // One that nothing reads at all is reported as a whole; one that is read whole is what the next step refuses.
        if (uses.length === 0 || uses.some(({ output }) => output === undefined)) continue;
        for (const output of outputsOf(library, step, steps) ?? []) {
          if (uses.some((use) => use.output === output)) continue;
          report('unread-output', step.span, { name: step.name, output });
        }
      }
    }
  },
};
