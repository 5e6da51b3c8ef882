/**
 * Why a scan of int8 codes gives the exact top k.
 *
 * Let q be a query and x the vector of an item, both of real numbers, and μ a vector of the same width, the centre: y = x − μ. A query has a scale t and
 * integer codes d, and an item has the scale s of its block and integer codes c: q̂ = t · d and ŷ = s · c. Then
 *
 *     q · x = q · μ + q̂ · ŷ + (q − q̂) · ŷ + q · (y − ŷ)
 *
 * and by Cauchy and Schwarz
 *
 *     |q · x − q · μ − q̂ · ŷ| ≤ ‖q − q̂‖ · ‖ŷ‖ + ‖q‖ · ‖y − ŷ‖ ≤ e,    where e = ‖q − q̂‖ · Ŷ + ‖q‖ · E
 *
 * with the block's largest ‖ŷ‖ as Ŷ and its largest ‖y − ŷ‖ as E. Here q̂ · ŷ = s · t · I, and I = Σ c · d is a sum of integers. Codes of a
 * query are so small that no sum of absolute products exceeds 2³¹ − 2: I is exact in 32 bits, whatever the order. All of this holds for any μ. Vectors of
 * items often have much in common, which one sum of products has for all of them, and the codes need not have.
 *
 * The score f(q, x) is computed in float64 (`score.ts`), and |f − q · x| ≤ ρ ‖q‖ ‖x‖. So is b for q · μ. E includes ρ · (max ‖x‖ + ‖μ‖ + max ‖y‖), of which the
 * last is for y itself, so that b + s · t · I − e ≤ f ≤ b + s · t · I + e holds for the score itself. A request of several queries scores an item by the
 * largest: the largest of its lower bounds and the largest of its upper bounds are then bounds of that.
 *
 * Let τ be the k-th largest lower bound among items seen so far. At least k items have a score of τ or more. So an item whose upper bound is below τ
 * is not among the k best, and τ only grows. What remains is scored exactly and put in order. Equal scores are ordered by row, and
 * an item whose upper bound equals τ remains, so ties are as in the order of all items by (score, row).
 *
 * The kernel skips an item if I < m, where m ≤ ⌊((τ − b) ÷ t − (e ÷ t)) ÷ s⌋ − 1 in float64. Rounding moves the quotient by less than 1 wherever its result is within
 * 32 bits: e ÷ (s t) is below 2²⁵ by the sizes of the codes, so nothing cancels, and the relative error of a few 2⁻⁵³ is below 2⁻¹⁶.
 * It skips a block if ‖q‖ · Y < τ − b, again by Cauchy and Schwarz, where Y is max ‖y‖ and that part of E that is for sums in float64. Lengths are rounded up by 2⁻⁴⁰, far more than float64 loses.
 */
import { invariant } from '../../base/diagnostics/failure.ts';
import { largestCode, roundedUp } from './codes.ts';

export interface CodedQuery {
  readonly scale: number;
  /** ‖q‖ ÷ scale and ‖q − q̂‖ ÷ scale, rounded up. */
  readonly length: number;
  readonly error: number;
  readonly codes: Int16Array;
}

/** An integer sum of products has at most this absolute value. */
const largestSum = 2 ** 31 - 2;
const largestQueryCode = 2 ** 15 - 1;

/** @param pairs of columns; an odd width has a zero more */
export function codeQuery(query: Float64Array, pairs: number): CodedQuery {
  const width = query.length;
  const most = Math.min(largestQueryCode, Math.floor(largestSum / (largestCode * Math.max(1, width))));
  invariant(most > 0, `vectors of ${width} numbers are too wide for the scan`);
  let largest = 0;
  for (const each of query) largest = Math.max(largest, Math.abs(each));
  invariant(Number.isFinite(largest), 'a query is finite');
  const scale = largest === 0 ? 1 : largest / most;
  const codes = new Int16Array(2 * pairs);
  let errors = 0;
  let squares = 0;
  query.forEach((each, i) => {
    // In units of the scale: no square of a very small or very large number.
    const unit = each / scale;
    const code = Math.max(-most, Math.min(most, Math.floor(unit + 0.5)));
    codes[i] = code;
    errors += (unit - code) * (unit - code);
    squares += unit * unit;
  });
  return { scale, length: Math.sqrt(squares) * roundedUp, error: roundedError(errors, squares), codes };
}

/** A unit is itself rounded: by less than 2⁻⁵² of it. */
const roundedError = (errors: number, squares: number): number =>
  (Math.sqrt(errors) + Math.sqrt(squares) * 2 ** -50) * roundedUp;
