/**
 * From item vectors to a certified graph. In which space it is built is tried on some of the items first: the better space depends on how much the
 * lengths of the vectors differ, and on how far the queries are from the items.
 */
import { defined } from '../../base/util/defined.ts';
import { makeScan } from '../../engines/scan/scan.ts';
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

/** The space with the narrowest search for the recall; if none reaches it, the one that finds more. */
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
