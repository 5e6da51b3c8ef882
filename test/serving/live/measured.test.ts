/** What is measured is what is answered: the place of an item in the answer of a snapshot is its rank in the evaluation. */
import { beforeAll, expect, it } from 'vitest';
import { makeSnapshot } from '../../../src/retrieval/snapshot.ts';
import type { LoadedModel } from '../../../src/training/artifact/load.ts';
import { rankEvents } from '../../../src/training/evaluation/ranks.ts';
import { makeRetrieval } from '../../../src/training/scoring/retrieval_scorer.ts';
import { bestItems, modelScorer } from '../../../src/training/scoring/scorer.ts';
import { plainEngine } from '../../training/plain_engine.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';
import { dataset, trainSmall } from '../../training/trained.ts';

const root = temporaryFolder();
let trained: LoadedModel;

beforeAll(async () => {
  trained = await trainSmall(root);
});

it.each([true, false])(
  'ranks each held-out item as the evaluation does, what was seen removed: %s',
  async (removeSeen) => {
    const { plan, tables, parameters } = trained;
    const { corpus, users } = dataset;
    const events = dataset.parts.test;
    const retrieval = await makeRetrieval({ plan, engine: plainEngine, tables, corpus, parameters });
    const items = { vectors: retrieval.items(), keys: corpus.keys };
    const snapshot = makeSnapshot({ version: '1', items, users: { keys: users.keys, seen: users.seen } });
    const task = { events, corpus, users };
    const k = 8;
    const ranks = await rankEvents(task, modelScorer(retrieval, { plan, events, corpus }), removeSeen, k);
    const queries = await retrieval.queries(
      events.features,
      Int32Array.from({ length: events.rows }, (_, row) => row),
    );
    const scores = await retrieval.scores(queries);
    let compared = 0;
    for (let row = 0; row < events.rows; row++) {
      const own = events.item[row]!;
      if (own < 0) continue;
      const vector = queries.data.subarray(row * queries.width, (row + 1) * queries.width);
      const seen = removeSeen ? snapshot.seenBy(events.user[row]!).filter((item) => item !== own) : [];
      const [all, first] = snapshot.top([
        { vectors: [vector], k: corpus.rows, excludeRows: seen },
        { vectors: [vector], k, excludeRows: seen },
      ]);
      expect(all!.candidates).toBe(ranks.corpus[row]);
      const place = all!.items.findIndex((item) => item.row === own);
      // Scores that are the same in float32 may be in any order.
      expect(place).toBeGreaterThanOrEqual(ranks.better[row]!);
      expect(place).toBeLessThanOrEqual(ranks.better[row]! + ranks.equal[row]!);
      const mine = first!.items.map((item) => scores[row * corpus.rows + item.row]!);
      const theirs = bestItems(scores.subarray(row * corpus.rows, (row + 1) * corpus.rows), k, seen);
      expect(mine).toEqual([...theirs.scores]);
      expect([...ranks.lists!.items.subarray(row * k, (row + 1) * k)]).toEqual([...theirs.rows]);
      compared++;
    }
    expect(compared).toBeGreaterThan(10);
    await retrieval.close();
  },
);
