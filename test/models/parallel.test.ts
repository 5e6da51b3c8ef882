import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { expectClose } from '../compiler/library/support.ts';
import { cosine, dot, inBatchLoss, type Row } from './reference.ts';
import { everyRow, fieldsOf, planOfModel, type Ran, runModel } from './support.ts';

/** The four channels of each row: dnn, cross, fm, cin. */
function channelsOf({ weights, ...ran }: Ran, tower: string, names: readonly string[]): readonly (readonly Row[])[] {
  return everyRow.map((row) => {
    const fields = weights.senet(fieldsOf({ weights, ...ran }, row, names), `${tower}/weighted/senet`);
    const at = (channel: string): string => `${tower}/${channel}`;
    return [
      weights.dense(weights.mlp(fields.flat(), at('deep/deep/mlp')), at('deep/deep/dense')),
      weights.dense(weights.crossed(fields.flat(), at('cross/crossed/cross_v2'), 2), at('cross/crossed/dense')),
      weights.dense(weights.pairs(fields), at('fm/pairs/dense')),
      weights.dense(weights.cin(fields, at('cin/outer/cin'), 2), at('cin/outer/dense')),
    ];
  });
}

const scoresOf = (ran: Ran, score: (user: readonly Row[], item: readonly Row[]) => number): number[][] => {
  const users = channelsOf(ran, 'user', ['user_id', 'history', 'recent']);
  const items = channelsOf(ran, 'item', ['movie_id', 'genres']);
  return users.map((user) => items.map((item) => score(user, item)));
};

const retrieved = ({ vectors: [users, items] }: Ran): number[][] =>
  users.map((user) => items.map((item) => dot(user, item)));

describe('parallel_two_tower', () => {
  const ran = runModel(planOfModel('parallel_two_tower'));
  const scores = scoresOf(ran, (user, item) => user.reduce((sum, channel, at) => sum + cosine(channel, item[at]!), 0));

  it('sums the cosines of dnn, cross, fm and cin', () => {
    retrieved(ran).forEach((row, at) => {
      expectClose(row, scores[at]!);
    });
    expect(ran.losses.loss).toBeCloseTo(inBatchLoss(scores, 0.15, ran.logQ, []), 4);
  });
});

describe('parallel_fused', () => {
  const ran = runModel(planOfModel('parallel_fused'));
  const { data: w } = ran.weights.tensor('score/watch/weights');

  it('weighs the element-wise products of all channels by one learned layer', () => {
    const scores = scoresOf(ran, (user, item) =>
      user.flat().reduce((sum, value, at) => sum + w[at]! * value * item.flat()[at]!, 0),
    );
    retrieved(ran).forEach((row, at) => {
      expectClose(row, scores[at]!);
    });
    expect(ran.losses.loss).toBeCloseTo(inBatchLoss(scores, 1, ran.logQ, []), 4);
  });
});

it.each(['parallel_two_tower', 'parallel_fused'])('%s is at most 60 lines', (name) => {
  expect(readFileSync(`models/${name}.tower`, 'utf8').trimEnd().split('\n').length).toBeLessThanOrEqual(60);
});
