/** Opens the folder that `tower export --browser` wrote: recommendations in a page, by the code that the server answers with. */
import { defined } from '../defined.ts';
import { Failure } from '../diagnostics/failure.ts';
import { makeAsking } from '../serve/asking.ts';
import { describeQuery, type QueryDescription } from '../serve/describe.ts';
import { itemColumns, type PageFile, type PageIndex, pageFiles, pageIndex } from '../serve/page_files.ts';
import { type Item, makePreparer } from '../serve/prepare.ts';
import { makeSnapshot } from '../serve/snapshot.ts';
import { makeAnswers } from '../server/answers.ts';
import type { RecommendAnswer, SimilarAnswer } from '../server/schemas.ts';
import { damagedAt, type Fetch, type Fetching, fetchFile, fetchText } from './fetch_file.ts';
import { indexShape } from './page_shapes.ts';
import { makeQueryTower } from './query_tower.ts';
import { parsed, readItems, readParameters, readQuery, readVectors } from './read_page.ts';
import { checkRecommend, checkSimilar, type RecommendRequest, type SimilarRequest } from './requests.ts';

export interface OpenOptions {
  /** In place of the browser's `fetch`. */
  readonly fetch?: Fetch;
  readonly signal?: AbortSignal;
  /** Bytes that the folder may have together; 1 GiB. */
  readonly mostBytes?: number;
  /** Called as bytes arrive. */
  readonly onProgress?: (progress: { readonly received: number; readonly total: number }) => void;
}

export interface Opened {
  readonly model: string;
  /** What identifies the model: the checksum of the run's manifest. */
  readonly version: string;
  /** How many items there are. */
  readonly count: number;
  /** What `values` may have: features, what their values are, and examples. For forms. */
  readonly query: QueryDescription;
  /** Columns of the items that filters may read, and answers show. */
  readonly columns: readonly string[];
  /** Tasks of `retrieve` that `weights` may weigh. */
  readonly tasks: readonly string[];
  /**
   * The best items for values of features, or for a vector of the query tower.
   * @throws Failure `unknown-name`, `feature-value`, `filter-syntax`, `filter-type`, `request-value`
   */
  recommend(request: RecommendRequest): Promise<RecommendAnswer>;
  /**
   * The items near an item, by the cosine of their vectors.
   * @throws Failure `unknown-name`, `filter-syntax`, `filter-type`, `request-value`
   */
  similar(request: SimilarRequest): Promise<SimilarAnswer>;
  /** Keys and titles of all items, such as for a search. */
  items(): Iterable<Item>;
  /** What the query tower makes of values: one vector, or one for each interest. */
  vectors(request: { readonly values: Readonly<Record<string, unknown>> }): Promise<readonly Float32Array[]>;
}

const mostIndex = 2 ** 20;

/**
 * @param url of the folder; in a page it may be relative
 * @throws Failure `export-unreachable`, `export-damaged`, `page-insecure`
 */
export async function open(url: string | URL, options: OpenOptions = {}): Promise<Opened> {
  const { fetch = globalThis.fetch.bind(globalThis), signal, mostBytes = 2 ** 30, onProgress } = options;
  const base = folderOf(url);
  const at = (name: string): string => new URL(name, base).href;
  const quiet: Fetching = { fetch, ...defined({ signal }) };
  const damagedIndex = damagedAt(at(pageIndex));
  const index = parsed<PageIndex>(await fetchText(at(pageIndex), mostIndex, quiet), indexShape, damagedIndex);
  const total = pageFiles.reduce((sum, name) => sum + index.files[name].bytes, 0);
  if (total > mostBytes) throw damagedIndex(`its files have ${total} bytes, and ${mostBytes} are allowed`);
  let received = 0;
  const onBytes = (bytes: number): void => onProgress?.({ received: (received += bytes), total });
  const fetched = await Promise.all(
    pageFiles.map(async (name) => [name, await fetchFile(at(name), index.files[name], { ...quiet, onBytes })] as const),
  );
  return openFiles(index, Object.fromEntries(fetched) as Files, at);
}

type Files = Readonly<Record<PageFile, Uint8Array<ArrayBuffer>>>;

async function openFiles(index: PageIndex, files: Files, at: (name: string) => string): Promise<Opened> {
  const damaged = (name: PageFile) => damagedAt(at(name));
  const text = (name: PageFile): string => new TextDecoder().decode(files[name]);
  const query = readQuery(text('query.json'), damaged('query.json'));
  const parameters = readParameters(files['query.safetensors'], query.graph, damaged('query.safetensors'));
  const { keys, titles, columns } = readItems(text('items.json'), damaged('items.json'));
  const size: [number, number] = [keys.length, query.width];
  const data = readVectors(files['items.safetensors'], size, damaged('items.safetensors'));
  const answers = await fitting(damagedAt(at(pageIndex)), async () => {
    const snapshot = makeSnapshot({
      version: index.version,
      items: {
        vectors: { data, rows: keys.length, width: query.width },
        keys,
        columns: itemColumns(columns),
        ...defined({ titles }),
      },
      objectives: query.objectives,
    });
    const model = { plan: query.plan, encodings: new Map(Object.entries(query.encodings)) };
    const { seen } = query;
    const prepare = makePreparer(model, {
      histories: new Map(Object.entries(query.histories)),
      seen,
      users: { features: new Map() },
    });
    const described = {
      ...query.plan,
      model: index.model,
      ...defined({ interests: query.interests > 1 ? query.interests : undefined }),
    };
    const recommender = {
      ...makeAsking({ snapshot }, prepare, makeQueryTower(query, parameters)),
      query: describeQuery(described, model.encodings, snapshot),
    };
    const made = makeAnswers({ recommender, removesSeen: seen !== 'kept', notes: index.notes });
    // Whatever of the files does not go together fails here, and not at the first question; what is compiled is warm then.
    await made.recommend({ values: {} });
    return made;
  });
  return {
    model: index.model,
    version: index.version,
    count: keys.length,
    query: answers.about().query,
    columns: Object.keys(columns),
    tasks: query.objectives.map(({ name }) => name),
    recommend: async (request) => answers.recommend(checkRecommend(request)),
    similar: async (request) => answers.similar(checkSimilar(request)),
    *items() {
      const { snapshot } = answers;
      for (let row = 0; row < snapshot.rows; row++) {
        yield { key: snapshot.keyAt(row), ...defined({ title: snapshot.titleAt(row) }) };
      }
    },
    vectors: async (request) => answers.queryVectors(checkRecommend(request)),
  };
}

async function fitting<T>(damaged: (reason: string) => Failure, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof Failure ? error : damaged(`its files do not fit each other: ${(error as Error).message}`);
  }
}

/** With a slash at its end, so that names are within the folder. */
function folderOf(url: string | URL): URL {
  const { document } = globalThis as { document?: { readonly baseURI: string } };
  const folder = new URL(url, document?.baseURI);
  if (!folder.pathname.endsWith('/')) folder.pathname += '/';
  return folder;
}
