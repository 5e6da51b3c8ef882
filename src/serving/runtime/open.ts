/** Opens a folder of `tower export --browser`. Computes recommendations in pages, workers and Node.js with the same code as the server. */
import { Failure, factsOf, failure } from '../../base/diagnostics/diagnostic.ts';
import type { KeyParts } from '../../base/text/key_table.ts';
import { PackedTexts } from '../../base/text/texts.ts';
import { isObject } from '../../base/util/objects.ts';
import { describeQuery, makePreparer, type QueryDescription } from '../../retrieval/prepare.ts';
import { makeQueryAnswerer } from '../../retrieval/query_answerer.ts';
import { useKernels } from '../../retrieval/scan/store.ts';
import { itemColumnsOf, type PageIndex, type PublicServable, pageFiles, pageIndex } from '../../retrieval/servable.ts';
import { makeSnapshot } from '../../retrieval/snapshot.ts';
import { type Item, itemAt, unknownFacts } from '../../retrieval/top_request.ts';
import { makeAnswers } from '../server/answers.ts';
import type { RecommendAnswer, RecommendBody, Selection, SimilarAnswer, SimilarBody } from '../server/schemas.ts';
import { isKey, type PageEvent, valuesOfEvents } from './page_events.ts';
import { pageTowerOf } from './query_tower.ts';
import {
  damagedAt,
  type Fetch,
  type FetchOptions,
  fetchFile,
  fetchText,
  type Gunzip,
  readIndex,
  readServable,
  unpackedBytes,
} from './read_page.ts';

/** Requests of the page's program, checked like bodies by the server, with the same codes and messages. */
export type PageRecommendRequest = Omit<RecommendBody, 'user' | 'history' | 'average'>;
export type SimilarRequest = SimilarBody;

interface RequestEntry {
  readonly accepts: (value: unknown) => boolean;
  readonly expected: string;
}

const isListOf =
  (accepts: (value: unknown) => boolean) =>
  (value: unknown): boolean =>
    Array.isArray(value) && value.every(accepts);

/** The rows of `rerank.ts` check their entries themselves. */
const checkedLater: RequestEntry = { accepts: () => true, expected: '' };

const selectionEntries: Readonly<Record<keyof Selection, RequestEntry>> = {
  k: { accepts: (value) => Number.isSafeInteger(value) && (value as number) >= 1, expected: 'a whole number from 1' },
  filter: { accepts: (value) => typeof value === 'string', expected: 'a text' },
  exclude: { accepts: isListOf(isKey), expected: 'a list of keys' },
  columns: { accepts: isListOf((value) => typeof value === 'string'), expected: 'a list of names' },
  version: { accepts: (value) => typeof value === 'string', expected: 'a text' },
  offset: checkedLater,
  candidates: checkedLater,
  diversity: checkedLater,
  most: checkedLater,
  boost: checkedLater,
  bury: checkedLater,
  exploration: checkedLater,
};

const recommendEntries: Readonly<Record<keyof PageRecommendRequest, RequestEntry>> = {
  values: { accepts: isObject, expected: 'an object with values of features' },
  vector: { accepts: isListOf((value) => typeof value === 'number'), expected: 'a list of numbers' },
  removeSeen: { accepts: (value) => typeof value === 'boolean', expected: '`true` or `false`' },
  shares: { accepts: (value) => typeof value === 'boolean', expected: '`true` or `false`' },
  because: checkedLater,
  weights: {
    accepts: (value) => isObject(value) && Object.values(value).every((weight) => typeof weight === 'number'),
    expected: 'an object with a number for each task',
  },
  ...selectionEntries,
};

const similarEntries: Readonly<Record<keyof SimilarRequest, RequestEntry>> = {
  item: { accepts: isKey, expected: 'the key of an item' },
  ...selectionEntries,
};

/** @throws Failure `request-value`, `unknown-name` */
function checkRecommend(request: unknown): PageRecommendRequest {
  const checkedRequest = checkEntries(request, recommendEntries);
  if (checkedRequest.values === undefined && checkedRequest.vector === undefined) {
    throw failure('request-value', { entry: 'values', reason: 'is missing', advice: 'give `values` or `vector`' });
  }
  return checkedRequest;
}

/** @throws Failure `request-value`, `unknown-name` */
function checkSimilar(request: unknown): SimilarRequest {
  const checked = checkEntries(request, similarEntries) as unknown as SimilarRequest;
  if (checked.item !== undefined) return checked;
  throw failure('request-value', { entry: 'item', reason: 'is missing', advice: 'give the key of an item' });
}

/** Entries that are undefined count as absent. */
function checkEntries(
  request: unknown,
  entries: Readonly<Record<string, RequestEntry>>,
): Readonly<Record<string, unknown>> {
  if (!isObject(request)) throw failure('request-body', { reason: 'is not an object', advice: 'give an object' });
  const givenEntries = Object.entries(request).filter(([, value]) => value !== undefined);
  const knownEntries = Object.keys(entries);
  for (const [name, value] of givenEntries) {
    if (!knownEntries.includes(name)) {
      throw failure('unknown-name', unknownFacts('entry of a request', name, knownEntries));
    }
    const { accepts, expected } = entries[name]!;
    if (!accepts(value))
      throw failure('request-value', { entry: name, reason: `is not ${expected}`, advice: `give ${expected}` });
  }
  return Object.fromEntries(givenEntries);
}

export interface OpenOptions {
  /** Replaces the browser's `fetch`. */
  readonly fetch?: Fetch;
  readonly signal?: AbortSignal;
  /** Maximum total bytes of the folder, and of each file when it is unpacked. Default: 1 GiB. */
  readonly mostBytes?: number;
  /** The compiled module of `kernels.wasm`, for hosts that compile nothing at run time. The entries of workers give it. */
  readonly kernels?: WebAssembly.Module;
  /** Makes a stream that unpacks gzip, for hosts without `DecompressionStream`. The entry `edge-light` gives it. */
  readonly gunzip?: Gunzip;
  /** Called when bytes arrive. */
  readonly onProgress?: (progress: { readonly received: number; readonly total: number }) => void;
}

export interface Opened {
  readonly model: string;
  /** Checksum of the run's manifest. */
  readonly version: string;
  readonly count: number;
  /** Features, kinds and examples, for forms. */
  readonly query: QueryDescription;
  /** Item columns that filters may read and that answers include. */
  readonly columns: readonly string[];
  /** Tasks of `retrieve` that a request's `weights` may name. */
  readonly tasks: readonly string[];
  /**
   * Returns the best items for feature values, or for a vector of the query tower.
   * @throws Failure `unknown-name`, `feature-value`, `filter-syntax`, `filter-type`, `request-value`
   */
  recommend(request: PageRecommendRequest): Promise<RecommendAnswer>;
  /** Returns the items nearest to an item by the cosine of their vectors. @throws Failure `unknown-name`, `filter-syntax`, `filter-type`, `request-value` */
  similar(request: SimilarRequest): Promise<SimilarAnswer>;
  /** Iterates over the keys and titles of all items, for example to search them. */
  items(): Iterable<Item>;
  /** Computes one vector, or one for each interest. */
  vectors(request: { readonly values: Readonly<Record<string, unknown>> }): Promise<readonly Float32Array[]>;
  /**
   * Returns the model as a user sees it, from the events of this user: features that come from events are made of them, and their items are left out of
   * answers where the data block says so. Values of a request are added to those of the events.
   * @throws Failure `request-value`, `unknown-name`
   */
  with(events: readonly PageEvent[]): OpenedForUser;
}

export interface OpenedForUser {
  recommend(request?: PageRecommendRequest): Promise<RecommendAnswer>;
  vectors(request?: { readonly values?: Readonly<Record<string, unknown>> }): Promise<readonly Float32Array[]>;
}

const maxIndexBytes = 2 ** 20;

/** @param url of the folder; may be relative in a page @throws Failure `export-unreachable`, `export-damaged`, `page-insecure`, `kernels-refused` */
export async function open(url: string | URL, options: OpenOptions = {}): Promise<Opened> {
  const { fetch = globalThis.fetch.bind(globalThis), signal, mostBytes = 2 ** 30, kernels, onProgress } = options;
  const { gunzip = () => new DecompressionStream('gzip') } = options;
  if (kernels) useKernels(kernels);
  const baseUrl = folderOf(url);
  const urlOf = (name: string): string => new URL(name, baseUrl).href;
  const fetchOptions: FetchOptions = { fetch, signal };
  const damagedIndex = damagedAt(urlOf(pageIndex));
  const index = readIndex(await fetchText(urlOf(pageIndex), maxIndexBytes, fetchOptions), damagedIndex);
  const total = pageFiles.reduce((sum, name) => sum + index.files[name].bytes, 0);
  if (total > mostBytes) throw damagedIndex(`its files have ${total} bytes, and ${mostBytes} are allowed`);
  let received = 0;
  const onBytes = (bytes: number): void => {
    received += bytes;
    onProgress?.({ received, total });
  };
  const damagedIn = (name = '') => damagedAt(urlOf(name));
  const fetched = pageFiles.map((name) => fetchFile(urlOf(name), index.files[name], { ...fetchOptions, onBytes }));
  const [packed, tower] = await Promise.all(fetched);
  const unpacked = await unpackedBytes(packed!, mostBytes, gunzip, damagedIn('servable.packed'));
  const servable = readServable({ 'servable.packed': unpacked, 'tower.safetensors': tower! }, damagedIn);
  return damagedOnError(damagedIn(), () => openServed(index, servable));
}

/** Long because the methods of the answer share what the file holds. */
async function openServed({ model, version, notes }: PageIndex, servable: PublicServable): Promise<Opened> {
  const { items, plan, encodings, objectives } = servable;
  const columns = itemColumnsOf(items.columns);
  const { vectors, queryTower, scan } = pageTowerOf(servable);
  const removesSeen = servable.seen !== 'kept';
  const snapshot = makeSnapshot({
    version,
    items: { vectors, keys: textsOf(items.keys), columns, titles: items.titles && textsOf(items.titles), scan },
    objectives,
  });
  const prepare = makePreparer(servable, { ...servable, users: { features: new Map() } });
  const recommender = {
    ...makeQueryAnswerer({ snapshot }, prepare, queryTower),
    query: describeQuery({ ...plan, model }, encodings, snapshot),
  };
  const answers = makeAnswers({ recommender, removesSeen, notes, alone: true });
  // This request detects contents that do not match before the user's first request does. It also warms up the code.
  await answers.recommend({ values: {} });
  const recommendItems = (body: RecommendBody): Promise<RecommendAnswer> =>
    withColumnAdvice([...columns.keys()], () => answers.recommend(body));
  const withEvents = (events: readonly PageEvent[]): OpenedForUser => {
    const { values, items } = valuesOfEvents(events, servable);
    // The items of an old event may no longer be there.
    const knownItems = items.filter((key) => snapshot.itemRow(key) >= 0);
    const addEventValues = ({ values: ownValues, ...others }: PageRecommendRequest) =>
      checkRecommend({ ...others, values: { ...values, ...ownValues } });
    return {
      async recommend(request = {}) {
        const { removeSeen = removesSeen, exclude = [], ...otherFields } = addEventValues(request);
        const excluded = [...exclude, ...(removeSeen ? knownItems : [])];
        const answer = await recommendItems({ ...otherFields, removeSeen, exclude: excluded });
        const [unknownItem] = items.filter((key) => snapshot.itemRow(key) < 0);
        if (unknownItem === undefined) return answer;
        const note = `of the events, ${items.length - knownItems.length} of ${items.length} items are not in this folder, such as \`${unknownItem}\``;
        return { ...answer, notes: [...answer.notes, note] };
      },
      vectors: async (request = {}) => answers.vectors(addEventValues(request)),
    };
  };
  return {
    model,
    version,
    count: snapshot.rows,
    query: answers.about().query,
    columns: [...columns.keys()],
    tasks: objectives.map(({ name }) => name),
    recommend: async (request) => recommendItems(checkRecommend(request)),
    similar: async (request) => withColumnAdvice([...columns.keys()], () => answers.similar(checkSimilar(request))),
    *items() {
      for (let row = 0; row < snapshot.rows; row++) yield itemAt(row, snapshot);
    },
    vectors: async (request) => answers.vectors(checkRecommend(request)),
    with: withEvents,
  };
}

/** Adds to the error of a column that is not here how an export gets it: the items file may well have it. */
async function withColumnAdvice<T>(exported: readonly string[], work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const diagnostics = error.diagnostics.map((diagnostic) => {
      const { what, name } = factsOf(diagnostic);
      if (what !== 'column of the items') return diagnostic;
      const advice = `this folder has the columns that it was exported with: \`tower export RUN --browser --columns ${[...exported, name].join(',')}\``;
      return { ...diagnostic, hint: diagnostic.hint ? `${diagnostic.hint}; ${advice}` : advice };
    });
    throw new Failure(diagnostics);
  }
}

const textsOf = ({ bytes, ends }: KeyParts): PackedTexts => new PackedTexts(bytes, ends);

async function damagedOnError<T>(damaged: (reason: string) => Failure, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof Failure ? error : damaged(`its files do not fit each other: ${(error as Error).message}`);
  }
}

/** Returns the URL with a slash at the end, so that names are resolved within the folder. */
function folderOf(url: string | URL): URL {
  const { document } = globalThis as { document?: { readonly baseURI: string } };
  const folder = new URL(url, document?.baseURI);
  if (!folder.pathname.endsWith('/')) folder.pathname += '/';
  return folder;
}
