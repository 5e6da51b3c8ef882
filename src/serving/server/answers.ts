/** Converts validated bodies to answers, from one snapshot. It knows nothing of HTTP, so programs use it too, by `open` of the library. */
import { failure } from '../../base/diagnostics/diagnostic.ts';
import { yieldToEventLoop } from '../../base/util/objects.ts';
import type { ItemSearch } from '../../retrieval/item_search.ts';
import { type LaterEvents, pastRows, type QueryWithOptions, type RecommendQuery } from '../../retrieval/prepare.ts';
import {
  makeUserVectorCache,
  type QueryAnswerer,
  shownAnswer,
  type UserVectorFigures,
} from '../../retrieval/query_answerer.ts';
import { maxBatchOf, rerankEntries, topEach } from '../../retrieval/rerank.ts';
import type { FoundUser, Snapshot, TopAnswer, TopRequest } from '../../retrieval/snapshot.ts';
import {
  type Item,
  itemAt,
  maxWeight,
  type Recommendation,
  type RerankEntries,
  requestFailure,
  unknownFacts,
} from '../../retrieval/top_request.ts';
import type { EventWrites } from '../live/event_writes.ts';
import type { ItemWrites } from '../live/item_writes.ts';
import type { Recommender } from '../live/recommender.ts';
import type { UserEvents } from '../live/user_events.ts';
import { type About, aboutOf } from './about.ts';
import type {
  AnsweredItem,
  RecommendAnswer,
  RecommendBody,
  SearchAnswer,
  SearchQuery,
  Selection,
  SimilarAnswer,
  SimilarBody,
  UsersAnswer,
  UsersQuery,
  VectorsBody,
} from './schemas.ts';

export interface AnswerOptions {
  /** True if nobody waits for the answer any more: the request is dropped if no batch has taken it yet. */
  readonly isOver?: () => boolean;
}

interface QueuedRequest<Q, A> {
  readonly question: Q;
  readonly isOver: () => boolean;
  resolve(answer: A): void;
  reject(error: unknown): void;
}

/**
 * Makes a batcher. Queries that arrive together are answered together, because one run of the query tower and one pass over the items cost far less than one of
 * each per query. Queries that arrive during a batch form the next one, so a single query never waits, and batches grow with the load. Only the promise of an
 * invalid query is rejected.
 * @param answerAll returns an answer or an error for each query, in order
 * @param maxBatch maximum number of queries in one batch
 */
export function makeBatcher<Q, A>(
  answerAll: (questions: readonly Q[]) => Promise<readonly (A | Error)[]>,
  maxBatch: number,
): (question: Q, options?: AnswerOptions) => Promise<A> {
  let queuedRequests: QueuedRequest<Q, A>[] = [];
  let isRunning = false;

  const answerBatch = async (batch: readonly QueuedRequest<Q, A>[]): Promise<void> => {
    try {
      const answers = await answerAll(batch.map(({ question }) => question));
      batch.forEach(({ resolve, reject }, index) => {
        const ownAnswer = answers[index]!;
        if (ownAnswer instanceof Error) reject(ownAnswer);
        else resolve(ownAnswer);
      });
    } catch (error) {
      // The values of one request may make the tower fail for all.
      if (batch.length === 1) batch[0]!.reject(error);
      else for (const queuedRequest of batch) await answerBatch([queuedRequest]);
    }
  };
  const run = async (): Promise<void> => {
    while (queuedRequests.length > 0) {
      const batch = queuedRequests.slice(0, maxBatch);
      queuedRequests = queuedRequests.slice(maxBatch);
      const [over, open] = [batch.filter(({ isOver }) => isOver()), batch.filter(({ isOver }) => !isOver())];
      for (const { reject } of over) reject(new Error('nobody waits for the answer'));
      if (open.length > 0) await answerBatch(open);
      // Sockets, timers and other routes get a turn between batches.
      if (queuedRequests.length > 0) await yieldToEventLoop();
    }
    isRunning = false;
  };
  return (question, { isOver = () => false } = {}) =>
    new Promise((resolve, reject) => {
      queuedRequests.push({ question, isOver, resolve, reject });
      if (isRunning) return;
      isRunning = true;
      // Waits until all requests that have arrived are read, so that a server refuses excess ones before it answers the others.
      void yieldToEventLoop().then(run);
    });
}

/** Like `makeBatcher`, but answers each query by itself. */
const answerAlone =
  <Q, A>(answerAll: (questions: readonly Q[]) => Promise<readonly (A | Error)[]>) =>
  async (question: Q): Promise<A> => {
    const [answer] = await answerAll([question]);
    if (answer instanceof Error) throw answer;
    return answer!;
  };

export interface AnswersSource {
  readonly recommender: QueryAnswerer &
    Pick<Recommender, 'query'> & {
      readonly asOf?: Recommender['asOf'] | undefined;
      /** Absent: `search` finds nothing, because a page has all items. */
      readonly itemSearch?: ItemSearch;
    };
  /** Events that arrived after the data was read. */
  readonly events?: EventWrites;
  /** The default of `removeSeen`. */
  readonly removesSeen: boolean;
  /** Sentences that go with each answer: the model is unfinished, or the data has changed. */
  readonly notes: readonly string[];
  readonly items?: ItemWrites;
  /** Bytes for a cache of users' query vectors. Absent or 0: no cache. */
  readonly userVectors?: number;
  /** True if no query may wait for another: workerd cancels a request that waits for a promise of a request that is over. Default: false. */
  readonly alone?: boolean;
}

export interface Answers {
  readonly version: string;
  readonly snapshot: Snapshot;
  /**
   * Returns the best items for a user, for feature values, or for a vector of the query tower. Concurrent requests are answered in one pass.
   * @throws Failure `unknown-name`, `feature-value`, `filter-syntax`, `filter-type`, `request-value`, `no-user-key`
   */
  recommend(body: RecommendBody, options?: AnswerOptions): Promise<RecommendAnswer>;
  /**
   * Returns the items near an item, by the cosine of their vectors, without the item itself. An inner product would rank items with long vectors first, which
   * are mostly the popular ones.
   * @throws Failure `unknown-name`, `filter-syntax`, `filter-type`
   */
  similar(body: SimilarBody, options?: AnswerOptions): Promise<SimilarAnswer>;
  /**
   * Returns the vectors with which `recommend` searches for a query: one, or one for each interest. Of an item: its own vector.
   * @throws Failure `unknown-name`, `feature-value`, `request-value`, `no-user-key`
   */
  vectors(body: VectorsBody): Promise<readonly Float32Array[]>;
  users(query: UsersQuery): Promise<UsersAnswer>;
  search(query: SearchQuery, options?: AnswerOptions): Promise<SearchAnswer>;
  about(): About;
  /** Accepts written items. Absent: the items do not change. */
  readonly items?: ItemWrites;
  /** Accepts events. Absent: answers know the events of the data. */
  readonly events?: EventWrites;
  /** Hit counts of the cache of user vectors. Absent: there is no cache. */
  readonly userVectors?: UserVectorFigures;
}

/** Default maximum number of users, and of items, that a search returns. */
const defaultLimit = 10;

/** The function is long because each question has its method, and all share the batchers. */
export function makeAnswers({
  recommender,
  removesSeen,
  notes,
  items,
  events,
  userVectors = 0,
  alone = false,
}: AnswersSource): Answers {
  const { version } = recommender.snapshot;
  const userVectorCache = userVectors > 0 ? makeUserVectorCache(recommender.snapshot.users, userVectors) : undefined;
  const laterEvents = (user: string): LaterEvents | undefined => events?.userEvents.laterEventsOf(user);
  const maxBatch = maxBatchOf(recommender.snapshot);
  const pastOf = (user: string, snapshot: Snapshot): number[] => pastRows(user, snapshot, laterEvents(user));
  const byVector = (body: RecommendBody, user: string | undefined, snapshot: Snapshot): TopRequest => {
    const { removeSeen = removesSeen, weights, shares } = body;
    const seenUser = removeSeen ? user : undefined;
    const hasLater = seenUser !== undefined && laterEvents(seenUser) !== undefined;
    return {
      vectors: [body.vector!],
      ...selectionOf(body),
      ...(hasLater ? { excludeRows: pastOf(seenUser, snapshot) } : { seenBy: seenUser }),
      weights,
      shares,
    };
  };
  const answererOf = alone ? answerAlone : makeBatcher;
  const answerBatched = answererOf<SnapshotRequest<QueryWithOptions>, Recommendation>(
    answerBySnapshot((snapshot, queries) => recommender.askAll(queries, snapshot, userVectorCache)),
    maxBatch,
  );
  const topBatched = answererOf<SnapshotRequest<TopRequest>, TopAnswer>(answerBySnapshot(topEach), maxBatch);
  return {
    version,
    items,
    events,
    userVectors: userVectorCache?.figures,
    get snapshot() {
      return recommender.snapshot;
    },
    async recommend(body, options) {
      const { history = 0, columns } = body;
      const { snapshot } = recommender;
      const user = body.user === undefined ? undefined : String(body.user);
      refuseContradictions(body, snapshot);
      refuseOtherVersion(body, version);
      refuseUnknownColumns(columns, snapshot);
      const { removeSeen, weights, shares, average } = body;
      const queryOptions = { ...selectionOf(body), removeSeen, weights, shares, average };
      const answer = body.vector
        ? shownAnswer(await topBatched({ snapshot, query: byVector(body, user, snapshot) }, options))
        : await answerBatched({ snapshot, query: { question: questionOf(body), options: queryOptions } }, options);
      const pastItems = (): readonly Item[] =>
        answer.history ??
        (user === undefined ? [] : pastOf(user, snapshot)).toReversed().map((row) => itemAt(row, snapshot));
      return {
        version,
        asOf: recommender.asOf,
        user,
        items: shown(snapshot, answer.items, columns),
        ...(history > 0 ? { history: pastItems().slice(0, history) } : {}),
        notes: [...notes, ...answer.notes],
        exact: answer.exact,
        seed: answer.seed,
      };
    },
    async similar(body, options) {
      const { snapshot } = recommender;
      const item = String(body.item);
      const row = rowOf(item, snapshot);
      refuseOtherVersion(body, version);
      refuseUnknownColumns(body.columns, snapshot);
      const directions = snapshot.orderDirections();
      const topRequest = { vectors: queryOf(directions, row), ...selectionOf(body), excludeRows: [row] };
      const answer = shownAnswer(await topBatched({ snapshot: directions, query: topRequest }, options));
      return {
        version,
        item,
        items: shown(snapshot, answer.items, body.columns),
        notes: [...notes, ...answer.notes],
        seed: answer.seed,
      };
    },
    async vectors({ item, ...query }) {
      const { snapshot } = recommender;
      const hasQuery = query.user !== undefined || query.values !== undefined;
      if (item === undefined) {
        if (!hasQuery) throw requestFailure('user', 'is missing', 'give `user`, `values`, both, or `item`');
        return recommender.vectors(questionOf(query));
      }
      if (hasQuery) throw requestFailure('item', 'is given next to a query', 'send both in an array');
      return queryOf(snapshot, rowOf(String(item), snapshot));
    },
    users: async ({ prefix = '', limit = defaultLimit }) => ({
      version,
      users: usersWith(prefix, limit, recommender.snapshot, events?.userEvents),
    }),
    async search({ text, limit = defaultLimit }, { isOver } = {}) {
      return { version, items: (await recommender.itemSearch?.find(recommender.snapshot, text, limit, isOver)) ?? [] };
    },
    about: () => ({
      ...aboutOf(recommender.snapshot, recommender.query, removesSeen),
      asOf: recommender.asOf,
      eventColumns: events?.reader.neededColumns,
    }),
  };
}

/** A request with the snapshot of its arrival, which answers it even if items are written later. */
interface SnapshotRequest<Q> {
  readonly snapshot: Snapshot;
  readonly query: Q;
}

/** Answers all requests of a snapshot in one pass. There are several snapshots only while items are written. */
function answerBySnapshot<Q, A>(
  answerAll: (snapshot: Snapshot, queries: readonly Q[]) => Promise<readonly (A | Error)[]>,
): (questions: readonly SnapshotRequest<Q>[]) => Promise<readonly (A | Error)[]> {
  return async (questions) => {
    const answersInOrder: (A | Error)[] = new Array(questions.length);
    for (const snapshot of new Set(questions.map((question) => question.snapshot))) {
      const indices = [...questions.keys()].filter((index) => questions[index]!.snapshot === snapshot);
      const queries = indices.map((index) => questions[index]!.query);
      const snapshotAnswers = (await answerAll(snapshot, queries)).values();
      for (const index of indices) answersInOrder[index] = snapshotAnswers.next().value!;
    }
    return answersInOrder;
  };
}

const questionOf = ({ user, values }: RecommendBody): RecommendQuery =>
  user === undefined
    ? { values: ownOf(values ?? {}) }
    : { key: String(user), ...(values && { values: ownOf(values) }) };

/** Returns vectors that find items near this one. */
const queryOf = ({ sets, itemVector }: Snapshot, row: number): readonly Float32Array[] =>
  sets?.queryOf(row) ?? [itemVector(row)];

function rowOf(item: string, snapshot: Snapshot): number {
  const row = snapshot.itemRow(item);
  if (row >= 0) return row;
  throw failure('unknown-name', { what: 'item', name: item, advice: 'give the key of an item of the data' });
}

const shown = (
  snapshot: Snapshot,
  items: readonly AnsweredItem[],
  names: readonly string[] | undefined,
): AnsweredItem[] =>
  names === undefined
    ? [...items]
    : items.map((item) => ({ ...item, columns: snapshot.valuesOf(snapshot.itemRow(item.key), names) }));

/** Returns users of the data, with the number of their known events, and then new ones. */
function usersWith(prefix: string, limit: number, snapshot: Snapshot, later: UserEvents | undefined): FoundUser[] {
  const known = snapshot.usersWith(prefix, limit).flatMap(({ key, seen }): FoundUser[] => {
    const laterEvents = later?.laterEventsOf(key);
    if (laterEvents === undefined) return [{ key, seen }];
    const count = (laterEvents.hidesData ? 0 : seen) + laterEvents.items.length;
    return laterEvents.hidesData && count === 0 ? [] : [{ key, seen: count }];
  });
  const added = later?.usersWith(prefix, limit).filter(({ key }) => snapshot.userRow(key) < 0) ?? [];
  return [...known, ...added.map(({ key, events }) => ({ key, seen: events }))].slice(0, limit);
}

function selectionOf(body: Selection): Omit<TopRequest, 'vectors'> {
  const { k = 10, filter, exclude } = body;
  const selection = { k, filter, exclude: exclude?.map(String) };
  for (const entry of rerankEntries) {
    const value = (body as RerankEntries)[entry];
    if (value !== undefined) Object.assign(selection, { [entry]: value });
  }
  return selection;
}

/** Copies values to an object without a prototype, because a feature may be called `constructor`. */
const ownOf = (values: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Object.assign(Object.create(null), values);

function refuseContradictions({ user, values, vector }: RecommendBody, { width }: Snapshot): void {
  if (vector === undefined) {
    if (user !== undefined || values !== undefined) return;
    throw requestFailure('user', 'is missing', 'give `user`, `values`, both, or `vector`');
  }
  if (values !== undefined) {
    throw requestFailure('values', 'is given next to a vector, which replaces it', 'remove `values` or `vector`');
  }
  if (vector.length !== width) throw requestFailure('vector', `has ${vector.length} numbers`, `give ${width} numbers`);
  // Scores are then far from the end of float32, in which indexes and clients compute.
  const oddNumber = vector.find((element) => Math.abs(element) > maxWeight);
  if (oddNumber !== undefined)
    throw requestFailure('vector', `has the number ${oddNumber}`, `give numbers from -${maxWeight} to ${maxWeight}`);
}

function refuseOtherVersion({ version: requestedVersion }: Selection, version: string): void {
  if (requestedVersion === undefined || requestedVersion === version) return;
  throw failure('unknown-name', {
    what: 'version',
    name: requestedVersion,
    advice: 'begin with the first page, without `version`: another version answers now',
  });
}

function refuseUnknownColumns(names: readonly string[] = [], { columns }: Snapshot): void {
  const name = names.find((columnName) => !columns.has(columnName));
  if (name !== undefined) throw failure('unknown-name', unknownFacts('column of the items', name, [...columns.keys()]));
}
