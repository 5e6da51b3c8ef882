/** Bodies that their schemas allow to answers, from one snapshot. It knows nothing of HTTP: `open` of the library gives it to programs. */
import { defined } from '../defined.ts';
import { failure } from '../diagnostics/failure.ts';
import type { Asking } from '../serve/asking.ts';
import type { QueryDescription } from '../serve/describe.ts';
import { excludedNothing, type Question } from '../serve/prepare.ts';
import type { Snapshot, TopAnswer } from '../serve/snapshot.ts';
import { nearest } from '../text/nearest.ts';
import { type About, aboutOf } from './about.ts';
import type {
  AnsweredItem,
  Key,
  RecommendAnswer,
  RecommendBody,
  Selection,
  SimilarAnswer,
  SimilarBody,
  UsersAnswer,
  UsersQuery,
} from './schemas.ts';

export interface AnswersSource {
  readonly recommender: Asking & { readonly query: QueryDescription };
  /** Whether the data block removes what users have seen, where a request does not say. */
  readonly removesSeen: boolean;
  /** Sentences that each answer has: the model is unfinished, or the data has changed. */
  readonly notes: readonly string[];
}

export interface Answers {
  readonly version: string;
  /** The snapshot that answers now. */
  readonly snapshot: Snapshot;
  /**
   * The best items for a user, for feature values, or for a vector of the query tower.
   * @throws Failure `unknown-name`, `feature-value`, `filter-syntax`, `filter-type`, `request-value`, `no-user-key`
   */
  recommend(body: RecommendBody): Promise<RecommendAnswer>;
  /**
   * The items near an item, by the cosine of their vectors, without the item itself. An inner product would put items with long vectors first, which
   * are mostly the popular ones.
   * @throws Failure `unknown-name`, `filter-syntax`, `filter-type`
   */
  similar(body: SimilarBody): Promise<SimilarAnswer>;
  /**
   * The vectors that `recommend` searches with: one, or one for each interest.
   * @throws Failure `unknown-name`, `feature-value`, `request-value`, `no-user-key`
   */
  queryVectors(body: Pick<RecommendBody, 'user' | 'values'>): Promise<readonly Float32Array[]>;
  /** @throws Failure `unknown-name` */
  itemVector(body: Pick<SimilarBody, 'item'>): Promise<Float32Array>;
  /** Users by the beginning of their keys. */
  users(query: UsersQuery): Promise<UsersAnswer>;
  /** What the model takes and gives. */
  about(): About;
}

/** How many users a search finds, where it does not say. */
const usualUsers = 10;

export function makeAnswers({ recommender, removesSeen, notes }: AnswersSource): Answers {
  const { version } = recommender.snapshot;
  return {
    version,
    get snapshot() {
      return recommender.snapshot;
    },
    async recommend(body) {
      const { history = 0, columns } = body;
      const { snapshot } = recommender;
      const user = body.user === undefined ? undefined : String(body.user);
      refuseContradictions(body, snapshot);
      refuseUnknownColumns(columns, snapshot);
      const answer = body.vector
        ? byVector(snapshot, body, { user, removesSeen })
        : await recommender.ask(
            questionOf(body),
            {
              ...selectionOf(body),
              ...defined({ removeSeen: body.removeSeen, weights: body.weights, shares: body.shares }),
            },
            snapshot,
          );
      const past = 'history' in answer ? answer.history : pastOf(user, snapshot);
      return {
        version,
        ...defined({ user }),
        items: shown(snapshot, answer.items, columns),
        ...(history > 0 ? { history: past.slice(0, history) } : {}),
        notes: [...notes, ...answer.notes],
      };
    },
    async similar(body) {
      const { snapshot } = recommender;
      const item = String(body.item);
      const row = rowOf(item, snapshot);
      refuseUnknownColumns(body.columns, snapshot);
      const directions = snapshot.directions();
      const vectors = [directions.itemVector(row)];
      const [top] = directions.top([{ vectors, ...selectionOf(body), excludeRows: [row] }]) as [TopAnswer];
      return {
        version,
        item,
        items: shown(snapshot, itemsOf(top), body.columns),
        notes: [...notes, ...excludedNothing(top.unknown)],
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
    about: () => aboutOf(recommender.snapshot, recommender.query, removesSeen),
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

function byVector(snapshot: Snapshot, body: RecommendBody, { user, removesSeen }: ByVector) {
  const { removeSeen = removesSeen, weights, shares } = body;
  const seenBy = removeSeen ? user : undefined;
  const request = { vectors: [body.vector!], ...selectionOf(body), ...defined({ weights, seenBy, shares }) };
  const [top] = snapshot.top([request]) as [TopAnswer];
  return { items: itemsOf(top), notes: excludedNothing(top.unknown) };
}

const itemsOf = ({ items }: TopAnswer): AnsweredItem[] => items.map(({ row: _, ...item }) => item);

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
