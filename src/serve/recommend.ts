/** What a trained model would show somebody: the best of the corpus, with titles, scores and what the answer rests on. */

import type { Trained } from '../artifact/load.ts';
import type { Dataset, IndexedColumn } from '../data/dataset.ts';
import { defined } from '../defined.ts';
import { failure } from '../diagnostics/failure.ts';
import { topK } from '../embedding/rank.ts';
import type { Engine } from '../engine/engine.ts';
import { madeOf, type Plan, type TowerPlan } from '../plan/plan.ts';
import { makeRetrieval } from '../scoring/retrieval.ts';
import { type FeatureValues, queryColumns } from './query_columns.ts';

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
  /** @throws Failure `no-user-key`, `unknown-name`, `feature-value` */
  ask(question: Question, options: RecommendOptions): Promise<Recommendation>;
  close(): Promise<void>;
}

/** Computes the vectors of the whole corpus once; each question then takes one row through the other tower. */
export async function makeRecommender(trained: Trained, dataset: Dataset, engine: Engine): Promise<Recommender> {
  const { plan, parameters } = trained;
  const { corpus, users } = dataset;
  const tower = plan.towers[0];
  const retrieval = await makeRetrieval({ plan, engine, tables: trained.tables, corpus, parameters });
  const rowOf = new Map(users.keys.map((key, row) => [key, row]));
  const itemOf = new Map(corpus.keys.map((key, row) => [key, row]));
  const { histories } = dataset;
  const removesSeen = dataset.seen !== 'kept';
  const itemAt = (row: number): Item => ({
    key: corpus.keys[row]!,
    ...defined({ title: corpus.titles && corpus.titles[row]! }),
  });

  const answer = async (
    columns: ReadonlyMap<string, IndexedColumn>,
    row: number,
    k: number,
    without: Iterable<number>,
  ): Promise<Recommendation['items']> => {
    const scores = await retrieval.scores(await retrieval.queries(columns, Int32Array.of(row)));
    const best = topK(scores, Math.min(k, corpus.rows), without);
    return [...best.columns].map((item, i) => ({ ...itemAt(item), score: best.scores[i]! }));
  };

  const seenBy = (row: number): number[] =>
    [...users.seen.values.subarray(users.seen.starts[row]!, users.seen.ends[row]!)].filter((item) => item >= 0);

  /** Rows of the items that given lists, or single features of items, name. */
  const itemsIn = (values: FeatureValues): number[] =>
    itemFeatures(plan).flatMap((name) => [values[name] ?? []].flat().flatMap((key) => itemOf.get(String(key)) ?? []));

  const leftOut = (count: number, who: string): string =>
    `${count === 1 ? '1 item is' : `${count.toLocaleString('en')} items are`} excluded, because ${who} has had ${count === 1 ? 'it' : 'them'}.`;

  return {
    async ask({ key, values = {} }, { k, removeSeen = removesSeen }) {
      const given = itemsIn(values);
      if (key === undefined) {
        const columns = queryColumns(plan, tower, trained.encodings, values, { histories });
        const without = new Set(removeSeen ? given : []);
        const notes = without.size > 0 ? [leftOut(without.size, 'the query')] : [];
        return { notes, items: await answer(columns, 0, k, without), history: [] };
      }
      if (tower.key === undefined) throw failure('no-user-key', { tower: tower.name });
      const who = `${tower.name} ${key}`;
      const row = rowOf.get(key);
      const base = row === undefined ? undefined : { columns: users.features, row };
      const of = { ...(base ? {} : { [tower.key]: key }), ...values };
      const columns = queryColumns(plan, tower, trained.encodings, of, { histories, ...defined({ base }) });
      const seen = row === undefined ? [] : seenBy(row);
      const without = new Set(removeSeen ? [...seen, ...given] : []);
      const notes: string[] = [];
      if (row === undefined)
        notes.push(`${who} is not in the data: this is the answer for an unseen user, without a history.`);
      else if (seen.length === 0) notes.push(`${who} has no training event, so there is no history.`);
      const last = seen.length === 0 ? [] : (users.asOfLastEvent ?? []).filter((name) => isRead(name, tower, values));
      if (last.length > 0) notes.push(asOfLastEvent(last, who));
      if (without.size > 0) notes.push(leftOut(without.size, who));
      return { key, notes, items: await answer(columns, 0, k, without), history: seen.reverse().map(itemAt) };
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

function asOfLastEvent(names: readonly string[], who: string): string {
  const list = names.map((name) => `\`${name}\``).join(', ');
  return `${list} ${names.length === 1 ? 'is' : 'are'} from the last training event of ${who}: give the current value if it differs.`;
}
