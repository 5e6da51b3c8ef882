import { wordOf } from '../calls.ts';
import type { Rule } from './rule.ts';

/** `softmax(in_batch: false)` asks for no negatives of the batch, and names no others. */
export const noNegatives: Rule = {
  name: 'a loss over other items without any',
  check({ tasks, library }, report) {
    for (const { loss, node } of tasks) {
      if (!loss || !('in_batch' in library.losses[loss.kind]!.parameters) || loss.arguments.negatives !== undefined)
        continue;
      const written = node.entries.find(({ name }) => name.name === 'loss')?.value;
      const given = written?.kind === 'Call' ? written.arguments : [];
      const refused = given.find(({ name, value }) => name?.name === 'in_batch' && wordOf(value) === 'false');
      if (!refused) continue;
      const reason = 'has no negatives with `in_batch: false`: draw some with `negatives: sampled(4)`';
      report('arguments-conflict', refused.span, { kind: loss.kind, reason });
    }
  },
};
