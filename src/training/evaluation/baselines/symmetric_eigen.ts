/** Eigenvalues and eigenvectors of symmetric matrices, in plain code. */
import { invariant } from '../../../base/diagnostics/diagnostic.ts';

interface Eigen {
  readonly values: Float64Array;
  /** Row-major [size, size]: column k is the eigenvector of length 1 for value k. */
  readonly vectors: Float64Array;
}

/** A tridiagonal matrix T and the rotation Q that makes it of a matrix A: A = Q T Qᵀ. */
interface Tridiagonal {
  readonly diagonal: Float64Array;
  /** Entry i is next to `diagonal[i]` and `diagonal[i + 1]`; the last one is 0. */
  readonly offDiagonal: Float64Array;
  /** Qᵀ, row-major. */
  readonly rotation: Float64Array;
}

/**
 * Returns the eigenvalues and eigenvectors of a symmetric matrix, row-major, of which the lower triangle is read: by Householder's reflections and implicit QL
 * steps (Golub & Van Loan, "Matrix computations", 8.3). All inner loops run along rows.
 */
export function symmetricEigen(matrix: Float64Array, size: number): Eigen {
  const { diagonal, offDiagonal, rotation } = tridiagonal(matrix, size);
  const largest = diagonal.reduce((max, value, i) => Math.max(max, Math.abs(value) + Math.abs(offDiagonal[i]!)), 0);
  for (let first = 0; first < size; first++) {
    for (let step = 0; ; step++) {
      // What is beside the block of `first` is negligible.
      let last = first;
      while (Math.abs(offDiagonal[last]!) > Number.EPSILON * largest) last++;
      if (last === first) break;
      invariant(step < maxSteps, 'the eigenvalues of a symmetric matrix are found');
      stepOfBlock({ diagonal, offDiagonal, rotation }, first, last);
    }
  }
  const vectors = new Float64Array(size * size);
  for (let k = 0; k < size; k++) for (let i = 0; i < size; i++) vectors[i * size + k] = rotation[k * size + i]!;
  return { values: diagonal, vectors };
}

/** Maximum steps for one eigenvalue; about two are needed. */
const maxSteps = 60;

function tridiagonal(matrix: Float64Array, size: number): Tridiagonal {
  const remaining = matrix.slice();
  for (let i = 0; i < size; i++) for (let j = 0; j < i; j++) remaining[j * size + i] = remaining[i * size + j]!;
  const offDiagonal = new Float64Array(size);
  /** Row k is the unit vector of reflection k, or 0. */
  const reflections = new Float64Array(size * size);
  const product = new Float64Array(size);
  for (let k = 0; k + 1 < size; k++) {
    const reflection = reflections.subarray(k * size, (k + 1) * size);
    for (let j = k + 1; j < size; j++) reflection[j] = remaining[k * size + j]!;
    const length = Math.sqrt(dot(reflection, reflection, k + 1));
    offDiagonal[k] = reflection[k + 1]! > 0 ? -length : length;
    reflection[k + 1]! -= offDiagonal[k]!;
    const reflectionLength = Math.sqrt(dot(reflection, reflection, k + 1));
    if (reflectionLength === 0) continue;
    for (let j = k + 1; j < size; j++) reflection[j]! /= reflectionLength;
    for (let i = k + 1; i < size; i++)
      product[i] = dot(remaining.subarray(i * size, (i + 1) * size), reflection, k + 1);
    const overlap = dot(product, reflection, k + 1);
    for (let i = k + 1; i < size; i++) product[i]! -= overlap * reflection[i]!;
    for (let i = k + 1; i < size; i++) {
      const [a, b, row] = [2 * reflection[i]!, 2 * product[i]!, i * size];
      for (let j = k + 1; j < size; j++) remaining[row + j]! -= a * product[j]! + b * reflection[j]!;
    }
  }
  const rotation = new Float64Array(size * size);
  for (let i = 0; i < size; i++) rotation[i * size + i] = 1;
  for (let k = size - 2; k >= 0; k--) {
    const reflection = reflections.subarray(k * size, (k + 1) * size);
    for (let i = k + 1; i < size; i++) {
      const row = rotation.subarray(i * size, (i + 1) * size);
      const overlap = 2 * dot(row, reflection, k + 1);
      for (let j = k + 1; j < size; j++) row[j]! -= overlap * reflection[j]!;
    }
  }
  return { diagonal: Float64Array.from({ length: size }, (_, i) => remaining[i * size + i]!), offDiagonal, rotation };
}

function dot(a: Float64Array, b: Float64Array, from: number): number {
  let sum = 0;
  for (let i = from; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** Takes one implicit QL step over the rows from `first` to `last`, with Wilkinson's shift. */
function stepOfBlock({ diagonal, offDiagonal, rotation }: Tridiagonal, first: number, last: number): void {
  const size = diagonal.length;
  const ratio = (diagonal[first + 1]! - diagonal[first]!) / (2 * offDiagonal[first]!);
  const root = Math.hypot(ratio, 1);
  let shifted = diagonal[last]! - diagonal[first]! + offDiagonal[first]! / (ratio + (ratio < 0 ? -root : root));
  let [sine, cosine, change] = [1, 1, 0];
  for (let i = last - 1; i >= first; i--) {
    const [rotatedAside, rotatedAlong] = [sine * offDiagonal[i]!, cosine * offDiagonal[i]!];
    const length = Math.hypot(rotatedAside, shifted);
    offDiagonal[i + 1] = length;
    if (length === 0) {
      diagonal[i + 1]! -= change;
      offDiagonal[last] = 0;
      return;
    }
    sine = rotatedAside / length;
    cosine = shifted / length;
    const before = diagonal[i + 1]! - change;
    const combined = (diagonal[i]! - before) * sine + 2 * cosine * rotatedAlong;
    change = sine * combined;
    diagonal[i + 1] = before + change;
    shifted = cosine * combined - rotatedAlong;
    for (let a = i * size, b = a + size; a < (i + 1) * size; a++, b++) {
      const [x, y] = [rotation[a]!, rotation[b]!];
      rotation[b] = sine * x + cosine * y;
      rotation[a] = cosine * x - sine * y;
    }
  }
  diagonal[first]! -= change;
  offDiagonal[first] = shifted;
  offDiagonal[last] = 0;
}
