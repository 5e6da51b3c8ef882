import { textOf } from '../../../base/text/source.ts';
import type { Rule } from './rule.ts';

/**
 * The mean of a label is added to what estimates the label; a loss that compares items does not read what all items have; and a loss of
 * directions has no use for any bias.
 */
export const biases: Rule = {
  name: 'biases that a loss does not read',
  check({ tasks, library }, report) {
    for (const { score, loss, hasNoLoss } of tasks) {
      if (!score?.biases) continue;
      if (!loss) {
        // A factor of a product: its score is a logit.
        const mean = hasNoLoss && score.biases.find(({ kind }) => kind === 'mean');
        if (mean) report('mean-needs-number', mean.span, {});
        continue;
      }
      const row = library.losses[loss.kind]!;
      for (const bias of score.biases) {
        if (row.directions) report('bias-with-directions', bias.span, { bias: textOf(bias.span), loss: loss.kind });
        else if (bias.kind === 'mean' && row.label !== 'number')
          report('mean-needs-number', bias.span, { loss: loss.kind });
        else if (row.relative && (bias.kind !== 'channel' || bias.side === 'query'))
          report('bias-cancels', bias.span, { bias: textOf(bias.span), loss: loss.kind });
      }
    }
  },
};
