/** Several sequences of one list, joined element by element. */
import { describe, expect, test } from 'vitest';
import { makeSource } from '../../../src/base/text/source.ts';
import { checkSource } from '../../../src/compiler/pipeline.ts';
import { evaluateGraph } from '../../../src/graph/evaluate.ts';
import { initialValues } from '../../../src/graph/initial.ts';
import { expectClose, feed, planOf } from '../library/support.ts';

const text = (flow: string, features = 'stars : along(history, category(dim: 3))', train = ''): string => `
  model m
  features {
    user_id : id(dim: 2)
    history : list(movie_id, max: 4, pool: none)
    other   : list(movie_id, max: 4, pool: none)
    ${features}
    movie_id : id(dim: 3)
  }
  group seen = history, stars
  tower user(user_id, history, other, seen) keyed by user_id { channel main = ${flow} -> dense(3) }
  tower item(movie_id) keyed by movie_id { channel main = movie_id -> flatten }
  task watch { score = dot(user, item), loss = softmax(all) }
  train { batch = 8 ${train} }
`;

const mistakes = (model: string): readonly string[] =>
  checkSource(makeSource('m.tower', model))
    .diagnostics.filter(({ severity }) => severity === 'error')
    .map(({ code, message }) => `${code}: ${message}`);

/** The vector before the layer, of rows with these lengths. */
function made(flow: string) {
  const plan = planOf(text(flow));
  const { embedded } = plan.towers[0];
  const lengths = [4, 2, 0];
  const inputs = feed(embedded, 3, { lengths });
  for (const name of ['history', 'stars']) {
    const { data, shape } = inputs[name]!;
    const width = shape[2]!;
    data.forEach((_, at) => {
      if (Math.floor(at / width) % 4 >= lengths[Math.floor(at / width / 4)]!) data[at] = 0;
    });
  }
  const parameters = initialValues(embedded.graph, 1);
  const weights = Object.keys(parameters).find((name) => name.includes('weights'))!;
  const { shape } = parameters[weights]!;
  const results = Array.from({ length: Math.ceil(shape[0]! / 3) }, (_, third) => {
    // The layer shows three numbers of what it gets at a time.
    const data = parameters[weights]!.data.map((__, at) =>
      Math.floor(at / 3) === third * 3 + (at % 3) ? 1 : 0,
    ) as Float32Array;
    return evaluateGraph(embedded.graph, inputs, { ...parameters, [weights]: { dtype: 'float32', shape, data } })
      .outputs.vector!;
  });
  const rows = [0, 1, 2].map((row) =>
    results.flatMap(({ data }) => [...data.slice(row * 3, row * 3 + 3)]).slice(0, shape[0]!),
  );
  const element = (name: string, row: number, t: number): number[] => {
    const { data, shape: dims } = inputs[name]!;
    const at = (row * 4 + t) * dims[2]!;
    return [...data.slice(at, at + dims[2]!)];
  };
  return { rows, element, inputs };
}

describe('sequences of one list', () => {
  test('are added up element by element', () => {
    const { rows, element } = made('sum(history, stars) -> last');
    expectClose(
      rows[0]!,
      element('history', 0, 3).map((x, at) => x + element('stars', 0, 3)[at]!),
    );
    expectClose(
      rows[1]!,
      element('history', 1, 1).map((x, at) => x + element('stars', 1, 1)[at]!),
    );
    expectClose(rows[2]!, [0, 0, 0]);
  });

  test('are multiplied element by element', () => {
    const { rows, element } = made('product(history, stars) -> last');
    expectClose(
      rows[1]!,
      element('history', 1, 1).map((x, at) => x * element('stars', 1, 1)[at]!),
    );
  });

  test('are joined element by element, with the vectors of the row next to each', () => {
    const { rows, element, inputs } = made('concat(history, stars, user_id) -> last');
    const user = (row: number): number[] => [...inputs.user_id!.data.slice(2 * row, 2 * row + 2)];
    expectClose(rows[0]!, [...element('history', 0, 3), ...element('stars', 0, 3), ...user(0)]);
    expectClose(rows[1]!, [...element('history', 1, 1), ...element('stars', 1, 1), ...user(1)]);
    expectClose(rows[2]!, new Array(8).fill(0));
  });

  test('may be a group, and may have been through blocks', () => {
    expect(mistakes(text('concat(seen) -> gru(4, states: all) -> last'))).toEqual([]);
    const [through] = [
      text('sum(deep, stars) -> last').replace('channel', 'deep = history -> positions -> dense(3)\n channel'),
    ];
    expect(mistakes(through)).toEqual([]);
  });

  test('of a group of one list are that list, and a list alone is pooled', () => {
    const oneList = (flow: string) => text(flow).replace(/group seen = .*/, 'group seen = history');
    expect(mistakes(oneList('sum(seen) -> last'))).toEqual([]);
    expect(mistakes(oneList('sum(history) -> last')).join()).toContain('gets vector');
  });

  test('share the mask of the list', () => {
    const { embedded, features } = planOf(text('stars -> mean')).towers[0];
    expect(embedded.inputs.map(({ name }) => name)).toEqual(['history/mask', 'stars']);
    expect(features).toEqual(['stars', 'history']);
  });

  test('are read for all positions together', () => {
    const flow = 'sum(history, stars) -> positions -> transformer(layers: 1) -> last';
    const { step } = planOf(text(flow, undefined, ', targets = positions'));
    const read = step.inputs.map(({ name }) => name);
    expect(read).toEqual(expect.arrayContaining(['sequences/history', 'sequences/stars', 'sequences/history/mask']));
    expect(mistakes(text('concat(history, user_id) -> last', undefined, ', targets = positions'))[0]).toMatch(
      /^positions-without-last: /,
    );
  });
});

describe('what does not belong together is refused', () => {
  test.each([
    [
      'sum(history, other) -> last',
      'shape-mismatch: `sum` joins sequences of one list, but `history` has the elements of `history` and `other` those of `other`: declare one `along(…)` the other',
    ],
    [
      'sum(history, user_id) -> last',
      'shape-mismatch: `sum` takes sequences or vectors, not both: `history` is sequence[4 × 3] and `user_id` is fields[1 × 2]',
    ],
  ])('%s', (flow, message) => {
    expect(mistakes(text(flow))).toEqual([message]);
  });

  test.each([
    ['along(user_id, category(dim: 3))', 'arguments-conflict: `along` takes a list first, and `user_id` is none'],
    [
      'along(history, number)',
      'needs values with codes: ids, categories, lists, texts, or numbers in pieces, such as `number(buckets: 20, dim: 16)`',
    ],
    [
      'along(history, list(category(dim: 3), pool: none))',
      'pools the values of each element: declare them as `list(…)`',
    ],
    [
      'along(history, list(category(dim: 3), weights: scores))',
      'needs a list without `weights`: of an element of a list all values count alike',
    ],
    [
      'along(history, list(movie_id, through: item))',
      'needs a list without `through`: the values of an element are rows of a table',
    ],
    ['along(history, id(dim: 0))', 'needs values with embeddings: `dim: 0` gives them none'],
    ['along(stars, category(dim: 3))', 'stars'],
  ])('%s', (kind, message) => {
    expect(mistakes(text('sum(history, stars) -> last', `stars : ${kind}`)).join()).toContain(message);
  });

  test('what needs one value for each element', () => {
    const several = 'stars : along(history, list(category(dim: 3), max: 2))';
    const flow = 'sum(history, stars) -> last';
    expect(mistakes(text(flow, several))).toEqual([]);
    expect(mistakes(text(flow, 'stars : along(history, text(words, dim: 3))'))).toEqual([]);
    expect(mistakes(text(flow, `${several}\n newest : last(stars)`)).join()).toContain(
      '`last` needs one value for each element, and `stars` has several',
    );
    expect(mistakes(text(flow, `${several}\n same : like(stars)`)).join()).toContain(
      '`like` needs a feature of one value, or a list of them: the elements of `stars` have several each',
    );
  });

  test('a list along another one names the list itself', () => {
    const both = 'stars : along(history, category(dim: 3))\n gap : along(stars, category(dim: 3))';
    expect(
      mistakes(text('sum(history, stars, gap) -> last', both).replace('history, other', 'history, gap, other')).join(),
    ).toContain('needs a list, and `stars` belongs to `history`: name that');
  });

  test('sequences of other widths', () => {
    expect(mistakes(text('sum(history, stars) -> last', 'stars : along(history, category(dim: 5))'))).toEqual([
      'shape-mismatch: `sum` needs sequences of one width, but `history` is sequence[4 × 3] and `stars` is sequence[4 × 5]',
    ]);
  });
});
