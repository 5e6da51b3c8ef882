import type { Builder, Ref } from '../graph/builder.ts';

/** Rows to length 1: x / √max(Σ x², 1e-12), so that a row of zeros stays one. float32 [rows, …, width] → the same. */
export function unitLength(builder: Builder, x: Ref): Ref {
  const square = builder.sum(builder.square(x), [x.type.shape.length - 1], true);
  return builder.mul(x, builder.rsqrt(builder.maximum(square, 1e-12)));
}
