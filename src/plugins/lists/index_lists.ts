/**
 * Divides items into lists of items that lie near each other: spherical k-means, since an inner product ranks by directions first. (Dhillon and Modha, Concept
 * Decompositions for Large Sparse Text Data Using Clustering, Machine Learning 2001.) The scan of the centres finds the nearest one of each item.
 */
import { failure } from '../../base/diagnostics/diagnostic.ts';
import { makeRandom } from '../../base/random/random.ts';
import { writeDurably } from '../../base/storage/durable.ts';
import { readSafetensors, writeSafetensors } from '../../base/storage/safetensors.ts';
import { makeScan } from '../../retrieval/scan/scan.ts';
import type { ItemLists } from './lists.ts';

export interface ItemVectors {
  /** float32 [rows, width], finite */
  readonly data: Float32Array;
  readonly rows: number;
  readonly width: number;
}

export interface BuildOptions {
  readonly signal?: AbortSignal;
  /** Called after each slice with the number of items that are in a list. */
  readonly onItems?: (done: number, of: number) => void;
}

/** Lists are many, because each that is searched is searched whole, and few enough that the means are read quickly: 8 · √rows, of 64 items or more. */
const listCountOf = (rows: number): number =>
  Math.max(1, Math.min(Math.ceil(rows / 64), Math.ceil(8 * Math.sqrt(rows))));
/** Number of items of which a centre is learned, and number of passes. */
const sampledOfList = 24;
const passes = 5;
/** Number of items whose nearest centres are found between two looks at the signal. */
const rowsPerTurn = 2048;
const batchRows = 64;

/** @throws the reason of the signal */
export async function buildLists(items: ItemVectors, { signal, onItems }: BuildOptions = {}): Promise<ItemLists> {
  const { data, rows, width } = items;
  const count = listCountOf(rows);
  const random = makeRandom(1);
  const sampled = Math.min(rows, sampledOfList * count);
  /** Evenly spaced, because a corpus may be sorted by popularity. */
  const sample = Uint32Array.from({ length: sampled }, (_, i) => Math.floor((i * rows) / sampled));
  const drawn = sample.slice();
  for (let i = 0; i < count; i++) {
    const other = i + random.integer(sampled - i);
    [drawn[i], drawn[other]] = [drawn[other]!, drawn[i]!];
  }
  let centres = directionsAt(drawn.subarray(0, count));
  for (let pass = 0; pass < passes; pass++) {
    const lists = await nearestCentres(sample);
    const sums = new Float32Array(count * width);
    const listSizes = new Uint32Array(count);
    lists.forEach((list, i) => {
      listSizes[list]!++;
      for (let index = 0; index < width; index++) sums[list * width + index]! += data[sample[i]! * width + index]!;
    });
    // A centre that no item is near begins again at any item.
    listSizes.forEach((size, list) => {
      if (size === 0) sums.set(vectorAt(sample[random.integer(sampled)]!), list * width);
    });
    centres = normalized(sums);
  }
  const listOfRow = await nearestCentres(
    Uint32Array.from({ length: rows }, (_, row) => row),
    onItems,
  );
  return listsFrom(items, listOfRow, count);

  function vectorAt(row: number): Float32Array {
    return data.subarray(row * width, (row + 1) * width);
  }
  function directionsAt(rowNumbers: Uint32Array): Float32Array {
    const vectors = new Float32Array(rowNumbers.length * width);
    for (const [i, row] of rowNumbers.entries()) vectors.set(vectorAt(row), i * width);
    return normalized(vectors);
  }
  function normalized(vectors: Float32Array): Float32Array {
    for (let from = 0; from < vectors.length; from += width) {
      const length = Math.hypot(...vectors.subarray(from, from + width));
      for (let index = from; index < from + width; index++) vectors[index] = length > 0 ? vectors[index]! / length : 0;
    }
    return vectors;
  }
  async function nearestCentres(rowNumbers: Uint32Array, onDone?: BuildOptions['onItems']): Promise<Uint32Array> {
    const scan = makeScan(centres, count, width);
    const nearest = new Uint32Array(rowNumbers.length);
    for (let from = 0; from < rowNumbers.length; from += batchRows) {
      const batch = [...rowNumbers.subarray(from, from + batchRows)];
      const answers = scan.top(batch.map((row) => ({ vectors: [Float64Array.from(vectorAt(row))], k: 1 })));
      for (const [i, answer] of answers.entries()) nearest[from + i] = answer.rows[0]!;
      if (from % rowsPerTurn === 0) {
        onDone?.(from, rowNumbers.length);
        await new Promise(setImmediate);
        signal?.throwIfAborted();
      }
    }
    onDone?.(rowNumbers.length, rowNumbers.length);
    return nearest;
  }
}

/** Returns the lists of items, their means and the covariance around them. @param listOf the list of each item */
function listsFrom({ data, rows, width }: ItemVectors, listOf: Uint32Array, count: number): ItemLists {
  const sizes = new Int32Array(count);
  for (const list of listOf) sizes[list]!++;
  const sums = new Float64Array(count * width);
  for (let row = 0; row < rows; row++) {
    for (let index = 0; index < width; index++) sums[listOf[row]! * width + index]! += data[row * width + index]!;
  }
  const means = Float32Array.from(sums, (sum, index) => sum / Math.max(1, sizes[Math.floor(index / width)]!));
  // Begins of the lists, which become their ends.
  const ends = new Int32Array(count);
  for (let list = 1; list < count; list++) ends[list] = ends[list - 1]! + sizes[list - 1]!;
  const order = new Int32Array(rows);
  for (let row = 0; row < rows; row++) order[ends[listOf[row]!]!++] = row;
  const covariance = new Float64Array(width * width);
  const covered = Math.max(1, Math.floor(rows / 50_000));
  const offset = new Float64Array(width);
  for (let row = 0; row < rows; row += covered) {
    for (let index = 0; index < width; index++)
      offset[index] = data[row * width + index]! - means[listOf[row]! * width + index]!;
    for (let i = 0; i < width; i++) {
      for (let j = 0; j < width; j++) covariance[i * width + j]! += offset[i]! * offset[j]!;
    }
  }
  let trace = 0;
  for (let i = 0; i < width; i++) trace += covariance[i * (width + 1)]!;
  return {
    order,
    ends,
    means,
    covariance: Float32Array.from(covariance, (value) => (trace > 0 ? (value * width) / trace : 0)),
  };
}

const shapesOf = (rows: number, width: number, lists: number) =>
  new Map([
    ['order', { dtype: 'I32', shape: [rows] }],
    ['ends', { dtype: 'I32', shape: [lists] }],
    ['means', { dtype: 'F32', shape: [lists, width] }],
    ['covariance', { dtype: 'F32', shape: [width, width] }],
  ] as const);

/** @throws Failure `cannot-write` */
export async function saveLists(path: string, lists: ItemLists): Promise<void> {
  const width = lists.means.length / lists.ends.length;
  const shapes = [...shapesOf(lists.order.length, width, lists.ends.length)];
  const tensors = shapes.map(([name, { shape }]) => ({ name, shape, data: lists[name] }));
  await writeDurably(path, (sink) => writeSafetensors(sink, tensors));
}

/** @throws Failure `damaged-index`, `cannot-read` */
export async function openLists(
  path: string,
  { rows, width }: Omit<ItemVectors, 'data'>,
  lists: number,
): Promise<ItemLists> {
  const { tensors } = await readSafetensors(path, { expected: shapesOf(rows, width, lists), finite: () => true });
  const contents = Object.fromEntries([...tensors].map(([name, { data }]) => [name, data])) as unknown as ItemLists;
  const { order, ends } = contents;
  const listed = new Uint8Array(rows);
  for (const row of order) if (row >= 0 && row < rows) listed[row] = 1;
  const isAscending = ends.every((end, list) => end >= (list === 0 ? 0 : ends[list - 1]!));
  if (listed.includes(0) || !isAscending || ends.at(-1) !== rows) {
    throw failure('damaged-index', { path, reason: 'its lists do not have each item once' });
  }
  return contents;
}
