import { name, rest } from '../parameters.ts';
import { weightingKind } from '../rows.ts';

export const uncertainty = weightingKind({
  doc: 'Σₖ e^−sₖ · Lₖ + sₖ/2 with a learnt sₖ = log σₖ² for each task, from 0: a noisy task weighs less. At the minimum each e^−sₖ · Lₖ is ½.',
  paper: 'Kendall et al., "Multi-task learning using uncertainty to weigh losses", CVPR 2018 (equation 10)',
  example: 'uncertainty(click, like)',
  parameters: {
    tasks: rest(name('task', { required: true, doc: 'The tasks whose losses are weighed.' })),
  },
  lower({ builder }, losses) {
    return losses
      .map(({ task, loss }) => {
        const s = builder.reshape(builder.parameter(`log_variance_${task}`, [1], { kind: 'zeros' }), []);
        return builder.add(builder.mul(builder.exp(builder.neg(s)), loss), builder.mul(s, 0.5));
      })
      .reduce((sum, next) => builder.add(sum, next));
  },
});
