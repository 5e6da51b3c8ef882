import { describe, expect, test } from 'vitest';
import { type BoundKind, type FeatureUse, ShapeError } from '../../../../src/compiler/library/contract.ts';
import { features } from '../../../../src/compiler/library/features/table.ts';
import { featureUse } from '../../../../src/compiler/library/features/uses.ts';

const call = (kind: string, args: Record<string, unknown> = {}): BoundKind => ({
  kind,
  arguments: {
    ...Object.fromEntries(
      Object.entries(features[kind]!.parameters).map(([name, { default: value }]) => [name, value]),
    ),
    ...args,
  },
});

const use = (kind: string, args?: Record<string, unknown>, others: Record<string, BoundKind> = {}): FeatureUse =>
  featureUse(
    'it',
    new Map(Object.entries({ it: call(kind, args), ...others }).map(([name, call]) => [name, { call }])),
  );

describe('what features ask of the host', () => {
  test('an id learns its values, or hashes them', () => {
    expect(use('id')).toEqual({ encoder: { kind: 'vocabulary', minimumCount: 1 }, gives: 'code', dim: 32 });
    expect(use('id', { min_count: 5 }).encoder).toEqual({ kind: 'vocabulary', minimumCount: 5 });
    expect(use('id', { hash: 100, dim: 4 })).toEqual({
      encoder: { kind: 'hash', buckets: 100 },
      gives: 'code',
      dim: 4,
    });
  });

  test('an id may be dropped in training, where a row of the table is for unknown ids', () => {
    expect(use('id', { drop: 0.1, dim: 4 })).toEqual({
      encoder: { kind: 'vocabulary', minimumCount: 1 },
      gives: 'code',
      dim: 4,
      drop: 0.1,
    });
    expect(use('id', { drop: 0 })).toEqual(use('id'));
    expect(() => use('id', { drop: 0.1, hash: 100 })).toThrow('takes `hash` or `drop`, not both');
    expect(() => use('id', { drop: 0.1, dim: 0 })).toThrow('has no table with `dim: 0`');
    const others = { movie_id: call('id', { drop: 0.1 }) };
    expect(use('like', { feature: 'movie_id' }, others).drop).toBeUndefined();
    expect(use('list', { element: { feature: 'movie_id' } }, others).drop).toBeUndefined();
    const dropped = call('id', { drop: 0.1 });
    const sequence = { history: call('list', { element: call('id'), pool: 'none' }) };
    expect(() => use('list', { element: dropped })).toThrow('needs elements without `drop`');
    expect(() => use('along', { list: 'history', element: dropped }, sequence)).toThrow('needs values without `drop`');
  });

  test('a list that is pooled may have weights', () => {
    const element = call('category', { dim: 4 });
    const weighted = { element, weights: 'scores' };
    expect(use('list', weighted)).toMatchObject({ weights: 'scores', pool: 'mean' });
    expect(use('list', { ...weighted, pool: 'sum' }).weights).toBe('scores');
    expect(use('list', { element }).weights).toBeUndefined();
    expect(() => use('list', { ...weighted, pool: 'none' })).toThrow('takes `weights` or `pool: none`, not both');
    const others = { tags: call('list', weighted) };
    expect(() => use('like', { feature: 'tags' }, others)).toThrow(
      'needs a list without `weights`: those of `tags` belong to its own elements. Declare this one as a `list(…)` too',
    );
    // The newest element is one row of the table, whatever it counts.
    expect(use('last', { list: 'tags' }, others)).toEqual({
      encoder: { owner: 'tags' },
      gives: 'code',
      last: 'tags',
      dim: 4,
    });
  });

  test('a table may begin with vectors of a file, a vocabulary may be a file', () => {
    const vectors = { init: 'v.npy', keys: 'k.txt' };
    expect(use('id', { ...vectors, dim: 4 })).toMatchObject({ vectors: { file: 'v.npy', keys: 'k.txt' }, dim: 4 });
    expect(use('id', { ...vectors, frozen: true }).frozen).toBe(true);
    expect(use('category', { vocabulary: 'w.txt' }).encoder).toEqual({
      kind: 'vocabulary',
      minimumCount: 1,
      file: 'w.txt',
    });
    const refused: [string, Record<string, unknown>, string][] = [
      ['id', { init: 'v.npy' }, 'takes `init` and `keys` together'],
      ['id', { keys: 'k.txt' }, 'takes `init` and `keys` together'],
      ['id', { frozen: true }, 'takes `frozen` with `init`'],
      ['id', { ...vectors, hash: 9 }, 'takes `init` or `hash`, not both'],
      ['id', { ...vectors, vocabulary: 'w.txt' }, 'takes `init` or `vocabulary`, not both'],
      ['id', { ...vectors, dim: 0 }, 'has no table with `dim: 0`'],
      ['id', { ...vectors, frozen: true, drop: 0.1 }, 'takes `frozen` or `drop`, not both'],
      ['category', { vocabulary: 'w.txt', values: ['a'] }, 'takes `vocabulary` or its values, not both'],
      ['category', { vocabulary: 'w.txt', hash: 9 }, 'takes `vocabulary` or `hash`, not both'],
      ['id', { vocabulary: 'w.txt', min_count: 2 }, 'takes `vocabulary` or `min_count`, not both'],
    ];
    for (const [kind, args, reason] of refused) expect(() => use(kind, args)).toThrow(reason);
    const others = { movie_id: call('id', { ...vectors, frozen: true }) };
    expect(use('like', { feature: 'movie_id' }, others).vectors).toBeUndefined();
  });

  test('a category may list its values', () => {
    const encoder = { kind: 'vocabulary', minimumCount: 1, values: ['F', 'M'] };
    expect(use('category', { values: ['F', 'M'] })).toEqual({ encoder, gives: 'code', dim: 8 });
  });

  test('a number is itself, a projection of itself, or a piece with a row of a table', () => {
    expect(use('number')).toEqual({ encoder: { kind: 'number', log: false }, gives: 'numbers', size: 1 });
    expect(use('number', { standardize: true, log: true, dim: 8 })).toEqual({
      encoder: { kind: 'standardize', log: true },
      gives: 'numbers',
      size: 1,
      project: 8,
    });
    expect(use('number', { boundaries: [18, 25] })).toEqual({
      encoder: { kind: 'boundaries', boundaries: [18, 25], log: false },
      gives: 'code',
      dim: 8,
    });
    expect(use('number', { log: true, buckets: 32, dim: 4 })).toEqual({
      encoder: { kind: 'quantiles', buckets: 32, log: true },
      gives: 'code',
      dim: 4,
    });
  });

  test('a list takes its elements from a kind of its own or from a feature', () => {
    expect(use('list', { element: call('category', { dim: 16 }), max: 6 })).toEqual({
      encoder: { kind: 'vocabulary', minimumCount: 1 },
      gives: 'bag',
      lists: true,
      max: 6,
      pool: 'mean',
      dim: 16,
    });
    const of = use('list', { element: { feature: 'video' } }, { video: call('id', { dim: 64 }) });
    expect(of).toEqual({ encoder: { owner: 'video' }, gives: 'bag', lists: true, max: 50, pool: 'mean', dim: 64 });
  });

  test('text is a bag of words or of trigrams', () => {
    expect(use('text', { pieces: 'bigrams', hash: 9 }).encoder).toEqual({ kind: 'bigrams', buckets: 9 });
    expect(use('text').encoder).toEqual({ kind: 'words', buckets: 30_000 });
    expect(use('text', { vocabulary: 'w.txt' }).encoder).toEqual({ kind: 'words', buckets: 1, file: 'w.txt' });
    expect(use('text', { vocabulary: 'w.txt', hash: 7 }).encoder).toMatchObject({ buckets: 7, file: 'w.txt' });
    expect(use('text', { pieces: 'trigrams', hash: 99, dim: 5 })).toEqual({
      encoder: { kind: 'trigrams', buckets: 99 },
      gives: 'bag',
      max: 256,
      dim: 5,
      pool: 'sum',
    });
  });

  test('last is one code of its list, in the table of the list’s elements', () => {
    const others = {
      video: call('id', { dim: 64 }),
      watched: call('list', { element: { feature: 'video' } }),
      tags: call('list', { element: call('category', { dim: 16 }) }),
    };
    const seed = { encoder: { owner: 'video' }, gives: 'code', dim: 64, last: 'watched' };
    expect(use('last', { list: 'watched' }, others)).toEqual(seed);
    expect(use('last', { list: 'tags' }, others)).toMatchObject({ encoder: { owner: 'tags' }, dim: 16 });
    // What is like it has a column of its own.
    const like = use('like', { feature: 'seed' }, { ...others, seed: call('last', { list: 'watched' }) });
    expect(like).toEqual({ encoder: { owner: 'video' }, gives: 'code', dim: 64 });
  });

  test('like keeps as many elements as `max` says, of a list or a text', () => {
    const others = { words: call('list', { element: call('id', { dim: 8 }), max: 180, pool: 'none' }) };
    expect(use('like', { feature: 'words' }, others).max).toBe(180);
    expect(use('like', { feature: 'words', max: 32 }, others)).toMatchObject({ encoder: { owner: 'words' }, max: 32 });
    const one = { video: call('id', { dim: 8 }) };
    expect(() => use('like', { feature: 'video', max: 32 }, one)).toThrow('takes `max` for a list or a text');
  });

  test('like shares the table of a feature, and of whatever that shares in turn', () => {
    const others = { video: call('id', { dim: 64 }), seed: call('like', { feature: 'video' }) };
    const shared = { encoder: { owner: 'video' }, gives: 'code', dim: 64 };
    expect(use('like', { feature: 'video' }, others)).toEqual(shared);
    expect(use('like', { feature: 'seed' }, others)).toEqual(shared);
    expect(use('list', { element: { feature: 'seed' } }, others).encoder).toEqual({ owner: 'video' });
  });
});

describe('what would be ignored is refused', () => {
  const key = { key: call('id', { dim: 0 }) };
  const number = { number: call('number') };
  test.each<[string, Record<string, unknown>, RegExp, Record<string, BoundKind>?]>([
    ['id', { hash: 5, min_count: 2 }, /`hash` or `min_count`, not both/],
    ['category', { values: ['F'], hash: 5 }, /values or `hash`, not both/],
    ['category', { values: ['F'], min_count: 5 }, /values or `min_count`, not both/],
    ['category', { values: ['F', 'M', 'F'] }, /"F" twice/],
    ['number', { boundaries: [1], buckets: 3 }, /`boundaries` or `buckets`, not both/],
    ['number', { standardize: true, boundaries: [1] }, /`standardize` or `boundaries`/],
    ['number', { standardize: true, buckets: 4 }, /`standardize` or `buckets`/],
    ['number', { boundaries: [] }, /at least one boundary/],
    ['list', { element: { feature: 'key' } }, /`dim: 0` gives them none/, key],
    ['list', { element: { feature: 'number' } }, /one code each/, number],
    ['like', { feature: 'key' }, /`dim: 0` gives it none/, key],
    ['like', { feature: 'number' }, /none to share/, number],
    ['last', { list: 'key' }, /needs a list, and `key` is one value/, key],
    ['last', { list: 'number' }, /needs a list, and `number` is numbers/, number],
    ['last', { list: 'title' }, /needs a list, and `title` is a text/, { title: call('text') }],
    ['last', { list: 'it' }, /is in a cycle: it → it/],
    ['like', { feature: 'it' }, /is in a cycle: it → it/],
  ])('%s %j', (kind, args, reason, others) => {
    expect(() => use(kind, args, others)).toThrow(reason);
  });

  test('and the feature where the mistake is, is named', () => {
    const others = { video: call('id', { hash: 5, min_count: 2 }) };
    try {
      use('like', { feature: 'video' }, others);
      expect.fail('it is refused');
    } catch (error) {
      expect(error).toBeInstanceOf(ShapeError);
      expect((error as ShapeError).feature).toBe('video');
    }
  });
});
