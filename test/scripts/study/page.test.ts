import { describe, expect, it } from 'vitest';
import { pageOf, type Table } from '../../../scripts/study/page.ts';
import type { StudySet } from '../../../scripts/study/plan.ts';
import { rowOf, state } from './rows.ts';

const set: StudySet = {
  name: 'films',
  title: 'Films',
  asks: 'Which film is watched?',
  data: 'films.tower',
  seeds: [1, 2],
  metrics: [{ metric: 'recall', k: 10 }, { metric: 'auc' }],
  against: 'item_cf',
  events: 100,
};

const rows = [
  rowOf('deep', 40, { seed: 1 }),
  rowOf('deep', 60, { seed: 2 }),
  rowOf('wide', 10, { seed: 1 }),
  rowOf('wide', 20, { seed: 2 }),
  rowOf('popularity', 5),
  rowOf('item_cf', 30, { setting: 'k = 3, chosen' }),
];
const table: Table = { set, models: ['deep', 'wide'], baselines: ['popularity', 'item_cf'], rows };
const linesOf = (change: Partial<Table> = {}): string[] => pageOf([{ ...table, ...change }]).split('\n');
const lines = linesOf();

describe('the page of results', () => {
  it('gives a model the mean of its seeds with the least and the greatest, and the difference of their mean', () => {
    const [line] = lines.filter((each) => each.startsWith('| `deep`'));
    expect(line).toMatch(
      /^\| `deep` \| 0\.5000 \(0\.4000–0\.6000\) \| 0\.5000 \(0\.5000–0\.5000\) \| \+0\.2000 \[\+0\.1\d+, \+0\.2\d+\] \| A \|$/,
    );
  });

  it('gives a baseline its interval, and no difference to the one that is compared with', () => {
    const [line] = lines.filter((each) => each.startsWith('| item_cf'));
    expect(line).toMatch(
      /^\| item_cf \| 0\.3000 \[0\.2\d+, 0\.[34]\d+\] \| 0\.5000 \[0\.5000, 0\.5000\] \| {2}\| A \|$/,
    );
    expect(lines).toContain('|  | recall@10 | auc | recall@10 − item_cf | state |');
    expect(lines).toContain('- item_cf: k = 3, chosen.');
  });

  it('compares with the best baseline too, where the set names another', () => {
    const more = linesOf({ baselines: [...table.baselines, 'ease'], rows: [...rows, rowOf('ease', 45)] });
    expect(more).toContain('|  | recall@10 | auc | recall@10 − item_cf | recall@10 − ease | state |');
    const [line] = more.filter((each) => each.startsWith('| `deep`'));
    expect(line).toMatch(/ \| \+0\.2000 \[\S+ \S+ \| \+0\.0500 \[\S+ \S+ \| A \|$/);
    const [own] = more.filter((each) => each.startsWith('| ease'));
    expect(own).toMatch(/ \| \+0\.1500 \[\S+ \S+ \| {2}\| A \|$/);
  });

  it('asks for more seeds of a model where the set does', () => {
    const more = { ...set, more: { deep: [3] } };
    expect(linesOf({ set: more })).toContain('- Not measured yet: `deep` with seed 3.');
    const all = linesOf({ set: more, rows: [...rows, rowOf('deep', 50, { seed: 3 })] });
    expect(all.some((line) => line.startsWith('| `deep` (3 seeds) |'))).toBe(true);
  });

  it('says which models lose to which baselines, and of the others nothing', () => {
    expect(lines.filter((line) => line.includes('is below'))).toEqual(['- `wide` is below item_cf on recall@10.']);
  });

  it('ends a set with its protocol and the state that measured it', () => {
    expect(lines).toContain('- Each event ranks 10 items.');
    expect(lines).toContain('- State A: 2026-01-02, at the commit “Add films”, on 2 cores.');
    expect(lines).toContain(
      'Everything on this page was trained and ranked from one commit, with its files as committed. Every row is there.',
    );
  });

  it('says which rows come from which commit', () => {
    const later = { ...state, subject: 'Add books', date: '2026-02-03' };
    const two = linesOf({ rows: [...rows.slice(0, 5), rowOf('item_cf', 30, { state: later })] });
    expect(two.join('\n')).toContain('The rows come from 2 commits');
    expect(two.filter((line) => /^\| (`wide`|item_cf)/.test(line)).map((line) => line.slice(-4))).toEqual([
      ' A |',
      ' B |',
    ]);
    const changed = linesOf({ rows: [rowOf('item_cf', 30, { state: { ...state, changed: true } })] }).join('\n');
    expect(changed).toContain('from files that were not all committed');
    expect(changed).toContain('with files that were not committed, on');
  });

  it('says what is missing: sets, models, seeds and baselines', () => {
    const some = linesOf({ rows: [rows[0]!, rows[4]!] });
    expect(some.some((line) => line.startsWith('| `deep` (1 of 2 seeds) |'))).toBe(true);
    expect(some).toContain('- Not measured yet: `deep` with seed 2, `wide`, item_cf.');
    expect(some.join('\n')).toContain('Rows are missing');
    expect(linesOf({ rows: [] })).toContain('Not measured yet: Films.');
  });

  it('does not put rows of two protocols into one table', () => {
    const other = rowOf('popularity', 5, { protocol: { checksum: 'other', sentences: [] } });
    const without = linesOf({ rows: [...rows.slice(0, 4), other, rows[5]!] });
    expect(without.some((line) => line.startsWith('| popularity'))).toBe(false);
    expect(without).toContain('- 1 rows are left out: they were measured by another protocol.');
  });

  it('says why a baseline is excluded', () => {
    const empty = { values: {}, groups: new Int32Array(), excluded: 'ease is excluded: the data has no users.' };
    expect(linesOf({ rows: [...rows, rowOf('ease', 0, empty)] })).toContain(
      '- ease is excluded: the data has no users.',
    );
  });
});
