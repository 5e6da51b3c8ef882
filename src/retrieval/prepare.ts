/** Converts a request to a row for the query tower and a request to the snapshot. Needs neither Node.js nor an engine. */
import { failure } from '../base/diagnostics/diagnostic.ts';
import { quotedList } from '../base/diagnostics/wording.ts';
import type { Dataset, Encoding, IndexedColumn, Users } from '../data/dataset.ts';
import { type FeaturePlan, madeOf, type Plan, type TowerPlan } from '../graph/plan/plan.ts';
import { columnsWithout, type FeatureValues, type QueryTower, queryColumns } from './query_columns.ts';
import type { Snapshot, TopRequest } from './snapshot.ts';
import { type Item, itemAt, type Recommendation, type RerankEntries } from './top_request.ts';

export type RecommendQuery =
  /** A query by the key of the query tower; values replace those of the data. */
  | { readonly key: string; readonly values?: FeatureValues }
  | { readonly key?: undefined; readonly values: FeatureValues };

export interface RecommendOptions extends RerankEntries {
  readonly k: number;
  /** True to exclude the user's items: those of all events, and of given lists. Default: the `seen` entry of the data block, otherwise `excluded`. */
  readonly removeSeen?: boolean;
  readonly filter?: string;
  readonly exclude?: readonly string[];
  /** Weights by task of `retrieve`, which replace its factors. */
  readonly weights?: Readonly<Record<string, number>>;
  readonly shares?: boolean;
  /**
   * Answers a query without past items by the mean of the query vectors of users of the data, with the given values in place of theirs. Users with the same
   * values of these features count most; with an empty list all count alike.
   */
  readonly average?: readonly string[];
}

export interface QueryWithOptions {
  readonly question: RecommendQuery;
  readonly options: RecommendOptions;
}

export interface QueryModel {
  readonly plan: QueryPlan;
  readonly encodings: ReadonlyMap<string, Encoding>;
}

/** The parts of a plan that convert values to a row of the query tower. */
export interface QueryPlan {
  readonly towers: readonly [QueryTower, Pick<TowerPlan, 'key'>];
  readonly features: Plan['features'];
}

export interface QueryData extends Pick<Dataset, 'histories' | 'seen'> {
  readonly users: Pick<Users, 'features' | 'asOfLastEvent'>;
}

export interface LaterEvents {
  /** True if the user's events of the data are hidden, because the user was deleted. */
  readonly hidesData: boolean;
  /** The keys of the items in the order of time. */
  readonly items: readonly string[];
  /** Returns the columns of the query tower, one row. @param row of the user in the data; undefined for a new user */
  columns(row: number | undefined): ReadonlyMap<string, IndexedColumn>;
  /** The vectors of these columns, once they were computed: between two events of a user there may be many requests. */
  vectors?: readonly Float32Array[];
}

export interface PreparedQuery extends Pick<Recommendation, 'key' | 'notes' | 'history'> {
  readonly columns: ReadonlyMap<string, IndexedColumn>;
  /** The row of a user of the data without later events, if the vector depends only on the user. */
  readonly user?: number;
  /** The later events of the user, if the vector depends only on the user. */
  readonly laterEvents?: LaterEvents;
  readonly request: Omit<TopRequest, 'vectors'>;
  /** Replaces the vector of the query, which has no past items. */
  readonly cohort?: Cohort;
  /** @param columns of this query, one row each */
  withoutEach(columns: PreparedQuery['columns']): readonly LeftOutColumns[];
}

/** Users of the data who stand for one without past items. */
export interface Cohort {
  /** The same for queries with the same users and values. */
  readonly key: string;
  /** Computes the mean vectors, one for each interest; undefined if no user has a past item. */
  average(): Promise<Float32Array[] | undefined>;
}

/** Finds users for a query without past items. @throws Failure `unknown-name`, `request-value` */
export type CohortFinder = (
  average: readonly string[],
  query: Pick<PreparedQuery, 'columns'> & { readonly values: FeatureValues },
  snapshot: Snapshot,
) => Cohort | undefined;

interface LeftOutColumns {
  /** The row of the past item that is left out. */
  readonly row: number;
  readonly columns: PreparedQuery['columns'];
}

/** Maximum number of past items that are left out of a query, one by one: the latest. */
const maxLeftOut = 50;

export type Preparer = (query: QueryWithOptions, snapshot: Snapshot) => PreparedQuery;

/**
 * The function is long because queries by key and by values share its parts.
 * @param later returns the events of a user that arrived after the data was read. Default: there are none
 */
export function makePreparer(
  model: QueryModel,
  dataset: QueryData,
  later: (user: string) => LaterEvents | undefined = () => undefined,
  cohortOf: CohortFinder = () => undefined,
): Preparer {
  const { plan, encodings } = model;
  const { users, histories } = dataset;
  const [tower] = plan.towers;
  const removesSeen = dataset.seen !== 'kept';

  const itemsIn = (values: FeatureValues, snapshot: Snapshot): number[] => {
    const keys = new Set(itemFeatures(plan).flatMap((name) => [values[name] ?? []].flat().map(String)));
    return [...keys].map(snapshot.itemRow).filter((row) => row >= 0);
  };

  const withoutEach = makeLeaveOut(model);
  const leftOut = (count: number, who: string): string =>
    `${count === 1 ? '1 item is' : `${count.toLocaleString('en')} items are`} excluded, because ${who} has had ${count === 1 ? 'it' : 'them'}.`;

  return ({ question: { key, values = {} }, options }, snapshot) => {
    const { removeSeen = removesSeen, average, ...request } = options;
    const itemOf = (key: string): number | undefined => {
      const row = snapshot.corpusRow(key);
      return row < 0 ? undefined : row;
    };
    const givenRows = itemsIn(values, snapshot);
    if (key === undefined) {
      const columns = queryColumns(plan, tower, encodings, values, { histories, itemOf });
      const excludedRows = new Set(removeSeen ? givenRows : []);
      const notes = excludedRows.size > 0 ? [leftOut(excludedRows.size, 'the query')] : [];
      const cohort = average && givenRows.length === 0 ? cohortOf(average, { values, columns }, snapshot) : undefined;
      if (cohort) notes.push(averageNote(average!));
      return {
        cohort,
        columns,
        notes,
        history: [],
        request: { ...request, excludeRows: excludedRows },
        withoutEach: (oneRow) => withoutEach(givenRows, snapshot, oneRow),
      };
    }
    if (tower.key === undefined) throw failure('no-user-key', { tower: tower.name });
    const userName = `${tower.name} ${key}`;
    const laterEvents = later(key);
    const row = dataRow(key, snapshot, laterEvents);
    const columnsOf = () => {
      const dataBase = row === undefined ? undefined : { columns: users.features, row };
      const base = laterEvents ? { columns: laterEvents.columns(row), row: 0 } : dataBase;
      const allValues = { ...(base ? {} : { [tower.key!]: key }), ...values };
      return queryColumns(plan, tower, encodings, allValues, { histories, itemOf, base });
    };
    const seenRows = pastRows(key, snapshot, laterEvents);
    const isAverage = average !== undefined && seenRows.length + givenRows.length === 0;
    const isUserAlone = Object.keys(values).length === 0 && !isAverage;
    const user = isUserAlone && laterEvents === undefined ? row : undefined;
    // Refuses invalid values.
    const columns = isUserAlone && (laterEvents ?? row) !== undefined ? undefined : columnsOf();
    const cohort = isAverage ? cohortOf(average, { values, columns: columns! }, snapshot) : undefined;
    const excludedRows = new Set(removeSeen ? [...seenRows, ...givenRows] : []);
    const notes: string[] = [];
    if (row === undefined && !laterEvents?.items.length)
      notes.push(`${userName} is not in the data: this is the answer for an unseen user, without a history.`);
    else if (seenRows.length === 0) notes.push(`${userName} has no event, so there is no history.`);
    const lastEventFeatures =
      seenRows.length === 0 ? [] : (users.asOfLastEvent ?? []).filter((name) => isRead(name, tower, values));
    if (lastEventFeatures.length > 0) notes.push(asOfLastEvent(lastEventFeatures, userName));
    if (excludedRows.size > 0) notes.push(leftOut(excludedRows.size, userName));
    if (cohort) notes.push(averageNote(average!));
    return {
      ...{ key, cohort, user, notes },
      get columns() {
        return columns ?? columnsOf();
      },
      laterEvents: isUserAlone ? laterEvents : undefined,
      request: { ...request, excludeRows: excludedRows },
      withoutEach: (oneRow) => withoutEach([...seenRows, ...givenRows], snapshot, oneRow),
      // Computed on access, because few requests need it, and it may be long.
      get history() {
        return seenRows.toReversed().map((row): Item => itemAt(row, snapshot));
      },
    };
  };
}

function averageNote(names: readonly string[]): string {
  const same = names.length === 0 ? '' : `, above all for those with the same ${quotedList(names)}`;
  return `There are no past items, so this is the answer for users of the data on average${same}.`;
}

/** Makes a function that leaves out the past items of a query, one by one. @returns rows: the past items, the latest last; columns: one row each */
function makeLeaveOut(model: QueryModel) {
  const { plan } = model;
  const [tower] = plan.towers;
  const bags = new Set(plan.features.filter(({ gives }) => gives === 'bag').map(({ name }) => name));
  const lists = itemFeatures(plan).filter((name) => bags.has(name));
  return (rows: readonly number[], snapshot: Snapshot, columns: PreparedQuery['columns']): LeftOutColumns[] => {
    const leftOutColumns: LeftOutColumns[] = [];
    for (const row of new Set(rows.toReversed())) {
      if (leftOutColumns.length === maxLeftOut) break;
      const key = snapshot.keyAt(row);
      const without = columnsWithout({ key, item: snapshot.corpusRow(key) }, lists, columns, tower, model);
      if (without) leftOutColumns.push({ row, columns: without });
    }
    return leftOutColumns;
  };
}

/** Returns the row of a user in the data. Undefined for a new user, and for one that was deleted since. */
function dataRow(user: string, snapshot: Snapshot, later: LaterEvents | undefined): number | undefined {
  const row = later?.hidesData ? -1 : snapshot.userRow(user);
  return row < 0 ? undefined : row;
}

/** Returns the rows of the items of a user's known events, the oldest first. */
export function pastRows(user: string, snapshot: Snapshot, later: LaterEvents | undefined): number[] {
  const row = dataRow(user, snapshot, later);
  const laterRows = later?.items.map(snapshot.itemRow).filter((laterRow) => laterRow >= 0) ?? [];
  return [...(row === undefined ? [] : snapshot.seenBy(row)), ...laterRows];
}

/** Returns the features of the query tower whose values are items, except those that are computed from others. */
function itemFeatures({ towers, features }: QueryPlan): string[] {
  const [query, { key }] = towers;
  const owner = features.find(({ name }) => name === key)?.encoderOf;
  return features
    .filter((feature) => feature.encoderOf === owner && feature.name !== key && query.features.includes(feature.name))
    .filter((feature) => madeOf(feature).length === 0)
    .map(({ name }) => name);
}

/** True if the answer depends on the feature's value in the data. */
const isRead = (name: string, { features, key }: QueryTower, values: FeatureValues): boolean =>
  features.includes(name) && name !== key && !(name in values);

function asOfLastEvent(names: readonly string[], who: string): string {
  const featureList = quotedList(names);
  return `${featureList} ${names.length === 1 ? 'is' : 'are'} from the last event of ${who}: give the current value if it differs.`;
}

/** Describes the features that a request may give, for forms and documentation: their kinds and example values. */
export interface QueryDescription {
  readonly model: string;
  readonly tower: string;
  /** The feature that identifies users; absent if the tower has no key. */
  readonly key?: string;
  /** Number of vectors of one query, if there are several. */
  readonly interests?: number;
  readonly features: readonly DescribedFeature[];
}

export interface DescribedFeature {
  readonly name: string;
  /** `category`: a value of a vocabulary, or any text that is hashed; `item`: the key of an item; `text`: words. */
  readonly kind: 'category' | 'item' | 'number' | 'moment' | 'text' | 'vector';
  /** True if its value is a list of such values. */
  readonly list?: true;
  readonly size?: number;
  /** The list whose elements have these values, one each. */
  readonly along?: string;
  readonly each?: true;
  /** The most frequent values, or a typical one. */
  readonly examples: readonly FeatureExample[];
}

interface FeatureExample {
  readonly value: string | number;
  readonly title?: string;
}

/** Maximum number of examples, few enough for a page. */
const maxExamples = 50;

/** @param items has keys and titles for examples */
export function describeQuery(
  plan: QueryPlan & { readonly model: string },
  encodings: QueryModel['encodings'],
  items: Pick<Snapshot, 'rows' | 'itemRow' | 'keyAt' | 'titleAt'>,
): QueryDescription {
  const [query, item] = plan.towers;
  const itemOwner = plan.features.find(({ name }) => name === item.key)?.encoderOf;
  const itemExample = (key: string): FeatureExample => {
    const row = items.itemRow(key);
    return { value: key, title: row < 0 ? undefined : items.titleAt(row) };
  };
  const firstItems = (): string[] =>
    Array.from({ length: Math.min(items.rows, maxExamples) }, (_, row) => items.keyAt(row));
  const describeFeature = (feature: FeaturePlan): DescribedFeature[] => {
    const encoding = encodings.get(feature.encoderOf);
    if (encoding === undefined || madeOf(feature).length > 0) return [];
    const isItem = itemOwner !== undefined && feature.encoderOf === itemOwner;
    const valueKind = isItem ? 'item' : kinds[encoding.kind];
    const values = isItem && encoding.kind === 'hash' ? firstItems() : examplesOf(encoding);
    const isList = feature.along !== undefined || (feature.gives === 'bag' && valueKind !== 'text');
    const ownFeature: DescribedFeature = {
      name: feature.name,
      kind: valueKind,
      ...(isList ? { list: true } : {}),
      ...(encoding.kind === 'vector' ? { size: encoding.size } : {}),
      along: feature.along,
      ...(feature.each ? { each: true } : {}),
      examples: values.map((value) => (isItem ? itemExample(String(value)) : { value })),
    };
    const { weights } = feature;
    if (weights === undefined) return [ownFeature];
    return [ownFeature, { name: weights, kind: 'number', list: true, along: feature.name, examples: [{ value: 1 }] }];
  };
  const queryFeatures = plan.features.filter(({ name }) => query.features.includes(name) && name !== query.key);
  return {
    model: plan.model,
    tower: query.name,
    key: query.key,
    interests: query.interests,
    features: queryFeatures.flatMap(describeFeature),
  };
}

const kinds: Readonly<Record<Encoding['kind'], DescribedFeature['kind']>> = {
  vocabulary: 'category',
  hash: 'category',
  boundaries: 'number',
  standardize: 'number',
  number: 'number',
  clock: 'moment',
  vector: 'vector',
  words: 'text',
  bigrams: 'text',
  trigrams: 'text',
};

function examplesOf(encoding: Encoding): readonly (string | number)[] {
  switch (encoding.kind) {
    case 'vocabulary': {
      const count = Math.min(maxExamples, encoding.values.length);
      return Array.from({ length: count }, (_, row) => encoding.values.at(row)!);
    }
    case 'boundaries': {
      const { boundaries, log } = encoding;
      const middle = boundaries[boundaries.length >> 1];
      return middle === undefined ? [] : [example(middle, log)];
    }
    case 'standardize':
      return [example(encoding.mean, encoding.log)];
    default:
      return [];
  }
}

/** Four digits are enough for an example. */
const example = (number: number, log: boolean): number => Number((log ? Math.expm1(number) : number).toPrecision(4));
