/** What a trained model would show somebody: the best of the corpus, with titles, scores and what the answer rests on. */

import type { Trained } from '../artifact/load.ts';
import type { Dataset, IndexedColumn } from '../data/dataset.ts';
import { defined } from '../defined.ts';
import { Failure, failure } from '../diagnostics/failure.ts';
import type { Engine } from '../engine/engine.ts';
import { madeOf, type Plan, type TowerPlan } from '../plan/plan.ts';
import { makeRetrieval } from '../scoring/retrieval.ts';
import type { ItemColumns } from './filter/columns.ts';
import { interestsOf } from './interests.ts';
import { joinColumns } from './join_columns.ts';
import { type FeatureValues, queryColumns } from './query_columns.ts';
import { makeSnapshot, type Objective, type Snapshot, type TopAnswer, type TopRequest } from './snapshot.ts';

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
}

export interface Recommendation {
  readonly key?: string;
  /** How the answer came about, where it is not the plain case. */
  readonly notes: readonly string[];
  readonly items: readonly (Item & { readonly score: number })[];
  /** Items of the user's training events, the latest first. */
  readonly history: readonly Item[];
}

export interface Item {
  readonly key: string;
  readonly title?: string;
}

export interface Recommender {
  /** What answers now: the vectors and keys of the items, and what users have seen. */
  readonly snapshot: Snapshot;
  /**
   * @param snapshot what answers. Default: that of now
   * @throws Failure `no-user-key`, `unknown-name`, `feature-value`, `filter-syntax`, `filter-type`, `request-value`
   */
  ask(question: Question, options: RecommendOptions, snapshot?: Snapshot): Promise<Recommendation>;
  /**
   * Several questions: one run of the query tower, and one pass over the items. In place of an answer is the Failure of a question that has none;
   * the others are answered.
   */
  askAll(asked: readonly Asked[], snapshot?: Snapshot): Promise<(Recommendation | Failure)[]>;
  /**
   * What the query tower makes of a question: one vector, or one for each interest.
   * @throws Failure `no-user-key`, `unknown-name`, `feature-value`
   */
  vectors(question: Question): Promise<readonly Float32Array[]>;
  close(): Promise<void>;
}

export interface Asked {
  readonly question: Question;
  readonly options: RecommendOptions;
}

export interface RecommenderOptions {
  /** What identifies the model with these items. */
  readonly version?: string;
  /** What filters may read of the items. */
  readonly columns?: ItemColumns;
  /** Which columns of the vectors weights may scale. */
  readonly objectives?: readonly Objective[];
}

/** Computes the vectors of the whole corpus once. Questions then take a row each through the query tower, and one pass over the snapshot. */
export async function makeRecommender(
  trained: Pick<Trained, 'plan' | 'parameters' | 'tables' | 'encodings'>,
  dataset: Dataset,
  engine: Engine,
  { version = '', columns, objectives }: RecommenderOptions = {},
): Promise<Recommender> {
  const { plan, parameters } = trained;
  const { corpus, users } = dataset;
  const retrieval = await makeRetrieval({ plan, engine, tables: trained.tables, corpus, parameters });
  const snapshot = makeSnapshot({
    version,
    items: { vectors: retrieval.items(), keys: corpus.keys, ...defined({ titles: corpus.titles, columns }) },
    users: { keys: users.keys, seen: users.seen },
    ...defined({ objectives }),
  });
  const prepare = makePreparer(trained, dataset);
  const answerAll = async (asked: readonly Asked[], from = snapshot): Promise<(Recommendation | Failure)[]> => {
    const prepared = asked.map((each) => attempt(() => prepare(each, from)));
    const valid = prepared.filter((each): each is Prepared => !(each instanceof Failure));
    if (valid.length === 0) return prepared as Failure[];
    const batch = joinColumns(valid.map(({ columns }) => columns));
    const vectors = interestsOf(await retrieval.query(batch, valid.length));
    const answers = topOf(
      from,
      valid.map(({ request }, i) => ({ ...request, vectors: vectors[i]! })),
    ).values();
    return prepared.map((each) => {
      const answer = each instanceof Failure ? each : answers.next().value!;
      return each instanceof Failure || answer instanceof Failure
        ? (answer as Failure)
        : recommendationOf(each, answer);
    });
  };

  return {
    snapshot,
    askAll: answerAll,
    async ask(question, options, from) {
      const [answer] = await answerAll([{ question, options }], from);
      if (answer instanceof Failure) throw answer;
      return answer!;
    },
    async vectors(question) {
      const { columns } = prepare({ question, options: { k: 0 } }, snapshot);
      return interestsOf(await retrieval.query(columns, 1))[0]!;
    },
    close: () => retrieval.close(),
  };
}

/** A question on its way: what goes through the tower, what the snapshot is asked, and what the answer says besides. */
interface Prepared extends Pick<Recommendation, 'key' | 'notes' | 'history'> {
  readonly columns: ReadonlyMap<string, IndexedColumn>;
  readonly request: Omit<TopRequest, 'vectors'>;
}

/** From a question to the row that goes through the query tower, and what the snapshot is asked. */
function makePreparer(
  { plan, encodings }: Pick<Trained, 'plan' | 'encodings'>,
  dataset: Dataset,
): (asked: Asked, snapshot: Snapshot) => Prepared {
  const { users, histories } = dataset;
  const [tower] = plan.towers;
  const removesSeen = dataset.seen !== 'kept';

  /** Rows of the items that given lists, or single features of items, name. */
  const itemsIn = (values: FeatureValues, snapshot: Snapshot): number[] =>
    itemFeatures(plan)
      .flatMap((name) => [values[name] ?? []].flat().map((key) => snapshot.itemRow(String(key))))
      .filter((row) => row >= 0);

  const leftOut = (count: number, who: string): string =>
    `${count === 1 ? '1 item is' : `${count.toLocaleString('en')} items are`} excluded, because ${who} has had ${count === 1 ? 'it' : 'them'}.`;

  return ({ question: { key, values = {} }, options }, snapshot) => {
    const { removeSeen = removesSeen, ...request } = options;
    const itemOf = (key: string): number | undefined => {
      const row = snapshot.itemRow(key);
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
    const columns = queryColumns(plan, tower, encodings, of, { histories, itemOf, ...defined({ base }) });
    const seen = row === undefined ? [] : snapshot.seenBy(row);
    const without = new Set(removeSeen ? [...seen, ...given] : []);
    const notes: string[] = [];
    if (row === undefined)
      notes.push(`${who} is not in the data: this is the answer for an unseen user, without a history.`);
    else if (seen.length === 0) notes.push(`${who} has no training event, so there is no history.`);
    const last = seen.length === 0 ? [] : (users.asOfLastEvent ?? []).filter((name) => isRead(name, tower, values));
    if (last.length > 0) notes.push(asOfLastEvent(last, who));
    if (without.size > 0) notes.push(leftOut(without.size, who));
    const history = seen
      .reverse()
      .map((row): Item => ({ key: snapshot.keyAt(row), ...defined({ title: snapshot.titleAt(row) }) }));
    return { key, columns, request: { ...request, excludeRows: without }, notes, history };
  };
}

function recommendationOf({ key, notes, history }: Prepared, { items, unknown }: TopAnswer): Recommendation {
  const more = excludedNothing(unknown);
  return {
    ...defined({ key }),
    notes: [...notes, ...more],
    items: items.map(({ key, title, score }) => ({ key, ...defined({ title }), score })),
    history,
  };
}

/** All in one pass; one by one where one of them has no answer. */
function topOf(snapshot: Snapshot, requests: readonly TopRequest[]): (TopAnswer | Failure)[] {
  const all = attempt(() => snapshot.top(requests));
  if (!(all instanceof Failure)) return all;
  return requests.map((request) => attempt(() => snapshot.top([request])[0]!));
}

function attempt<T>(work: () => T): T | Failure {
  try {
    return work();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}

/** What an answer says of keys to exclude that no item has. */
export const excludedNothing = (unknown: readonly string[]): readonly string[] =>
  unknown.length === 0 ? [] : [`No item has the key ${listOf(unknown)}, so nothing was excluded by it.`];

/** The features of the asking tower whose values are items, and that are not made of others. */
function itemFeatures({ towers, features }: Plan): string[] {
  const [query, { key }] = towers;
  const owner = features.find(({ name }) => name === key)?.encoderOf;
  return features
    .filter((feature) => feature.encoderOf === owner && feature.name !== key && query.features.includes(feature.name))
    .filter((feature) => madeOf(feature).length === 0)
    .map(({ name }) => name);
}

/** Whether the answer rests on what the data has of a feature. */
const isRead = (name: string, { features, key }: TowerPlan, values: FeatureValues): boolean =>
  features.includes(name) && name !== key && !(name in values);

const listOf = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(', ');

function asOfLastEvent(names: readonly string[], who: string): string {
  const list = listOf(names);
  return `${list} ${names.length === 1 ? 'is' : 'are'} from the last training event of ${who}: give the current value if it differs.`;
}
