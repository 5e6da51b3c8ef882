import { number } from '../parameters.ts';
import { weightingKind } from '../rows.ts';
import {
  innerProduct,
  lossValues,
  meanPresent,
  presence,
  stack,
  state,
  tasks,
  unstack,
  weightedSum,
} from './vectors.ts';

/** A step never makes a weight smaller than this, because at 0 its gradient would stay 0. */
const smallest = 1e-3;

export const gradnorm = weightingKind({
  doc: 'Every task pulls alike at the last shared layers W (the shared tables where no layer is shared), and one that lags pulls harder. A task without rows in the batch has no part in the means.',
  formula: [
    'G_k = w_k ‖∇_W L_k‖, W the matrices of the last shared layers: those that no other shared matrix reads',
    'r_k = L_k / L_k(first step), divided by the mean of those',
    'target_k = mean(G) · r_k^alpha',
    'w_k ← max(1e-3, w_k − rate · sign(G_k − target_k) ‖∇_W L_k‖), scaled to sum K',
  ],
  when: 'Where tasks learn at different speeds and share most layers.',
  paper: 'Chen et al., "GradNorm", ICML 2018 (algorithm 1)',
  example: 'gradnorm(click, like, alpha: 1.5)',
  parameters: {
    tasks,
    alpha: number({ min: 0, doc: 'How much harder a task that lags pulls.', default: 1.5 }),
    rate: number({ above: 0, doc: 'Step size of the weights.', default: 0.025 }),
  },
  lower({ builder, losses, lastShared, gradients, sumByTableRow }, { alpha, rate }) {
    const taskCount = losses.length;
    const weights = state(builder, 'weights', taskCount, 1);
    const firstLosses = state(builder, 'first_losses', taskCount);
    const taskLosses = lossValues(builder, losses);
    const present = presence(builder, losses);
    // It is 0 in the first step.
    const firstValues = builder.select(builder.greater(firstLosses, 0), firstLosses, taskLosses);
    builder.update(firstLosses, firstValues);

    const norms = stack(
      builder,
      losses.map(({ loss }) => {
        const gradient = sumByTableRow(lastShared, gradients(loss, lastShared));
        return builder.sqrt(innerProduct(builder, gradient, gradient));
      }),
    );
    const pulls = builder.mul(weights, norms);
    const remaining = builder.div(taskLosses, builder.maximum(firstValues, 1e-12));
    const relative = builder.div(remaining, builder.maximum(meanPresent(builder, remaining, present), 1e-12));
    const harder = builder.exp(builder.mul(builder.log(builder.maximum(relative, 1e-12)), alpha));
    const target = builder.mul(meanPresent(builder, pulls, present), harder);
    const slope = builder.mul(builder.sign(builder.sub(pulls, target)), norms);
    const nextWeights = builder.maximum(builder.sub(weights, builder.mul(slope, rate)), smallest);
    builder.update(weights, builder.mul(nextWeights, builder.div(taskCount, builder.sum(nextWeights, [0], true))));

    const taskWeights = unstack(builder, weights);
    return { total: weightedSum(builder, losses, taskWeights), weights: taskWeights };
  },
});
