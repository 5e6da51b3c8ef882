/** Bodies that their schemas allow to answers, from one snapshot. It knows nothing of HTTP: `open` of the library gives it to programs. */
import { defined } from '../defined.ts';
import { failure } from '../diagnostics/failure.ts';
import type { Asking } from '../serve/asking.ts';
import type { QueryDescription } from '../serve/describe.ts';
import { makeItemSearch } from '../serve/item_search.ts';
import { type KnownVectorFigures, makeKnownVectors } from '../serve/known_vectors.ts';
import type { ItemWrites } from '../serve/live/item_writes.ts';
import { type Asked, excludedNothing, type Item, type Question, type Recommendation } from '../serve/prepare.ts';
import { type Snapshot, shownItem, type TopAnswer, type TopRequest, topEach } from '../serve/snapshot.ts';
import { nearest } from '../text/nearest.ts';
import { type About, aboutOf } from './about.ts';
import type {
  AnsweredItem,
  Key,
  RecommendAnswer,
  RecommendBody,
  SearchAnswer,
  SearchQuery,
  Selection,
  SimilarAnswer,
  SimilarBody,
  UsersAnswer,
  UsersQuery,
} from './schemas.ts';
import { type AskOptions, makeTogether } from './together.ts';

export interface AnswersSource {
  readonly recommender: Asking & { readonly query: QueryDescription };
  /** Whether the data block removes what users have seen, where a request does not say. */
  readonly removesSeen: boolean;
  /** Sentences that each answer has: the model is unfinished, or the data has changed. */
  readonly notes: readonly string[];
  /** Takes items that are written. */
  readonly items?: ItemWrites;
  /** Bytes for the query vectors of users who have asked. Absent or 0: none is kept. */
  readonly userVectors?: number;
}

export interface Answers {
  readonly version: string;
  /** The snapshot that answers now. */
  readonly snapshot: Snapshot;
  /**
   * The best items for a user, for feature values, or for a vector of the query tower. What is asked at one time is answered in one pass.
   * @throws Failure `unknown-name`, `feature-value`, `filter-syntax`, `filter-type`, `request-value`, `no-user-key`
   */
  recommend(body: RecommendBody, options?: AskOptions): Promise<RecommendAnswer>;
  /**
   * The items near an item, by the cosine of their vectors, without the item itself. An inner product would put items with long vectors first, which
   * are mostly the popular ones.
   * @throws Failure `unknown-name`, `filter-syntax`, `filter-type`
   */
  similar(body: SimilarBody, options?: AskOptions): Promise<SimilarAnswer>;
  /**
   * The vectors that `recommend` searches with: one, or one for each interest.
   * @throws Failure `unknown-name`, `feature-value`, `request-value`, `no-user-key`
   */
  queryVectors(body: Pick<RecommendBody, 'user' | 'values'>): Promise<readonly Float32Array[]>;
  /** @throws Failure `unknown-name` */
  itemVector(body: Pick<SimilarBody, 'item'>): Promise<Float32Array>;
  /** Users by the beginning of their keys. */
  users(query: UsersQuery): Promise<UsersAnswer>;
  /** Items by what their titles contain. */
  search(query: SearchQuery, options?: AskOptions): Promise<SearchAnswer>;
  /** What the model takes and gives. */
  about(): About;
  /** Takes items that are written. Absent: the items stay. */
  readonly items?: ItemWrites;
  /** How often the vectors of a user were known. Absent: none are kept. */
  readonly userVectors?: KnownVectorFigures;
}

/** How many users, and how many items, a search finds, where it does not say. */
const usualUsers = 10;

/** Rows that one batch compares at most, times its questions: longer batches would keep other requests waiting. */
const mostCompared = 2 ** 24;
/** Questions of one batch: as many as the scan takes in one pass. */
const mostTogether = 64;

export function makeAnswers({ recommender, removesSeen, notes, items, userVectors = 0 }: AnswersSource): Answers {
  const { version, rows } = recommender.snapshot;
  const known = userVectors > 0 ? makeKnownVectors(recommender.snapshot.users, userVectors) : undefined;
  const searched = makeItemSearch(recommender.snapshot);
  const most = Math.max(1, Math.min(mostTogether, Math.floor(mostCompared / Math.max(1, rows))));
  const ask = makeTogether<OfSnapshot<Asked>, Recommendation>(
    eachSnapshot((snapshot, asked) => recommender.askAll(asked, snapshot, known)),
    most,
  );
  const top = makeTogether<OfSnapshot<TopRequest>, TopAnswer>(eachSnapshot(topEach), most);
  return {
    version,
    ...defined({ items, userVectors: known?.figures }),
    get snapshot() {
      return recommender.snapshot;
    },
    async recommend(body, options) {
      const { history = 0, columns } = body;
      const { snapshot } = recommender;
      const user = body.user === undefined ? undefined : String(body.user);
      refuseContradictions(body, snapshot);
      refuseUnknownColumns(columns, snapshot);
      const { removeSeen, weights, shares } = body;
      const asked = { ...selectionOf(body), ...defined({ removeSeen, weights, shares }) };
      const answer = body.vector
        ? itemsAndNotes(await top({ snapshot, asked: byVector(body, { user, removesSeen }) }, options))
        : await ask({ snapshot, asked: { question: questionOf(body), options: asked } }, options);
      const past = (): readonly Item[] => ('history' in answer ? answer.history : pastOf(user, snapshot));
      return {
        version,
        ...defined({ user }),
        items: shown(snapshot, answer.items, columns),
        ...(history > 0 ? { history: past().slice(0, history) } : {}),
        notes: [...notes, ...answer.notes],
        ...defined({ exact: answer.exact }),
      };
    },
    async similar(body, options) {
      const { snapshot } = recommender;
      const item = String(body.item);
      const row = rowOf(item, snapshot);
      refuseUnknownColumns(body.columns, snapshot);
      const directions = snapshot.directions();
      const asked = { vectors: [directions.itemVector(row)], ...selectionOf(body), excludeRows: [row] };
      const answer = itemsAndNotes(await top({ snapshot: directions, asked }, options));
      return {
        version,
        item,
        items: shown(snapshot, answer.items, body.columns),
        notes: [...notes, ...answer.notes],
      };
    },
    async queryVectors(body) {
      refuseContradictions(body, recommender.snapshot);
      return recommender.vectors(questionOf(body));
    },
    async itemVector({ item }) {
      const { snapshot } = recommender;
      return snapshot.itemVector(rowOf(String(item), snapshot));
    },
    users: async ({ prefix = '', limit = usualUsers }) => ({
      version,
      users: recommender.snapshot.usersWith(prefix, limit),
    }),
    async search({ text, limit = usualUsers }, { isOver } = {}) {
      return { version, items: await searched.find(recommender.snapshot, text, limit, isOver) };
    },
    about: () => aboutOf(recommender.snapshot, recommender.query, removesSeen),
  };
}

/** A question, and the snapshot of its moment, which answers it whatever is written later. */
interface OfSnapshot<Q> {
  readonly snapshot: Snapshot;
  readonly asked: Q;
}

/** One pass for all questions of a snapshot: several only while items are written. */
function eachSnapshot<Q, A>(
  answerAll: (snapshot: Snapshot, asked: readonly Q[]) => Promise<readonly (A | Error)[]>,
): (questions: readonly OfSnapshot<Q>[]) => Promise<readonly (A | Error)[]> {
  return async (questions) => {
    const answers: (A | Error)[] = new Array(questions.length);
    for (const snapshot of new Set(questions.map((each) => each.snapshot))) {
      const places = [...questions.keys()].filter((at) => questions[at]!.snapshot === snapshot);
      const some = await answerAll(
        snapshot,
        places.map((at) => questions[at]!.asked),
      );
      places.forEach((at, i) => {
        answers[at] = some[i]!;
      });
    }
    return answers;
  };
}

const questionOf = ({ user, values }: RecommendBody): Question =>
  user === undefined
    ? { values: ownOf(values ?? {}) }
    : { key: String(user), ...(values && { values: ownOf(values) }) };

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

interface ByVector {
  readonly user: string | undefined;
  readonly removesSeen: boolean;
}

function byVector(body: RecommendBody, { user, removesSeen }: ByVector): TopRequest {
  const { removeSeen = removesSeen, weights, shares } = body;
  const seenBy = removeSeen ? user : undefined;
  return { vectors: [body.vector!], ...selectionOf(body), ...defined({ weights, seenBy, shares }) };
}

const itemsAndNotes = ({ items, unknown, exact }: TopAnswer) => ({
  items: items.map(shownItem),
  notes: excludedNothing(unknown),
  ...defined({ exact }),
});

const keysOf = (keys: readonly Key[] | undefined): readonly string[] | undefined => keys?.map(String);

const selectionOf = ({ k = 10, filter, exclude }: Selection) => ({
  k,
  ...defined({ filter, exclude: keysOf(exclude) }),
});

/** A feature may be called `constructor`, which every object of JavaScript has. */
const ownOf = (values: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Object.assign(Object.create(null), values);

function pastOf(user: string | undefined, snapshot: Snapshot) {
  const row = user === undefined ? -1 : snapshot.userRow(user);
  const seen = row < 0 ? [] : snapshot.seenBy(row).reverse();
  return seen.map((at) => ({ key: snapshot.keyAt(at), ...defined({ title: snapshot.titleAt(at) }) }));
}

function refuseContradictions({ user, values, vector }: RecommendBody, { width }: Snapshot): void {
  const wrong = (entry: string, reason: string, advice: string): Error =>
    failure('request-value', { entry, reason, advice });
  if (vector === undefined) {
    if (user !== undefined || values !== undefined) return;
    throw wrong('user', 'is missing', 'give `user`, `values`, both, or `vector`');
  }
  if (values !== undefined) {
    throw wrong('values', 'is given next to a vector, which replaces it', 'remove `values` or `vector`');
  }
  if (vector.length !== width) throw wrong('vector', `has ${vector.length} numbers`, `give ${width} numbers`);
  const odd = vector.find((each) => !Number.isFinite(Math.fround(each)));
  if (odd !== undefined) throw wrong('vector', `has the number ${odd}`, 'give finite float32 numbers');
}

function refuseUnknownColumns(names: readonly string[] = [], { columns }: Snapshot): void {
  const name = names.find((each) => !columns.has(each));
  if (name === undefined) return;
  const known = [...columns.keys()];
  const facts = { what: 'column of the items', name, nearest: nearest(name, known), known };
  throw failure('unknown-name', facts);
}
