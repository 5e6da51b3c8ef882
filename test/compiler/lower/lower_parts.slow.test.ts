/** A batch cut by the length of a list: the same loss and the same gradient as a batch that is not. */
import { describe, expect, test } from 'vitest';
import { makeRandom } from '../../../src/base/random/random.ts';
import { partLengths } from '../../../src/compiler/lower/lower_parts.ts';
import type { Events, IndexedColumn } from '../../../src/data/dataset.ts';
import { initialValues } from '../../../src/graph/initial.ts';
import { expectClose, planOf } from '../library/support.ts';
import { makeRun } from './tables_at_work.ts';

const max = 24;
const items = 9;
/** Elements before each event of three users: parts of 8 and of 24 are there, the one of 14 has none. */
const lists = [1, 2, 3, 8, 4, 21, 24, 15];

interface Asked {
  readonly flow: string;
  readonly targets: 'events' | 'positions';
  readonly loss: string;
  /** A small batch is not cut. */
  readonly batch: number;
}

const text = ({ flow, targets, loss, batch }: Asked): string => `
  model toy
  features {
    user_id : id(dim: 3)
    seen : list(movie_id, max: ${max}, pool: none)
    stars : along(seen, category(dim: 4))
    liked : list(movie_id, max: 3, pool: mean)
    movie_id : id(dim: 4)
  }
  tower user(user_id, seen, liked, stars) keyed by user_id {
    taste = ${flow}
    channel main = concat(taste, user_id, liked) -> dense(4)
  }
  tower item(movie_id) keyed by movie_id { channel main = movie_id -> flatten }
  task watch { score = dot(user, item), loss = ${loss} }
  train { batch = ${batch}, dense = sgd(rate: 1), embeddings = sgd(rate: 1), clip = 0.2, targets = ${targets} }
`;

/** Each event by a user of its own, but for the first three, whose lists begin alike. */
function toy(): Events {
  const random = makeRandom(5, 1);
  const values = Int32Array.from({ length: max }, () => 1 + random.integer(items));
  const timelines = lists.map((_, at) =>
    Int32Array.from(values, (value) => 1 + ((value + Math.max(0, at - 2)) % items)),
  );
  const codes = (values: Int32Array): IndexedColumn => ({ column: { kind: 'codes', values } });
  const movie = Int32Array.from(lists, (_, at) => 1 + (at % items));
  const startOf = (at: number): number => (at < 3 ? 0 : at * max);
  const bags = (most: number, codesOf = (code: number): number => code): IndexedColumn => ({
    column: {
      kind: 'bags',
      starts: Int32Array.from(lists, (_, at) => startOf(at)),
      ends: Int32Array.from(lists, (length, at) => startOf(at) + Math.min(most, length)),
      values: Int32Array.from(timelines.flatMap((timeline) => [...timeline].map(codesOf))),
    },
  });
  return {
    rows: lists.length,
    features: new Map([
      ['user_id', codes(Int32Array.from(lists, (_, at) => 1 + at))],
      ['movie_id', codes(movie)],
      ['seen', bags(max)],
      ['stars', bags(max, (code) => code % 3)],
      ['liked', bags(3)],
    ]),
    labels: new Map(),
    item: movie.map((code) => code - 1),
    user: Int32Array.from(lists, (_, at) => at),
  };
}

/** Loss, weights and tables after one step at a rate of 1: the change is the gradient. */
function stepOf(asked: Asked) {
  const plan = planOf(text(asked));
  const movies = { column: { kind: 'codes', values: Int32Array.from({ length: items }, (_, at) => at + 1) } } as const;
  const run = makeRun(
    plan,
    {
      events: toy(),
      corpus: {
        rows: items,
        features: new Map([['movie_id', movies]]),
        keys: Array.from({ length: items }, (_, at) => `m${at}`),
        trainingCounts: new Int32Array(items).fill(2),
      },
      first: (table, dim) =>
        Array.from({ length: items + 1 }, (_, row) => {
          const numbers = new Float32Array(dim);
          makeRandom(9, table.length, row).fill(numbers, -1, 1);
          return [...numbers];
        }),
    },
    initialValues(plan.step.graph, 4),
  );
  const { loss, gradient_norm: norm } = run.step(1);
  return { plan, loss: loss!.data[0]!, norm: norm!.data[0]!, values: run.values() };
}

const loss = 'softmax(sampled(5), temperature: 0.5)';

describe('a batch cut by length gives the loss and the gradient of the whole', () => {
  test.each([
    ['seen -> gru(5)'],
    ['seen -> positions -> transformer(layers: 1, heads: 2, norm: before) -> last', 'softmax(all)'],
    ['seen -> hstu(layers: 1, heads: 2) -> last -> mlp(6, 4)', 'softmax(in_batch, temperature: 0.5)'],
    ['seen -> residual(self_attention(heads: 2, causal: true)) -> layer_norm -> last'],
    ['sum(seen, stars) -> conv(width: 3) -> transformer(layers: 1, heads: 2, relative) -> last'],
    ['concat(seen, stars) -> bsarec(layers: 1, heads: 2, causal) -> last', 'softmax(all)'],
  ])('positions: %s', (flow: string, of = loss) => expectSame({ flow, targets: 'positions', loss: of }));

  test.each([
    ['seen -> gru(5)', 'softmax(all)'],
    ['seen -> attention'],
    ['seen -> max'],
    ['seen -> mean -> dense(3)', 'bpr'],
    ['seen -> flatten -> dense(3)', 'softmax(in_batch, temperature: 0.5)'],
    ['seen -> multi_interest(2) -> flatten'],
    ['seen -> bsarec(layers: 1, heads: 2) -> last'],
    ['product(seen, stars) -> conv(3, width: 3, mask: none) -> max'],
    ['attention(seen, user_id)'],
  ])('events: %s', (flow: string, of = loss) => expectSame({ flow, targets: 'events', loss: of }));

  function expectSame(asked: Omit<Asked, 'batch'>): void {
    const [whole, parts] = [8, 4096].map((batch) => stepOf({ ...asked, batch }));
    const read = parts!.plan.step.inputs.map(({ name }) => name);
    const stem = asked.targets === 'positions' ? 'sequences' : 'part';
    for (const length of [8, 14, 24]) expect(read).toContain(`${stem}_${length}/seen`);
    expect(whole!.plan.step.inputs.some(({ source }) => source.from === 'part_places')).toBe(false);
    expectClose([parts!.loss, parts!.norm], [whole!.loss, whole!.norm], 1e-5);
    expect([...parts!.values.keys()]).toEqual([...whole!.values.keys()]);
    for (const [name, values] of whole!.values) expectClose(parts!.values.get(name)!, values, 2e-5);
  }
});

describe('a batch is not cut', () => {
  const cutOf = (model: string): boolean =>
    planOf(model).step.inputs.some(({ source }) => source.from === 'part_places');
  const asked = { flow: 'seen -> mean', targets: 'events', loss, batch: 4096 } as const;

  test('if it has few rows', () => {
    expect(cutOf(text(asked))).toBe(true);
    expect(cutOf(text({ ...asked, batch: 16 }))).toBe(false);
  });

  test('if lists are short', () => {
    expect(cutOf(text(asked).replace(`max: ${max}`, 'max: 10'))).toBe(false);
  });

  test('if no list is read in sequence', () => {
    expect(cutOf(text({ ...asked, flow: 'liked -> dense(3)' }).replace(', seen, ', ', '))).toBe(false);
  });

  test('if a block keeps statistics of all rows', () => {
    expect(cutOf(text({ ...asked, flow: 'seen -> batch_norm -> mean' }))).toBe(false);
  });

  test('in the towers that are served', () => {
    for (const { embedded } of planOf(text(asked)).towers) expect(JSON.stringify(embedded)).not.toContain('part');
  });
});

test('a block that goes place by place has fewer parts', () => {
  const asked = { targets: 'events', loss, batch: 4096 } as const;
  const partsOf = (flow: string): number[] =>
    planOf(text({ ...asked, flow }).replace(`max: ${max}`, 'max: 100')).step.inputs.flatMap(({ source }) =>
      source.from === 'part_places' ? [source.rows.length] : [],
    );
  expect(partsOf('seen -> mean')).toEqual([8, 15, 28, 53, 100]);
  expect(partsOf('seen -> gru(5)')).toEqual([8, 15, 100]);
});

test('parts have about half the places of the next', () => {
  expect([1, 10, 12, 20, 50, 100, 200, 1000].map(partLengths)).toEqual([
    [1],
    [10],
    [8, 12],
    [8, 20],
    [8, 15, 27, 50],
    [8, 15, 28, 53, 100],
    [8, 18, 40, 89, 200],
    [8, 27, 89, 299, 1000],
  ]);
});
