/** What a trained model would show somebody: the best of the corpus, with titles, scores and what the answer rests on. */

import type { Trained } from '../artifact/load.ts';
import type { Dataset, IndexedColumn } from '../data/dataset.ts';
import { defined } from '../defined.ts';
import { failure } from '../diagnostics/failure.ts';
import type { Engine } from '../engine/engine.ts';
import { madeOf, type Plan, type TowerPlan } from '../plan/plan.ts';
import { makeRetrieval } from '../scoring/retrieval.ts';
import type { ItemColumns } from './filter/columns.ts';
import { interestsOf } from './interests.ts';
import { type FeatureValues, queryColumns } from './query_columns.ts';
import { makeSnapshot, type Objective, type Snapshot, type TopAnswer } from './snapshot.ts';

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
  /** What answers: the vectors and keys of the items, and what users have seen. */
  readonly snapshot: Snapshot;
  /** @throws Failure `no-user-key`, `unknown-name`, `feature-value`, `filter-syntax`, `filter-type`, `request-value` */
  ask(question: Question, options: RecommendOptions): Promise<Recommendation>;
  close(): Promise<void>;
}

export interface RecommenderOptions {
  /** What identifies the model with these items. */
  readonly version?: string;
  /** What filters may read of the items. */
  readonly columns?: ItemColumns;
  /** Which columns of the vectors weights may scale. */
  readonly objectives?: readonly Objective[];
}

/** Computes the vectors of the whole corpus once; each question then takes one row through the other tower, and scans the snapshot. */
export async function makeRecommender(
  trained: Pick<Trained, 'plan' | 'parameters' | 'tables' | 'encodings'>,
  dataset: Dataset,
  engine: Engine,
  { version = '', columns, objectives }: RecommenderOptions = {},
): Promise<Recommender> {
  const { plan, parameters } = trained;
  const { corpus, users } = dataset;
  const tower = plan.towers[0];
  const retrieval = await makeRetrieval({ plan, engine, tables: trained.tables, corpus, parameters });
  const snapshot = makeSnapshot({
    version,
    items: { vectors: retrieval.items(), keys: corpus.keys, ...defined({ titles: corpus.titles, columns }) },
    users: { keys: users.keys, seen: users.seen },
    ...defined({ objectives }),
  });
  const { histories } = dataset;
  const removesSeen = dataset.seen !== 'kept';
  const itemAt = (row: number): Item => ({
    key: corpus.keys[row]!,
    ...defined({ title: corpus.titles && corpus.titles[row]! }),
  });

  const answer = async (
    columns: ReadonlyMap<string, IndexedColumn>,
    { k, filter, exclude, weights }: RecommendOptions,
    without: Iterable<number>,
  ): Promise<Pick<Recommendation, 'items'> & { readonly notes: readonly string[] }> => {
    const vectors = interestsOf(await retrieval.query(columns));
    const request = { vectors, k, excludeRows: without, ...defined({ filter, exclude, weights }) };
    const [{ items, unknown }] = snapshot.top([request]) as [TopAnswer];
    const notes =
      unknown.length === 0 ? [] : [`No item has the key ${listOf(unknown)}, so nothing was excluded by it.`];
    return { items: items.map(({ key, title, score }) => ({ key, ...defined({ title }), score })), notes };
  };

  /** Rows of the items that given lists, or single features of items, name. */
  const itemsIn = (values: FeatureValues): number[] =>
    itemFeatures(plan)
      .flatMap((name) => [values[name] ?? []].flat().map((key) => snapshot.itemRow(String(key))))
      .filter((row) => row >= 0);

  const leftOut = (count: number, who: string): string =>
    `${count === 1 ? '1 item is' : `${count.toLocaleString('en')} items are`} excluded, because ${who} has had ${count === 1 ? 'it' : 'them'}.`;

  return {
    snapshot,
    async ask({ key, values = {} }, options) {
      const { removeSeen = removesSeen } = options;
      const given = itemsIn(values);
      if (key === undefined) {
        const columns = queryColumns(plan, tower, trained.encodings, values, { histories });
        const without = new Set(removeSeen ? given : []);
        const notes = without.size > 0 ? [leftOut(without.size, 'the query')] : [];
        const { items, notes: more } = await answer(columns, options, without);
        return { notes: [...notes, ...more], items, history: [] };
      }
      if (tower.key === undefined) throw failure('no-user-key', { tower: tower.name });
      const who = `${tower.name} ${key}`;
      const found = snapshot.userRow(key);
      const row = found < 0 ? undefined : found;
      const base = row === undefined ? undefined : { columns: users.features, row };
      const of = { ...(base ? {} : { [tower.key]: key }), ...values };
      const columns = queryColumns(plan, tower, trained.encodings, of, { histories, ...defined({ base }) });
      const seen = row === undefined ? [] : snapshot.seenBy(row);
      const without = new Set(removeSeen ? [...seen, ...given] : []);
      const notes: string[] = [];
      if (row === undefined)
        notes.push(`${who} is not in the data: this is the answer for an unseen user, without a history.`);
      else if (seen.length === 0) notes.push(`${who} has no training event, so there is no history.`);
      const last = seen.length === 0 ? [] : (users.asOfLastEvent ?? []).filter((name) => isRead(name, tower, values));
      if (last.length > 0) notes.push(asOfLastEvent(last, who));
      if (without.size > 0) notes.push(leftOut(without.size, who));
      const { items, notes: more } = await answer(columns, options, without);
      return { key, notes: [...notes, ...more], items, history: seen.reverse().map(itemAt) };
    },
    close: () => retrieval.close(),
  };
}

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
