/** Values of R, as far as data frames need them. */

export type RValue = null | RVector | RList | RText;

interface RVector {
  readonly kind: 'numbers';
  /** NaN is NA. */
  readonly values: Float64Array;
  readonly attributes: ReadonlyMap<string, RValue>;
}

export interface RText {
  readonly kind: 'texts';
  /** `undefined` is NA. */
  readonly values: readonly (string | undefined)[];
  readonly attributes: ReadonlyMap<string, RValue>;
}

export interface RList {
  readonly kind: 'list';
  readonly values: readonly RValue[];
  readonly attributes: ReadonlyMap<string, RValue>;
}
