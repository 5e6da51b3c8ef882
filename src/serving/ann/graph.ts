/** Builds, writes, opens and searches a graph of item vectors with usearch. */
import { closeSync, openSync, readSync } from 'node:fs';
import { createRequire } from 'node:module';
import { failure } from '../../base/diagnostics/failure.ts';

export interface ItemVectors {
  /** float32 [rows, width], finite */
  readonly data: Float32Array;
  readonly rows: number;
  readonly width: number;
}

export interface Neighbours {
  /** Returns the rows of at most `count` items, the largest inner products first; undefined for a query of zeros. */
  nearest(query: ArrayLike<number>, count: number): Int32Array | undefined;
}

/** The links per node and the width of the search on insertion are the defaults of usearch. float16 loses nothing here, because scores are computed again. */
export const settingsIn = (metric: SpaceName): UsearchSettings => ({
  metric,
  quantization: 'f16',
  connectivity: 16,
  expansion_add: 128,
});

export interface BuildOptions {
  readonly signal?: AbortSignal;
  /** Called after each slice with the number of items in the graph. */
  readonly onProgress?: (items: number) => void;
}

/** Number of items that all threads of the machine add at a time. Between slices this thread can react to a signal. */
const sliceRows = 2048;

export interface BuiltGraph extends Neighbours {
  save(path: string): void;
}

/**
 * Builds a graph of all items. Threads of usearch do the work; this thread waits for one slice at a time.
 * @throws Failure `no-usearch`; the reason of the signal
 */
export async function buildGraph(
  { rows, width, data }: ItemVectors,
  settings: UsearchSettings,
  { signal, onProgress }: BuildOptions = {},
): Promise<BuiltGraph> {
  const space = makeAnnSpace(settings.metric, data, rows, width);
  const index = new (loadUsearch().Index)({ ...settings, dimensions: space.dimensions });
  for (let from = 0; from < rows; from += sliceRows) {
    signal?.throwIfAborted();
    const sliceEnd = Math.min(rows, from + sliceRows);
    const keys = BigUint64Array.from({ length: sliceEnd - from }, (_, i) => BigInt(from + i));
    index.add(keys, space.items(from, sliceEnd), 0);
    onProgress?.(sliceEnd);
    await new Promise(setImmediate);
  }
  return { ...neighboursOf(index, rows, settings.metric), save: (path) => index.save(path) };
}

/**
 * Maps a file that `save` wrote. The checksum must be verified before, because usearch trusts the file and invalid bytes may crash the process.
 * @throws Failure `no-usearch`, `damaged-index`
 */
export function openGraph(
  path: string,
  { rows, width }: Omit<ItemVectors, 'data'>,
  settings: UsearchSettings,
): Neighbours {
  const dimensions = dimensionsIn(settings.metric, width);
  const index = new (loadUsearch().Index)({ ...settings, dimensions });
  refuseOtherFormat(path, rows, dimensions * bytesOf[settings.quantization]);
  try {
    index.view(path);
  } catch (error) {
    throw failure('damaged-index', { path, reason: `usearch cannot read it (${(error as Error).message})` });
  }
  const foundShape = { rows: Number(index.size()), dimensions: Number(index.dimensions()) };
  if (foundShape.rows !== rows || foundShape.dimensions !== dimensions) {
    const reason = `it has ${foundShape.rows} vectors of ${foundShape.dimensions} numbers, not ${rows} of ${dimensions}`;
    throw failure('damaged-index', { path, reason });
  }
  return neighboursOf(index, rows, settings.metric);
}

const bytesOf = { f32: 4, f16: 2 } as const;

/** Refuses a file with other vectors. A file of usearch has the number of vectors, the bytes of one, all vectors, and then the library's name. */
function refuseOtherFormat(path: string, rows: number, bytes: number): void {
  const file = openSync(path, 'r');
  try {
    const headerBytes = Buffer.alloc(8);
    const libraryName = Buffer.alloc(7);
    readSync(file, headerBytes, 0, 8, 0);
    readSync(file, libraryName, 0, 7, 8 + rows * bytes);
    const isOurs =
      headerBytes.readUInt32LE(0) === rows &&
      headerBytes.readUInt32LE(4) === bytes &&
      libraryName.toString('latin1') === 'usearch';
    if (!isOurs)
      throw failure('damaged-index', { path, reason: `it is no graph of ${rows.toLocaleString('en')} such vectors` });
  } finally {
    closeSync(file);
  }
}

const neighboursOf = (index: UsearchIndex, rows: number, space: SpaceName): Neighbours => ({
  nearest(query, count) {
    const placedQuery = placeQuery(space, query);
    if (placedQuery === undefined) return undefined;
    const { keys } = index.search(placedQuery, Math.min(count, rows), 1);
    return Int32Array.from(keys, Number).filter((row) => row < rows);
  },
});

/**
 * The two spaces in which a graph can search for the largest inner product.
 *
 * `ip` takes the vectors unchanged. An inner product is not a distance: an item may be nearer to every other item than to itself. If lengths differ
 * little, that is rare, and this space is better. If they differ much, a graph misses many of the best items, however wide the search is.
 *
 * `l2sq` turns the largest inner product into the smallest distance. An item x gets one more number,
 *
 *     x′ = (x, √(M² − ‖x‖²)) ÷ M,    q′ = (q, 0) ÷ ‖q‖
 *
 * where M is the length of the longest item. All x′ have length 1, so ‖q′ − x′‖² = 2 − 2 · (q · x) ÷ (M ‖q‖), and the order of distances is that
 * of inner products. (Bachrach et al., Speeding Up the Xbox Recommender System Using a Euclidean Transformation, RecSys 2014.)
 *
 * A measurement decides which one is better (`build.ts`). Both scale vectors to lengths up to 1, which float16 can represent.
 */
export const spaceNames = ['ip', 'l2sq'] as const;
export type SpaceName = (typeof spaceNames)[number];

const dimensionsIn = (name: SpaceName, width: number): number => (name === 'l2sq' ? width + 1 : width);

/** @param vectors float32 [rows, width], finite */
export function makeAnnSpace(name: SpaceName, vectors: Float32Array, rows: number, width: number) {
  const squaredLengths = new Float64Array(rows);
  let longest = 0;
  for (let row = 0; row < rows; row++) {
    let squareSum = 0;
    for (let at = row * width; at < (row + 1) * width; at++) squareSum += vectors[at]! * vectors[at]!;
    squaredLengths[row] = squareSum;
    longest = Math.max(longest, squareSum);
  }
  const scale = longest > 0 ? 1 / Math.sqrt(longest) : 0;
  const dimensions = dimensionsIn(name, width);
  return {
    dimensions,
    /** float32 [to − from, dimensions] */
    items(from: number, to: number): Float32Array {
      const placedVectors = new Float32Array((to - from) * dimensions);
      for (let row = from; row < to; row++) {
        const placedAt = (row - from) * dimensions;
        for (let i = 0; i < width; i++) placedVectors[placedAt + i] = vectors[row * width + i]! * scale;
        if (dimensions > width) {
          placedVectors[placedAt + width] =
            longest > 0 ? Math.sqrt(Math.max(0, 1 - squaredLengths[row]! / longest)) : 1;
        }
      }
      return placedVectors;
    },
  };
}

/** Scales a query; returns undefined for a query of zeros, to which all items are equally near. */
export function placeQuery(name: SpaceName, query: ArrayLike<number>): Float32Array | undefined {
  let largestNumber = 0;
  for (let i = 0; i < query.length; i++) largestNumber = Math.max(largestNumber, Math.abs(query[i]!));
  if (largestNumber === 0) return undefined;
  // Divides by the largest number, so that no square of a very small or very large number is computed.
  let squareSum = 0;
  for (let i = 0; i < query.length; i++) squareSum += (query[i]! / largestNumber) ** 2;
  const queryLength = Math.sqrt(squareSum);
  const placedQuery = new Float32Array(dimensionsIn(name, query.length));
  for (let i = 0; i < query.length; i++) placedQuery[i] = query[i]! / largestNumber / queryLength;
  return placedQuery;
}

/**
 * The types of usearch that are used here, because it has none if it is missing. usearch is the only library of graph indexes here, and an optional peer
 * dependency: nothing installs it, and only indexes need it.
 */
/** The last version that runs on Node.js 20. */
export const usearchVersion = '2.25.3';

interface UsearchIndex {
  /** @param threads 0: as many as the machine has */
  add(keys: BigUint64Array, vectors: Float32Array, threads: number): void;
  /** Returns at most `count` keys, the nearest first. `count` is also the width of the search. */
  search(vector: Float32Array, count: number, threads: number): { readonly keys: BigUint64Array };
  save(path: string): void;
  /** Maps the file into memory. A search reads only the parts that it needs. */
  view(path: string): void;
  size(): number;
  dimensions(): number;
}

export interface UsearchSettings {
  readonly metric: SpaceName;
  readonly quantization: 'f32' | 'f16';
  readonly connectivity: number;
  readonly expansion_add: number;
}

interface Usearch {
  readonly Index: new (settings: UsearchSettings & { readonly dimensions: number }) => UsearchIndex;
}

/**
 * @param from the module to load
 * @throws Failure `no-usearch`
 */
export function loadUsearch(from = 'usearch'): Usearch {
  try {
    return createRequire(import.meta.url)(from) as Usearch;
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND';
    const [reason = ''] = error instanceof Error ? error.message.split('\n') : [];
    throw failure('no-usearch', { version: usearchVersion, reason: isMissing ? undefined : reason });
  }
}
