/** A contrast lowers the query tower twice more, with the same weights and draws of their own, in the training step alone. */
import { describe, expect, test } from 'vitest';
import { evaluateGraph } from '../../../src/graph/evaluate.ts';
import { initialValues } from '../../../src/graph/initial.ts';
import { rowsPrefix } from '../../../src/graph/plan/rows_prefix.ts';
import { differences, expectClose, feed, planOf } from '../library/support.ts';

const text = (loss: string, { targets = 'events', dropout = 'dropout(0.2)', batch = 64 } = {}): string => `
  model toy
  features {
    user_id : id(dim: 0)
    seen : list(movie_id, max: 16, pool: none)
    stars : along(seen, category(dim: 4))
    movie_id : id(dim: 4)
  }
  tower user(seen, stars) keyed by user_id {
    channel main = sum(seen, stars) -> ${dropout} -> transformer(layers: 1) -> last
  }
  tower item(movie_id) keyed by movie_id { channel main = movie_id -> flatten }
  task next { score = dot(user, item), loss = softmax(in_batch) }
  ${loss === '' ? '' : `task alike { score = dot(user, item), loss = ${loss} }\nobjective = next + 0.1 * alike`}
  retrieve = next
  train { batch = ${batch}, targets = ${targets} }
`;

const viewsIn = (plan: ReturnType<typeof planOf>) =>
  plan.step.inputs.flatMap(({ name, source }) =>
    'rows' in source && source.rows?.kind === 'views' ? [{ name, source, rows: source.rows }] : [],
  );

describe.each(['events', 'positions'])('with targets = %s', (targets) => {
  const before = planOf(text('', { targets }));
  const plan = planOf(text('contrast(crop: 0.6, reorder: 0.5)', { targets }));

  test('the weights and the served towers are those without the contrast', () => {
    const weights = ({ step }: typeof plan) => step.graph.parameters.map(({ name }) => name).sort();
    expect(weights(plan)).toEqual(weights(before));
    expect(plan.towers).toEqual(before.towers);
  });

  test('each view has a draw of its own for each dropout and each change', () => {
    const noise = viewsIn(plan).filter(({ source }) => source.from === 'noise');
    const of = (view: 1 | 2) => noise.filter(({ rows }) => rows.view === view).map(({ name }) => name);
    expect(of(1).length).toBeGreaterThan(2);
    expect(of(2)).toEqual(of(1).map((name) => name.replace('view_1_', 'view_2_')));
    expect(new Set(noise.map(({ name }) => name)).size).toBe(noise.length);
  });

  test('features along a list are changed as the list is', () => {
    const drawn = viewsIn(plan).map(({ name }) => name);
    expect(drawn.filter((name) => name.startsWith('change/'))).toEqual([
      'change/view_1_alike/seen',
      'change/view_2_alike/seen',
    ]);
  });
});

test('the second view is of other events with the same item, and their item is no negative', () => {
  const { step } = planOf(text('contrast(same_item)', { dropout: 'positions' }));
  const pairs = step.inputs.find(({ source }) => source.from === 'view_numbers' && source.key !== undefined)!.source;
  expect(pairs).toMatchObject({ key: 'movie_id' });
  const views = viewsIn({ step } as ReturnType<typeof planOf>).filter(({ source }) => source.from === 'sequence');
  expect(new Set(views.map(({ rows }) => `${rowsPrefix(rows)} ${rows.sameItem}`))).toEqual(
    new Set(['view_1_alike/ undefined', 'view_2_alike/ true']),
  );
});

test('both views pass a gradient to the elements that a change leaves, by finite differences', () => {
  const { step } = planOf(text('contrast(crop: 0.6, mask: 0.3, reorder: 0.8)').replace('max: 16', 'max: 5'));
  const inputs = feed(step, 3, { lengths: [5, 1, 4] });
  const values = initialValues(step.graph, 3);
  const { outputs } = evaluateGraph(step.graph, inputs, values);
  const names = [1, 2].flatMap((view) => ['seen', 'stars'].map((name) => `view_${view}_alike/${name}`));
  const expected = differences(step.graph, inputs, values, names);
  for (const name of names) {
    expect(expected.get(name)!.some((slope) => Math.abs(slope) > 1e-4)).toBe(true);
    expectClose(outputs[`gradient:${name}`]!.data, expected.get(name)!, 2e-5);
  }
});
