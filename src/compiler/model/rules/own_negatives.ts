import type { Rule } from './rule.ts';

/** A row of positions has the events of one user: in the batch they are each other's negatives. */
export const ownNegatives: Rule = {
  name: 'events of a user as negatives of each other',
  check({ tasks, train, library }, report) {
    if (train?.targets !== 'positions') return;
    for (const { loss } of tasks) {
      if (!loss || !library.losses[loss.kind]!.needsItemKey) continue;
      const { negatives, all, in_batch: inBatch } = loss.arguments;
      if (all !== true && (negatives === undefined || inBatch === true)) {
        report('own-negatives', loss.span, { loss: loss.kind });
      }
    }
  },
};
