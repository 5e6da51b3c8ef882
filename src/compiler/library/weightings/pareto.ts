import type { Builder, Ref } from '../../../graph/builder.ts';
import { ShapeError } from '../contract.ts';
import { integer, number } from '../parameters.ts';
import { weightingKind } from '../rows.ts';
import { combine, gramMatrix, taskGradients, tasks, unstack } from './vectors.ts';

/** A weight closer to its bound counts as equal to it. */
const margin = 1e-6;

/**
 * Returns the weights w ≥ `least` with sum 1 that minimise wᵀGw, where G has the inner products of the gradients: float32 [count]. For two it is the minimum of
 * a parabola. For more, weight is repeatedly moved from the gradient that agrees most with the sum to the one that agrees least, by the best amount.
 *
 * A gradient of exactly 0 gets the weight 0, whatever `least` is. Otherwise it would make the shortest sum, 0, and stop all other tasks, although none of their
 * directions makes its task worse.
 */
function smallestNorm(builder: Builder, gram: Ref, count: number, least: number, iterations: number): Ref {
  if (count === 1) return builder.constant([1]);
  const identity = eye(builder, count);
  const trace = builder.sum(builder.mul(gram, identity), [0, 1]);
  // Normalized, so that small gradients do not underflow.
  const scaled = builder.div(gram, builder.maximum(trace, 1e-30));
  if (count === 2) return two(builder, scaled, least);

  // Starts with the shortest gradient, because rounding errors of a much longer one would exceed the others.
  const squares = builder.reshape(builder.sum(builder.mul(scaled, identity), [0]), [1, count]);
  const hasGradient = builder.greater(squares, 0);
  const ones = builder.cast(hasGradient, 'float32');
  const bounds = builder.mul(ones, least);
  const lengths = builder.select(hasGradient, squares, 1e9);
  const shortest = firstOf(builder, lengths, smallestOf(builder, lengths), count);
  let weights = builder.add(builder.mul(shortest, builder.sub(1, builder.sum(bounds, [1], true))), bounds);
  for (let index = 0; index < iterations; index++) {
    const agreement = builder.matMul(weights, scaled);
    const free = builder.greater(builder.mul(weights, ones), least + margin);
    const freeAgreement = builder.select(free, agreement, -1e9);
    const fewest = builder.select(hasGradient, agreement, 1e9);
    const fromTask = firstOf(builder, freeAgreement, builder.max(freeAgreement, [1], true), count);
    const toTask = firstOf(builder, fewest, smallestOf(builder, fewest), count);
    const move = builder.sub(toTask, fromTask);
    const slope = builder.sum(builder.mul(agreement, move), [1], true);
    const curve = builder.sum(builder.mul(builder.matMul(move, scaled), move), [1], true);
    const best = builder.div(builder.neg(slope), builder.maximum(curve, 1e-30));
    const room = builder.sub(builder.sum(builder.mul(weights, fromTask), [1], true), least);
    const step = builder.maximum(builder.minimum(best, room), 0);
    weights = builder.add(weights, builder.mul(move, step));
  }
  return builder.reshape(weights, [count]);
}

/** Returns w₁ = (g₂ − g₁) · g₂ ÷ ‖g₁ − g₂‖² within its bounds, and w₂. */
function two(builder: Builder, gram: Ref, least: number): Ref {
  const entryAt = (row: number, column: number): Ref =>
    builder.reshape(builder.slice(gram, [row, column], [1, 1]), [1]);
  const [first, both, second] = [entryAt(0, 0), entryAt(0, 1), entryAt(1, 1)];
  const distance = builder.sub(builder.add(first, second), builder.mul(both, 2));
  const share = builder.div(builder.sub(second, both), distance);
  // For equal gradients every weight is equally good.
  const valid = builder.select(builder.greater(distance, 1e-12), share, 0.5);
  const bounded = builder.minimum(builder.maximum(valid, least), 1 - least);
  const hasSecond = builder.greater(second, 0);
  const without = builder.select(hasSecond, 0, 0.5);
  const weight = builder.select(builder.greater(first, 0), builder.select(hasSecond, bounded, 1), without);
  return builder.concat([weight, builder.sub(1, weight)], 0);
}

/** Returns the smallest number: [1, count] → [1, 1]. */
function smallestOf(builder: Builder, row: Ref): Ref {
  return builder.neg(builder.max(builder.neg(row), [1], true));
}

/** Returns 1 at the first element of a row that equals `value`, otherwise 0: [1, count]. */
function firstOf(builder: Builder, row: Ref, value: Ref, count: number): Ref {
  const equal = builder.cast(builder.greaterEqual(0, builder.abs(builder.sub(row, value))), 'float32');
  const earlier = Array.from({ length: count * count }, (_, index) =>
    Math.floor(index / count) < index % count ? 1 : 0,
  );
  const equalBefore = builder.matMul(equal, builder.constant(earlier, [count, count]));
  return builder.select(builder.greater(equalBefore, 0.5), 0, equal);
}

function eye(builder: Builder, count: number): Ref {
  const identityValues = Array.from({ length: count * count }, (_, index) => (index % (count + 1) === 0 ? 1 : 0));
  return builder.constant(identityValues, [count, count]);
}

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
