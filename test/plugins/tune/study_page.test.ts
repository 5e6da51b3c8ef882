import { describe, expect, it } from 'vitest';
import type { Trial } from '../../../src/app/api/tune.ts';
import { type StudyParts, studyPage } from '../../../src/plugins/tune/study_page.ts';

const trial = (number: number, rate: number, value: number | undefined): Trial => ({
  number,
  settings: { 'dense.rate': String(rate), body: '<b>' },
  state: value === undefined ? 'failed' : 'paused',
  values: value === undefined ? [] : [value],
  validations: value === undefined ? [] : [value],
  seconds: 2,
  ...(number === 0 ? {} : { point: { 'dense.rate': rate, body: 0 } }),
  ...(value === undefined ? { message: 'the loss became NaN' } : {}),
});

const parts: StudyParts = {
  study: {
    model: 'films <1>',
    sources: '',
    space: [
      { name: 'dense.rate', domain: { kind: 'range', from: 1e-4, to: 0.1, log: true, whole: false } },
      { name: 'body', domain: { kind: 'choices', texts: ['<b>', 'wide'] } },
    ],
    set: {},
    metric: 'recall@10',
    stops: false,
    fileSeed: 1,
    sampler: 'tpe',
    seed: 1,
    halving: true,
    rungs: 1,
    parallel: 1,
    finalists: 1,
    seeds: 1,
  },
  trials: [trial(0, 0.001, 0.1), trial(1, 0.01, 0.2), trial(2, 0.05, undefined)],
  finalists: [{ trial: 1, values: [0.2, 0.3], mean: 0.25 }],
  winner: 1,
};

describe('the report of a study', () => {
  const page = studyPage(parts);

  it('shows each parameter, the history and all trials', () => {
    for (const title of ['Each parameter', 'How the best was found', 'Finalists', 'All trials']) {
      expect(page).toContain(`<h2>${title}</h2>`);
    }
    expect(page).toContain('Trial 1 won');
    expect(page).toContain('1 failed');
  });

  it('leads from no trial to the next, and says in a sentence what the settings gained', () => {
    const [, chart] = page.split('<h2>How the best was found</h2>');
    expect(chart!.split('</svg>')[0]!.match(/<path/g)).toHaveLength(1);
    const figures = (mean: number) => ({ 'recall@10': { mean, low: mean - 0.02, high: mean + 0.02 } });
    const rows = [
      { name: 'as written', figures: figures(0.2) },
      { name: 'tuned', figures: figures(0.23), differences: figures(0.03) },
    ];
    const validation = {
      ...{ part: 'validation' as const, per: 'event' as const, events: 9, items: 5, metrics: ['recall@10'] },
      ...{ against: 'as written', rows, protocol: [] },
    };
    expect(studyPage({ ...parts, validation })).toContain(
      'tuned − as written: +0.0300 (+0.0100 to +0.0500), it is better.',
    );
  });

  it('holds names as text, and no script', () => {
    expect(page).toContain('films &lt;1&gt;');
    expect(page).not.toContain('<b>');
    expect(page).not.toContain('<script');
  });

  it('has no number that is none', () => expect(page).not.toMatch(/NaN(?! ?<\/td>)|Infinity|undefined/));

  it('counts one trial as one', () => {
    expect(studyPage({ ...parts, trials: parts.trials.slice(0, 1), finalists: [], winner: 0 })).toContain(
      '1 trial, of which',
    );
  });

  it('of a study without a winner says so', () => {
    const { winner: _, ...others } = parts;
    expect(studyPage({ ...others, finalists: [] })).toContain('No trial came to a value');
  });
});
