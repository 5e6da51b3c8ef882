/**
 * Measures the recall of lists on queries of the query tower. An index that finds all neighbours of items may miss a third of the best items for queries,
 * because queries come from another tower.
 */
import {
  type ApproximateIndex,
  type RecallFigures,
  recallFigures,
  recallOf,
} from '../../retrieval/scan/approximate.ts';
import type { RankedRows, Scan } from '../../retrieval/scan/scan.ts';

/** Deviations of scores at which a list is read, from the narrowest search to the widest. */
const reaches = [2.5, 3, 3.25, 3.5, 3.75, 4, 4.25, 4.5, 4.75, 5, 5.5, 6, 8];

export interface Certificate extends RecallFigures {
  readonly k: number;
  readonly queries: number;
  /** Milliseconds of processor time for a query, without the query tower. */
  readonly milliseconds: { readonly lists: number; readonly scan: number };
}

export interface Certified {
  readonly certificate: Certificate;
  readonly reach: number;
}

export interface CertifyOptions {
  /** Vectors by query: one, or one for each interest. */
  readonly queries: readonly (readonly Float64Array[])[];
  readonly k: number;
  /** Minimum recall, from 0 to 1. */
  readonly recall: number;
  readonly signal?: AbortSignal;
  /** Called after each reach, and after all exact answers. */
  readonly onProgress?: (line: string) => void;
}

/** Returns the narrowest search that reaches the recall, otherwise the widest. @throws the reason of the signal */
export async function certify(
  scan: Scan,
  indexOf: (k: number, reach: number) => ApproximateIndex,
  options: CertifyOptions,
): Promise<Certified> {
  const { queries, recall, signal, onProgress } = options;
  const k = Math.min(options.k, scan.rows);
  const exactAnswers: RankedRows[] = [];
  let scanTime = 0;
  for (const vectors of queries) {
    const start = processorTime();
    exactAnswers.push(scan.top([{ vectors, k }])[0]!);
    scanTime += processorTime() - start;
    if (exactAnswers.length % 64 === 0) await yieldToSignals(signal);
  }
  onProgress?.('measured the exact scan');
  let widest: Certified | undefined;
  for (const reach of reaches) {
    const approximate = indexOf(k, reach);
    const recalls: number[] = [];
    let listsTime = 0;
    for (const [index, vectors] of queries.entries()) {
      const start = processorTime();
      const foundRows = approximate.search({ vectors, k });
      listsTime += processorTime() - start;
      // Requests that fall back to the scan are exact.
      recalls.push(foundRows ? recallOf(foundRows, exactAnswers[index]!) : 1);
      if (index % 64 === 0) await yieldToSignals(signal);
    }
    const milliseconds = { lists: listsTime / queries.length, scan: scanTime / queries.length };
    widest = { certificate: { k, queries: queries.length, ...recallFigures(recalls), milliseconds }, reach };
    onProgress?.(`measured ${reach} deviations: ${(100 * widest.certificate.recall).toFixed(2)} % found`);
    if (widest.certificate.recall >= recall) break;
  }
  return widest!;
}

function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Lets the event loop handle signals and draw the progress bar. */
async function yieldToSignals(signal: AbortSignal | undefined): Promise<void> {
  await new Promise(setImmediate);
  signal?.throwIfAborted();
}
