/**
 * From item vectors to a certified graph. In which space it is built is tried on some of the items first: the better space depends on how much the
 * lengths of the vectors differ, and on how far the queries are from the items.
 */
import { defined } from '../defined.ts';
import { makeScan } from '../scan/scan.ts';
import { type Certified, type CertifyOptions, certify } from './certificate.ts';
import { type BuiltGraph, buildGraph, type ItemVectors, settingsIn } from './graph.ts';
import { type SpaceName, spaceNames } from './space.ts';
import { loadUsearch, type UsearchSettings } from './usearch.ts';

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
  const tried = await betterSpace(items, asked, options);
  const settings = settingsIn(tried.space);
  const graph =
    tried.rows === items.rows
      ? tried.graph
      : await buildGraph(items, settings, {
          ...defined({ signal }),
          onProgress: (done) => onProgress?.({ kind: 'items', done, of: items.rows }),
        });
  const scan = makeScan(items.data, items.rows, items.width);
  const certified = await certify(scan, graph, {
    ...asked,
    ...defined({ signal }),
    onProgress: (what) => onProgress?.({ kind: 'certifying', what }),
  });
  return { graph, settings, ...certified };
}

interface SpaceTrial extends Certified {
  readonly space: SpaceName;
  readonly graph: BuiltGraph;
  readonly rows: number;
}

/** The space with the narrowest search for the recall; if none reaches it, the one that finds more. */
async function betterSpace(items: ItemVectors, asked: CertifyRequest, options: BuildBestOptions): Promise<SpaceTrial> {
  const some = someOf(items);
  const scan = makeScan(some.data, some.rows, some.width);
  const queries = asked.queries.slice(0, triedQueries);
  const signal = defined({ signal: options.signal });
  let best: SpaceTrial | undefined;
  for (const space of spaceNames) {
    options.onProgress?.({ kind: 'trying', space });
    const graph = await buildGraph(some, settingsIn(space), signal);
    const certified = await certify(scan, graph, { ...asked, queries, ...signal });
    const trial = { space, graph, rows: some.rows, ...certified };
    if (best === undefined || isBetter(trial, best, asked.recall)) best = trial;
  }
  return best!;
}

function isBetter(one: SpaceTrial, other: SpaceTrial, recall: number): boolean {
  const reaches = ({ certificate }: SpaceTrial): boolean => certificate.recall >= recall;
  if (reaches(one) !== reaches(other)) return reaches(one);
  if (reaches(one) && one.width !== other.width) return one.width < other.width;
  return one.certificate.recall > other.certificate.recall;
}

/** At equal steps: a corpus may be in the order of popularity. */
function someOf({ data, rows, width }: ItemVectors): ItemVectors {
  if (rows <= triedItems) return { data, rows, width };
  const some = new Float32Array(triedItems * width);
  for (let i = 0; i < triedItems; i++) {
    const at = Math.floor((i * rows) / triedItems) * width;
    some.set(data.subarray(at, at + width), i * width);
  }
  return { data: some, rows: triedItems, width };
}
