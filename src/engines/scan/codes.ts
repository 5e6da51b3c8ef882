/**
 * Items as int8 codes, and what each block of 64 lost by it.
 *
 * Codes are of y = x − μ, what an item's vector x has besides the centre μ of all items. A block has one scale s, its largest number ÷ 127, and an item has
 * codes c = round(y ÷ s), so that ŷ = s · c is near y. The block keeps the largest ‖y − ŷ‖, the largest ‖ŷ‖ and the largest ‖y‖ of its items, computed in
 * float64 and rounded up.
 * A scale for each item instead would need 8 more bytes an item, which a scan must read: at width 64 an eighth more. A wider scale
 * only lets more items through to the exact scores, as `npm run bench -- serve` prints.
 */
import { invariant } from '../../base/diagnostics/failure.ts';

export const blockRows = 64;
/** Bytes of a block's record: 1 ÷ scale, error, length of the longest code vector, length of the longest y; all f64. */
export const recordBytes = 32;
export const largestCode = 127;
/** What rounding in float64 may add to any of these figures, generously. */
export const roundedUp = 1 + 2 ** -40;
/** A score in float64 is within this, times ‖q‖ · ‖x‖, of the real one. */
const scoreError = (width: number): number => (4 * width + 64) * 2 ** -53;

export interface CodeLayout {
  readonly rows: number;
  readonly width: number;
  /** Pairs of columns; an odd width has a column of zeros more. */
  readonly pairs: number;
  readonly blocks: number;
  readonly codeBytes: number;
}

export function layoutOf(rows: number, width: number): CodeLayout {
  const pairs = Math.ceil(width / 2);
  const blocks = Math.ceil(rows / blockRows);
  return { rows, width, pairs, blocks, codeBytes: blocks * 2 * blockRows * pairs };
}

/** Rows whose mean is the centre, about: any centre gives the same answers, so a better one is not worth the time. */
const centreRows = 4096;

/** The mean of rows that are evenly apart: float32 [width]. */
export function centreOf(vectors: Float32Array, rows: number, width: number): Float32Array {
  const sums = new Float64Array(width);
  const step = Math.max(1, Math.floor(rows / centreRows));
  for (let row = 0; row < rows; row += step) {
    for (let column = 0; column < width; column++) sums[column]! += vectors[row * width + column]!;
  }
  const count = Math.max(1, Math.ceil(rows / step));
  return Float32Array.from(sums, (sum) => sum / count);
}

/**
 * Writes the codes and the records of all blocks. Of item i of a block, column c: byte 16 · (pairs · ⌊i ÷ 8⌋ + ⌊c ÷ 2⌋) + 2 · (i mod 8) + (c mod 2).
 * @param centre float32 [width], finite
 * @param records float64 [blocks, 4]
 * @param from the first block to write: those before it are written already
 */
export function writeCodes(
  layout: CodeLayout,
  vectors: Float32Array,
  centre: Float32Array,
  codes: Int8Array,
  records: Float64Array,
  from = 0,
): void {
  const { rows, width, pairs, blocks } = layout;
  const aside = lengthOf(centre);
  for (let block = from; block < blocks; block++) {
    const first = block * blockRows;
    const end = Math.min(rows, first + blockRows);
    let largest = 0;
    for (let row = first; row < end; row++) {
      for (let column = 0; column < width; column++) {
        largest = Math.max(largest, Math.abs(vectors[row * width + column]! - centre[column]!));
      }
    }
    invariant(Number.isFinite(largest), 'the vectors of items are finite');
    const scale = largest === 0 ? 1 : largest / largestCode;
    let error = 0;
    let codeLength = 0;
    let length = 0;
    let whole = 0;
    for (let row = first; row < end; row++) {
      const item = row - first;
      const to = 2 * blockRows * pairs * block + 16 * pairs * (item >> 3) + 2 * (item & 7);
      let errors = 0;
      let codeSquares = 0;
      let squares = 0;
      let wholeSquares = 0;
      for (let column = 0; column < width; column++) {
        const x = vectors[row * width + column]!;
        const y = x - centre[column]!;
        const code = Math.floor(y / scale + 0.5);
        const near = code * scale;
        codes[to + 16 * (column >> 1) + (column & 1)] = code;
        errors += (y - near) * (y - near);
        codeSquares += near * near;
        squares += y * y;
        wholeSquares += x * x;
      }
      error = Math.max(error, errors);
      codeLength = Math.max(codeLength, codeSquares);
      length = Math.max(length, squares);
      whole = Math.max(whole, wholeSquares);
    }
    const longest = Math.sqrt(length) * roundedUp;
    const inSums = scoreError(width) * (Math.sqrt(whole) + aside + longest) * roundedUp;
    const at = 4 * block;
    records[at] = 1 / scale;
    records[at + 1] = (Math.sqrt(error) + inSums) * roundedUp;
    records[at + 2] = Math.sqrt(codeLength) * roundedUp;
    // As long as its score may say it is.
    records[at + 3] = (longest + inSums) * roundedUp;
  }
}

const lengthOf = (vector: Float32Array): number =>
  Math.sqrt(vector.reduce((sum, each) => sum + each * each, 0)) * roundedUp;
