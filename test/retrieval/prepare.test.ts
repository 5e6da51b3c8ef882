/** What a form can draw: kinds, lists and examples of the features that the query tower reads. */
import { expect, it } from 'vitest';
import type { Encoding } from '../../src/data/dataset.ts';
import type { FeaturePlan, Plan, TowerPlan } from '../../src/graph/plan/plan.ts';
import { describeQuery } from '../../src/retrieval/prepare.ts';
import { makeSnapshot } from '../../src/retrieval/snapshot.ts';

const feature = (name: string, gives: FeaturePlan['gives'], more: Partial<FeaturePlan> = {}): FeaturePlan => ({
  name,
  tower: 'user',
  gives,
  encoder: { kind: 'number', log: false },
  column: name,
  encoderOf: name,
  width: 1,
  ...more,
});
const features = [
  feature('user_id', 'code'),
  feature('history', 'bag', { encoderOf: 'movie_id', weights: 'stars' }),
  feature('newest', 'code', { encoderOf: 'movie_id', last: 'history' }),
  feature('when', 'bag', { along: 'history' }),
  feature('country', 'code'),
  feature('town', 'code'),
  feature('age', 'code'),
  feature('income', 'numbers'),
  feature('words', 'bag'),
  feature('face', 'numbers'),
  feature('movie_id', 'code', { tower: 'item' }),
];
const tower = (name: string, key: string): TowerPlan =>
  ({ name, key, features: features.flatMap((each) => (each.tower === name ? each.name : [])) }) as unknown as TowerPlan;
const plan = {
  model: 'films',
  features,
  towers: [tower('user', 'user_id'), tower('item', 'movie_id')],
} as unknown as Plan;
const encodings = new Map<string, Encoding>([
  ['user_id', { kind: 'vocabulary', values: ['u1'] }],
  ['movie_id', { kind: 'vocabulary', values: ['m2', 'm1', 'gone'] }],
  ['when', { kind: 'clock', part: 'hour' }],
  ['country', { kind: 'vocabulary', values: Array.from({ length: 80 }, (_, i) => `c${i}`) }],
  ['town', { kind: 'hash', buckets: 9 }],
  ['age', { kind: 'boundaries', boundaries: [18, 30, 65], log: false }],
  ['income', { kind: 'standardize', mean: Math.log1p(5000), deviation: 1, log: true }],
  ['words', { kind: 'words', buckets: 9 }],
  ['face', { kind: 'vector', size: 3 }],
]);

const vectors = { data: new Float32Array(2), rows: 2, width: 1 };
const snapshot = makeSnapshot({ version: '1', items: { vectors, keys: ['m1', 'm2'], titles: ['One', 'Two'] } });

it('describes each feature that a question may give, and none that is made of others', () => {
  const described = describeQuery(plan, encodings, snapshot);
  expect(described).toMatchObject({ model: 'films', tower: 'user', key: 'user_id' });
  const [country, ...rest] = ['country'].map((name) => described.features.find((each) => each.name === name)!);
  expect([country!.kind, country!.examples.length, rest]).toEqual(['category', 50, []]);
  expect(described.features.filter(({ name }) => name !== 'country')).toEqual([
    {
      name: 'history',
      kind: 'item',
      list: true,
      examples: [{ value: 'm2', title: 'Two' }, { value: 'm1', title: 'One' }, { value: 'gone' }],
    },
    { name: 'stars', kind: 'number', list: true, along: 'history', examples: [{ value: 1 }] },
    { name: 'when', kind: 'moment', list: true, along: 'history', examples: [] },
    { name: 'town', kind: 'category', examples: [] },
    { name: 'age', kind: 'number', examples: [{ value: 30 }] },
    { name: 'income', kind: 'number', examples: [{ value: 5000 }] },
    { name: 'words', kind: 'text', examples: [] },
    { name: 'face', kind: 'vector', size: 3, examples: [] },
  ]);
});
