import { describe, expect, it } from 'vitest';
import { agendaOf, costOf, hours, secondsOf, standingOf, type Wanted } from '../../../scripts/study/agenda.ts';
import { decides, rowOf } from './rows.ts';

const want = (name: string, seed?: number, more: Partial<Wanted> = {}): Wanted => ({
  set: 'films',
  name,
  ...(seed === undefined ? {} : { seed }),
  decides,
  guess: 100,
  ...more,
});
const wanted = [want('ease'), want('deep', 1), want('deep', 2), want('wide', 1), want('wide', 2)];
const namesOf = (rows: Parameters<typeof agendaOf>[1], keeps = false): string[] =>
  agendaOf(wanted, rows, keeps).map(({ name, seed, standing }) => `${name}-${seed ?? ''} ${standing}`);

describe('what a study measures', () => {
  it('is each line that is not there: baselines first, then each seed of all models', () => {
    expect(namesOf([])).toEqual([
      'ease- missing',
      'deep-1 missing',
      'wide-1 missing',
      'deep-2 missing',
      'wide-2 missing',
    ]);
  });

  it('is not what is there, unless the model or the data changed', () => {
    const rows = [
      rowOf('ease', 1),
      rowOf('deep', 1, { seed: 1 }),
      rowOf('deep', 1, { seed: 2, decides: { ...decides, model: 'other' } }),
      rowOf('wide', 1, { seed: 1, decides: { ...decides, data: 'other' } }),
    ];
    expect(namesOf(rows)).toEqual(['wide-1 changed', 'deep-2 changed', 'wide-2 missing']);
  });

  it('is what earlier code measured, but last, and not at all where that is kept', () => {
    const rows = [rowOf('ease', 1, { decides: { ...decides, code: 'before' } }), rowOf('deep', 1, { seed: 1 })];
    expect(namesOf(rows)).toEqual(['wide-1 missing', 'deep-2 missing', 'wide-2 missing', 'ease- earlier code']);
    expect(namesOf(rows, true)).not.toContain('ease- earlier code');
    expect(standingOf(want('ease'), rows[0])).toBe('earlier code');
  });

  it('costs what its like took, and a guess without one', () => {
    const work = agendaOf(wanted, [rowOf('deep', 1, { seed: 1, seconds: 3000 })], false);
    expect(work.map(({ name, seconds, isGuess }) => [name, seconds, isGuess])).toEqual([
      ['ease', 100, true],
      ['wide', 100, true],
      ['deep', 3000, false],
      ['wide', 100, true],
    ]);
    expect(costOf(work)).toEqual([
      '4 lines are to be measured (4 missing): about 55 min',
      '  films: 4 lines, about 55 min, partly a guess',
    ]);
    expect(costOf([])).toEqual(['nothing is to be measured: every line is there, from this code']);
  });
});

it('reads and writes times', () => {
  expect(['90s', '30m', '2h', '1.5h', '30', 'soon'].map(secondsOf)).toEqual([
    90,
    1800,
    7200,
    5400,
    undefined,
    undefined,
  ]);
  expect([1, 89.5, 120, 7200].map(hours)).toEqual(['1 s', '90 s', '2 min', '2.0 h']);
});
