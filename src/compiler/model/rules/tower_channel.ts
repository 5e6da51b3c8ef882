import { defined } from '../../../base/util/defined.ts';
import { insertion } from '../edits.ts';
import type { Rule } from './rule.ts';

/** A tower gives something only through its channels. */
export const towerChannel: Rule = {
  name: 'tower without a channel',
  check({ towers }, report) {
    for (const { name, span, steps } of towers) {
      if (steps.some(({ channel }) => channel)) continue;
      const last = steps.at(-1)?.node.span;
      const fix = last && insertion(last.source, last.start, 'channel ');
      report('tower-without-channel', span, { tower: name }, defined({ fixes: fix && [[fix]] }));
    }
  },
};
