/** Eigenvalues and eigenvectors of symmetric matrices, in plain code. */
import { invariant } from '../../../base/diagnostics/failure.ts';

interface Eigen {
  readonly values: Float64Array;
  /** Row-major [size, size]: column k is the eigenvector of length 1 for value k. */
  readonly vectors: Float64Array;
}

/** A tridiagonal matrix T and the rotation Q that makes it of a matrix A: A = Q T Qᵀ. */
interface Tridiagonal {
  readonly diagonal: Float64Array;
  /** Entry i is next to `diagonal[i]` and `diagonal[i + 1]`; the last one is 0. */
  readonly beside: Float64Array;
  /** Qᵀ, row-major. */
  readonly turned: Float64Array;
}

/**
 * Returns the eigenvalues and eigenvectors of a symmetric matrix, row-major, of which the lower triangle is read: by Householder's reflections and implicit QL
 * steps (Golub & Van Loan, "Matrix computations", 8.3). All inner loops run along rows.
 */
export function symmetricEigen(matrix: Float64Array, size: number): Eigen {
  const { diagonal, beside, turned } = tridiagonal(matrix, size);
  const largest = diagonal.reduce((most, value, i) => Math.max(most, Math.abs(value) + Math.abs(beside[i]!)), 0);
  for (let first = 0; first < size; first++) {
    for (let step = 0; ; step++) {
      const last = endOfBlock(beside, first, Number.EPSILON * largest);
      if (last === first) break;
      invariant(step < maxSteps, 'the eigenvalues of a symmetric matrix are found');
      stepOfBlock({ diagonal, beside, turned }, first, last);
    }
  }
  const vectors = new Float64Array(size * size);
  for (let k = 0; k < size; k++) for (let i = 0; i < size; i++) vectors[i * size + k] = turned[k * size + i]!;
  return { values: diagonal, vectors };
}

/** Maximum steps for one eigenvalue; about two are needed. */
const maxSteps = 60;

function tridiagonal(matrix: Float64Array, size: number): Tridiagonal {
  const rest = matrix.slice();
  for (let i = 0; i < size; i++) for (let j = 0; j < i; j++) rest[j * size + i] = rest[i * size + j]!;
  const beside = new Float64Array(size);
  /** Row k is the unit vector of reflection k, or 0. */
  const mirrors = new Float64Array(size * size);
  const product = new Float64Array(size);
  for (let k = 0; k + 1 < size; k++) {
    const mirror = mirrors.subarray(k * size, (k + 1) * size);
    for (let j = k + 1; j < size; j++) mirror[j] = rest[k * size + j]!;
    const length = Math.sqrt(dot(mirror, mirror, k + 1));
    beside[k] = mirror[k + 1]! > 0 ? -length : length;
    mirror[k + 1]! -= beside[k]!;
    const mirrorLength = Math.sqrt(dot(mirror, mirror, k + 1));
    if (mirrorLength === 0) continue;
    for (let j = k + 1; j < size; j++) mirror[j]! /= mirrorLength;
    for (let i = k + 1; i < size; i++) product[i] = dot(rest.subarray(i * size, (i + 1) * size), mirror, k + 1);
    const share = dot(product, mirror, k + 1);
    for (let i = k + 1; i < size; i++) product[i]! -= share * mirror[i]!;
    for (let i = k + 1; i < size; i++) {
      const [a, b, row] = [2 * mirror[i]!, 2 * product[i]!, i * size];
      for (let j = k + 1; j < size; j++) rest[row + j]! -= a * product[j]! + b * mirror[j]!;
    }
  }
  const turned = new Float64Array(size * size);
  for (let i = 0; i < size; i++) turned[i * size + i] = 1;
  for (let k = size - 2; k >= 0; k--) {
    const mirror = mirrors.subarray(k * size, (k + 1) * size);
    for (let i = k + 1; i < size; i++) {
      const row = turned.subarray(i * size, (i + 1) * size);
      const share = 2 * dot(row, mirror, k + 1);
      for (let j = k + 1; j < size; j++) row[j]! -= share * mirror[j]!;
    }
  }
  return { diagonal: Float64Array.from({ length: size }, (_, i) => rest[i * size + i]!), beside, turned };
}

function dot(a: Float64Array, b: Float64Array, from: number): number {
  let sum = 0;
  for (let i = from; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** Returns the last row of the block of `first`: what is beside it is negligible. */
function endOfBlock(beside: Float64Array, first: number, negligible: number): number {
  let last = first;
  while (Math.abs(beside[last]!) > negligible) last++;
  return last;
}

/** Takes one implicit QL step over the rows from `first` to `last`, with Wilkinson's shift. */
function stepOfBlock({ diagonal, beside, turned }: Tridiagonal, first: number, last: number): void {
  const size = diagonal.length;
  const ratio = (diagonal[first + 1]! - diagonal[first]!) / (2 * beside[first]!);
  const root = Math.hypot(ratio, 1);
  let shifted = diagonal[last]! - diagonal[first]! + beside[first]! / (ratio + (ratio < 0 ? -root : root));
  let [sine, cosine, change] = [1, 1, 0];
  for (let i = last - 1; i >= first; i--) {
    const [far, near] = [sine * beside[i]!, cosine * beside[i]!];
    const length = Math.hypot(far, shifted);
    beside[i + 1] = length;
    if (length === 0) {
      diagonal[i + 1]! -= change;
      beside[last] = 0;
      return;
    }
    sine = far / length;
    cosine = shifted / length;
    const before = diagonal[i + 1]! - change;
    const both = (diagonal[i]! - before) * sine + 2 * cosine * near;
    change = sine * both;
    diagonal[i + 1] = before + change;
    shifted = cosine * both - near;
    for (let a = i * size, b = a + size; a < (i + 1) * size; a++, b++) {
      const [x, y] = [turned[a]!, turned[b]!];
      turned[b] = sine * x + cosine * y;
      turned[a] = cosine * x - sine * y;
    }
  }
  diagonal[first]! -= change;
  beside[first] = shifted;
  beside[last] = 0;
}
