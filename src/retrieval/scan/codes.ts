/**
 * Items as int8 codes, with bounds of the error of each block of 64.
 *
 * Codes are of y = x − μ, the difference between an item's vector x and the centre μ of all items. A block has one scale s, its largest number ÷ 127, and an
 * item has codes c = round(y ÷ s), so that ŷ = s · c is near y. The block stores the largest ‖y − ŷ‖, the largest ‖ŷ‖ and the largest ‖y‖ of its items,
 * computed in float64 and rounded up.
 * A scale for each item would need 8 more bytes per item, which a scan must read: an eighth more at width 64. A larger scale only lets more items through to
 * the exact scores, as `npm run bench -- serve` prints.
 */
import { invariant } from '../../base/diagnostics/diagnostic.ts';

export const blockRows = 64;
/** Bytes of a block's record: 1 ÷ scale, error, length of the longest code vector, length of the longest y; all f64. */
export const recordBytes = 32;
const largestCode = 127;
/** A generous bound of the rounding error in float64 of any of these figures. */
const roundedUp = 1 + 2 ** -40;
/** A score in float64 differs from the real one by at most this, times ‖q‖ · ‖x‖. */
const scoreError = (width: number): number => (4 * width + 64) * 2 ** -53;

export interface CodeLayout {
  readonly rows: number;
  readonly width: number;
  /** Bytes of the codes of a row: the width, rounded up to a multiple of 8 by columns of zeros. */
  readonly rowBytes: number;
  readonly blocks: number;
  readonly codeBytes: number;
}

export function layoutOf(rows: number, width: number): CodeLayout {
  const rowBytes = 8 * Math.ceil(width / 8);
  const blocks = Math.ceil(rows / blockRows);
  return { rows, width, rowBytes, blocks, codeBytes: blocks * blockRows * rowBytes };
}

/** Approximate number of rows whose mean is the centre. Any centre gives the same answers, so a better one is not worth the time. */
const centreRows = 4096;

/** Returns the mean of evenly spaced rows: float32 [width]. */
export function centreOf(vectors: Float32Array, rows: number, width: number): Float32Array {
  const columnSums = new Float64Array(width);
  const step = Math.max(1, Math.floor(rows / centreRows));
  for (let row = 0; row < rows; row += step) {
    for (let column = 0; column < width; column++) columnSums[column]! += vectors[row * width + column]!;
  }
  const sampledRows = Math.max(1, Math.ceil(rows / step));
  return Float32Array.from(columnSums, (sum) => sum / sampledRows);
}

/**
 * Writes the codes and the records of all blocks. Column c of item i is byte 2 · rowBytes · ⌊i ÷ 2⌋ + 4 · ⌊c ÷ 2⌋ + 2 · (i mod 2) + (c mod 2). @param centre
 * float32 [width], finite @param records float64 [blocks, 4] @param from the first block to write; those before it exist already @param order the row of
 * `vectors` of each item; the same one by default
 */
export function writeCodes(
  layout: CodeLayout,
  vectors: Float32Array,
  centre: Float32Array,
  codes: Int8Array,
  records: Float64Array,
  from = 0,
  order?: Int32Array,
): void {
  const { rows, width, rowBytes, blocks } = layout;
  const centreLength = lengthOf(centre);
  for (let block = from; block < blocks; block++) {
    const firstRow = block * blockRows;
    const endRow = Math.min(rows, firstRow + blockRows);
    let largestOffset = 0;
    for (let row = firstRow; row < endRow; row++) {
      const vectorStart = (order ? order[row]! : row) * width;
      for (let column = 0; column < width; column++) {
        largestOffset = Math.max(largestOffset, Math.abs(vectors[vectorStart + column]! - centre[column]!));
      }
    }
    invariant(Number.isFinite(largestOffset), 'the vectors of items are finite');
    const scale = largestOffset === 0 ? 1 : largestOffset / largestCode;
    let maxErrorSquares = 0;
    let maxCodeSquares = 0;
    let maxSquares = 0;
    let maxWholeSquares = 0;
    for (let row = firstRow; row < endRow; row++) {
      const vectorStart = (order ? order[row]! : row) * width;
      const codeStart = 2 * rowBytes * (row >> 1) + 2 * (row & 1);
      let errorSquares = 0;
      let codeSquares = 0;
      let squares = 0;
      let wholeSquares = 0;
      for (let column = 0; column < width; column++) {
        const x = vectors[vectorStart + column]!;
        const y = x - centre[column]!;
        const code = Math.floor(y / scale + 0.5);
        const codedValue = code * scale;
        codes[codeStart + 4 * (column >> 1) + (column & 1)] = code;
        errorSquares += (y - codedValue) * (y - codedValue);
        codeSquares += codedValue * codedValue;
        squares += y * y;
        wholeSquares += x * x;
      }
      maxErrorSquares = Math.max(maxErrorSquares, errorSquares);
      maxCodeSquares = Math.max(maxCodeSquares, codeSquares);
      maxSquares = Math.max(maxSquares, squares);
      maxWholeSquares = Math.max(maxWholeSquares, wholeSquares);
    }
    const longestOffset = Math.sqrt(maxSquares) * roundedUp;
    const sumError = scoreError(width) * (Math.sqrt(maxWholeSquares) + centreLength + longestOffset) * roundedUp;
    const recordStart = 4 * block;
    records[recordStart] = 1 / scale;
    records[recordStart + 1] = (Math.sqrt(maxErrorSquares) + sumError) * roundedUp;
    records[recordStart + 2] = Math.sqrt(maxCodeSquares) * roundedUp;
    // Includes the error that a score in float64 may have.
    records[recordStart + 3] = (longestOffset + sumError) * roundedUp;
  }
}

const lengthOf = (vector: Float32Array): number =>
  Math.sqrt(vector.reduce((sum, number) => sum + number * number, 0)) * roundedUp;

/**
 * A proof that a scan of int8 codes gives the exact top k.
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
 * with the block's largest ‖ŷ‖ as Ŷ and its largest ‖y − ŷ‖ as E. Here q̂ · ŷ = s · t · I, and I = Σ c · d is a sum of integers. Codes of a query are so small
 * that no sum of absolute products exceeds 2³¹ − 2, so I is exact in 32 bits, whatever the order. All of this holds for any μ. Vectors of items often have much
 * in common; q · μ, which is one sum of products for all of them, covers that part, so that the codes need not.
 *
 * The score f(q, x) is computed in float64 (`scoreOf`), and |f − q · x| ≤ ρ ‖q‖ ‖x‖. In the same way b is computed for q · μ. E includes ρ · (max ‖x‖ + ‖μ‖ +
 * max ‖y‖), of which the last is for y itself, so that b + s · t · I − e ≤ f ≤ b + s · t · I + e holds for the score itself. If a request has several queries,
 * the score of an item is the largest of its scores; the largest of its lower bounds and the largest of its upper bounds are then bounds of this score.
 *
 * Let τ be the k-th largest lower bound among items seen so far. At least k items have a score of τ or more. So an item whose upper bound is below τ is not
 * among the k best, and τ only grows. The remaining items are scored exactly and put in order. Equal scores are ordered by row, and an item whose upper bound
 * equals τ remains, so ties are as in the order of all items by (score, row).
 *
 * The kernel skips an item if I < m, where m ≤ ⌊((τ − b) ÷ t − (e ÷ t)) ÷ s⌋ − 1 in float64. Rounding moves the quotient by less than 1 wherever its result is
 * within 32 bits: e ÷ (s t) is below 2²⁵ by the sizes of the codes, so nothing cancels, and the relative error of a few 2⁻⁵³ is below 2⁻¹⁶. It skips a block if
 * ‖q‖ · Y < τ − b, again by Cauchy and Schwarz, where Y is max ‖y‖ plus the part of E that is for sums in float64. Lengths are rounded up by 2⁻⁴⁰, far more
 * than float64 loses.
 */
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

/** @param codeCount number of codes, which is the width or more; those after the width are 0 */
export function codeQuery(query: Float64Array, codeCount: number): CodedQuery {
  const width = query.length;
  const maxCode = Math.min(largestQueryCode, Math.floor(largestSum / (largestCode * Math.max(1, width))));
  invariant(maxCode > 0, `vectors of ${width} numbers are too wide for the scan`);
  let largestNumber = 0;
  for (const number of query) largestNumber = Math.max(largestNumber, Math.abs(number));
  invariant(Number.isFinite(largestNumber), 'a query is finite');
  const scale = largestNumber === 0 ? 1 : largestNumber / maxCode;
  const codes = new Int16Array(codeCount);
  let errorSquares = 0;
  let squares = 0;
  query.forEach((number, i) => {
    // In units of the scale, so that no very small or very large number is squared.
    const unit = number / scale;
    const code = Math.max(-maxCode, Math.min(maxCode, Math.floor(unit + 0.5)));
    codes[i] = code;
    errorSquares += (unit - code) * (unit - code);
    squares += unit * unit;
  });
  return { scale, length: Math.sqrt(squares) * roundedUp, error: roundedError(errorSquares, squares), codes };
}

/** A unit is itself rounded, by less than 2⁻⁵² of it. */
const roundedError = (errors: number, squares: number): number =>
  (Math.sqrt(errors) + Math.sqrt(squares) * 2 ** -50) * roundedUp;
