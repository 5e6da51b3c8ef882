import { beforeAll, describe, expect, it } from 'vitest';
import { Failure } from '../../../src/base/diagnostics/diagnostic.ts';
import type { LoadedModel } from '../../../src/training/artifact/load.ts';
import { baselines } from '../../../src/training/evaluation/baselines/table.ts';
import { type Contestant, compareContestants } from '../../../src/training/evaluation/compare_models.ts';
import { evaluateModel } from '../../../src/training/evaluation/evaluate_model.ts';
import { makeMeasures } from '../../../src/training/evaluation/figures.ts';
import { makeRetrieval } from '../../../src/training/scoring/retrieval_scorer.ts';
import { modelScorer, type Scorer } from '../../../src/training/scoring/scorer.ts';
import { makeDataset } from '../fixtures.ts';
import { plainEngine } from '../plain_engine.ts';
import { temporaryFolder } from '../temporary_folder.ts';
import { dataset, trainSmall } from '../trained.ts';

const root = temporaryFolder();
const measures = makeMeasures([{ metric: 'recall', k: 5 }, { metric: 'mrr' }]);
let trained: LoadedModel;

beforeAll(async () => {
  trained = await trainSmall(root);
});

const model = (name: string): Contestant => ({
  name,
  dataset,
  plan: trained.plan,
  async open(part) {
    const { plan, tables, parameters } = trained;
    const retrieval = await makeRetrieval({ plan, engine: plainEngine, tables, corpus: dataset.corpus, parameters });
    return {
      scorer: modelScorer(retrieval, { plan, events: dataset.parts[part], corpus: dataset.corpus }),
      close: () => retrieval.close(),
    };
  },
});

/** Puts every event's own item first. */
const oracle: Contestant = {
  name: 'oracle',
  dataset,
  get plan() {
    return trained.plan;
  },
  async open(part) {
    const { item } = dataset.parts[part];
    const scorer: Scorer = {
      name: 'oracle',
      doc: '',
      score(rows) {
        const scores = new Float32Array(rows.length * dataset.corpus.rows);
        rows.forEach((row, i) => {
          scores[i * dataset.corpus.rows + item[row]!] = 1;
        });
        return scores;
      },
    };
    return { scorer, close: async () => {} };
  },
};

describe('comparing runs', () => {
  it('gives each the figures that evaluation gives, the baselines too', async () => {
    const { rows } = await compareContestants([model('first')], { part: 'test', measures, baselines: true });
    const { scorer, close } = await model('').open('test');
    const evaluation = await evaluateModel({ dataset, part: 'test', scorer, measures, plan: trained.plan });
    await close();
    expect(rows.map(({ name }) => name)).toEqual(['first', ...Object.keys(baselines)]);
    rows.forEach(({ figures }, at) => {
      for (const label of ['recall@5', 'mrr']) {
        expect(figures[label]!.mean).toBeCloseTo(evaluation.rows[at]!.all[label]!, 10);
        expect(figures[label]!.low).toBeLessThanOrEqual(figures[label]!.mean);
        expect(figures[label]!.high).toBeGreaterThanOrEqual(figures[label]!.mean);
      }
    });
  });

  it('pairs differences with the first: none with itself, all that is missing to an oracle', async () => {
    const { rows, protocol } = await compareContestants([model('first'), model('again'), oracle], {
      part: 'test',
      measures,
    });
    const [first, again, best] = rows;
    expect(first!.differences).toBeUndefined();
    expect(again!.differences!['recall@5']).toEqual({ mean: 0, low: 0, high: 0 });
    const difference = best!.differences!['recall@5']!;
    expect(difference.mean).toBeCloseTo(best!.figures['recall@5']!.mean - first!.figures['recall@5']!.mean, 12);
    expect(difference.low).toBeGreaterThan(0);
    expect(protocol.join(' ')).toContain('1,000 bootstrap draws of users (12)');
  });

  it('says which rows rank cold items', async () => {
    const ranking: Contestant = {
      ...oracle,
      name: 'ranking',
      open: async (part) => ({
        ...(await oracle.open(part)),
        scorer: { ...(await oracle.open(part)).scorer, ranksCold: true },
      }),
    };
    const { rows, protocol } = await compareContestants([ranking, oracle], { part: 'test', measures });
    expect(rows[0]!.figures.mrr!.mean).toBe(1);
    expect(rows[1]!.figures.mrr!.mean).toBeLessThan(1);
    expect(protocol).toContain(
      'Items with equal scores share their ranks; ranking ranks items without training events by content; in the other rows they are misses.',
    );
  });

  it('compares with another row on request, and refuses one that is not there', async () => {
    const options = { part: 'test', measures, baselines: true } as const;
    const { rows, against } = await compareContestants([model('first')], { ...options, against: 'popularity' });
    expect(against).toBe('popularity');
    expect(rows.filter(({ differences }) => differences === undefined).map(({ name }) => name)).toEqual(['popularity']);
    const [first, , popularity] = rows;
    const expected = first!.figures.mrr!.mean - popularity!.figures.mrr!.mean;
    expect(first!.differences!.mrr!.mean).toBeCloseTo(expected, 12);
    const refused = compareContestants([model('first')], { ...options, against: 'populrity' });
    await expect(refused).rejects.toThrow('no row of the comparison called `populrity`');
  });

  it('measures users where asked: each once, with intervals over them', async () => {
    const { rows, protocol, per } = await compareContestants([model('first')], {
      part: 'test',
      measures,
      per: 'user',
      baselines: true,
    });
    const { scorer, close } = await model('').open('test');
    const evaluation = await evaluateModel({
      dataset,
      part: 'test',
      scorer,
      measures,
      plan: trained.plan,
      per: 'user',
    });
    await close();
    expect([per, evaluation.per, evaluation.rankings]).toEqual(['user', 'user', 12]);
    rows.forEach(({ figures }, at) => {
      for (const label of ['recall@5', 'mrr']) {
        expect(figures[label]!.mean).toBeCloseTo(evaluation.rows[at]!.all[label]!, 10);
      }
    });
    const sentence = /^Per user: each of the 12 users with test events ranks the whole corpus once, 24 items/;
    for (const said of [protocol, evaluation.protocol]) {
      expect(said).toContainEqual(expect.stringMatching(sentence));
      expect(said.join(' ')).not.toContain('Per event');
    }
  });

  it('refuses runs whose data blocks average over other things, unless one way is asked for', async () => {
    const other = { ...model('other'), dataset: { ...dataset, evaluate: 'per_user' as const } };
    const refused = compareContestants([model('first'), other], { part: 'test', measures });
    await expect(refused).rejects.toThrow(
      '`evaluate = per_event`, and `evaluate = per_user`: choose `--per user` or `--per event`',
    );
    const { per } = await compareContestants([model('first'), other], { part: 'test', measures, per: 'event' });
    expect(per).toBe('event');
    const both = await compareContestants([other, other], { part: 'test', measures });
    expect(both.per).toBe('user');
  });

  it('refuses other events, and says how they differ', async () => {
    const other = { ...model('other'), dataset: makeDataset({ users: 12, items: 24, eventsPerUser: 13, heldOut: 2 }) };
    const refused = await compareContestants([model('first'), other], { part: 'test', measures }).catch(
      (error) => error,
    );
    expect(refused).toBeInstanceOf(Failure);
    const { code, message } = (refused as Failure).diagnostics[0]!;
    expect(code).toBe('protocols-differ');
    expect(message).toContain('first and other');
    expect(message).toContain('other test events, 12 in both');
    expect(message).toContain('120 training events, and 132');
    expect(message).not.toContain('items to rank');
  });

  it('refuses another corpus', async () => {
    const smaller = {
      ...dataset,
      corpus: { ...dataset.corpus, keys: [...dataset.corpus.keys].map((key) => `${key}x`) },
    };
    const refused = compareContestants([model('first'), { ...model('other'), dataset: smaller }], {
      part: 'test',
      measures,
    });
    await expect(refused).rejects.toThrow('other items to rank, 24 in both');
  });
});

it.each(['event', 'user'] as const)(
  'compares over a sample of the rankings, per %s, the same as an evaluation draws',
  async (per) => {
    const options = { part: 'test', measures, per, sample: 5, baselines: ['item_cf', 'popularity'] } as const;
    const compared = await compareContestants([model('one'), oracle], options);
    const { plan } = trained;
    const { scorer, close } = await model('one').open('test');
    const evaluation = await evaluateModel({ ...options, dataset, plan, scorer });
    await close();
    expect(compared.sample).toEqual(evaluation.sample);
    expect(compared.sample!.rankings).toBe(5);
    expect(compared.events).toBe(evaluation.events);
    const [one, best, ...others] = compared.rows;
    const figuresOf = ({ figures }: (typeof compared.rows)[number]) => [figures['recall@5']!.mean, figures.mrr!.mean];
    expect(figuresOf(best!)).toEqual([1, 1]);
    for (const [at, row] of [one!, ...others].entries()) {
      const { all } = evaluation.rows[at]!;
      expect(figuresOf(row)).toEqual([expect.closeTo(all['recall@5']!, 12), expect.closeTo(all.mrr!, 12)]);
    }
    expect(compared.protocol.filter((sentence) => evaluation.protocol.includes(sentence)).join()).toContain(
      'drawn at random',
    );
  },
);
