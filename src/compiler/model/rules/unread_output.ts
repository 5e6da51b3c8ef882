import type { SourceName } from '../resolution.ts';
import { outputsOf } from '../resolve/outputs.ts';
import type { Rule } from './rule.ts';

/** Of a block that gives several outputs, each is read: one that is not learns nothing. */
export const unreadOutput: Rule = {
  name: 'output nothing reads',
  check({ towers, library }, report) {
    for (const { steps } of towers) {
      const read = new Map<string, SourceName[]>();
      for (const { reads = [] } of steps) {
        for (const use of reads) {
          const others = read.get(use.name);
          if (others) others.push(use);
          else read.set(use.name, [use]);
        }
      }
      for (const step of steps) {
        const uses = read.get(step.name) ?? [];
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
