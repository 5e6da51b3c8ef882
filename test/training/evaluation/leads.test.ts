/** Intervals of an evaluation, held against those of a comparison, which draws single questions; and the verdict made of them. */
import { beforeAll, describe, expect, it } from 'vitest';
import { compareContestants } from '../../../src/training/evaluation/compare_models.ts';
import { type Evaluation, evaluateModel } from '../../../src/training/evaluation/evaluate_model.ts';
import { makeMeasures } from '../../../src/training/evaluation/figures.ts';
import { verdictOf, verdictSentences } from '../../../src/training/evaluation/sentences.ts';
import type { Scorer } from '../../../src/training/scoring/scorer.ts';
import { makePlan } from '../fixture_plan.ts';
import { makeDataset } from '../fixtures.ts';

const dataset = makeDataset({ users: 12, items: 24, eventsPerUser: 12, heldOut: 2 });
const { corpus, parts } = dataset;
const measures = makeMeasures([
  { metric: 'popularity', k: 5 },
  { metric: 'recall', k: 5 },
  { metric: 'mrr' },
  { metric: 'coverage', k: 5 },
  { metric: 'gini', k: 5 },
]);
/** Puts the own item of each event first, of every third event only. */
const scorer: Scorer = {
  name: 'model',
  doc: '',
  score(rows) {
    const scores = new Float32Array(rows.length * corpus.rows);
    rows.forEach((row, i) => {
      if (row % 3 === 0) scores[i * corpus.rows + parts.test.item[row]!] = 1;
    });
    return scores;
  },
};
const baselines = ['random', 'popularity'];
let evaluation: Evaluation;

beforeAll(async () => {
  evaluation = await evaluateModel({ dataset, part: 'test', scorer, measures, baselines });
});

describe('intervals of an evaluation', () => {
  it('are those of a comparison, and leads are its differences turned round', async () => {
    const contestant = {
      name: 'model',
      dataset,
      plan: makePlan(),
      open: async () => ({ scorer, close: async () => {} }),
    };
    const compared = await compareContestants([contestant], { part: 'test', measures, baselines });
    expect(evaluation.rows.map(({ name }) => name)).toEqual(compared.rows.map(({ name }) => name));
    for (const [at, row] of evaluation.rows.entries()) {
      for (const label of ['popularity@5', 'recall@5', 'mrr']) {
        const { figures, differences } = compared.rows[at]!;
        expect(row.intervals![label]!.mean).toBeCloseTo(row.all[label]!, 12);
        expect(row.intervals![label]!.low).toBeCloseTo(figures[label]!.low, 12);
        expect(row.intervals![label]!.high).toBeCloseTo(figures[label]!.high, 12);
        if (at === 0) continue;
        expect(row.lead![label]!.low).toBeCloseTo(-differences![label]!.high, 12);
        expect(row.lead![label]!.high).toBeCloseTo(-differences![label]!.low, 12);
      }
    }
    expect(evaluation.rows[0]!.lead).toBeUndefined();
  });

  it('has none for a metric of all rankings together', () =>
    expect(Object.keys(evaluation.rows[0]!.intervals!)).toEqual(['popularity@5', 'recall@5', 'mrr']));
});

describe('the verdict', () => {
  const row = (name: string, figure: number, low: number, high: number) => {
    const interval = { mean: 0.5 - figure, low, high };
    const all = { mrr: figure };
    return { name, doc: '', all, warm: all, milliseconds: 1, intervals: { mrr: interval }, lead: { mrr: interval } };
  };
  const { lead: _, ...model } = row('m', 0.5, 0, 0);

  it('sets apart what is beaten, what beats, and what the events cannot decide', () => {
    const rows = [model, row('a', 0.2, 0.1, 0.5), row('b', 0.45, -0.01, 0.11), row('c', 0.7, -0.3, -0.1)];
    const verdict = verdictOf({ metrics: ['mrr'], rows })!;
    const names = (all: readonly { name: string }[]) => all.map(({ name }) => name);
    expect(names(verdict.beats)).toEqual(['a']);
    expect(names(verdict.undecided)).toEqual(['b']);
    expect(names(verdict.beatenBy)).toEqual(['c']);
    expect(verdictSentences(verdict)).toEqual([
      'c (0.7000) beats m.',
      'm cannot be distinguished from b (0.4500) by these events.',
      'm beats a (0.2000).',
      'The mrr of m is 0.5000.',
    ]);
  });

  it('is by the first metric of accuracy: of the popularity of lists no direction is better', () => {
    expect(verdictOf(evaluation)!.metric).toBe('recall@5');
    expect(verdictOf({ ...evaluation, metrics: ['popularity@5', 'gini@5'] })).toBeUndefined();
  });

  it('is none without a baseline', () => expect(verdictOf({ metrics: ['mrr'], rows: [model] })).toBeUndefined());
});

describe('example users', () => {
  it('are different users, each with what was held out, its rank, and the answers in which it is marked', () => {
    const examples = evaluation.examples!;
    expect(examples).toHaveLength(10);
    expect(new Set(examples.map(({ user }) => user)).size).toBe(10);
    let firsts = 0;
    for (const { user, held, answers, history } of examples) {
      expect(answers).toHaveLength(10);
      const row = [...dataset.users.keys].indexOf(user!);
      expect(row).toBeGreaterThanOrEqual(0);
      const { starts, ends, values } = dataset.users.seen;
      const had = [...values.subarray(starts[row]!, ends[row]!)].map((item) => corpus.keys.at(item)!);
      expect(history.map(({ key }) => key)).toEqual(had.slice(-10).reverse());
      for (const { key, rank } of held) {
        if (rank !== 1 || !answers[0]!.isHeld) continue;
        firsts++;
        expect(answers[0]!.key).toBe(key);
      }
      for (const answer of answers) expect(answer.isHeld).toBe(held.some(({ key }) => key === answer.key));
    }
    // About every third event has its own item first.
    expect(firsts).toBeGreaterThan(0);
  });

  it('are the same users for another model', async () => {
    const other = await evaluateModel({
      dataset,
      part: 'test',
      scorer: { ...scorer, score: (rows) => new Float32Array(rows.length * corpus.rows) },
      measures,
      baselines: false,
    });
    expect(other.examples!.map(({ user }) => user)).toEqual(evaluation.examples!.map(({ user }) => user));
  });
});
