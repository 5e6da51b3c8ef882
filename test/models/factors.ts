/** Models that are a table for each side and nothing else: one batch through their step, where two drawn items are a row's own. */
import { expect } from 'vitest';
import { expectClose } from '../compiler/library/support.ts';
import { dot, type Row } from './reference.ts';
import { everyRow, planOfModel, runModel } from './support.ts';

/** Row and drawn item. */
const hits = [
  [1, 3],
  [4, 1000],
] as const;

export function factorsOf(name: string) {
  const plan = planOfModel(name);
  const ran = runModel(plan, { hits });
  const [users, items] = [ran.input('user_id'), ran.input('movie_id')];
  const drawn = ran.input('shared_1024_uniform/movie_id');
  return {
    ...{ plan, ran, users, items },
    /** Drawn items that are not the row's own. */
    othersOf: (row: number): readonly Row[] => drawn.filter((_, at) => !hits.some(([r, c]) => r === row && c === at)),
  };
}

/** The model has no weight but its tables: inner products of its towers are this score of their rows. */
export function expectTablesAlone(
  { plan, ran, users, items }: ReturnType<typeof factorsOf>,
  score: (a: Row, b: Row) => number,
): void {
  expect(plan.step.graph.parameters).toEqual([]);
  everyRow.forEach((row) => {
    expectClose(
      ran.vectors[1].map((item) => dot(ran.vectors[0][row]!, item)),
      items.map((item) => score(users[row]!, item)),
    );
  });
}
