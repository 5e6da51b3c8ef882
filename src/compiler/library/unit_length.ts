import type { Builder, Ref } from '../../graph/builder.ts';

/** A row whose Σ x² is no more than this has no direction: it is shorter than 1e-6. */
const tiny = 1e-12;

/**
 * Rows to length 1: x / √(Σ x²). A row of zeros stays one, and its gradient passes as it is: divided by a tiny length it would
 * be a million times that of any other row, which an optimizer that keeps the mean of squares does not get over for
 * thousands of steps. float32 [rows, …, width] → the same.
 */
export function unitLength(builder: Builder, x: Ref): Ref {
  const square = builder.sum(builder.square(x), [x.type.shape.length - 1], true);
  return builder.mul(x, builder.rsqrt(builder.select(builder.greater(square, tiny), square, 1)));
}
