import { expect, it } from 'vitest';
import { expectClose } from '../compiler/library/support.ts';
import { cosine, dot, inBatchLoss, type Row } from './reference.ts';
import { everyRow, fieldsOf, planOfModel, runModel } from './support.ts';

const ran = runModel(planOfModel('senet_two_tower'));
const { weights } = ran;
const side = (tower: string, names: readonly string[]): readonly { deep: Row; wide: Row }[] =>
  everyRow.map((row) => {
    const weighted = weights.senet(fieldsOf(ran, row, names), `${tower}/weighted/senet`).flat();
    return {
      deep: weights.mlp(weighted, `${tower}/deep/deep/mlp`),
      wide: weights.dense(weighted, `${tower}/wide/wide/dense`),
    };
  });
const users = side('user', ['user_id', 'history', 'recent']);
const items = side('item', ['movie_id', 'genres']);
const scores = users.map((user) => items.map((item) => cosine(user.deep, item.deep) + cosine(user.wide, item.wide)));

it('weighs whole fields, of unequal widths too, and sums a cosine of each channel', () => {
  expect(new Set(fieldsOf(ran, 0, ['movie_id', 'genres']).map(({ length }) => length))).toEqual(new Set([32, 16]));
  for (const row of everyRow) {
    expectClose(
      ran.vectors[1].map((vector) => dot(ran.vectors[0][row]!, vector)),
      scores[row]!,
    );
  }
});

it('loses by score/τ − log q of the column', () => {
  expect(ran.losses.loss).toBeCloseTo(inBatchLoss(scores, 0.1, ran.logQ, []), 4);
});
