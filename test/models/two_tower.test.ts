import { describe, expect, it } from 'vitest';
import { expectClose } from '../compiler/library/support.ts';
import { cosine, dot, inBatchLoss, type Row } from './reference.ts';
import { everyRow, fieldsOf, planOfModel, runModel } from './support.ts';

const hits = [
  [0, 2],
  [2, 0],
] as const;

describe.each([
  {
    name: 'two_tower',
    towers: ['user', 'item'],
    query: ['user_id', 'history', 'recent'],
    item: ['movie_id', 'genres'],
  },
  { name: 'two_tower_msweb', towers: ['user', 'area'], query: ['history'], item: ['area_id', 'title'] },
  {
    name: 'two_tower_flights',
    towers: ['flight', 'airport'],
    query: ['origin', 'hour', 'weekday'],
    item: ['destination', 'state'],
  },
])('$name', ({ name, towers, query, item }) => {
  const ran = runModel(planOfModel(name), { hits });
  const side = (tower: string, names: readonly string[]): readonly Row[] =>
    everyRow.map((row) => ran.weights.mlp(fieldsOf(ran, row, names).flat(), `${tower}/main/mlp`));
  const queries = side(towers[0]!, query);
  const items = side(towers[1]!, item);
  const scores = queries.map((q) => items.map((i) => cosine(q, i)));

  it('scores by the cosine of two towers over fields side by side', () => {
    for (const row of everyRow) {
      expectClose(
        ran.vectors[1].map((vector) => dot(ran.vectors[0][row]!, vector)),
        scores[row]!,
      );
    }
  });

  it('loses by score/τ − log q of the column, without accidental hits', () => {
    expect(ran.losses.loss).toBeCloseTo(inBatchLoss(scores, 0.05, ran.logQ, hits), 4);
  });
});
