/** Sweeps over all pairs, at most; a matrix 64 wide needs about eight. */
const maxSweeps = 50;

export interface Eigen {
  readonly values: Float64Array;
  /** Row-major [size, size]: column k is the vector of length 1 of value k. */
  readonly vectors: Float64Array;
}

/** Takes a symmetric matrix, row-major, whose lower triangle is read: by Jacobi's rotations (Golub & Van Loan, "Matrix computations", 8.5). */
export function symmetricEigen(matrix: Float64Array, size: number): Eigen {
  const diagonalized = matrix.slice();
  const vectors = new Float64Array(size * size);
  let total = 0;
  for (let i = 0; i < size; i++) {
    vectors[i * size + i] = 1;
    for (let j = 0; j < i; j++) diagonalized[j * size + i] = diagonalized[i * size + j]!;
    for (let j = 0; j < size; j++) total += diagonalized[i * size + j]! ** 2;
  }
  for (let sweep = 0; sweep < maxSweeps; sweep++) {
    let offDiagonal = 0;
    for (let i = 0; i < size; i++) for (let j = 0; j < i; j++) offDiagonal += diagonalized[i * size + j]! ** 2;
    if (offDiagonal <= 1e-26 * total) break;
    for (let p = 0; p < size; p++) {
      for (let q = p + 1; q < size; q++)
        if (diagonalized[p * size + q]! ** 2 > 1e-30 * total) rotate(diagonalized, vectors, size, p, q);
    }
  }
  return { values: Float64Array.from({ length: size }, (_, i) => diagonalized[i * size + i]!), vectors };
}

/** Turns rows and columns p and q so that the entry between them is 0. */
function rotate(matrix: Float64Array, vectors: Float64Array, size: number, p: number, q: number): void {
  const between = matrix[p * size + q]!;
  const ratio = (matrix[q * size + q]! - matrix[p * size + p]!) / (2 * between);
  const tangent = (ratio < 0 ? -1 : 1) / (Math.abs(ratio) + Math.sqrt(1 + ratio * ratio));
  const cosine = 1 / Math.sqrt(1 + tangent * tangent);
  const sine = tangent * cosine;
  for (let k = 0; k < size; k++) turn(matrix, k * size + p, k * size + q, cosine, sine);
  for (let k = 0; k < size; k++) turn(matrix, p * size + k, q * size + k, cosine, sine);
  for (let k = 0; k < size; k++) turn(vectors, k * size + p, k * size + q, cosine, sine);
}

function turn(data: Float64Array, p: number, q: number, cosine: number, sine: number): void {
  const [a, b] = [data[p]!, data[q]!];
  data[p] = cosine * a - sine * b;
  data[q] = sine * a + cosine * b;
}
