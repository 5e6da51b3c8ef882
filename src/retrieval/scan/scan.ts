/**
 * Finds the exact top k of an inner product over all items, by one pass over int8 codes. Pure: it needs no file and no engine, and computes the same bits in
 * Node.js and in browsers.
 *
 * `makeScan(vectors, rows, width).top(requests)` answers several requests in one pass. A request has one vector or several, of which an item keeps its best
 * score, and perhaps the rows that may be in the answer. Scores are float64 sums in a fixed order (`scoreOf`). By proof (`codes.ts`), the answer is the
 * beginning of the list of all items, ordered by (score, row).
 *
 * Long because a scan, one that grows and one that threads share are made of the same pass.
 */
import { invariant } from '../../base/diagnostics/diagnostic.ts';
import { BestRows, Candidates, type RankedRows, type ScanRequest } from './candidates.ts';
import { blockRows, type CodedQuery, type CodeLayout, centreOf, codeQuery, layoutOf } from './codes.ts';
import {
  aligned,
  type CodeStore,
  makeCodeStore,
  maxChunkBlocks,
  maxPassVectors,
  openCodeStore,
  reserve,
  writeStore,
} from './store.ts';

export type { RankedRows, ScanRequest } from './candidates.ts';

export interface Scan {
  readonly rows: number;
  readonly width: number;
  /** Present if items have several vectors each. */
  readonly sets?: {
    readonly perItem: number;
    /** Returns the vectors of a query that finds items near this one. */
    queryOf(row: number): readonly Float32Array[];
  };
  /** Returns a query that finds items near this one, float32 [width]: its vector, if it has one. */
  vector(row: number): Float32Array;
  top(requests: readonly ScanRequest[]): RankedRows[];
  score(vectors: readonly Float64Array[], row: number): number;
  /** Returns the inner product of a vector and each row, as the codes tell: float64 [rows]. */
  estimates(vector: Float64Array): Float64Array;
}

/** A scan of stored item vectors. */
export interface VectorScan extends Scan {
  /** float32 [rows, width], never changed. */
  readonly vectors: Float32Array;
  /** Returns numbers that no score with the vector exceeds: float64 [rows]. */
  ceilings(vector: Float64Array): Float64Array;
  /** Returns the codes, to be stored. They share memory with the scan, which may move when it next answers. */
  coded(): CodedItems;
}

export const hasVectors = (scan: Scan): scan is VectorScan => 'vectors' in scan;

export interface CodedItems {
  /** [blocks × 64, width rounded up to even], in the order of `writeCodes`. */
  readonly codes: Uint8Array;
  /** float64 [blocks, 4] */
  readonly records: Float64Array;
  /** float32 [width] */
  readonly centre: Float32Array;
}

const queryBytes = 32;
const entryBytes = 12;
/**
 * Blocks of the first chunk, and of the largest one: the limit rises after each chunk, and all items of the first one pass it. Chunks of requests for a part
 * of the rows are longer, so that they have as many of them.
 */
const firstChunk = 1;
const fullChunk = 64;
/** Rows of a list that are scored between two raises of the limit: at the beginning, and at most. */
const firstListed = 64;
const maxListed = 1024;
/** A request for fewer rows than this share reads the codes of their list, without the other requests. */
const maxListShare = 1 / 32;

/**
 * @param vectors float32 [rows, width], finite @param order the row of `vectors` of each row of the scan; the same one by default @throws RangeError if codes
 * need more than the 4 GiB of a WebAssembly memory, or more than the machine has
 */
export function makeScan(vectors: Float32Array, rows: number, width: number, order?: Int32Array): VectorScan {
  const layout = layoutOf(rows, width);
  const store = makeCodeStore(layout, centreOf(vectors, rows, width));
  writeStore(store, layout, vectors, 0, order);
  return scanOf(store, vectors, rows, width, order);
}

/** Items that threads search without a copy of their own. A message to a worker thread can have it. */
export interface SharedItems {
  readonly memory: WebAssembly.Memory;
  /** float32 [rows, width], in a SharedArrayBuffer. */
  readonly vectors: Float32Array;
  readonly rows: number;
  readonly width: number;
  /** float32 [width] */
  readonly centre: Float32Array;
  readonly threads: number;
}

/**
 * Puts items and their codes into memory that threads share. Vectors that lie in a SharedArrayBuffer are not copied. @param vectors float32 [rows, width],
 * finite @throws RangeError if codes and working memory of all threads need more than the 4 GiB of a WebAssembly memory
 */
export function shareItems(vectors: Float32Array, rows: number, width: number, threads: number): SharedItems {
  invariant(Number.isSafeInteger(threads) && threads > 0, `${threads} threads`);
  const layout = layoutOf(rows, width);
  const store = makeCodeStore(layout, centreOf(vectors, rows, width), threads);
  writeStore(store, layout, vectors);
  let shared = vectors;
  if (!(vectors.buffer instanceof SharedArrayBuffer)) {
    shared = new Float32Array(new SharedArrayBuffer(vectors.byteLength));
    shared.set(vectors);
  }
  return { memory: store.memory, vectors: shared, rows, width, centre: store.centre, threads };
}

/** @param thread from 0 to the number of threads that share the items: each uses another number */
export function scanOfShared(
  { memory, vectors, rows, width, centre, threads }: SharedItems,
  thread: number,
): VectorScan {
  invariant(thread >= 0 && thread < threads, `thread ${thread} of ${threads}`);
  return scanOf(openCodeStore(memory, layoutOf(rows, width), centre, thread), vectors, rows, width);
}

/** Returns the scan of items whose codes are known. @param coded codes of these vectors by this version; others would give other answers */
export function scanOfCoded(
  { codes, records, centre }: CodedItems,
  vectors: Float32Array,
  rows: number,
  width: number,
): VectorScan {
  const layout = layoutOf(rows, width);
  invariant(codes.length === layout.codeBytes && records.length === 4 * layout.blocks, `codes of ${rows} × ${width}`);
  const store = makeCodeStore(layout, centre);
  new Uint8Array(store.memory.buffer, store.codesOffset, codes.length).set(codes);
  new Float64Array(store.memory.buffer, store.recordsOffset, records.length).set(records);
  return scanOf(store, vectors, rows, width);
}

/**
 * Returns the scan of the first `rows` items of a store. It does not change when others are added: their codes may change the scale of its last block, but no score.
 */
function scanOf(store: CodeStore, vectors: Float32Array, rows: number, width: number, order?: Int32Array): VectorScan {
  invariant(order || vectors.length === rows * width, `${vectors.length} numbers for ${rows} × ${width}`);
  const scanStore = { ...store, layout: layoutOf(rows, width) };
  const score = (queries: readonly Float64Array[], row: number): number => {
    const offset = (order ? order[row]! : row) * width;
    return queries.length === 1 ? scoreOf(queries[0]!, vectors, offset) : bestScoreOf(queries, vectors, offset);
  };

  return {
    rows,
    width,
    vectors,
    vector(row) {
      const offset = (order ? order[row]! : row) * width;
      return vectors.slice(offset, offset + width);
    },
    score,
    estimates: (vector) => estimatesOf(scanStore, vector),
    ceilings: (vector) => estimatesOf(scanStore, vector, true),
    coded: () => ({
      codes: new Uint8Array(store.memory.buffer, store.codesOffset, scanStore.layout.codeBytes),
      records: new Float64Array(store.memory.buffer, store.recordsOffset, 4 * scanStore.layout.blocks),
      centre: store.centre,
    }),
    top(requests) {
      const answers: RankedRows[] = new Array(requests.length);
      let passIndices: number[] = [];
      let passVectors = 0;
      const run = (): void => {
        const passRequests = passIndices.map((index) => requests[index]!);
        onePass(scanStore, passRequests, score).forEach((ranked, i) => {
          answers[passIndices[i]!] = ranked;
        });
        passIndices = [];
        passVectors = 0;
      };
      for (const [index, request] of requests.entries()) {
        for (const vector of request.vectors)
          invariant(vector.length === width, `a vector of ${vector.length} for ${width}`);
        invariant(request.vectors.length > 0 && request.k >= 0, 'a request has a vector, and no k below 0');
        const allowedCount = request.allowed?.count() ?? rows;
        if (request.listed) answers[index] = onePass(scanStore, [request], score, request.listed)[0]!;
        else if (request.k === 0 || request.k >= allowedCount / 2) answers[index] = readAll(request, allowedCount);
        else if (allowedCount < rows * maxListShare) {
          const lists = [request.allowed!.list()];
          answers[index] = onePass(scanStore, [request], score, () => lists.pop())[0]!;
        } else {
          if (passVectors > 0 && passVectors + request.vectors.length > maxPassVectors) run();
          passIndices.push(index);
          passVectors += request.vectors.length;
        }
      }
      if (passIndices.length > 0) run();
      return answers;
    },
  };

  /** Scores all rows, for a request for most of the allowed ones. */
  function readAll({ vectors: queries, k, allowed }: ScanRequest, count: number): RankedRows {
    const best = new BestRows(k, count);
    if (k === 0) return best.ordered();
    const visit = (row: number): void => best.push(row, score(queries, row));
    if (allowed) allowed.forEach(visit);
    else for (let row = 0; row < rows; row++) visit(row);
    return best.ordered();
  }
}

interface ScanStore extends CodeStore {
  readonly layout: CodeLayout;
}

interface ScannedQuery {
  readonly candidates: Candidates;
  readonly query: CodedQuery;
  /** ‖q‖ and ‖q − q̂‖. */
  readonly length: number;
  readonly error: number;
  readonly base: number;
}

/** Cached between passes, of which only one runs at a time. */
const pool: Candidates[] = [];

/**
 * Makes one pass over the codes for all requests. Long because the kernel and the host agree on each address here. The memory from `scratchOffset` on has records of queries, words of codes, masks or the list, entries.
 * @param listed the rows of the only request; otherwise a pass reads all blocks with their rows
 */
function onePass(
  store: ScanStore,
  requests: readonly ScanRequest[],
  score: (queries: readonly Float64Array[], row: number) => number,
  listed?: (least: number) => Uint32Array | undefined,
): RankedRows[] {
  const { memory, kernel, codesOffset, recordsOffset, scratchOffset, layout, centre } = store;
  const { rowBytes, blocks, rows } = layout;
  const candidatesEach = requests.map(({ vectors, k }, i) => {
    const candidates = (pool[i] ??= new Candidates());
    candidates.begin(k, rows, (row) => score(vectors, row), vectors.length > 1);
    return candidates;
  });
  const scannedQueries = requests.flatMap(({ vectors }, i) =>
    vectors.map((vector): ScannedQuery => {
      const query = codeQuery(vector, rowBytes);
      const [length, error] = [query.length * query.scale, query.error * query.scale];
      return { candidates: candidatesEach[i]!, query, length, error, base: scoreOf(vector, centre, 0) };
    }),
  );
  const queryCount = scannedQueries.length;
  const single = queryCount % 4 === 1 ? 1 : 0;
  const quadCount = listed ? 0 : Math.ceil((queryCount - single) / 4);
  const queryPlaces = listed ? queryCount : 4 * quadCount + single;
  const words = scratchOffset + aligned(queryPlaces * queryBytes);
  const masks = words + aligned(4 * rowBytes * queryPlaces);
  const allowedSets = listed ? [] : [...new Set(requests.flatMap(({ allowed }) => allowed?.words ?? []))];
  const maskBytes = 8 * blocks;
  const entries = masks + (listed ? aligned(4 * maxListed) : aligned(maskBytes * allowedSets.length));
  const mostAllowed = requests.reduce((largest, { allowed }) => Math.max(largest, allowed?.count() ?? rows), 0);
  const chunkBlocks = Math.min(blocks, maxChunkBlocks, Math.ceil((fullChunk * rows) / mostAllowed));
  const chunkRows = listed ? maxListed : Math.min(mostAllowed, chunkBlocks * blockRows);
  reserve(store, entries + chunkRows * queryCount * entryBytes);
  for (const [i, set] of allowedSets.entries()) {
    new Uint32Array(memory.buffer, masks + i * maskBytes, set.length).set(set);
  }
  const allowedOf = requests.flatMap(({ vectors, allowed }) =>
    vectors.map(() => (allowed && !listed ? masks + allowedSets.indexOf(allowed.words) * maskBytes : 0)),
  );
  const numbers = new Float64Array(memory.buffer, scratchOffset, 4 * queryPlaces);
  const pointers = new Uint32Array(memory.buffer, scratchOffset, 8 * queryPlaces);
  writeWords(new Int32Array(memory.buffer, words, rowBytes * queryPlaces), scannedQueries, rowBytes, 4 * quadCount);
  numbers.fill(0);
  const setLimits = (): void =>
    scannedQueries.forEach(({ candidates, query, base }, i) => {
      numbers[4 * i] = (candidates.limit - base) / query.scale;
    });
  setLimits();
  for (let i = 0; i < queryPlaces; i++) {
    // Padding of a group of four must reach nothing.
    const query = scannedQueries[i]?.query;
    if (!query) numbers[4 * i] = Number.POSITIVE_INFINITY;
    else numbers.set([query.length, query.error], 4 * i + 1);
    pointers[8 * i + 6] = allowedOf[i] ?? 0;
  }
  const perBlock = new Float64Array(memory.buffer, recordsOffset, 4 * blocks);
  const foundEntries = new Int32Array(memory.buffer, entries, 3 * chunkRows * queryCount);
  /** Takes the entries of a chunk, and raises the limits. */
  const endChunk = (end: number): void => {
    const foundEnd = (end - entries) >> 2;
    for (let index = 0; index < foundEnd; index += 3) {
      const row = foundEntries[index]!;
      const { candidates, query, length, error, base } = scannedQueries[foundEntries[index + 1]!]!;
      const block = 4 * Math.floor(row / blockRows);
      const codedScore = (foundEntries[index + 2]! * query.scale) / perBlock[block]!;
      const slack = slackOf(length, error, perBlock, block, Math.abs(codedScore) + Math.abs(base));
      candidates.add(row, base + codedScore - slack, base + codedScore + slack);
    }
    for (const candidates of candidatesEach) candidates.endChunk();
    setLimits();
  };
  if (listed) {
    const chunkList = new Uint32Array(memory.buffer, masks, maxListed);
    let chunk = firstListed;
    for (let list = listed(candidatesEach[0]!.limit); list; list = listed(candidatesEach[0]!.limit)) {
      for (let from = 0; from < list.length; from += chunk, chunk = Math.min(maxListed, 2 * chunk)) {
        const count = Math.min(chunk, list.length - from);
        chunkList.set(list.subarray(from, from + count));
        // The kernel reads a list up to the next multiple of 4.
        chunkList.fill(0, count, count + (-count & 3));
        let end = entries;
        for (let i = 0; i < queryCount; i++) {
          const [query, queryWords] = [scratchOffset + i * queryBytes, words + 4 * i * rowBytes];
          end = kernel.pick(codesOffset, rowBytes, recordsOffset, masks, count, i, query, queryWords, end);
        }
        endChunk(end);
      }
    }
  } else {
    let chunk = firstChunk;
    for (let from = 0; from < blocks; from += chunk, chunk = Math.min(chunkBlocks, 2 * chunk)) {
      const to = Math.min(blocks, from + chunk);
      const queryArguments = [scratchOffset, words, quadCount, single, entries] as const;
      endChunk(kernel.scan(codesOffset, rowBytes, recordsOffset, from, to, rows, ...queryArguments));
    }
  }
  return candidatesEach.map((candidates) => candidates.end());
}

/** @param isAbove adds to each estimate what the score in float64 may be higher by */
function estimatesOf(store: ScanStore, vector: Float64Array, isAbove = false): Float64Array {
  const { memory, kernel, codesOffset, recordsOffset, scratchOffset, layout, centre } = store;
  const { rowBytes, blocks, rows } = layout;
  const query = codeQuery(vector, rowBytes);
  const words = scratchOffset + queryBytes;
  const entries = words + aligned(4 * rowBytes);
  reserve(store, entries + blocks * blockRows * entryBytes);
  const numbers = new Float64Array(memory.buffer, scratchOffset, 4);
  numbers.set([Number.NEGATIVE_INFINITY, query.length, query.error, 0]);
  writeWords(new Int32Array(memory.buffer, words, rowBytes), [{ query }], rowBytes, 0);
  kernel.scan(codesOffset, rowBytes, recordsOffset, 0, blocks, rows, scratchOffset, words, 0, 1, entries);
  const perBlock = new Float64Array(memory.buffer, recordsOffset, 4 * blocks);
  const foundEntries = new Int32Array(memory.buffer, entries, 3 * rows);
  const base = scoreOf(vector, centre, 0);
  // The entries of a scan of all rows are in their order.
  const estimates = new Float64Array(rows);
  const [length, error] = [query.length * query.scale, query.error * query.scale];
  for (let row = 0; row < rows; row++) {
    const block = 4 * (row >> 6);
    const codedScore = (foundEntries[3 * row + 2]! * query.scale) / perBlock[block]!;
    const slack = isAbove ? slackOf(length, error, perBlock, block, Math.abs(codedScore) + Math.abs(base)) : 0;
    estimates[row] = base + codedScore + slack;
  }
  return estimates;
}

/** A generous bound of the relative rounding error of a bound in float64. */
const rounding = 2 ** -48;

/** Returns how much a score may differ from that of its codes. @param size of the terms of the latter */
function slackOf(length: number, error: number, perBlock: Float64Array, block: number, size: number): number {
  const codeError = boundOf(length, error, perBlock[block + 1]!, perBlock[block + 2]!);
  return codeError + (size + codeError) * rounding;
}

/** Returns e of `codes.ts`. */
const boundOf = (length: number, error: number, blockError: number, codeLength: number): number =>
  (length * blockError + error * codeLength) * (1 + rounding);

/** Writes the codes of queries, each pair of columns twice: of a group of four queries by turns 4 columns of each, then whole queries. */
function writeWords(
  words: Int32Array,
  queries: readonly Pick<ScannedQuery, 'query'>[],
  rowBytes: number,
  inGroups: number,
): void {
  words.fill(0);
  for (const [i, { query }] of queries.entries()) {
    const { codes } = query;
    const isWhole = i >= inGroups;
    const start = isWhole ? i * rowBytes : (i & ~3) * rowBytes + 4 * (i & 3);
    for (let column = 0; column < rowBytes; column += 2) {
      const index = start + (isWhole ? column : 16 * (column >> 2) + (column & 2));
      words[index] = (codes[column]! & 0xffff) | (codes[column + 1]! << 16);
      words[index + 1] = words[index]!;
    }
  }
}

/**
 * Returns the score of an item: the inner product of a query and an item, in float64. Products are added up in four sums, of columns 0, 4, 8 …, 1, 5, 9 … and
 * so on, each in ascending order, and the sums as (s₀ + s₂) + (s₁ + s₃). The order is fixed, so Node.js and every browser compute the same bits. For float32
 * numbers, a sum differs from the real one by less than (width + 4) · 2⁻⁵³ · ‖q‖ · ‖x‖.
 */
export function scoreOf(query: Float64Array, vectors: Float32Array, offset: number): number {
  const queryWidth = query.length;
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let i = 0;
  for (; i + 4 <= queryWidth; i += 4) {
    a += query[i]! * vectors[offset + i]!;
    b += query[i + 1]! * vectors[offset + i + 1]!;
    c += query[i + 2]! * vectors[offset + i + 2]!;
    d += query[i + 3]! * vectors[offset + i + 3]!;
  }
  if (i < queryWidth) a += query[i]! * vectors[offset + i]!;
  if (i + 1 < queryWidth) b += query[i + 1]! * vectors[offset + i + 1]!;
  if (i + 2 < queryWidth) c += query[i + 2]! * vectors[offset + i + 2]!;
  return a + c + (b + d);
}

export function bestScoreOf(queries: readonly Float64Array[], vectors: Float32Array, offset: number): number {
  let bestScore = scoreOf(queries[0]!, vectors, offset);
  for (let i = 1; i < queries.length; i++) bestScore = Math.max(bestScore, scoreOf(queries[i]!, vectors, offset));
  return bestScore;
}

/**
 * A scan to which items are added. `firstRows(n)` is the scan of the first n items and never changes: rows are never replaced, and items that are added later
 * are stored after its end. So a request that began before a write ends with the items that it began with.
 *
 * Adding an item writes the codes of its block of 64 again, with the block's new scale and bounds. `codes.ts` holds for any scale, so the answers of older
 * scans stay the same bits. Memory for all items is requested at the start, and the system provides it page by page as items come, so nothing is ever copied.
 */
export interface GrowingScan<S extends Scan = VectorScan> {
  readonly rows: number;
  /** @param vectors float32 [n, width], finite; there must be room for n more */
  add(vectors: Float32Array): void;
  firstRows(rows: number): S;
}

export function makeGrowingScan(width: number, room: number): GrowingScan {
  const store = makeCodeStore(layoutOf(room, width), new Float32Array(width));
  const vectors = new Float32Array(room * width);
  let rowCount = 0;
  return {
    get rows() {
      return rowCount;
    },
    add(values) {
      invariant(values.length % width === 0, `${values.length} numbers for vectors of ${width}`);
      invariant(values.every(Number.isFinite), 'the vectors of items are finite');
      const addedCount = values.length / width;
      invariant(rowCount + addedCount <= room, `${addedCount} items more than ${rowCount} of ${room}`);
      vectors.set(values, rowCount * width);
      const firstBlock = Math.floor(rowCount / blockRows);
      rowCount += addedCount;
      writeStore(store, layoutOf(rowCount, width), vectors, firstBlock);
    },
    firstRows(first) {
      invariant(first <= rowCount, `the first ${first} of ${rowCount} items`);
      return scanOf(store, vectors.subarray(0, first * width), first, width);
    },
  };
}
