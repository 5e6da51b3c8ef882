import type { Builder, Ref } from '../../../graph/builder.ts';
import { weightingKind } from '../rows.ts';
import { combine, gramMatrix, taskGradients, tasks, unstack } from './vectors.ts';

export const pcgrad = weightingKind({
  doc: "Gradients that conflict are projected before they are summed, on each other task in turn: the next in the file's order first, then round. It acts on what tasks share, tables among them: a table row's gradient is the sum over all look-ups of that row in the batch. The rest learns by the plain sum. The paper draws the order at random.",
  formula: [
    "g'_k = g_k at first",
    "g'_k ← g'_k − (g'_k · g_l / ‖g_l‖²) g_l where g'_k · g_l < 0, for each other l",
    "shared gradient = Σ_k g'_k",
  ],
  when: 'Where tasks pull the shared layers in opposite directions.',
  paper: 'Yu et al., "Gradient surgery for multi-task learning", NeurIPS 2020 (algorithm 1)',
  example: 'pcgrad(click, like)',
  parameters: { tasks },
  lower(context) {
    const { builder, losses } = context;
    const gradients = taskGradients(context);
    const weights = unstack(builder, coefficients(builder, gramMatrix(context, gradients), losses.length));
    return {
      total: losses.map(({ loss }) => loss).reduce((sum, next) => builder.add(sum, next)),
      weights,
      shared: combine(builder, gradients, weights),
    };
  },
});

/** A gradient that is this much shorter than the longest is a rounding error without a direction to project on. */
const tiny = 1e-6;

/**
 * Returns the coefficients of the sum of the projected gradients: float32 [tasks]. A projected gradient is a linear combination of the original gradients, so
 * only inner products are needed: row k of A has the coefficients for task k.
 */
function coefficients(builder: Builder, gram: Ref, count: number): Ref {
  const squares = builder.reshape(builder.sum(builder.mul(gram, matrix(builder, count, 0)), [0]), [1, count]);
  const smallestSquare = builder.mul(builder.max(squares, [1], true), tiny * tiny);
  let mix = matrix(builder, count, 0);
  for (let round = 1; round < count; round++) {
    const otherTask = matrix(builder, count, round);
    const agreement = builder.sum(builder.mul(builder.matMul(mix, gram), otherTask), [1], true);
    const square = builder.sum(builder.mul(squares, otherTask), [1], true);
    const valid = builder.greater(square, smallestSquare);
    const share = builder.div(builder.minimum(agreement, 0), builder.select(valid, square, 1));
    const conflict = builder.select(valid, share, 0);
    mix = builder.sub(mix, builder.mul(conflict, otherTask));
  }
  return builder.sum(mix, [0]);
}

/** Returns 1 where column = row + `ahead`, cyclically: float32 [count, count]. */
function matrix(builder: Builder, count: number, ahead: number): Ref {
  const matrixValues = Array.from({ length: count * count }, (_, index) =>
    index % count === (Math.floor(index / count) + ahead) % count ? 1 : 0,
  );
  return builder.constant(matrixValues, [count, count]);
}
