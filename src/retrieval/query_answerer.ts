/** Answers queries. The columns of several, one row each, are joined into one batch, so that they go through the query tower together. */
import { Failure, invariant } from '../base/diagnostics/diagnostic.ts';
import { quotedList } from '../base/diagnostics/wording.ts';
import type { BagColumn, CodeColumn, Column, IndexedColumn, NumberColumn } from '../data/dataset.ts';
import type { Cohort, PreparedQuery, Preparer, QueryWithOptions, RecommendOptions, RecommendQuery } from './prepare.ts';
import { topEach } from './rerank.ts';
import { attempt, interestsOf, type Snapshot } from './snapshot.ts';
import type { LeftOutVectors, Recommendation, TopAnswer, TopItem } from './top_request.ts';
import type { Vectors } from './vectors.ts';

type FeatureColumns = ReadonlyMap<string, IndexedColumn>;

/** Returns columns whose row i is row 0 of query i. All queries have the same features, each of one kind. */
export function joinColumns(questions: readonly FeatureColumns[]): FeatureColumns {
  const [first] = questions;
  return questions.length === 1 ? first! : joinRows(questions.map((columns) => ({ columns, row: 0 })));
}

export interface FeatureRow {
  readonly columns: FeatureColumns;
  readonly row: number;
}

/** Returns columns whose row i is row i of the given ones. All have the same features, each of one kind. */
export function joinRows(rows: readonly FeatureRow[]): FeatureColumns {
  const names = [...(rows[0]?.columns.keys() ?? [])];
  return new Map(names.map((name) => [name, { column: joined(name, rows) }]));
}

interface ColumnRow<C extends Column> {
  readonly column: C;
  readonly row: number;
}

function joined(name: string, rows: readonly FeatureRow[]): Column {
  const columnRows = rows.map((row) => columnRow(name, row));
  const { kind } = columnRows[0]!.column;
  invariant(
    columnRows.every(({ column }) => column.kind === kind),
    `feature ${name} has one kind of column`,
  );
  if (kind === 'codes') return joinedCodes(columnRows as ColumnRow<CodeColumn>[]);
  return kind === 'bags'
    ? joinedBags(columnRows as ColumnRow<BagColumn>[])
    : joinedNumbers(name, columnRows as ColumnRow<NumberColumn>[]);
}

function columnRow(name: string, { columns, row }: FeatureRow): ColumnRow<Column> {
  const indexed = columns.get(name);
  invariant(indexed, `feature ${name} has a column`);
  return { column: indexed.column, row: indexed.index ? indexed.index[row]! : row };
}

/** True if the bag of a list feature has no element in this row. */
export function isEmptyBag(name: string, featureRow: FeatureRow): boolean {
  const { column, row } = columnRow(name, featureRow) as ColumnRow<BagColumn>;
  return column.ends[row] === column.starts[row];
}

/** Returns a single bag with the last `limit` elements of all given bags, one bag after another. */
export function lastElements(name: string, rows: readonly FeatureRow[], limit: number): IndexedColumn {
  const bags = joinedBags(rows.map((row) => columnRow(name, row) as ColumnRow<BagColumn>));
  const end = bags.ends.at(-1) ?? 0;
  return { column: { ...bags, starts: Int32Array.of(Math.max(0, end - limit)), ends: Int32Array.of(end) } };
}

const joinedCodes = (columnRows: readonly ColumnRow<CodeColumn>[]): CodeColumn => ({
  kind: 'codes',
  values: Int32Array.from(columnRows, ({ column, row }) => column.values[row]!),
});

function joinedNumbers(name: string, columnRows: readonly ColumnRow<NumberColumn>[]): NumberColumn {
  const { width } = columnRows[0]!.column;
  const values = new Float32Array(columnRows.length * width);
  columnRows.forEach(({ column, row }, index) => {
    invariant(column.width === width, `feature ${name} has ${width} numbers a row`);
    values.set(column.values.subarray(row * width, (row + 1) * width), index * width);
  });
  return { kind: 'numbers', width, values };
}

function joinedBags(columnRows: readonly ColumnRow<BagColumn>[]): BagColumn {
  const ends = new Int32Array(columnRows.length);
  let totalLength = 0;
  columnRows.forEach(({ column, row }, index) => {
    totalLength += column.ends[row]! - column.starts[row]!;
    ends[index] = totalLength;
  });
  const starts = ends.map((_, index) => (index === 0 ? 0 : ends[index - 1]!));
  const weights = columnRows.some(({ column }) => column.weights) ? new Float32Array(totalLength).fill(1) : undefined;
  // For lists that go through the item tower.
  const items = columnRows.every(({ column }) => column.items) ? new Int32Array(totalLength) : undefined;
  const values = new Int32Array(totalLength);
  columnRows.forEach(({ column, row }, index) => {
    values.set(elementsOf(column, row), starts[index]!);
    if (column.weights) weights!.set(column.weights.subarray(column.starts[row], column.ends[row]), starts[index]!);
    items?.set(column.items!.subarray(column.starts[row], column.ends[row]), starts[index]!);
  });
  const innerBags = joinedInner(columnRows);
  // Element i of all queries is then bag i of `inner`.
  return {
    kind: 'bags',
    starts,
    ends,
    values: innerBags ? values.map((_, index) => index) : values,
    weights,
    items,
    inner: innerBags,
  };
}

const elementsOf = ({ starts, ends, values }: BagColumn, row: number): Int32Array =>
  values.subarray(starts[row], ends[row]);

/** Joins the inner bags of elements that are bags themselves: those of these rows, one after another, without the others of their column. */
function joinedInner(columnRows: readonly ColumnRow<BagColumn>[]): BagColumn | undefined {
  if (!columnRows.some(({ column }) => column.inner)) return undefined;
  return joinedBags(
    columnRows.flatMap(({ column, row }) =>
      Array.from(elementsOf(column, row), (bag) => ({ column: column.inner!, row: bag })),
    ),
  );
}

type ShownAnswer = Omit<Recommendation, 'history'> & Partial<Pick<Recommendation, 'history'>>;

/** Returns an answer as callers see it, without the rows of items. */
export const shownAnswer = ({ items, unknown, exact, seed }: TopAnswer): ShownAnswer => ({
  items: items.map(shownItem),
  notes: unknown.length === 0 ? [] : [`No item has the key ${quotedList(unknown)}, so nothing was excluded by it.`],
  ...{ exact, seed },
});

/** Copies entry by entry: a rest pattern (`{ row, ...item }`) is several times slower, and answers have many items. */
function shownItem({ key, title, score, shares, boost, probability, because }: TopItem): Omit<TopItem, 'row'> {
  const item = title === undefined ? { key, score } : { key, title, score };
  if ((shares ?? boost ?? probability ?? because) === undefined) return item;
  return { ...item, shares, boost, probability, because };
}

function recommendationOf(prepared: PreparedQuery, answer: TopAnswer): Recommendation {
  const { items, notes, exact, seed } = shownAnswer(answer);
  return {
    key: prepared.key,
    notes: [...prepared.notes, ...notes],
    items,
    get history() {
      return prepared.history;
    },
    ...{ exact, seed },
  };
}

/** Answers queries with one snapshot: one run of the query tower, and one pass over the items. Needs neither Node.js nor an engine. */
export interface QueryAnswerer {
  readonly snapshot: Snapshot;
  /**
   * @param snapshot answers the query. Default: the current one
   * @throws Failure `no-user-key`, `unknown-name`, `feature-value`, `filter-syntax`, `filter-type`, `request-value`
   */
  ask(question: RecommendQuery, options: RecommendOptions, snapshot?: Snapshot): Promise<Recommendation>;
  /**
   * Answers several queries with one run of the query tower and one pass over the items. A query that fails gets its Failure instead of an answer; the others
   * are answered. @param vectorCache cached vectors of users; computed ones are added
   */
  askAll(
    queries: readonly QueryWithOptions[],
    snapshot?: Snapshot,
    vectorCache?: UserVectorCache,
  ): Promise<(Recommendation | Failure)[]>;
  /** Computes the query vectors of a request: one, or one for each interest. @throws Failure `no-user-key`, `unknown-name`, `feature-value` */
  vectors(question: RecommendQuery): Promise<readonly Float32Array[]>;
}

/** Returns the vectors of the first `rows` rows of the columns. */
export type QueryTowerRun = (columns: ReadonlyMap<string, IndexedColumn>, rows: number) => Promise<Vectors>;

const maxAverages = 128;

/** @param source has the current snapshot, a different one after each write of items */
export function makeQueryAnswerer(
  source: { readonly snapshot: Snapshot },
  prepare: Preparer,
  query: QueryTowerRun,
): QueryAnswerer {
  const averages = new Map<string, Promise<Float32Array[] | undefined>>();
  const averageOf = (cohort: Cohort): Promise<Float32Array[] | undefined> => {
    const vectors = averages.get(cohort.key) ?? cohort.average();
    averages.set(cohort.key, vectors);
    vectors.catch(() => averages.delete(cohort.key));
    if (averages.size > maxAverages) averages.delete(averages.keys().next().value!);
    return vectors;
  };
  /** Only vectors that are not cached go through the tower. */
  const vectorsOf = async (
    prepared: readonly PreparedQuery[],
    vectorCache?: UserVectorCache,
  ): Promise<(readonly Float32Array[])[]> => {
    const cachedVectors = await Promise.all(
      prepared.map(({ user, laterEvents, cohort }) =>
        cohort ? averageOf(cohort) : user === undefined ? laterEvents?.vectors : vectorCache?.get(user),
      ),
    );
    const uncached = prepared.filter((_, i) => cachedVectors[i] === undefined);
    if (uncached.length === 0) return cachedVectors as (readonly Float32Array[])[];
    const computedVectors = interestsOf(
      await query(joinColumns(uncached.map(({ columns }) => columns)), uncached.length),
    );
    uncached.forEach(({ user, laterEvents }, i) => {
      if (user !== undefined) vectorCache?.put(user, computedVectors[i]!);
      else if (laterEvents) laterEvents.vectors = computedVectors[i]!;
    });
    const nextComputed = computedVectors.values();
    return cachedVectors.map((vectors) => vectors ?? nextComputed.next().value!);
  };
  const vectorsWithout = async ({ columns, withoutEach }: PreparedQuery): Promise<LeftOutVectors[]> => {
    const leftOut = withoutEach(joinRows([{ columns, row: 0 }]));
    if (leftOut.length === 0) return [];
    const vectors = interestsOf(await query(joinColumns(leftOut.map((query) => query.columns)), leftOut.length));
    return leftOut.map(({ row }, i) => ({ row, vectors: vectors[i]! }));
  };
  const answerAll: QueryAnswerer['askAll'] = async (queries, from = source.snapshot, vectorCache) => {
    const preparedQueries = queries.map((queryWithOptions) => attempt(() => prepare(queryWithOptions, from)));
    const validQueries = preparedQueries.filter(
      (prepared): prepared is PreparedQuery => !(prepared instanceof Failure),
    );
    if (validQueries.length === 0) return preparedQueries as Failure[];
    const vectors = await vectorsOf(validQueries, vectorCache);
    const requests = validQueries.map((prepared, i) => {
      const request = { ...prepared.request, vectors: vectors[i]! };
      return request.because === undefined ? request : { ...request, leaveOut: () => vectorsWithout(prepared) };
    });
    const answers = (await topEach(from, requests)).values();
    return preparedQueries.map((prepared) => {
      if (prepared instanceof Failure) return prepared;
      const answer = answers.next().value!;
      return answer instanceof Failure ? answer : recommendationOf(prepared, answer);
    });
  };

  return {
    get snapshot() {
      return source.snapshot;
    },
    askAll: answerAll,
    async ask(question, options, from) {
      const [answer] = await answerAll([{ question, options }], from);
      if (answer instanceof Failure) throw answer;
      return answer!;
    },
    async vectors(question) {
      const { columns } = prepare({ question, options: { k: 0 } }, source.snapshot);
      return interestsOf(await query(columns, 1))[0]!;
    },
  };
}

/**
 * Caches query vectors of users within a memory limit. A vector depends only on the model and the user, so it has the same bits as if it was computed again. If
 * there is no room, the clock algorithm, known from memory pages, evicts a vector that was not requested since the hand last passed it.
 */
interface UserVectorCache {
  /** Returns copies of a user's vectors: one, or one for each interest. Undefined for a user who is not cached. */
  get(user: number): Float32Array[] | undefined;
  /** @param user a row of the data, below `users` */
  put(user: number, vectors: readonly Float32Array[]): void;
  readonly figures: UserVectorFigures;
}

export interface UserVectorFigures {
  /** Number of queries whose vectors were cached. `computed`: number of the others. */
  readonly kept: number;
  readonly computed: number;
  /** Number of users whose vectors are cached. `room`: maximum number. */
  readonly users: number;
  readonly room: number;
}

/** Further bytes of a slot: its user, and a flag that it was used. */
const slotBytes = 5;

/** Arrays of the cache, allocated for the shape of the first vectors. The system provides memory only when it is written. */
function makeVectorSlots(users: number, bytes: number, [first, ...others]: readonly Float32Array[]) {
  const [interests, width] = [1 + others.length, first!.length];
  const numbersPerUser = interests * width;
  const room = Math.max(0, Math.min(users, Math.floor((bytes - 4 * users) / (4 * numbersPerUser + slotBytes))));
  return {
    ...{ interests, width, numbersPerUser, room },
    numbers: new Float32Array(room * numbersPerUser),
    /** By user: the slot plus 1. */
    slotOfUser: new Int32Array(room === 0 ? 0 : users),
    owners: new Int32Array(room),
    isAsked: new Uint8Array(room),
  };
}

/** @param users number of users in the data, each of which takes 4 bytes @param bytes memory for the vectors and their index */
export function makeUserVectorCache(users: number, bytes: number): UserVectorCache {
  let slots: ReturnType<typeof makeVectorSlots> | undefined;
  const figures = { kept: 0, computed: 0, users: 0, room: 0 };
  let clockHand = 0;
  const freeSlot = ({ room, isAsked, slotOfUser, owners }: NonNullable<typeof slots>): number => {
    if (figures.users < room) return figures.users++;
    for (; isAsked[clockHand] === 1; clockHand = (clockHand + 1) % room) isAsked[clockHand] = 0;
    const slot = clockHand;
    clockHand = (clockHand + 1) % room;
    slotOfUser[owners[slot]!] = 0;
    return slot;
  };
  return {
    get(user) {
      const slot = (slots?.slotOfUser[user] ?? 0) - 1;
      if (slots === undefined || slot < 0) {
        figures.computed++;
        return undefined;
      }
      figures.kept++;
      slots.isAsked[slot] = 1;
      const { numbers, interests, width, numbersPerUser } = slots;
      // A copy, because the slot may get another user before the answer is made.
      const data = numbers.slice(slot * numbersPerUser, (slot + 1) * numbersPerUser);
      return interestsOf({ data, rows: 1, width, interests })[0];
    },
    put(user, vectors) {
      slots ??= makeVectorSlots(users, bytes, vectors);
      const { room, numbers, slotOfUser, owners, numbersPerUser, width } = slots;
      figures.room = room;
      if (room === 0 || slotOfUser[user] !== 0) return;
      const slot = freeSlot(slots);
      vectors.forEach((vector, i) => void numbers.set(vector, slot * numbersPerUser + i * width));
      owners[slot] = user;
      slotOfUser[user] = slot + 1;
    },
    figures,
  };
}
