import { ShapeError } from '../contract.ts';
import { integer, number } from '../parameters.ts';
import { weightingKind } from '../rows.ts';
import { combine, gramMatrix, taskGradients } from './gram.ts';
import { smallestNorm } from './smallest_norm.ts';
import { tasks, unstack } from './vectors.ts';

export const pareto = weightingKind({
  doc: "The direction that helps every task: what tasks share follows the shortest weighted mean of their gradients (0 means that none can gain but by another). A task whose gradient is 0, such as one without rows in the batch, has weight 0 and does not slow the others. Two tasks in closed form, more by Frank–Wolfe with pairwise steps. `least` bounds each weight from below. A table that several tasks read is shared, and its row's gradient is the sum over all look-ups of that row in the batch. What belongs to one task alone learns by its own loss.",
  formula: ['w minimises ‖Σ_k w_k g_k‖ over w_k ≥ least, Σ w_k = 1', 'shared gradient = Σ_k w_k g_k'],
  when: 'Where no task may get worse for another. It needs the gradients of each task.',
  paper:
    'Sener & Koltun, "Multi-task learning as multi-objective optimization", NeurIPS 2018 (algorithm 2); with bounds: Lin et al., "A Pareto-efficient algorithm for multiple objective optimization", RecSys 2019 (PE-LTR); pairwise steps: Lacoste-Julien & Jaggi, NeurIPS 2015',
  example: 'pareto(click, like, least: 0.1)',
  parameters: {
    tasks,
    least: number({ min: 0, below: 1, doc: 'No weight is smaller; below 1 ÷ the number of tasks.', default: 0 }),
    iterations: integer({ min: 1, doc: 'Steps of Frank–Wolfe, for three tasks and more.', default: 20 }),
  },
  lower(context, { least, iterations }) {
    const { builder, losses } = context;
    if (least * losses.length >= 1) {
      throw new ShapeError(
        `takes a \`least\` below ${(1 / losses.length).toFixed(3)}, as ${losses.length} weights sum to 1`,
      );
    }
    const gradients = taskGradients(context);
    const gram = gramMatrix(context, gradients);
    const weights = unstack(builder, smallestNorm(builder, gram, losses.length, least, iterations));
    return {
      total: losses.map(({ loss }) => loss).reduce((sum, next) => builder.add(sum, next)),
      weights,
      shared: combine(builder, gradients, weights),
    };
  },
});
