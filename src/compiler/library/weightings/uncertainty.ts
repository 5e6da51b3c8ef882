import { weightingKind } from '../rows.ts';
import { tasks } from './vectors.ts';

export const uncertainty = weightingKind({
  doc: 'A noisy task weighs less, by a learned sₖ = log σₖ² for each task, from 0. f is ½ for an error of a number (mse, huber) and 1 for all others. At the minimum each weight fₖ · e^−sₖ is 1/(2 Lₖ). A batch without rows of a task gives its sₖ no gradient.',
  formula: ['total = Σ_k f_k e^−s_k L_k + s_k / 2', 'f_k = ½ for an error of a number, else 1'],
  when: 'The first choice for tasks whose losses differ in size; it costs one number a task.',
  paper: 'Kendall et al., "Multi-task learning using uncertainty to weigh losses", CVPR 2018 (equations 7 and 10)',
  example: 'uncertainty(click, like)',
  parameters: { tasks },
  lower({ builder, losses }) {
    const terms = losses.map(({ task, loss, regression, present }) => {
      const s = builder.reshape(builder.parameter(`log_variance_${task}`, [1], { kind: 'zeros' }), []);
      const precision = builder.exp(builder.neg(s));
      const weight = regression ? builder.mul(precision, 0.5) : precision;
      const price = present === undefined ? 0.5 : builder.mul(present, 0.5);
      return { weight, term: builder.add(builder.mul(weight, loss), builder.mul(s, price)) };
    });
    return {
      total: terms.map(({ term }) => term).reduce((sum, next) => builder.add(sum, next)),
      weights: terms.map(({ weight }) => weight),
    };
  },
});
