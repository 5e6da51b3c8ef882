/** Solves least squares in double precision, one system at a time. Rows are `bytes` long, a multiple of 8; lengths in bytes may be any multiple of 8. */
import { addOuters } from './sums';

/** Σ a[i] × b[i], in eight sums that are added at the end. */
// @ts-ignore: decorator
@inline
function dot(a: usize, b: usize, bytes: usize): f64 {
  let p = f64x2.splat(0);
  let q = p;
  let r = p;
  let s = p;
  let byte: usize = 0;
  for (; byte + 64 <= bytes; byte += 64) {
    p = f64x2.add(p, f64x2.mul(v128.load(a + byte), v128.load(b + byte)));
    q = f64x2.add(q, f64x2.mul(v128.load(a + byte, 16), v128.load(b + byte, 16)));
    r = f64x2.add(r, f64x2.mul(v128.load(a + byte, 32), v128.load(b + byte, 32)));
    s = f64x2.add(s, f64x2.mul(v128.load(a + byte, 48), v128.load(b + byte, 48)));
  }
  const sums = f64x2.add(f64x2.add(p, q), f64x2.add(r, s));
  let sum = f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1);
  for (; byte < bytes; byte += 8) sum += load<f64>(a + byte) * load<f64>(b + byte);
  return sum;
}

/** to[i] += weight × from[i] */
// @ts-ignore: decorator
@inline
function addScaled(weight: f64, from: usize, to: usize, bytes: usize): void {
  const weights = f64x2.splat(weight);
  let byte: usize = 0;
  for (; byte + 16 <= bytes; byte += 16) {
    v128.store(to + byte, f64x2.add(v128.load(to + byte), f64x2.mul(weights, v128.load(from + byte))));
  }
  for (; byte < bytes; byte += 8) store<f64>(to + byte, load<f64>(to + byte) + weight * load<f64>(from + byte));
}

/** to[i] = from[i] × scale[i] */
// @ts-ignore: decorator
@inline
function multiply(from: usize, scale: usize, to: usize, bytes: usize): void {
  let byte: usize = 0;
  for (; byte + 16 <= bytes; byte += 16) {
    v128.store(to + byte, f64x2.mul(v128.load(from + byte), v128.load(scale + byte)));
  }
  for (; byte < bytes; byte += 8) store<f64>(to + byte, load<f64>(from + byte) * load<f64>(scale + byte));
}

/** Solves matrix × x = vector for a positive definite matrix [bytes ÷ 8]²: Cholesky's factor replaces its lower triangle, and x the vector. */
function solveInPlace(matrix: usize, bytes: usize, vector: usize): void {
  for (let i: usize = 0; i < bytes; i += 8) {
    const row = matrix + (i >> 3) * bytes;
    for (let j: usize = 0; j < i; j += 8) {
      const other = matrix + (j >> 3) * bytes;
      store<f64>(row + j, (load<f64>(row + j) - dot(row, other, j)) / load<f64>(other + j));
    }
    const pivot = sqrt(load<f64>(row + i) - dot(row, row, i));
    store<f64>(row + i, pivot);
    store<f64>(vector + i, (load<f64>(vector + i) - dot(row, vector, i)) / pivot);
  }
  for (let left = bytes; left > 0; left -= 8) {
    const i = left - 8;
    const row = matrix + (i >> 3) * bytes;
    const value = load<f64>(vector + i) / load<f64>(row + i);
    store<f64>(vector + i, value);
    addScaled(-value, row, vector, i);
  }
}

/** out = (D + Σ v vᵀ)⁻¹ Σ v over rows v = data[codes[0 … count)], with a diagonal D. `matrix` is space for bytes² ÷ 8. */
export function solveWide(
  data: usize,
  bytes: usize,
  diagonal: usize,
  codes: usize,
  count: u32,
  matrix: usize,
  out: usize,
): void {
  memory.fill(matrix, 0, (bytes >> 3) * bytes);
  memory.fill(out, 0, bytes);
  for (let i: usize = 0; i < bytes; i += 8) store<f64>(matrix + (i >> 3) * bytes + i, load<f64>(diagonal + i));
  addOuters(matrix, bytes, data, codes, count);
  const end = codes + (<usize>count << 2);
  for (let p = codes; p < end; p += 4) addScaled(1, data + <usize>load<u32>(p) * bytes, out, bytes);
  solveInPlace(matrix, bytes, out);
}

/**
 * The same by a system as wide as there are rows: out = E Vᵀ (I + V E Vᵀ)⁻¹ 1, with V the rows and E = D⁻¹, the diagonal `inverse`. `space` is one row, and
 * `matrix` space for 8 count (count + 1), of which the last row is the right-hand side.
 */
export function solveNarrow(
  data: usize,
  bytes: usize,
  inverse: usize,
  codes: usize,
  count: u32,
  space: usize,
  matrix: usize,
  out: usize,
): void {
  const length = <usize>count << 3;
  const weights = matrix + <usize>count * length;
  for (let a: usize = 0; a < length; a += 8) {
    const row = matrix + (a >> 3) * length;
    multiply(data + <usize>load<u32>(codes + (a >> 1)) * bytes, inverse, space, bytes);
    for (let b: usize = 0; b <= a; b += 8) {
      store<f64>(row + b, dot(space, data + <usize>load<u32>(codes + (b >> 1)) * bytes, bytes));
    }
    store<f64>(row + a, load<f64>(row + a) + 1);
    store<f64>(weights + a, 1);
  }
  solveInPlace(matrix, length, weights);
  memory.fill(space, 0, bytes);
  for (let a: usize = 0; a < length; a += 8) {
    addScaled(load<f64>(weights + a), data + <usize>load<u32>(codes + (a >> 1)) * bytes, space, bytes);
  }
  multiply(space, inverse, out, bytes);
}
