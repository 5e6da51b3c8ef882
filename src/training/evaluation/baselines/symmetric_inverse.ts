/**
 * The inverse of a symmetric positive definite matrix, row-major [size, size], by its Cholesky factor: M = L Lᵀ, M⁻¹ = L⁻ᵀ L⁻¹. About
 * size³ multiplications.
 */
export function symmetricInverse(matrix: Float64Array, size: number): Float64Array {
  const lower = choleskyFactor(matrix, size);
  const inverted = lowerInverse(lower, size);
  const result = new Float64Array(size * size);
  // Row k of L⁻¹ adds its outer product; rows are read in order, which the cache likes.
  for (let k = 0; k < size; k++) {
    for (let i = 0; i <= k; i++) {
      const factor = inverted[k * size + i]!;
      if (factor === 0) continue;
      const row = i * size;
      for (let j = 0; j <= i; j++) result[row + j]! += factor * inverted[k * size + j]!;
    }
  }
  for (let i = 0; i < size; i++) for (let j = 0; j < i; j++) result[j * size + i] = result[i * size + j]!;
  return result;
}

/** L, lower triangular. */
function choleskyFactor(matrix: Float64Array, size: number): Float64Array {
  const lower = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * size + j]!;
      for (let k = 0; k < j; k++) sum -= lower[i * size + k]! * lower[j * size + k]!;
      lower[i * size + j] = i === j ? Math.sqrt(sum) : sum / lower[j * size + j]!;
    }
  }
  return lower;
}

/** L⁻¹, lower triangular, by forward substitution row after row. */
function lowerInverse(lower: Float64Array, size: number): Float64Array {
  const inverse = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    const row = i * size;
    for (let k = 0; k < i; k++) {
      const factor = lower[row + k]!;
      if (factor === 0) continue;
      for (let j = 0; j <= k; j++) inverse[row + j]! -= factor * inverse[k * size + j]!;
    }
    const pivot = lower[row + i]!;
    for (let j = 0; j < i; j++) inverse[row + j]! /= pivot;
    inverse[row + i] = 1 / pivot;
  }
  return inverse;
}
