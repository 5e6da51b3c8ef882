import { describe, expect, it } from 'vitest';
import { type Measured, pageOf } from '../../../scripts/study/page.ts';
import type { StudySet } from '../../../scripts/study/plan.ts';

const set: StudySet = {
  name: 'films',
  title: 'Films',
  asks: 'Which film is watched?',
  data: 'films.tower',
  seeds: [1, 2],
  metrics: [{ metric: 'recall', k: 10 }, { metric: 'auc' }],
  against: 'item_cf',
};

const figures = (recall: number, auc: number) => ({
  'recall@10': { mean: recall, low: recall - 0.01, high: recall + 0.01 },
  auc: { mean: auc, low: auc - 0.1, high: auc + 0.1 },
});
const row = (name: string, recall: number, difference?: number) => ({
  name,
  figures: figures(recall, 0.5),
  ...(difference === undefined
    ? {}
    : { differences: { 'recall@10': { mean: difference, low: difference - 0.25, high: difference + 0.25 } } }),
});

const measured = (commits: readonly string[]): Measured => ({
  name: 'films',
  date: '2026-01-02',
  machine: '2 cores',
  command: 'npm run study',
  seeds: [1, 2],
  commits,
  models: ['deep', 'wide'],
  comparison: {
    part: 'test',
    per: 'event',
    events: 100,
    items: 10,
    metrics: ['recall@10', 'auc'],
    against: 'item_cf',
    rows: [
      row('deep-1', 0.4, 0.125),
      row('deep-2', 0.6, 0.5),
      row('wide-1', 0.1, -0.125),
      row('wide-2', 0.2, -0.5),
      row('popularity', 0.05, -0.25),
      row('item_cf', 0.3),
    ],
    protocol: ['Each event ranks 10 items.'],
  },
});

const lines = pageOf([set], [measured(['a'])]).split('\n');

describe('the page of results', () => {
  it('gives a model the mean of its seeds with the least and the greatest, and the difference of seed 1', () => {
    expect(lines).toContain(
      '| `deep` | 0.5000 (0.4000–0.6000) | 0.5000 (0.5000–0.5000) | +0.1250 [−0.1250, +0.3750] |',
    );
  });

  it('gives a baseline its interval, and no difference to the one that is compared with', () => {
    expect(lines).toContain('| item_cf | 0.3000 [0.2900, 0.3100] | 0.5000 [0.4000, 0.6000] |  |');
    expect(lines).toContain('|  | recall@10 | auc | recall@10 − item_cf |');
  });

  it('says which models lose to which baselines, and of the others nothing', () => {
    expect(lines.filter((line) => line.includes('is below'))).toEqual(['- `wide` is below item_cf on recall@10.']);
  });

  it('ends a set with its protocol, its date, its machine and its command', () => {
    expect(lines).toContain('- Each event ranks 10 items.');
    expect(lines).toContain('Measured on 2026-01-02, 2 cores, by `npm run study`.');
  });

  it.each([
    ['one commit', ['a'], 'trained and ranked again from one commit'],
    ['two commits', ['a', 'b'], 'from 2 states of the project'],
    ['a commit whose files were changed', ['a+'], 'from files that were not all committed'],
  ])('says that its figures are from %s', (_, commits, said) => {
    expect(pageOf([set], [measured(commits)])).toContain(said);
  });

  it('says of figures that are older than a change of how they are measured, which change that is', () => {
    expect(lines.join('\n')).toContain('Figures measured before 2026-11-25 follow earlier rules');
    const today = { ...measured(['a']), date: '2026-11-25' };
    expect(pageOf([set], [today])).not.toContain('earlier rules');
  });

  it('leaves out a set that was not measured', () => {
    expect(pageOf([set, { ...set, name: 'books', title: 'Books' }], [measured(['a'])])).not.toContain('## Books');
  });
});
