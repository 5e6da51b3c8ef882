/**
 * How good a graph is, measured on queries of the query tower. Those decide: an index that finds all neighbours of items may miss a third of what
 * queries ask for, as queries come from another tower. The search is made wider until enough is found.
 */
import { type NeighbourGraph, recallOf, searchGraph } from '../../engines/scan/approximate.ts';
import { type RecallFigures, recallFigures } from '../../engines/scan/recall_figures.ts';
import type { RankedRows, Scan } from '../../engines/scan/scan.ts';
import type { Neighbours } from './graph.ts';

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
  /** One vector, or one for each interest. */
  readonly queries: readonly (readonly Float64Array[])[];
  readonly k: number;
  readonly recall: number;
  readonly signal?: AbortSignal;
  /** After each width, and after each tenth of the exact answers. */
  readonly onProgress?: (done: string) => void;
}

/** Candidates of a search, in multiples of k. */
const widths = [1, 1.5, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64];

/** Returns the narrowest search with the recall, or else the widest that was tried. */
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
      // What the graph leaves to the scan is exact.
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

/** Signals arrive, and a bar is drawn. */
async function breathe(signal: AbortSignal | undefined): Promise<void> {
  await new Promise(setImmediate);
  signal?.throwIfAborted();
}
