/** From a question to the row that goes through the query tower and what the snapshot is asked. It needs neither Node.js nor an engine. */
import type { Dataset, Encoding, IndexedColumn, Users } from '../data/dataset.ts';
import { defined } from '../defined.ts';
import { failure } from '../diagnostics/failure.ts';
import { madeOf, type Plan, type TowerPlan } from '../plan/plan.ts';
import type { Shares } from './objectives.ts';
import { type FeatureValues, type QueryTower, queryColumns } from './query_columns.ts';
import { type Snapshot, shownItem, type TopAnswer, type TopRequest } from './snapshot.ts';

export type Question =
  /** Somebody by the key of the query tower; with values of features that are other than the data knows of them. */
  | { readonly key: string; readonly values?: FeatureValues }
  /** Anybody, by feature values. */
  | { readonly key?: undefined; readonly values: FeatureValues };

export interface RecommendOptions {
  readonly k: number;
  /**
   * Whether what the user had is left out: the items of training events, and of lists that are given. Default: as the data block
   * declares, and `excluded` where the block does not.
   */
  readonly removeSeen?: boolean;
  /** A condition on the columns of the items. */
  readonly filter?: string;
  /** Keys of items that are left out. */
  readonly exclude?: readonly string[];
  /** By task of `retrieve`, in place of its factor. */
  readonly weights?: Readonly<Record<string, number>>;
  /** Whether each item has the share of each task of `retrieve` in its score. */
  readonly shares?: boolean;
}

export interface Recommendation {
  readonly key?: string;
  /** How the answer came about, where it is not the plain case. */
  readonly notes: readonly string[];
  readonly items: readonly (Item & { readonly score: number; readonly shares?: Shares })[];
  /** Items of the user's training events, the latest first. */
  readonly history: readonly Item[];
  /** Absent: it is proved that no other item has a higher score. */
  readonly exact?: false;
}

export interface Item {
  readonly key: string;
  readonly title?: string;
}

export interface Asked {
  readonly question: Question;
  readonly options: RecommendOptions;
}

/** What is known of the model. */
export interface QueryModel {
  readonly plan: QueryPlan;
  readonly encodings: ReadonlyMap<string, Encoding>;
}

/** Of a plan what turns values into a row of the query tower. */
export interface QueryPlan {
  readonly towers: readonly [QueryTower, Pick<TowerPlan, 'key'>];
  readonly features: Plan['features'];
}

/** What is known of the data. */
export interface QueryData extends Pick<Dataset, 'histories' | 'seen'> {
  readonly users: Pick<Users, 'features' | 'asOfLastEvent'>;
}

/** A question on its way: what goes through the tower, what the snapshot is asked, and what the answer says besides. */
export interface Prepared extends Pick<Recommendation, 'key' | 'notes' | 'history'> {
  readonly columns: ReadonlyMap<string, IndexedColumn>;
  /** The row of a user of the data who is all that the vector depends on. */
  readonly user?: number;
  readonly request: Omit<TopRequest, 'vectors'>;
}

export type Preparer = (asked: Asked, snapshot: Snapshot) => Prepared;

/** From a question to the row that goes through the query tower, and what the snapshot is asked. */
export function makePreparer({ plan, encodings }: QueryModel, dataset: QueryData): Preparer {
  const { users, histories } = dataset;
  const [tower] = plan.towers;
  const removesSeen = dataset.seen !== 'kept';

  /** Rows of the items that given lists, or single features of items, name. */
  const itemsIn = (values: FeatureValues, snapshot: Snapshot): number[] => {
    const keys = new Set(itemFeatures(plan).flatMap((name) => [values[name] ?? []].flat().map(String)));
    return [...keys].map(snapshot.itemRow).filter((row) => row >= 0);
  };

  const leftOut = (count: number, who: string): string =>
    `${count === 1 ? '1 item is' : `${count.toLocaleString('en')} items are`} excluded, because ${who} has had ${count === 1 ? 'it' : 'them'}.`;

  return ({ question: { key, values = {} }, options }, snapshot) => {
    const { removeSeen = removesSeen, ...request } = options;
    const itemOf = (key: string): number | undefined => {
      const row = snapshot.corpusRow(key);
      return row < 0 ? undefined : row;
    };
    const given = itemsIn(values, snapshot);
    if (key === undefined) {
      const columns = queryColumns(plan, tower, encodings, values, { histories, itemOf });
      const without = new Set(removeSeen ? given : []);
      const notes = without.size > 0 ? [leftOut(without.size, 'the query')] : [];
      return { columns, request: { ...request, excludeRows: without }, notes, history: [] };
    }
    if (tower.key === undefined) throw failure('no-user-key', { tower: tower.name });
    const who = `${tower.name} ${key}`;
    const found = snapshot.userRow(key);
    const row = found < 0 ? undefined : found;
    const base = row === undefined ? undefined : { columns: users.features, row };
    const of = { ...(base ? {} : { [tower.key]: key }), ...values };
    const columnsOf = () => queryColumns(plan, tower, encodings, of, { histories, itemOf, ...defined({ base }) });
    const user = Object.keys(values).length === 0 ? row : undefined;
    // What is given may be wrong, and is refused here.
    const columns = user === undefined ? columnsOf() : undefined;
    const seen = row === undefined ? [] : snapshot.seenBy(row);
    const without = new Set(removeSeen ? [...seen, ...given] : []);
    const notes: string[] = [];
    if (row === undefined)
      notes.push(`${who} is not in the data: this is the answer for an unseen user, without a history.`);
    else if (seen.length === 0) notes.push(`${who} has no training event, so there is no history.`);
    const last = seen.length === 0 ? [] : (users.asOfLastEvent ?? []).filter((name) => isRead(name, tower, values));
    if (last.length > 0) notes.push(asOfLastEvent(last, who));
    if (without.size > 0) notes.push(leftOut(without.size, who));
    return {
      key,
      get columns() {
        return columns ?? columnsOf();
      },
      ...defined({ user }),
      request: { ...request, excludeRows: without },
      notes,
      // Few ask for it, and it is as long as the user has been there.
      get history() {
        return seen.toReversed().map((row): Item => itemAt(row, snapshot));
      },
    };
  };
}

const itemAt = (row: number, { keyAt, titleAt }: Snapshot): Item => {
  const title = titleAt(row);
  return title === undefined ? { key: keyAt(row) } : { key: keyAt(row), title };
};

export function recommendationOf(prepared: Prepared, { items, unknown, exact }: TopAnswer): Recommendation {
  const { key, notes } = prepared;
  const more = excludedNothing(unknown);
  return {
    ...defined({ key }),
    notes: [...notes, ...more],
    items: items.map(shownItem),
    get history() {
      return prepared.history;
    },
    ...defined({ exact }),
  };
}

/** What an answer says of keys to exclude that no item has. */
export const excludedNothing = (unknown: readonly string[]): readonly string[] =>
  unknown.length === 0 ? [] : [`No item has the key ${listOf(unknown)}, so nothing was excluded by it.`];

/** The features of the asking tower whose values are items, and that are not made of others. */
function itemFeatures({ towers, features }: QueryPlan): string[] {
  const [query, { key }] = towers;
  const owner = features.find(({ name }) => name === key)?.encoderOf;
  return features
    .filter((feature) => feature.encoderOf === owner && feature.name !== key && query.features.includes(feature.name))
    .filter((feature) => madeOf(feature).length === 0)
    .map(({ name }) => name);
}

/** Whether the answer rests on what the data has of a feature. */
const isRead = (name: string, { features, key }: QueryTower, values: FeatureValues): boolean =>
  features.includes(name) && name !== key && !(name in values);

const listOf = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(', ');

function asOfLastEvent(names: readonly string[], who: string): string {
  const list = listOf(names);
  return `${list} ${names.length === 1 ? 'is' : 'are'} from the last training event of ${who}: give the current value if it differs.`;
}
