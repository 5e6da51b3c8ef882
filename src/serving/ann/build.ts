import {
  type ApproximateIndex,
  type RecallFigures,
  recallFigures,
  recallOf,
  searchIndex,
} from '../../engines/scan/approximate.ts';
import { prepareLists } from '../../engines/scan/lists.ts';
import { makeScan, type RankedRows, type Scan, type VectorScan } from '../../engines/scan/scan.ts';
import {
  type BuildOptions,
  buildGraph,
  type ItemVectors,
  loadUsearch,
  type Neighbours,
  openGraph,
  settingsIn,
  spaceNames,
  type UsearchSettings,
  usearchVersion,
} from './graph.ts';
import { buildLists, openLists, saveLists } from './lists.ts';

/** What a manifest says of an index: the entry of its kind. */
export interface IndexEntries {
  readonly graph?: { readonly library: string; readonly settings: UsearchSettings; readonly width: number };
  readonly lists?: { readonly count: number; readonly reach: number };
}

export type IndexKindName = keyof IndexEntries;

interface BuiltItems {
  /** Searches from the narrowest to the widest. */
  searches(scan: VectorScan, k: number): IndexSearches;
  entry(width: number): IndexEntries;
  save(path: string): void | Promise<void>;
}

interface IndexSearches {
  readonly widths: readonly number[];
  at(width: number): ApproximateIndex;
  shown(width: number): string;
}

interface IndexKind {
  readonly name: IndexKindName;
  readonly file: string;
  /** Names of the ways to build it. */
  readonly variants: readonly string[];
  /** @throws Failure `no-usearch` */
  check(): void;
  build(items: ItemVectors, variant: string, options: BuildOptions): Promise<BuiltItems>;
  /** @throws Failure `damaged-index`, `no-usearch`, `cannot-read` */
  open(
    path: string,
    items: Omit<ItemVectors, 'data'>,
    entries: IndexEntries,
    certificate: Pick<Certificate, 'k' | 'milliseconds'>,
  ): Promise<(scan: VectorScan) => ApproximateIndex>;
}

/** Numbers of candidates of a graph, in multiples of k. */
const widths = [1, 1.5, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64];
/** Deviations of scores at which a list is read. */
const reaches = [2.5, 3, 3.25, 3.5, 3.75, 4, 4.25, 4.5, 4.75, 5, 5.5, 6, 8];

export const indexKinds: readonly IndexKind[] = [
  {
    name: 'lists',
    file: 'lists.safetensors',
    variants: ['lists'],
    check() {},
    async build(items, _, options) {
      const lists = await buildLists(items, options);
      return {
        searches(scan, k) {
          const prepared = prepareLists(lists, scan);
          return { widths: reaches, at: (reach) => prepared(k, reach), shown: (reach) => `${reach} deviations` };
        },
        entry: (reach) => ({ lists: { count: lists.ends.length, reach } }),
        save: (path) => saveLists(path, lists),
      };
    },
    async open(path, items, { lists }, { k }) {
      const opened = await openLists(path, items, lists!.count);
      return (scan) => prepareLists(opened, scan)(k, lists!.reach);
    },
  },
  {
    name: 'graph',
    file: 'graph.usearch',
    variants: spaceNames,
    check: () => void loadUsearch(),
    async build(items, variant, options) {
      const settings = settingsIn(variant as UsearchSettings['metric']);
      const graph = await buildGraph(items, settings, options);
      return {
        searches: (scan, k) => graphSearches(graph, scan, k),
        entry: (width) => ({ graph: { library: `usearch ${usearchVersion}`, settings, width } }),
        save: (path) => graph.save(path),
      };
    },
    async open(path, items, { graph }, { k, milliseconds: { graph: ownTime = 0, scan: scanTime } }) {
      const { settings, width } = graph!;
      const neighbours = openGraph(path, items, settings);
      const widest = Math.max(width, Math.floor((width * scanTime) / Math.max(1e-3, ownTime)));
      return () => ({ ...neighbours, k, width, widest });
    },
  },
];

const graphSearches = (neighbours: Neighbours, scan: Scan, k: number): IndexSearches => ({
  widths: [...new Set(widths.map((times) => Math.min(scan.rows, Math.ceil(times * k))))],
  at: (width) => ({ ...neighbours, k, width, widest: scan.rows }),
  shown: (width) => `${width.toLocaleString('en')} candidates`,
});

export interface BuiltIndex extends Certified {
  readonly kind: IndexKind;
  readonly items: BuiltItems;
}

export type IndexEvent =
  | { readonly kind: 'items'; readonly done: number; readonly of: number }
  | { readonly kind: 'trying'; readonly variant: string }
  | { readonly kind: 'certifying'; readonly what: string };

export interface BuildBestOptions {
  /** Default: the better one of those that can be built here. */
  readonly kind?: IndexKindName;
  readonly signal?: AbortSignal;
  readonly onProgress?: (event: IndexEvent) => void;
}

type CertifyRequest = Pick<CertifyOptions, 'queries' | 'k' | 'recall'>;

const [triedItems, triedQueries] = [20_000, 200];

/** Returns the kinds to try. @throws Failure `no-usearch` if the only one needs it */
export function kindsToTry(kind?: IndexKindName): readonly IndexKind[] {
  const asked = indexKinds.filter(({ name }) => kind === undefined || name === kind);
  if (kind !== undefined) asked[0]!.check();
  return asked.filter((each) => {
    try {
      each.check();
      return true;
    } catch {
      return false;
    }
  });
}

/** @throws Failure `no-usearch`; the reason of the signal */
export async function buildBest(
  items: ItemVectors,
  asked: CertifyRequest,
  options: BuildBestOptions = {},
): Promise<BuiltIndex> {
  const { signal, onProgress } = options;
  const best = await bestVariant(items, asked, options);
  const built =
    best.rows === items.rows
      ? best.items
      : await best.kind.build(items, best.variant, {
          signal,
          onProgress: (done) => onProgress?.({ kind: 'items', done, of: items.rows }),
        });
  const scan = makeScan(items.data, items.rows, items.width);
  const certified = await certifySearches(scan, built.searches(scan, Math.min(asked.k, scan.rows)), best.kind.name, {
    ...asked,
    signal,
    onProgress: (what) => onProgress?.({ kind: 'certifying', what }),
  });
  return { kind: best.kind, items: built, ...certified };
}

interface VariantTrial extends BuiltIndex {
  readonly variant: string;
  readonly rows: number;
}

/** Returns the variant whose searches reach the recall in the least time. If none reaches it, returns the variant that finds most. */
async function bestVariant(
  items: ItemVectors,
  asked: CertifyRequest,
  options: BuildBestOptions,
): Promise<VariantTrial> {
  const someItems = someOf(items);
  const scan = makeScan(someItems.data, someItems.rows, someItems.width);
  const queries = asked.queries.slice(0, triedQueries);
  const signal = { signal: options.signal };
  let bestTrial: VariantTrial | undefined;
  for (const kind of kindsToTry(options.kind)) {
    for (const variant of kind.variants) {
      options.onProgress?.({ kind: 'trying', variant });
      const built = await kind.build(someItems, variant, signal);
      const searches = built.searches(scan, Math.min(asked.k, scan.rows));
      const certified = await certifySearches(scan, searches, kind.name, { ...asked, queries, ...signal });
      const trial = { kind, variant, items: built, rows: someItems.rows, ...certified };
      if (bestTrial === undefined || isBetter(trial, bestTrial, asked.recall)) bestTrial = trial;
    }
  }
  return bestTrial!;
}

/** Times of variants of one kind differ by chance if their widths are equal. */
function isBetter(one: VariantTrial, other: VariantTrial, recall: number): boolean {
  const reaches = ({ certificate }: VariantTrial): boolean => certificate.recall >= recall;
  if (reaches(one) !== reaches(other)) return reaches(one);
  if (reaches(one) && one.kind === other.kind && one.width !== other.width) return one.width < other.width;
  if (reaches(one) && one.kind !== other.kind) return timeOf(one) < timeOf(other);
  return one.certificate.recall > other.certificate.recall;
}

const timeOf = ({ kind, certificate }: VariantTrial): number => certificate.milliseconds[kind.name]!;

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
 * Measures the recall of an index on queries of the query tower. An index that finds all neighbours of items may miss a third of the best items for
 * queries, because queries come from another tower. The search is widened until the recall is sufficient.
 */
export interface Certificate extends RecallFigures {
  readonly k: number;
  readonly queries: number;
  /** Milliseconds of processor time for a query, without the query tower: of the index by its kind, and of the scan. */
  readonly milliseconds: { readonly scan: number } & { readonly [kind in IndexKindName]?: number };
}

export interface Certified {
  readonly certificate: Certificate;
  /** A number of candidates of a graph, or the reach of lists. */
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

/** Returns the narrowest search of a graph that reaches the recall, otherwise the widest that was tried. */
export const certify = (scan: Scan, neighbours: Neighbours, options: CertifyOptions): Promise<Certified> =>
  certifySearches(scan, graphSearches(neighbours, scan, Math.min(options.k, scan.rows)), 'graph', options);

async function certifySearches(
  scan: Scan,
  searches: IndexSearches,
  kind: IndexKindName,
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
    if (exactAnswers.length % 64 === 0) await breathe(signal);
  }
  onProgress?.('the exact scan');
  let bestCertified: Certified | undefined;
  for (const width of searches.widths) {
    const index = searches.at(width);
    const recalls: number[] = [];
    let indexTime = 0;
    for (const [at, vectors] of queries.entries()) {
      const start = processorTime();
      const foundRows = searchIndex(scan, index, { vectors, k });
      indexTime += processorTime() - start;
      // Requests that fall back to the scan are exact.
      recalls.push(foundRows ? recallOf(foundRows, exactAnswers[at]!) : 1);
      if (at % 64 === 63) await breathe(signal);
    }
    const milliseconds = { [kind]: indexTime / queries.length, scan: scanTime / queries.length };
    bestCertified = { certificate: { k, queries: queries.length, ...recallFigures(recalls), milliseconds }, width };
    onProgress?.(`${searches.shown(width)}: ${(100 * bestCertified.certificate.recall).toFixed(2)} % found`);
    if (bestCertified.certificate.recall >= recall) break;
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
