import { beforeAll, describe, expect, it } from 'vitest';
import { evaluationText } from '../../../src/app/cli/views/comparison.ts';
import { Failure } from '../../../src/base/diagnostics/diagnostic.ts';
import type { LoadedModel } from '../../../src/training/artifact/load.ts';
import { baselines } from '../../../src/training/evaluation/baselines/table.ts';
import { makeTask } from '../../../src/training/evaluation/contestants.ts';
import { type Evaluation, evaluateModel } from '../../../src/training/evaluation/evaluate_model.ts';
import { figuresOf, makeMeasures } from '../../../src/training/evaluation/figures.ts';
import { sampledRows, scorerOverRows, taskOverRows } from '../../../src/training/evaluation/ranking_questions.ts';
import { rankEvents } from '../../../src/training/evaluation/ranks.ts';
import { coldSlice } from '../../../src/training/evaluation/slices.ts';
import { makeRetrieval, type Retrieval } from '../../../src/training/scoring/retrieval_scorer.ts';
import { modelScorer, type Scorer } from '../../../src/training/scoring/scorer.ts';
import { plainEngine } from '../plain_engine.ts';
import { temporaryFolder } from '../temporary_folder.ts';
import { dataset, trainSmall } from '../trained.ts';

const root = temporaryFolder();
const measures = makeMeasures([{ metric: 'recall', k: 5 }, { metric: 'mrr' }, { metric: 'auc' }]);
const { corpus, parts } = dataset;
const events = parts.test;
let trained: LoadedModel;
let retrieval: Retrieval;
let evaluation: Evaluation;

beforeAll(async () => {
  trained = await trainSmall(root);
  const { plan, tables, parameters } = trained;
  retrieval = await makeRetrieval({ plan, engine: plainEngine, tables, corpus, parameters });
  const scorer = modelScorer(retrieval, { plan: trained.plan, events, corpus });
  evaluation = await evaluateModel({ dataset, part: 'test', scorer, measures });
});

describe('evaluation', () => {
  it('is of the model first, then of the baselines', () => {
    expect(evaluation.rows.map(({ name }) => name)).toEqual(['fixture', ...Object.keys(baselines)]);
    expect(evaluation.metrics).toEqual(['recall@5', 'mrr', 'auc']);
  });

  it('agrees with every score computed and sorted one by one', async () => {
    const items = retrieval.items();
    const queries = await retrieval.queries(
      events.features,
      Int32Array.from({ length: events.rows }, (_, i) => i),
    );
    const dot = (row: number, item: number) =>
      Math.fround(
        Array.from({ length: 8 }, (_, i) => queries.data[row * 8 + i]! * items.data[item * 8 + i]!).reduce(
          (a, b) => a + b,
        ),
      );
    const sums = [0, 0, 0];
    for (let row = 0; row < events.rows; row++) {
      const own = events.item[row]!;
      if (corpus.trainingCounts[own] === 0) continue;
      const better = Array.from({ length: corpus.rows }, (_, item) => item).filter(
        (item) => item !== own && dot(row, item) > dot(row, own) + 1e-6,
      ).length;
      sums[0]! += better < 5 ? 1 : 0;
      sums[1]! += 1 / (1 + better);
      sums[2]! += (corpus.rows - 1 - better) / (corpus.rows - 1);
    }
    const model = evaluation.rows[0]!;
    for (const [i, { label }] of measures.entries()) expect(model.all[label]).toBeCloseTo(sums[i]! / events.rows, 5);
  });

  it.each(['event', 'user'] as const)(
    'of a sample, per %s, is the mean over the rankings that were drawn',
    async (per) => {
      const scorer = modelScorer(retrieval, { plan: trained.plan, events, corpus });
      const options = {
        dataset,
        part: 'test',
        scorer,
        measures,
        per,
        baselines: ['random', 'item_cf', 'popularity'],
      } as const;
      const [whole, some, again] = [
        await evaluateModel(options),
        await evaluateModel({ ...options, sample: 6 }),
        await evaluateModel({ ...options, sample: 6 }),
      ];
      expect(some.sample).toEqual({ rankings: 6, of: whole.rankings, per });
      expect(some.rankings).toBe(6);
      expect(some.rows.map(({ all }) => all)).toEqual(again.rows.map(({ all }) => all));
      expect(some.protocol.join('\n')).toContain(`These are 6 of the ${whole.rankings} `);
      expect(whole.protocol.join('\n')).not.toContain('drawn at random, the same ones');
      // By hand: the task over the rows that were drawn.
      const task = makeTask({ dataset, part: 'test', per });
      const rows = sampledRows(task, 6, 1)!;
      const few = taskOverRows(task, rows);
      const ranks = await rankEvents(few, scorerOverRows(scorer, rows), dataset.seen === 'excluded');
      expect(some.rows[0]!.all).toEqual(figuresOf(few, ranks, measures).all);
      // Nothing is drawn where the part has no more.
      const all = await evaluateModel({ ...options, sample: whole.rankings });
      expect(all.sample).toBeUndefined();
      expect(all.rows.map(({ all: figures }) => figures)).toEqual(whole.rows.map(({ all: figures }) => figures));
    },
  );

  it('gives the random row its exact expectation, and a constant model no more', async () => {
    const warm = events.item.filter((item) => corpus.trainingCounts[item]! > 0).length;
    const random = evaluation.rows[1]!;
    expect(random.warm['recall@5']).toBeCloseTo(5 / corpus.rows, 12);
    expect(random.warm.auc).toBeCloseTo(0.5, 12);
    expect(random.all['recall@5']).toBeCloseTo((5 / corpus.rows) * (warm / events.rows), 12);
    const constant: Scorer = {
      name: 'constant',
      doc: '',
      score: (rows) => new Float32Array(rows.length * corpus.rows).fill(0.7),
    };
    const { rows } = await evaluateModel({ dataset, part: 'test', scorer: constant, measures, baselines: false });
    expect(rows).toMatchObject([{ all: random.all, warm: random.warm }]);
  });

  it('prints the protocol with its numbers', () => {
    const cold = [...events.item].filter((item) => corpus.trainingCounts[item] === 0);
    expect(cold.length).toBeGreaterThan(0);
    expect(evaluation.cold).toEqual({ events: cold.length, absent: 0, items: new Set(cold).size });
    expect(evaluation.protocol).toEqual([
      ...dataset.protocol,
      'Per event: each of the 12 test events ranks the whole corpus, 24 items, and figures are means over events; no negatives are sampled.',
      'Items with equal scores share their ranks: each figure is the mean over all their orders.',
      'The ranking of an event keeps items that the user had before: the data block says `seen = kept`.',
      expect.stringMatching(
        /^\d+ events? \(\d+\.\d %\) (is|are) of items without a training event \(\d items? of the corpus\)/,
      ),
      'Intervals hold 95 % of 1,000 bootstrap draws of users (12), seed 1; differences use the same draws.',
      ...['item_knn', 'rp3beta', 'ease', 'slim', 'ials'].map((name) =>
        expect.stringMatching(
          new RegExp(
            `^${name}: .* = .*, chosen out of ${name === 'ials' ? 11 : 6} by ndcg@10 on 12 validation events.*\\.$`,
          ),
        ),
      ),
    ]);
  });

  it('takes seen items out only when asked, and says so', async () => {
    const scorer = modelScorer(retrieval, { plan: trained.plan, events, corpus });
    const removed = await evaluateModel({
      dataset,
      part: 'test',
      scorer,
      measures,
      removeSeen: true,
      baselines: false,
    });
    expect(removed.rows[0]!.all.mrr!).toBeGreaterThanOrEqual(evaluation.rows[0]!.all.mrr!);
    expect(removed.protocol).toContain(
      'The ranking of an event excludes items that the user had in training or before the event, except the event’s own item, as requested; the data block says `seen = kept`.',
    );
  });

  it('shows the figures of cold items apart where the model ranks them, and says who does', async () => {
    const scorer: Scorer = { ...modelScorer(retrieval, { plan: trained.plan, events, corpus }), ranksCold: true };
    const options = { dataset, part: 'test' as const, measures, baselines: ['popularity'] };
    const { rows, cold, protocol, slices } = await evaluateModel({ ...options, scorer });
    const [model, popularity] = rows;
    const warm = events.rows - cold.events;
    for (const label of ['recall@5', 'mrr', 'auc']) {
      const parts = (warm * model!.warm[label]! + cold.events * model!.cold![label]!) / events.rows;
      expect(model!.all[label]).toBeCloseTo(parts, 12);
      expect(model!.warm[label]).toBe(evaluation.rows[0]!.warm[label]);
      expect(popularity!.all[label]).toBe(evaluation.rows[2]!.all[label]);
      expect(slices.popularity.find(({ name }) => name === coldSlice)!.figures[label]).toBeCloseTo(
        model!.cold![label]!,
        12,
      );
    }
    expect(model!.cold!.auc).toBeGreaterThan(0);
    expect(popularity!.cold).toBeUndefined();
    const sentence =
      /of items without a training event \(\d items? of the corpus\): fixture ranks items of the corpus by content, with or without training events; in the other rows they count as misses\. The figures marked warm exclude these events, those marked cold have no others\.$/;
    expect(protocol).toContainEqual(expect.stringMatching(sentence));
    const [, withModel] = [evaluation, await evaluateModel({ ...options, scorer, baselines: false })];
    expect(withModel.protocol.join(' ')).not.toContain('other rows');
    expect(evaluationText(withModel)).toMatch(/fixture, warm .*\n.*fixture, cold /);
  });

  it('of an empty part is refused', async () => {
    const empty = { ...dataset, parts: { ...parts, test: { ...events, rows: 0 } } };
    const scorer = modelScorer(retrieval, { plan: trained.plan, events, corpus });
    await expect(evaluateModel({ dataset: empty, part: 'test', scorer, measures })).rejects.toThrow(
      'the test part has 0 rows, but needs at least 1',
    );
  });

  it('of weights that are not numbers is refused: nothing would rank above them', async () => {
    const { plan, tables, parameters } = trained;
    const broken = {
      ...parameters,
      'item/b0': { ...parameters['item/b0']!, data: new Float32Array(16).fill(Number.NaN) },
    };
    const made = makeRetrieval({ plan, engine: plainEngine, tables, corpus, parameters: broken });
    await expect(made).rejects.toBeInstanceOf(Failure);
    await expect(made).rejects.toThrow('tower `item` gives vectors with infinite or undefined numbers');
  });
});
