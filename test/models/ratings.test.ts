import { describe, expect, it } from 'vitest';
import { expectClose } from '../compiler/library/support.ts';
import { dot, mean } from './reference.ts';
import { everyRow, planOfModel, runModel } from './support.ts';

describe('ratings', () => {
  const ran = runModel(planOfModel('ratings'));
  const constant = ran.weights.tensor('score/rate/mean').data[0]!;
  const estimate = (row: number, item: number): number =>
    dot(ran.input('user_id')[row]!, ran.input('movie_id')[item]!) +
    ran.input('user.bias')[row]![0]! +
    ran.input('item.bias')[item]![0]! +
    constant;

  it('scores by μ + b_u + b_i + p_u · q_i, also in the towers that are served', () => {
    expect(constant).not.toBe(0);
    for (const row of everyRow) {
      const [query, item] = ran.vectors;
      expectClose(
        item.map((vector) => dot(query[row]!, vector)),
        everyRow.map((other) => estimate(row, other)),
      );
    }
  });

  it('loses by the squared error of the rating, of rows that have one', () => {
    const [rating, known] = [ran.input('label/rating')[0]!, ran.input('label_known/rating')[0]!];
    const errors = everyRow.map((row) => known[row]! * (estimate(row, row) - rating[row]!) ** 2);
    const share = mean(everyRow.map((row) => known[row]!));
    expect(ran.losses.loss).toBeCloseTo(mean(errors) / share, 5);
  });
});
