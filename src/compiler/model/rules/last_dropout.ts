import { lastBlockOf } from './channel_ends.ts';
import type { Rule } from './rule.ts';

/** Dropout belongs before a layer that can make up for what it takes away. */
export const lastDropout: Rule = {
  name: 'channel that ends in dropout',
  check({ towers, library }, report) {
    for (const tower of towers) {
      for (const step of tower.steps.filter(({ channel }) => channel)) {
        if (lastBlockOf(step, tower, library)?.kind !== 'dropout') continue;
        const { flow } = step.node;
        const steps = flow.kind === 'Flow' ? flow.steps : [];
        const [before, last] = [steps.at(-2), steps.at(-1)];
        const direct =
          before && last && (last.kind === 'Call' ? last.callee.name : last.kind === 'Name' && last.parts[0]!.name);
        const at = direct === 'dropout' ? last!.span : step.span;
        const fix = direct === 'dropout' && { at: { ...last!.span, start: before!.span.end }, text: '' };
        report('last-dropout', at, { tower: tower.name, channel: step.name }, fix ? { fixes: [[fix]] } : {});
      }
    }
  },
};
