import type { Ref } from '../../../graph/builder.ts';
import { integer, number } from '../parameters.ts';
import { weightingKind } from '../rows.ts';
import { lossValues, presence, state, tasks, unstack, weightedSum } from './vectors.ts';

export const dwa = weightingKind({
  doc: 'A task whose loss falls slower weighs more. A window is so many steps; in the first two all weights are 1. The paper takes epochs for windows. The mean of a task is over the steps that had rows of it; without any it stays.',
  formula: [
    'r_k = mean L_k of the last window / mean L_k of the one before',
    'w = K · softmax(r / temperature); 1 until both windows exist',
  ],
  when: 'Where you want weights without gradients by task, at almost no cost.',
  paper: 'Liu et al., "End-to-end multi-task learning with attention", CVPR 2019 (equation 7)',
  example: 'dwa(click, like, temperature: 2)',
  parameters: {
    tasks,
    temperature: number({ above: 0, doc: 'T: the larger, the more even the weights.', default: 2 }),
    window: integer({ min: 1, doc: 'Steps whose losses are averaged.', default: 100 }),
  },
  lower({ builder, losses }, { temperature, window }) {
    const taskCount = losses.length;
    const sums = state(builder, 'window_sums', taskCount);
    const steps = state(builder, 'window_steps', 1);
    const lastMeans = state(builder, 'last_means', taskCount);
    const earlierMeans = state(builder, 'earlier_means', taskCount);

    // It is 0 before the first value.
    const hasEarlier = builder.greater(earlierMeans, 0);
    const ratio = builder.select(hasEarlier, builder.div(lastMeans, builder.select(hasEarlier, earlierMeans, 1)), 1);
    const weights = unstack(builder, builder.mul(builder.softmax(builder.div(ratio, temperature)), taskCount));

    const nextSums = builder.add(sums, lossValues(builder, losses));
    const nextSteps = builder.add(steps, 1);
    const full = builder.greaterEqual(nextSteps, window);
    const mean = meanOfWindow();
    builder.update(earlierMeans, builder.select(full, lastMeans, earlierMeans));
    builder.update(lastMeans, builder.select(full, mean, lastMeans));
    builder.update(sums, builder.select(full, 0, nextSums));
    builder.update(steps, builder.select(full, 0, nextSteps));
    return { total: weightedSum(builder, losses, weights), weights };

    function meanOfWindow(): Ref {
      const present = presence(builder, losses);
      if (present === undefined) return builder.div(nextSums, nextSteps);
      const measured = state(builder, 'window_measured', taskCount);
      const nextMeasured = builder.add(measured, present);
      builder.update(measured, builder.select(full, 0, nextMeasured));
      return builder.select(
        builder.greater(nextMeasured, 0),
        builder.div(nextSums, builder.maximum(nextMeasured, 1)),
        lastMeans,
      );
    }
  },
});
