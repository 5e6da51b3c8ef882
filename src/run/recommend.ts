/** What a trained model would show somebody: the best of the corpus, with titles, scores and what the answer rests on. */
import type { Dataset, IndexedColumn } from '../data/dataset.ts';
import { failure } from '../diagnostics/failure.ts';
import { topK } from '../embedding/rank.ts';
import type { Engine } from '../engine/engine.ts';
import type { Trained } from './artifact/load.ts';
import { type FeatureValues, queryColumns } from './query_columns.ts';
import { makeRetrieval } from './retrieval.ts';

export type Question =
  /** Somebody by the key of the tower that asks. */
  | { readonly key: string }
  /** Anybody, by feature values. */
  | { readonly values: FeatureValues };

export interface RecommendOptions {
  readonly k: number;
  /** Leaves out what the user's training events hold. On unless it is turned off; of no effect for feature values. */
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
  const itemAt = (row: number): Item => ({
    key: corpus.keys[row]!,
    ...(corpus.titles ? { title: corpus.titles[row]! } : {}),
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

  return {
    async ask(question, { k, removeSeen = true }) {
      if ('values' in question) {
        const columns = queryColumns(plan, tower, trained.encodings, question.values);
        return { notes: [], items: await answer(columns, 0, k, []), history: [] };
      }
      const { key } = question;
      if (tower.key === undefined) throw failure('no-user-key', { tower: tower.name });
      const row = rowOf.get(key);
      if (row === undefined) {
        const columns = queryColumns(plan, tower, trained.encodings, { [tower.key]: key });
        const note = `${tower.name} ${key} is not in the data: this is the answer for the unseen, without a history.`;
        return { key, notes: [note], items: await answer(columns, 0, k, []), history: [] };
      }
      const seen = seenBy(row);
      const distinct = new Set(seen);
      const items = await answer(users.features, row, k, removeSeen ? distinct : []);
      const left = distinct.size === 1 ? '1 item is' : `${distinct.size.toLocaleString('en')} items are`;
      return {
        key,
        notes: [
          ...(seen.length === 0 ? [`${tower.name} ${key} has no training event: there is no history to go by.`] : []),
          ...(removeSeen && distinct.size > 0 ? [`${left} left out, since ${tower.name} ${key} has had them.`] : []),
        ],
        items,
        history: seen.reverse().map(itemAt),
      };
    },
    close: () => retrieval.close(),
  };
}
