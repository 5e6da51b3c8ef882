/**
 * Kernels that take one optimizer step on each of the `seen` rows `unique`, with its summed gradient. `keep` is 1 − rate × weight decay (decoupled, as in
 * AdamW), and applies only to the rows seen.
 */
import { group, touchRows } from './copy';
import { addScaled, sumOfSquares, stepRow } from './row';

/** w ← keep · w − rate · g */
export function updateSgd(
  table: usize,
  bytes: usize,
  unique: usize,
  seen: u32,
  sums: usize,
  rate: f32,
  keep: f32,
): void {
  for (let i: u32 = 0; i < seen; i++) {
    if ((i & (group - 1)) == 0) touchRows(table, bytes, unique + (i << 2), min(group, seen - i));
    stepRow(table + <usize>load<u32>(unique + (i << 2)) * bytes, sums, bytes, rate, keep);
    sums += bytes;
  }
}

/** s ← s + mean of g² over the row; w ← keep · w − rate · g ÷ (√s + ε). There is one s per row (row-wise Adagrad). */
export function updateRowAdagrad(
  table: usize,
  bytes: usize,
  unique: usize,
  seen: u32,
  sums: usize,
  state: usize,
  rate: f32,
  epsilon: f32,
  keep: f32,
): void {
  const width = <f32>(bytes >> 2);
  for (let i: u32 = 0; i < seen; i++) {
    if ((i & (group - 1)) == 0) {
      const groupCount = min(group, seen - i);
      touchRows(state, 4, unique + (i << 2), groupCount);
      touchRows(table, bytes, unique + (i << 2), groupCount);
    }
    const code = <usize>load<u32>(unique + (i << 2));
    const sum = load<f32>(state + (code << 2)) + sumOfSquares(sums, bytes) / width;
    store<f32>(state + (code << 2), sum);
    stepRow(table + code * bytes, sums, bytes, rate / (sqrt<f32>(sum) + epsilon), keep);
    sums += bytes;
  }
}

/** s ← s + g²; w ← keep · w − rate · g ÷ (√s + ε), element by element (Duchi et al. 2011). */
export function updateAdagrad(
  table: usize,
  bytes: usize,
  unique: usize,
  seen: u32,
  sums: usize,
  state: usize,
  rate: f32,
  epsilon: f32,
  keep: f32,
): void {
  const rates = f32x4.splat(rate);
  const epsilons = f32x4.splat(epsilon);
  const keeps = f32x4.splat(keep);
  for (let i: u32 = 0; i < seen; i++) {
    if ((i & (group - 1)) == 0) {
      const groupCount = min(group, seen - i);
      touchRows(state, bytes, unique + (i << 2), groupCount);
      touchRows(table, bytes, unique + (i << 2), groupCount);
    }
    const offset = <usize>load<u32>(unique + (i << 2)) * bytes;
    const row = table + offset;
    const sum = state + offset;
    let byte: usize = 0;
    for (; byte + 16 <= bytes; byte += 16) {
      const g = v128.load(sums + byte);
      const s = f32x4.add(v128.load(sum + byte), f32x4.mul(g, g));
      v128.store(sum + byte, s);
      const move = f32x4.div(f32x4.mul(rates, g), f32x4.add(f32x4.sqrt(s), epsilons));
      v128.store(row + byte, f32x4.sub(f32x4.mul(v128.load(row + byte), keeps), move));
    }
    for (; byte < bytes; byte += 4) {
      const g = load<f32>(sums + byte);
      const s = load<f32>(sum + byte) + g * g;
      store<f32>(sum + byte, s);
      store<f32>(row + byte, load<f32>(row + byte) * keep - (rate * g) / (sqrt<f32>(s) + epsilon));
    }
    sums += bytes;
  }
}

/**
 * Adam (Kingma & Ba 2015). The moments of a row change only when the row is seen: t counts the row's own steps, so the bias correction is exact for its
 * moments. `corrections[t − 1]` = [√(1 − β₂ᵗ) ÷ (1 − β₁ᵗ), √(1 − β₂ᵗ)] for t up to `corrected`; beyond it both are 1 in float32. `rest` is 1 − β, rounded
 * once: 1 − the rounded β would have a relative error of 1e-5. w ← keep · w − rate · c₀ · m ÷ (√v + c₁ · ε), which is rate · m̂ ÷ (√v̂ + ε).
 */
export function updateAdam(
  table: usize,
  bytes: usize,
  unique: usize,
  seen: u32,
  sums: usize,
  mean: usize,
  square: usize,
  steps: usize,
  corrections: usize,
  corrected: u32,
  rate: f32,
  beta1: f32,
  rest1: f32,
  beta2: f32,
  rest2: f32,
  epsilon: f32,
  keep: f32,
): void {
  for (let i: u32 = 0; i < seen; i++) {
    if ((i & (group - 1)) == 0) touchMoments(table, bytes, unique + (i << 2), min(group, seen - i), mean, square, steps);
    const code = <usize>load<u32>(unique + (i << 2));
    const t = nextStep(steps, code);
    const scaled = rate * correctionOf(corrections, corrected, t, 0);
    const scaledEpsilon = epsilon * correctionOf(corrections, corrected, t, 4);
    const offset = code * bytes;
    updateMoments(sums, bytes, mean + offset, square + offset, beta1, rest1, beta2, rest2, scaled, scaledEpsilon);
    stepRow(table + offset, sums, bytes, 1, keep);
    sums += bytes;
  }
}

/** Prefetches rows of a table and of its state. */
// @ts-ignore: decorator
@inline
function touchMoments(
  table: usize,
  bytes: usize,
  codes: usize,
  count: u32,
  mean: usize,
  square: usize,
  steps: usize,
): void {
  touchRows(steps, 4, codes, count);
  touchRows(mean, bytes, codes, count);
  touchRows(square, bytes, codes, count);
  touchRows(table, bytes, codes, count);
}

/** Counts a step of a row, and returns its number. */
// @ts-ignore: decorator
@inline
function nextStep(steps: usize, code: usize): u32 {
  const t = load<u32>(steps + (code << 2)) + 1;
  store<u32>(steps + (code << 2), t);
  return t;
}

/** @param byte offset: 0 for c₀, 4 for c₁ */
// @ts-ignore: decorator
@inline
function correctionOf(corrections: usize, corrected: u32, t: u32, byte: usize): f32 {
  return t <= corrected ? load<f32>(corrections + (<usize>(t - 1) << 3) + byte) : 1;
}

/** m ← β₁ · m + (1 − β₁) · g; v ← β₂ · v + (1 − β₂) · g²; g ← scale · m ÷ (√v + scaledEpsilon), for one row. */
// @ts-ignore: decorator
@inline
function updateMoments(
  sum: usize,
  bytes: usize,
  m: usize,
  v: usize,
  beta1: f32,
  rest1: f32,
  beta2: f32,
  rest2: f32,
  scale: f32,
  scaledEpsilon: f32,
): void {
  const b1 = f32x4.splat(beta1);
  const b2 = f32x4.splat(beta2);
  const r1 = f32x4.splat(rest1);
  const r2 = f32x4.splat(rest2);
  const scales = f32x4.splat(scale);
  const scaledEpsilons = f32x4.splat(scaledEpsilon);
  let byte: usize = 0;
  for (; byte + 16 <= bytes; byte += 16) {
    const g = v128.load(sum + byte);
    const m1 = f32x4.add(f32x4.mul(b1, v128.load(m + byte)), f32x4.mul(r1, g));
    const v1 = f32x4.add(f32x4.mul(b2, v128.load(v + byte)), f32x4.mul(r2, f32x4.mul(g, g)));
    v128.store(m + byte, m1);
    v128.store(v + byte, v1);
    v128.store(sum + byte, f32x4.div(f32x4.mul(scales, m1), f32x4.add(f32x4.sqrt(v1), scaledEpsilons)));
  }
  for (; byte < bytes; byte += 4) {
    const g = load<f32>(sum + byte);
    const m1 = beta1 * load<f32>(m + byte) + rest1 * g;
    const v1 = beta2 * load<f32>(v + byte) + rest2 * (g * g);
    store<f32>(m + byte, m1);
    store<f32>(v + byte, v1);
    store<f32>(sum + byte, (scale * m1) / (sqrt<f32>(v1) + scaledEpsilon));
  }
}

/** g ← g + factor · w for the rows seen: adds the gradient of l2 ÷ 2 · Σ w². */
export function regularize(table: usize, bytes: usize, unique: usize, seen: u32, sums: usize, factor: f32): void {
  for (let i: u32 = 0; i < seen; i++) {
    if ((i & (group - 1)) == 0) touchRows(table, bytes, unique + (i << 2), min(group, seen - i));
    addScaled(sums, table + <usize>load<u32>(unique + (i << 2)) * bytes, bytes, factor);
    sums += bytes;
  }
}

/** m ← share · m + g; w ← keep · w − rate · m. A row that is not seen keeps its m. */
export function updateMomentum(
  table: usize,
  bytes: usize,
  unique: usize,
  seen: u32,
  sums: usize,
  momentum: usize,
  share: f32,
  rate: f32,
  keep: f32,
): void {
  for (let i: u32 = 0; i < seen; i++) {
    if ((i & (group - 1)) == 0) {
      const groupCount = min(group, seen - i);
      touchRows(momentum, bytes, unique + (i << 2), groupCount);
      touchRows(table, bytes, unique + (i << 2), groupCount);
    }
    const offset = <usize>load<u32>(unique + (i << 2)) * bytes;
    // The sum of the row becomes m, which is stored and applied.
    addScaled(sums, momentum + offset, bytes, share);
    memory.copy(momentum + offset, sums, bytes);
    stepRow(table + offset, sums, bytes, rate, keep);
    sums += bytes;
  }
}

/**
 * Lamb (You et al. 2020), with each row as a layer, and moments and corrections as in `updateAdam`.
 * u = c₀ · m ÷ (√v + c₁ · ε) + decay · w; w ← w − rate · ‖w‖ ÷ ‖u‖ · u, where the quotient is 1 if either norm is 0.
 */
export function updateLamb(
  table: usize,
  bytes: usize,
  unique: usize,
  seen: u32,
  sums: usize,
  mean: usize,
  square: usize,
  steps: usize,
  corrections: usize,
  corrected: u32,
  rate: f32,
  beta1: f32,
  rest1: f32,
  beta2: f32,
  rest2: f32,
  epsilon: f32,
  decay: f32,
): void {
  for (let i: u32 = 0; i < seen; i++) {
    if ((i & (group - 1)) == 0) touchMoments(table, bytes, unique + (i << 2), min(group, seen - i), mean, square, steps);
    const code = <usize>load<u32>(unique + (i << 2));
    const t = nextStep(steps, code);
    const scale = correctionOf(corrections, corrected, t, 0);
    const scaledEpsilon = epsilon * correctionOf(corrections, corrected, t, 4);
    const offset = code * bytes;
    const row = table + offset;
    updateMoments(sums, bytes, mean + offset, square + offset, beta1, rest1, beta2, rest2, scale, scaledEpsilon);
    addScaled(sums, row, bytes, decay);
    const length = sqrt<f32>(sumOfSquares(row, bytes));
    const change = sqrt<f32>(sumOfSquares(sums, bytes));
    stepRow(row, sums, bytes, length > 0 && change > 0 ? (rate * length) / change : rate, 1);
    sums += bytes;
  }
}
