/**
 * Builds a certified graph of item vectors. A trial on a sample chooses the space: the better one depends on the spread of vector lengths and on the
 * distance of queries from items.
 */
import { defined } from '../../base/util/defined.ts';
import {
  type NeighbourGraph,
  type RecallFigures,
  recallFigures,
  recallOf,
  searchGraph,
} from '../../engines/scan/approximate.ts';
import { makeScan, type RankedRows, type Scan } from '../../engines/scan/scan.ts';
import {
  type BuiltGraph,
  buildGraph,
  type ItemVectors,
  loadUsearch,
  type Neighbours,
  type SpaceName,
  settingsIn,
  spaceNames,
  type UsearchSettings,
} from './graph.ts';

export interface BuiltIndex extends Certified {
  readonly graph: BuiltGraph;
  readonly settings: UsearchSettings;
}

export type IndexEvent =
  | { readonly kind: 'items'; readonly done: number; readonly of: number }
  | { readonly kind: 'trying'; readonly space: SpaceName }
  | { readonly kind: 'certifying'; readonly what: string };

export interface BuildBestOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (event: IndexEvent) => void;
}

type CertifyRequest = Pick<CertifyOptions, 'queries' | 'k' | 'recall'>;

const [triedItems, triedQueries] = [20_000, 200];

/** @throws Failure `no-usearch`; the reason of the signal */
export async function buildBest(
  items: ItemVectors,
  asked: CertifyRequest,
  options: BuildBestOptions = {},
): Promise<BuiltIndex> {
  const { signal, onProgress } = options;
  loadUsearch();
  const bestSpace = await betterSpace(items, asked, options);
  const settings = settingsIn(bestSpace.space);
  const graph =
    bestSpace.rows === items.rows
      ? bestSpace.graph
      : await buildGraph(items, settings, {
          ...defined({ signal }),
          onProgress: (done) => onProgress?.({ kind: 'items', done, of: items.rows }),
        });
  const scan = makeScan(items.data, items.rows, items.width);
  const certifiedGraph = await certify(scan, graph, {
    ...asked,
    ...defined({ signal }),
    onProgress: (what) => onProgress?.({ kind: 'certifying', what }),
  });
  return { graph, settings, ...certifiedGraph };
}

interface SpaceTrial extends Certified {
  readonly space: SpaceName;
  readonly graph: BuiltGraph;
  readonly rows: number;
}

/** Returns the space with the narrowest search that reaches the recall. If none reaches it, returns the space that finds more. */
async function betterSpace(items: ItemVectors, asked: CertifyRequest, options: BuildBestOptions): Promise<SpaceTrial> {
  const someItems = someOf(items);
  const scan = makeScan(someItems.data, someItems.rows, someItems.width);
  const queries = asked.queries.slice(0, triedQueries);
  const signal = defined({ signal: options.signal });
  let bestTrial: SpaceTrial | undefined;
  for (const space of spaceNames) {
    options.onProgress?.({ kind: 'trying', space });
    const graph = await buildGraph(someItems, settingsIn(space), signal);
    const certified = await certify(scan, graph, { ...asked, queries, ...signal });
    const trial = { space, graph, rows: someItems.rows, ...certified };
    if (bestTrial === undefined || isBetter(trial, bestTrial, asked.recall)) bestTrial = trial;
  }
  return bestTrial!;
}

function isBetter(one: SpaceTrial, other: SpaceTrial, recall: number): boolean {
  const reaches = ({ certificate }: SpaceTrial): boolean => certificate.recall >= recall;
  if (reaches(one) !== reaches(other)) return reaches(one);
  if (reaches(one) && one.width !== other.width) return one.width < other.width;
  return one.certificate.recall > other.certificate.recall;
}

/** Returns evenly spaced items as a sample, because a corpus may be sorted by popularity. */
function someOf({ data, rows, width }: ItemVectors): ItemVectors {
  if (rows <= triedItems) return { data, rows, width };
  const sampledData = new Float32Array(triedItems * width);
  for (let i = 0; i < triedItems; i++) {
    const rowStart = Math.floor((i * rows) / triedItems) * width;
    sampledData.set(data.subarray(rowStart, rowStart + width), i * width);
  }
  return { data: sampledData, rows: triedItems, width };
}

/**
 * Measures the recall of a graph on queries of the query tower. An index that finds all neighbours of items may miss a third of the best items for
 * queries, because queries come from another tower. The search is widened until the recall is sufficient.
 */
export interface Certificate extends RecallFigures {
  readonly k: number;
  readonly queries: number;
  /** Milliseconds of processor time for a query, without the query tower. */
  readonly milliseconds: { readonly graph: number; readonly scan: number };
}

export interface Certified {
  readonly certificate: Certificate;
  readonly width: number;
}

export interface CertifyOptions {
  /** Vectors by query: one, or one for each interest. */
  readonly queries: readonly (readonly Float64Array[])[];
  readonly k: number;
  readonly recall: number;
  readonly signal?: AbortSignal;
  /** Called after each width, and after each tenth of the exact answers. */
  readonly onProgress?: (done: string) => void;
}

/** Numbers of candidates of a search, in multiples of k. */
const widths = [1, 1.5, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64];

/** Returns the narrowest search that reaches the recall, otherwise the widest that was tried. */
export async function certify(scan: Scan, neighbours: Neighbours, options: CertifyOptions): Promise<Certified> {
  const { queries, recall, signal, onProgress } = options;
  const k = Math.min(options.k, scan.rows);
  const exactAnswers: RankedRows[] = [];
  let scanTime = 0;
  for (const vectors of queries) {
    const start = processorTime();
    exactAnswers.push(scan.top([{ vectors, k }])[0]!);
    scanTime += processorTime() - start;
    if (exactAnswers.length % 64 === 0) await breathe(signal);
  }
  onProgress?.('the exact scan');
  let bestCertified: Certified | undefined;
  for (const times of widths) {
    const width = Math.min(scan.rows, Math.ceil(times * k));
    const graph: NeighbourGraph = { ...neighbours, k, width, widest: scan.rows };
    const recalls: number[] = [];
    let graphTime = 0;
    for (const [at, vectors] of queries.entries()) {
      const start = processorTime();
      const foundRows = searchGraph(scan, graph, { vectors, k });
      graphTime += processorTime() - start;
      // Requests that fall back to the scan are exact.
      recalls.push(foundRows ? recallOf(foundRows, exactAnswers[at]!) : 1);
      if (at % 64 === 63) await breathe(signal);
    }
    const milliseconds = { graph: graphTime / queries.length, scan: scanTime / queries.length };
    bestCertified = { certificate: { k, queries: queries.length, ...recallFigures(recalls), milliseconds }, width };
    onProgress?.(
      `${width.toLocaleString('en')} candidates: ${(100 * bestCertified.certificate.recall).toFixed(2)} % found`,
    );
    if (bestCertified.certificate.recall >= recall || width === scan.rows) break;
  }
  return bestCertified!;
}

function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Lets the event loop handle signals and draw the progress bar. */
async function breathe(signal: AbortSignal | undefined): Promise<void> {
  await new Promise(setImmediate);
  signal?.throwIfAborted();
}
