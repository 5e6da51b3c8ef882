/** A graph of usearch over item vectors: built, written, opened, asked. */
import { closeSync, openSync, readSync } from 'node:fs';
import { failure } from '../../base/diagnostics/failure.ts';
import { dimensionsIn, makeAnnSpace, placeQuery, type SpaceName } from './space.ts';
import { loadUsearch, type UsearchIndex, type UsearchSettings } from './usearch.ts';

export interface ItemVectors {
  /** float32 [rows, width], finite */
  readonly data: Float32Array;
  readonly rows: number;
  readonly width: number;
}

export interface Neighbours {
  /** The rows of at most `count` items, those with the largest inner products first; undefined for a query of zeros. */
  nearest(query: ArrayLike<number>, count: number): Int32Array | undefined;
}

/** Links of a node and width of the search at its insertion: the defaults of usearch. Half numbers lose nothing here: scores are computed again. */
export const settingsIn = (metric: SpaceName): UsearchSettings => ({
  metric,
  quantization: 'f16',
  connectivity: 16,
  expansion_add: 128,
});

export interface BuildOptions {
  readonly signal?: AbortSignal;
  /** After each slice: items that are in the graph. */
  readonly onProgress?: (items: number) => void;
}

/** Items that are added at a time, by all threads of the machine: between slices this thread answers a signal. */
const sliceRows = 2048;

export interface BuiltGraph extends Neighbours {
  save(path: string): void;
}

/**
 * Puts all items into a graph. The work is in threads of usearch; this one waits for a slice at a time.
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
    const to = Math.min(rows, from + sliceRows);
    const keys = BigUint64Array.from({ length: to - from }, (_, i) => BigInt(from + i));
    index.add(keys, space.items(from, to), 0);
    onProgress?.(to);
    await new Promise(setImmediate);
  }
  return { ...neighboursOf(index, rows, settings.metric), save: (path) => index.save(path) };
}

/**
 * Maps a file that `save` wrote. Its checksum must have been compared: usearch trusts what it reads, and other bytes may end the process.
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

/** A file of usearch has the count of vectors and their bytes, the vectors, and then its name. */
function refuseOtherFormat(path: string, rows: number, bytes: number): void {
  const file = openSync(path, 'r');
  try {
    const headerBytes = Buffer.alloc(8);
    const name = Buffer.alloc(7);
    readSync(file, headerBytes, 0, 8, 0);
    readSync(file, name, 0, 7, 8 + rows * bytes);
    const isOurs =
      headerBytes.readUInt32LE(0) === rows &&
      headerBytes.readUInt32LE(4) === bytes &&
      name.toString('latin1') === 'usearch';
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
