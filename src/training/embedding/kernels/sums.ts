/** Computes sums in double precision. Each sum is taken in the order of its rows, so it has the same bits as a plain loop. */

/** Rows that are summed at a time, so that they stay in the nearest cache: 32 rows of 64 numbers are 16 kB. */
const rowsPerBlock: usize = 32;

/** out[c] = Σ over k of weights[k] × matrix[k][c]; rows of the matrix are `bytes` long, a multiple of 8. */
export function combine(matrix: usize, bytes: usize, weights: usize, count: u32, out: usize): void {
  const end = weights + (<usize>count << 3);
  let byte: usize = 0;
  for (; byte + 128 <= bytes; byte += 128) {
    let a = f64x2.splat(0);
    let b = a;
    let c = a;
    let d = a;
    let e = a;
    let f = a;
    let g = a;
    let h = a;
    let row = matrix + byte;
    for (let w = weights; w < end; w += 8) {
      const weight = v128.load_splat<f64>(w);
      a = f64x2.add(a, f64x2.mul(weight, v128.load(row)));
      b = f64x2.add(b, f64x2.mul(weight, v128.load(row, 16)));
      c = f64x2.add(c, f64x2.mul(weight, v128.load(row, 32)));
      d = f64x2.add(d, f64x2.mul(weight, v128.load(row, 48)));
      e = f64x2.add(e, f64x2.mul(weight, v128.load(row, 64)));
      f = f64x2.add(f, f64x2.mul(weight, v128.load(row, 80)));
      g = f64x2.add(g, f64x2.mul(weight, v128.load(row, 96)));
      h = f64x2.add(h, f64x2.mul(weight, v128.load(row, 112)));
      row += bytes;
    }
    const target = out + byte;
    v128.store(target, a);
    v128.store(target, b, 16);
    v128.store(target, c, 32);
    v128.store(target, d, 48);
    v128.store(target, e, 64);
    v128.store(target, f, 80);
    v128.store(target, g, 96);
    v128.store(target, h, 112);
  }
  for (; byte < bytes; byte += 8) {
    let sum: f64 = 0;
    let row = matrix + byte;
    for (let w = weights; w < end; w += 8) {
      sum += load<f64>(w) * load<f64>(row);
      row += bytes;
    }
    store<f64>(out + byte, sum);
  }
}

/**
 * Adds Σ v vᵀ over rows v = data[codes[0 … count)] to the lower triangle of the matrix; the upper triangle is left undefined. Rows of
 * both are `bytes` long, a multiple of 8.
 */
export function addOuters(matrix: usize, bytes: usize, data: usize, codes: usize, count: u32): void {
  const end = codes + (<usize>count << 2);
  for (let from = codes; from < end; from += rowsPerBlock << 2) {
    const to = min(end, from + (rowsPerBlock << 2));
    for (let i: usize = 0; i < bytes; i += 8) {
      const row = matrix + (i >> 3) * bytes;
      let j: usize = 0;
      for (; j <= i && j + 64 <= bytes; j += 64) addStrip(row + j, data, bytes, from, to, i, j);
      for (; j <= i; j += 8) {
        let sum = load<f64>(row + j);
        for (let p = from; p < to; p += 4) {
          const v = data + <usize>load<u32>(p) * bytes;
          sum += load<f64>(v + i) * load<f64>(v + j);
        }
        store<f64>(row + j, sum);
      }
    }
  }
}

/** Eight columns of one row of the matrix. */
// @ts-ignore: decorator
@inline
function addStrip(target: usize, data: usize, bytes: usize, from: usize, to: usize, i: usize, j: usize): void {
  let a = v128.load(target);
  let b = v128.load(target, 16);
  let c = v128.load(target, 32);
  let d = v128.load(target, 48);
  for (let p = from; p < to; p += 4) {
    const v = data + <usize>load<u32>(p) * bytes;
    const weight = v128.load_splat<f64>(v + i);
    a = f64x2.add(a, f64x2.mul(weight, v128.load(v + j)));
    b = f64x2.add(b, f64x2.mul(weight, v128.load(v + j, 16)));
    c = f64x2.add(c, f64x2.mul(weight, v128.load(v + j, 32)));
    d = f64x2.add(d, f64x2.mul(weight, v128.load(v + j, 48)));
  }
  v128.store(target, a);
  v128.store(target, b, 16);
  v128.store(target, c, 32);
  v128.store(target, d, 48);
}

/**
 * One round of coordinate descent over these columns of a sparse matrix of ones: column j has ones in rows rows[starts[j] … starts[j + 1]).
 * Each weight in turn becomes max(0, slope − l1) ÷ (ones + l2), where the slope is that of the residual without this weight; `residual` is the residual
 * of all weights. Returns the largest change.
 */
export function descend(
  columns: usize,
  count: u32,
  starts: usize,
  rows: usize,
  residual: usize,
  weights: usize,
  l1: f64,
  l2: f64,
): f64 {
  let largestChange: f64 = 0;
  const last = columns + (<usize>count << 2);
  for (let p = columns; p < last; p += 4) {
    const column = <usize>load<u32>(p);
    const first = rows + (<usize>load<u32>(starts + (column << 2)) << 2);
    const end = rows + (<usize>load<u32>(starts + (column << 2), 4) << 2);
    let a: f64 = 0;
    let b: f64 = 0;
    let q = first;
    for (; q + 8 <= end; q += 8) {
      a += load<f64>(residual + (<usize>load<u32>(q) << 3));
      b += load<f64>(residual + (<usize>load<u32>(q, 4) << 3));
    }
    if (q < end) a += load<f64>(residual + (<usize>load<u32>(q) << 3));
    const ones = <f64>(<u32>((end - first) >> 2));
    const weightAddress = weights + (column << 3);
    const oldWeight = load<f64>(weightAddress);
    const newWeight = max<f64>(0, a + b + oldWeight * ones - l1) / (ones + l2);
    const change = newWeight - oldWeight;
    if (change == 0) continue;
    for (q = first; q < end; q += 4) {
      const residualAddress = residual + (<usize>load<u32>(q) << 3);
      store<f64>(residualAddress, load<f64>(residualAddress) - change);
    }
    store<f64>(weightAddress, newWeight);
    largestChange = max<f64>(largestChange, abs<f64>(change));
  }
  return largestChange;
}
