import { expect, it } from 'vitest';
import { Failure } from '../../src/base/diagnostics/diagnostic.ts';
import type { Encoding, IndexedColumn } from '../../src/data/dataset.ts';
import { murmur3 } from '../../src/data/encoders/murmur3.ts';
import { columnsWithout, queryColumns } from '../../src/retrieval/query_columns.ts';
import { planOf } from '../compiler/library/support.ts';

const plan = planOf(`
  model crossed
  features {
    user_id : id(dim: 2)
    country : category("NL", "BE", dim: 2)
    both    : cross(user_id, country, hash: 500, dim: 2)
    hour    : time(hour)
    item_id : id(dim: 2)
  }
  group profile = both, hour
  tower user(profile) keyed by user_id { channel main = profile -> flatten -> dense(2) }
  tower item(item_id) keyed by item_id { channel main = item_id }
  task watch { score = dot(user, item), loss = softmax(in_batch) }
`);
const [user] = plan.towers;
const encodings = new Map<string, Encoding>([
  ['user_id', { kind: 'vocabulary', values: ['ann', 'bob'] }],
  ['country', { kind: 'vocabulary', values: ['NL', 'BE'] }],
  ['both', { kind: 'hash', buckets: 500 }],
  ['hour', { kind: 'clock', part: 'hour' }],
  ['item_id', { kind: 'vocabulary', values: ['i1'] }],
]);
const histories = new Map<string, number>();
const codeOf = (name: string, values: Record<string, unknown>): number | undefined => {
  const { column } = queryColumns(plan, user, encodings, values, { histories }).get(name)!;
  return column.kind === 'codes' ? column.values[0] : undefined;
};

it('a tower reads the features that its crosses take together', () => {
  expect(user.features).toEqual(['both', 'user_id', 'country', 'hour']);
  expect(plan.features.find(({ name }) => name === 'both')).toMatchObject({
    crosses: ['user_id', 'country'],
    width: 2,
  });
  expect(plan.features.find(({ name }) => name === 'country')!.tower).toBe('user');
  // What only a cross reads enters no graph.
  expect(user.embedded.inputs.map(({ name }) => name)).toEqual(['both', 'hour']);
});

it('a cross is made of the values given for its features, as in training', () => {
  expect(codeOf('both', { user_id: 'bob', country: 'BE' })).toBe(murmur3('2,2') % 500);
  expect(codeOf('both', { user_id: 'bob' })).toBe(murmur3('2,0') % 500);
  expect(codeOf('hour', { hour: 3 * 3600 })).toBe(3);
  expect(codeOf('hour', {})).toBe(24);
});

it('a value for the cross itself is refused', () => {
  expect(() => codeOf('both', { both: 'x' })).toThrow(Failure);
});

it('a list leaves out what the vocabulary does not have, then keeps the latest', () => {
  const listed = (list: string) => {
    const { features, towers } = planOf(`
      model listed
      features { user_id : id(dim: 2), seen : list(item_id, max: 2${list}), item_id : id(dim: 2) }
      group profile = user_id, seen
      tower user(profile) keyed by user_id { channel main = profile -> flatten -> dense(2) }
      tower item(item_id) keyed by item_id { channel main = item_id }
      task watch { score = dot(user, item), loss = softmax(in_batch) }
    `);
    const known = new Map<string, Encoding>([
      ['user_id', { kind: 'vocabulary', values: ['ann'] }],
      ['item_id', { kind: 'vocabulary', values: ['i1', 'i2', 'i3'] }],
    ]);
    const values = { seen: ['i3', 'i1', 'new', 'i2', 'new', 'new'] };
    const { column } = queryColumns({ features }, towers[0], known, values, { histories }).get('seen')!;
    return [...column.values];
  };
  expect(listed('')).toEqual([1, 2]);
  expect(listed(', unseen: keep')).toEqual([0, 0]);
});

it('values of a list’s elements go with the elements that the list keeps', () => {
  const { features, towers } = planOf(`
    model along
    features {
      user_id : id(dim: 2)
      seen    : list(item_id, max: 2, pool: none)
      stars   : along(seen, number(boundaries: [2, 4], dim: 2))
      item_id : id(dim: 2)
    }
    tower user(seen, stars) keyed by user_id { channel main = sum(seen, stars) -> mean }
    tower item(item_id) keyed by item_id { channel main = item_id }
    task watch { score = dot(user, item), loss = softmax(in_batch) }
  `);
  const known = new Map<string, Encoding>([
    ['item_id', { kind: 'vocabulary', values: ['i1', 'i2', 'i3'] }],
    ['stars', { kind: 'boundaries', boundaries: [2, 4], log: false }],
  ]);
  const asked = (values: Record<string, unknown>, base?: Parameters<typeof queryColumns>[4]['base']) => {
    const options = { histories, ...(base ? { base } : {}) };
    const columns = queryColumns({ features }, towers[0], known, values, options);
    return ['seen', 'stars'].map((name) => [...(columns.get(name)!.column.values as Int32Array)]);
  };
  const seen = ['i3', 'i1', 'new', 'i2', null];
  expect(asked({ seen, stars: [5, 3, 1, null, 4] })).toEqual([
    [1, 2],
    [1, 3],
  ]);
  expect(asked({ seen })).toEqual([
    [1, 2],
    [3, 3],
  ]);
  expect(asked({})).toEqual([[], []]);
  expect(() => asked({ seen, stars: [5, 3] })).toThrow(
    expect.objectContaining({
      diagnostics: [expect.objectContaining({ message: expect.stringContaining('it has 2 values, and `seen` has 5') })],
    }),
  );
  // A list that is given takes the place of the one in the data, and so do its values.
  const bags = (...values: number[]) =>
    ({
      kind: 'bags',
      starts: Int32Array.of(0),
      ends: Int32Array.of(values.length),
      values: Int32Array.from(values),
    }) as const;
  const columns = new Map([
    ['seen', { column: bags(3) }],
    ['stars', { column: bags(2) }],
  ]);
  expect(asked({}, { columns, row: 0 })).toEqual([[3], [2]]);
  expect(asked({ seen: ['i1'] }, { columns, row: 0 })).toEqual([[1], [3]]);
});

it('weights go with the elements that their list keeps, and must be there', () => {
  const weighted = planOf(`
    model weighted
    features { user_id : id(dim: 2), seen : list(item_id, max: 2, weights: stars), item_id : id(dim: 2) }
    tower user(user_id, seen) keyed by user_id { channel main = concat(user_id, seen) -> dense(2) }
    tower item(item_id) keyed by item_id { channel main = item_id }
    task watch { score = dot(user, item), loss = softmax(in_batch) }
  `);
  const known = new Map<string, Encoding>([
    ['user_id', { kind: 'vocabulary', values: ['ann'] }],
    ['item_id', { kind: 'vocabulary', values: ['i1', 'i2', 'i3'] }],
  ]);
  const ask = (values: Record<string, unknown>, base?: Parameters<typeof queryColumns>[4]['base']) => {
    const options = { histories, ...(base ? { base } : {}) };
    const { column, index } = queryColumns(weighted, weighted.towers[0], known, values, options).get('seen')!;
    return column.kind === 'bags' ? { codes: [...column.values], weights: [...column.weights!], index } : undefined;
  };
  const base = {
    row: 1,
    columns: new Map<string, IndexedColumn>([
      ['user_id', { column: { kind: 'codes', values: Int32Array.of(0, 1) } }],
      [
        'seen',
        {
          column: {
            ...{ kind: 'bags', starts: Int32Array.of(0, 0), ends: Int32Array.of(0, 1) },
            ...{ values: Int32Array.of(3), weights: Float32Array.of(0.25) },
          },
        },
      ],
    ]),
  };
  expect(ask({ seen: ['i3', 'i1', 'new', 'i2', null], stars: [5, 3, 1, 0.5, 4] })).toMatchObject({
    codes: [1, 2],
    weights: [3, 0.5],
  });
  expect(ask({})).toMatchObject({ codes: [], weights: [] });
  expect(ask({ user_id: 'ann' }, base)).toEqual({ codes: [3], weights: [0.25], index: Int32Array.of(1) });
  const refused: [Record<string, unknown>, string][] = [
    [{ seen: ['i1'] }, 'it has 0 weights, and `seen` has 1 elements: give one for each, in the same order'],
    [{ stars: [1, 2] }, 'it has 2 weights, and `seen` has 0 elements'],
    [{ seen: ['i1'], stars: [-1] }, 'a weight is a number from 0 to 3.4e38, and not -1'],
    [{ seen: ['i1'], stars: [1e39] }, 'a weight is a number from 0 to 3.4e38, and not 1e+39'],
    [{ seen: ['i1'], stars: [Number.NaN] }, 'a weight is a number from 0 to 3.4e38, and not null'],
    [{ seen: ['i1'], stars: ['much'] }, 'a weight is a number from 0 to 3.4e38, and not "much"'],
    [{ seen: ['i1'], stars: [null] }, 'a weight is a number from 0 to 3.4e38, and not null'],
  ];
  for (const [values, reason] of refused) expect(() => ask(values, base)).toThrow(reason);
  expect(() => ask({ starz: [1] })).toThrow('`starz`');
});

it('of a list far longer than its max only what it keeps is encoded', () => {
  const { features, towers } = planOf(`
    model long
    features {
      user_id : id(dim: 2)
      seen    : list(item_id, max: 2, pool: none)
      stars   : along(seen, number(boundaries: [2, 4], dim: 2))
      item_id : id(dim: 2)
    }
    tower user(seen, stars) keyed by user_id { channel main = sum(seen, stars) -> mean }
    tower item(item_id) keyed by item_id { channel main = item_id }
    task watch { score = dot(user, item), loss = softmax(in_batch) }
  `);
  const known = new Map<string, Encoding>([
    ['item_id', { kind: 'vocabulary', values: ['i1', 'i2', 'i3'] }],
    ['stars', { kind: 'boundaries', boundaries: [2, 4], log: false }],
  ]);
  let reads = 0;
  const counting = <T>(values: readonly T[]): readonly T[] =>
    new Proxy(values, {
      get(target, name) {
        if (typeof name === 'string' && /^\d+$/.test(name)) reads++;
        return Reflect.get(target, name);
      },
    });
  const seen = counting([...Array<string>(10_000).fill('i3'), 'i1', 'new', 'i2']);
  const stars = counting([...Array<number>(10_000).fill(1), 5, 1, 3]);
  const columns = queryColumns({ features }, towers[0], known, { seen, stars }, { histories });
  expect([...(columns.get('seen')!.column.values as Int32Array)]).toEqual([1, 2]);
  expect([...(columns.get('stars')!.column.values as Int32Array)]).toEqual([2, 1]);
  expect(reads).toBeLessThan(30);
});

it('columns without an item are those of the lists without it', () => {
  const { features, towers } = planOf(`
    model without
    features {
      user_id : id(dim: 2)
      seen    : list(item_id, max: 6, pool: none)
      rated   : list(item_id, max: 6, weights: amount)
      stars   : along(seen, number(boundaries: [2, 4], dim: 2))
      tags    : along(seen, list(category(dim: 2), max: 2))
      latest  : last(seen)
      both    : cross(user_id, latest, hash: 50, dim: 2)
      item_id : id(dim: 2)
    }
    group profile = rated, latest, both
    group past = seen, stars, tags
    tower user(profile, past) keyed by user_id {
      pooled = sum(past) -> mean
      channel main = concat(profile, pooled) -> dense(2)
    }
    tower item(item_id) keyed by item_id { channel main = item_id -> dense(2) }
    task watch { score = dot(user, item), loss = softmax(in_batch) }
  `);
  const [tower] = towers;
  const known = new Map<string, Encoding>([
    ['user_id', { kind: 'vocabulary', values: ['ann'] }],
    ['item_id', { kind: 'vocabulary', values: ['i1', 'i2', 'i3'] }],
    ['stars', { kind: 'boundaries', boundaries: [2, 4], log: false }],
    ['tags', { kind: 'vocabulary', values: ['a', 'b'] }],
    ['both', { kind: 'hash', buckets: 50 }],
  ]);
  const model = { plan: { features }, encodings: known };
  const seen = ['i1', 'i3', 'i2', 'i1', 'i3'];
  const lists = { stars: [1, 3, 5, 2, 3], tags: [['a'], [], ['a', 'b'], ['b'], ['a']] };
  const rated = ['i2', 'i1'];
  const columnsOf = (left: readonly number[], leftRated: readonly number[]) => {
    const values = {
      user_id: 'ann',
      seen: left.map((at) => seen[at]),
      stars: left.map((at) => lists.stars[at]),
      tags: left.map((at) => lists.tags[at]),
      rated: leftRated.map((at) => rated[at]),
      amount: leftRated.map((at) => [0.5, 2][at]),
    };
    return queryColumns({ features }, tower, known, values, { histories });
  };
  const whole = columnsOf([0, 1, 2, 3, 4], [0, 1]);
  const without = (key: string) => columnsWithout({ key, item: -1 }, ['seen', 'rated'], whole, tower, model);
  /** What the tower reads: the values of inner lists, and not where they are. */
  const inputsOf = (columns: ReadonlyMap<string, IndexedColumn> | undefined) =>
    [...columns!].map(([name, { column }]) => {
      if (column.kind !== 'bags' || !column.inner) return [name, column];
      const { starts, ends, values } = column.inner;
      return [name, Array.from(column.values, (bag) => [...values.subarray(starts[bag], ends[bag])])];
    });
  expect(inputsOf(without('i1'))).toEqual(inputsOf(columnsOf([1, 2, 4], [0])));
  expect(inputsOf(without('i2'))).toEqual(inputsOf(columnsOf([0, 1, 3, 4], [1])));
  expect(inputsOf(without('i3'))).toEqual(inputsOf(columnsOf([0, 2, 3], [0, 1])));
  expect(without('new')).toBeUndefined();
});
