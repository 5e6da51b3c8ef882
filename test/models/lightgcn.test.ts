import { expect, it } from 'vitest';
import { initialValues } from '../../src/graph/initial.ts';
import { expectClose } from '../compiler/library/support.ts';
import { makeRun, randomBatch } from '../compiler/lower/tables_at_work.ts';
import { cosine, type Row } from './reference.ts';
import { everyRow, planOfModel, runModel } from './support.ts';

const plan = planOfModel('lightgcn');
const given = randomBatch(7);
const run = makeRun(plan, given, initialValues(plan.step.graph, 1));
const codesOf = (feature: string): number[] => {
  const { column, index } = given.events.features.get(feature)!;
  if (column.kind !== 'codes') throw new Error(`${feature} has codes`);
  const { values } = column;
  return Array.from({ length: given.events.rows }, (_, row) => values[index ? index[row]! : row]!);
};
const [users, items] = [codesOf('user_id'), codesOf('movie_id')];
const rowsOf = (values: readonly number[]): Row[] =>
  Array.from({ length: values.length / 64 }, (_, row) => values.slice(64 * row, 64 * (row + 1)));

/** e_u^(k+1) = Σ over i of N_u of e_i^(k) / (√|N_u| √|N_i|), the same of items; and the mean of e^(0), e^(1) and e^(2). */
function byThePaper(ofUsers: Row[], ofItems: Row[]): readonly [Row[], Row[]] {
  const neighbours = (own: number[], other: number[]) => (code: number) =>
    new Set(other.filter((_, row) => own[row] === code));
  const [ofUser, ofItem] = [neighbours(users, items), neighbours(items, users)];
  const layer = (rows: Row[], from: Row[], near: typeof ofUser, far: typeof ofUser): Row[] =>
    rows.map((row, code) =>
      row.map((_, d) =>
        [...near(code)].reduce((sum, each) => sum + from[each]![d]! / Math.sqrt(near(code).size * far(each).size), 0),
      ),
    );
  const next = ([u, i]: readonly [Row[], Row[]]): readonly [Row[], Row[]] => [
    layer(u, i, ofUser, ofItem),
    layer(i, u, ofItem, ofUser),
  ];
  const first = [ofUsers, ofItems] as const;
  const [second, third] = [next(first), next(next(first))];
  const meanOf = (side: 0 | 1): Row[] =>
    first[side].map((row, code) => row.map((each, d) => (each + second[side][code]![d]! + third[side][code]![d]!) / 3));
  return [meanOf(0), meanOf(1)];
}

it('reads each id with its neighbours, as equations 3, 4 and 8 say, before a step and after it', () => {
  for (const step of [1, 2]) {
    const [ofUsers, ofItems] = ['user_id', 'movie_id'].map((table) => rowsOf(run.values().get(table)!));
    const expected = byThePaper(ofUsers!, ofItems!);
    expectClose(run.shown('user_id'), expected[0].flat(), 1e-5);
    expectClose(run.shown('movie_id'), expected[1].flat(), 1e-5);
    expect(Number.isFinite(run.step(step).loss!.data[0])).toBe(true);
  }
});

it('scores by the cosine of what is read', () => {
  const ran = runModel(plan);
  everyRow.forEach((row) => {
    const [user, item] = [ran.input('user_id')[row]!, ran.input('movie_id')[row]!];
    expect(cosine(ran.vectors[0][row]!, ran.vectors[1][row]!)).toBeCloseTo(cosine(user, item), 5);
  });
});
