import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readDataset } from '../../../src/data/read_dataset.ts';
import {
  type HistoryScores,
  historyScorer,
  trainingInteractions,
} from '../../../src/training/evaluation/baselines/baseline.ts';
import { factorize } from '../../../src/training/evaluation/baselines/ials.ts';
import { baselines } from '../../../src/training/evaluation/baselines/table.ts';
import { fitOne } from '../../../src/training/evaluation/baselines/tune_baselines.ts';
import { chooseBaselines, makeTask } from '../../../src/training/evaluation/contestants.ts';
import { figuresOf, type Measure, makeMeasure } from '../../../src/training/evaluation/figures.ts';
import { bagAt, questionsOf } from '../../../src/training/evaluation/ranking_questions.ts';
import { rankEvents } from '../../../src/training/evaluation/ranks.ts';
import { plainProduct } from '../../../src/training/scoring/matrix_product.ts';
import type { Scorer } from '../../../src/training/scoring/scorer.ts';
import { describeData, needsOf, vocabulary } from '../../data/fixture.ts';
import { movielensFolder } from '../../data/movielens_block.ts';

const python = process.env.TOWER_PYTHON ?? 'python3';
const hasNumpy = spawnSync(python, ['-c', 'import numpy']).status === 0;

const recall = makeMeasure({ metric: 'recall', k: 20 });
const script = join(import.meta.dirname, 'strong_generalization.py');

/** As Liang et al. define it: divided by the best that k places can have. */
const capped: Measure = { label: 'capped', of: (held) => (recall.of(held) * held.count) / Math.min(20, held.count) };

it.skipIf(movielensFolder === undefined || !hasNumpy)(
  'strong generalization on MovieLens has the figures of numpy (needs TOWER_DATA and numpy)',
  async () => {
    const columns = { user: 'userId', item: 'movieId' };
    const split = { kind: 'by_user', validation: 0.1, test: 0.1, given: 0.8, order: 'random', seed: 1 } as const;
    const needs = needsOf({ user: { encoder: vocabulary } }, { item: { encoder: vocabulary } });
    const block = describeData({
      folder: movielensFolder!,
      events: 'ratings.csv',
      columns,
      split,
      where: 'rating >= 4 AND movieId < 5000',
    });
    const dataset = await readDataset(block, needs);
    const { corpus, users, parts } = dataset;
    const task = makeTask({ dataset, part: 'test', per: 'user' });
    const training = trainingInteractions(task);
    const keysOf = (items: Iterable<number>): string[] => Array.from(items, (item) => corpus.keys.at(item)!);

    const held: Record<string, string[]> = {};
    const given: Record<string, string[]> = {};
    const { asks, held: heldRows } = questionsOf(task);
    for (const [question, row] of asks.entries()) {
      const user = users.keys.at(task.events.user[row]!)!;
      held[user] = keysOf([...bagAt(heldRows, question)].map((each) => task.events.item[each]!));
      given[user] = keysOf(bagAt(parts.test.earlier!.bags, row));
    }
    const untrained = [...parts.test.user, ...parts.validation.user].map((user) => users.keys.at(user)!);
    // The vectors of the films are those of Tower; numpy solves for the vectors of held-out users.
    const setting = { α0: 0.1, λ: 0.003, width: 8 };
    const { items } = factorize(training, setting, { width: 8, sweeps: 16, seed: 1 });

    const scorers: Record<string, Pick<Scorer, 'score'>> = {};
    for (const { name, open } of chooseBaselines(task, {
      dataset,
      part: 'test',
      per: 'user',
      baselines: ['popularity'],
      removeSeen: true,
    }).rows)
      scorers[name] = (await open()).scorer;
    const fitted = async (name: 'ease' | 'item_knn' | 'ials', of: Record<string, number>): Promise<HistoryScores> =>
      fitOne(baselines[name] as never, training, of, plainProduct);
    scorers.ease = historyScorer(task, training.itemsOf, await fitted('ease', { λ: 250 }));
    scorers.item_knn = historyScorer(task, training.itemsOf, await fitted('item_knn', { k: 100, shrink: 20 }));
    scorers.ials = historyScorer(task, training.itemsOf, await fitted('ials', setting));
    const figures: Record<string, number[]> = {};
    for (const [name, scorer] of Object.entries(scorers)) {
      const ranks = await rankEvents(task, { name, doc: '', ...scorer }, true);
      const { all } = figuresOf(task, ranks, [recall, capped]);
      figures[name] = [all['recall@20']!, all.capped!];
    }
    const request = {
      ratings: join(movielensFolder!, 'ratings.csv'),
      ...{ given, held, untrained, items: [...items.data] },
      corpus: Object.fromEntries(Array.from(corpus.keys, (key, row) => [key, row])),
    };
    const { status, stdout, stderr } = spawnSync(python, [script], {
      input: JSON.stringify(request),
      encoding: 'utf8',
    });
    expect([status, stderr]).toEqual([0, '']);
    const expected = JSON.parse(stdout) as Record<string, number[]>;
    expect(Object.keys(figures)).toEqual(Object.keys(expected));
    for (const [name, values] of Object.entries(figures)) {
      // Sums in another order may turn two films whose scores are nearly equal.
      for (const [at, value] of values.entries()) expect(Math.abs(value - expected[name]![at]!)).toBeLessThan(2e-4);
    }
  },
  300_000,
);
