/** A made-up study of 24 trials: trainings of a real one would take most of the time of the test. */

import type { SearchSpace, Trial } from '../../src/app/api/tune.ts';
import { makeRandom } from '../../src/base/random/random.ts';
import { drawValue, settingsOf } from '../../src/plugins/tune/search_space.ts';
import type { StudyParts } from '../../src/plugins/tune/study_page.ts';
import type { ComparedRow, Comparison } from '../../src/training/evaluation/compare_models.ts';

const space: SearchSpace = [
  { name: 'dense.rate', domain: { kind: 'range', from: 1e-4, to: 1e-2, log: true, whole: false } },
  { name: 'task.like.loss.temperature', domain: { kind: 'range', from: 0.02, to: 0.2, log: false, whole: false } },
  { name: 'batch', domain: { kind: 'choices', texts: ['128', '256', '512'] } },
];
const random = makeRandom(5);
const trials = Array.from({ length: 24 }, (_, number): Trial => {
  const point = Object.fromEntries(space.map((dimension) => [dimension.name, drawValue(dimension, random)]));
  const far = Math.abs(Math.log10(point['dense.rate']!) + 3) + 3 * Math.abs(point['task.like.loss.temperature']! - 0.1);
  const value = 0.32 - 0.06 * far - 0.01 * point.batch! + 0.01 * random.next();
  const shown = number === 0 ? { settings: {} } : { point, settings: settingsOf(space, point) };
  return { number, ...shown, state: 'done', values: [value], validations: [value], seconds: 4.25 };
});
const best = trials.toSorted((a, b) => b.values[0]! - a.values[0]!).slice(0, 3);

const interval = (mean: number, half: number) => ({ mean, low: mean - half, high: mean + half });
const figures = (scale: number, half: number) => ({
  'recall@50': interval(scale, half),
  'ndcg@10': interval(scale / 4, half / 4),
});
function compared(part: Comparison['part'], gain: number): Comparison {
  const rows: ComparedRow[] = [
    { name: 'as written', figures: figures(0.29, 0.02) },
    { name: 'tuned', figures: figures(0.29 + gain, 0.02), differences: figures(gain, 0.008) },
  ];
  const protocol = ['Per event: each of the 1,077 events ranks the whole corpus, 360 items; no negatives are sampled.'];
  return {
    ...{ part, per: 'event', events: 1077, items: 360, metrics: ['recall@50', 'ndcg@10'] },
    ...{ against: 'as written', rows, protocol },
  };
}

export const madeStudy: StudyParts = {
  study: {
    ...{ model: 'films', sources: '', space, set: {}, metric: 'recall@50', stops: true, fileSeed: 1 },
    ...{ sampler: 'tpe', seed: 1, halving: false, rungs: 1, parallel: 1, finalists: 3, seeds: 3 },
  },
  trials,
  finalists: best.map(({ number, values: [value] }) => ({
    trial: number,
    values: [value! - 0.006, value!, value! + 0.004],
    mean: value! - 0.002 / 3,
  })),
  winner: best[0]!.number,
  validation: compared('validation', 0.014),
  test: compared('test', 0.006),
};
