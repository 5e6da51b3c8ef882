import { describe, expect, test } from 'vitest';
import type { Events, IndexedColumn } from '../../../../src/data/dataset.ts';
import fc from '../../../fast_check.ts';
import { bags, corpus, eventRows, events, features, feederOf, numbersOf } from '../fixtures.ts';

const source = { from: 'accidental_hits', key: 'movie_id', rows: eventRows } as const;
const pairsOf = (data: readonly number[]): string[] =>
  Array.from({ length: data.length / 2 }, (_, i) => `${data[2 * i]} ${data[2 * i + 1]}`);

describe('hits of a history', () => {
  // Codes of the events are 1 3 1 4 5 1; the history of row 1 holds 1, of row 3 holds 1, of row 5 holds 5.
  test('are the columns whose item the row has seen, besides its own item again; never its own column', () => {
    const { data } = numbersOf({ ...source, history: 'history' }, [0, 1, 2, 3, 4, 5]);
    expect(pairsOf(data).sort()).toEqual(
      ['0 2', '0 5', '2 0', '2 5', '5 0', '5 2', '1 0', '1 2', '1 5', '3 0', '3 2', '3 5', '5 4'].sort(),
    );
  });

  test('among all items are those of the history, never the own column', () => {
    const rows = { kind: 'corpus' } as const;
    // Row 4's item is none of the corpus: its first column stays, as a softmax needs one. Row 5 has seen an item that is none.
    const { data } = numbersOf({ ...source, rows, history: 'history' }, [1, 3, 4, 5, 2]);
    expect(pairsOf(data)).toEqual(['0 0', '1 0']);
    expect(numbersOf({ ...source, rows, history: 'history' }, [4]).data).toEqual([]);
  });

  test('among items that all rows share are recognised by their place there', () => {
    const shared = { kind: 'shared', count: 40, by: 'uniform' } as const;
    const feeder = feederOf({
      codes: { from: 'embedding', feature: 'movie_id', pool: 'none', rows: shared },
      hits: { ...source, rows: shared, history: 'history' },
    });
    const { codes, hits } = feeder.inputs(Int32Array.of(0, 1, 4), 3, { rate: 1 });
    expect(codes!.shape).toEqual([40, 2]);
    // Row r of the table begins with r. Item 0 (code 1) is row 0's own and in row 1's history; row 1's own is code 3.
    const drawn = Array.from({ length: 40 }, (_, i) => codes!.data[2 * i]!);
    const expected = drawn.flatMap((code, column) => [
      ...(code === 1 ? [`0 ${column}`, `1 ${column}`] : []),
      ...(code === 3 ? [`1 ${column}`] : []),
    ]);
    expect(expected.length).toBeGreaterThan(10);
    expect(pairsOf([...hits!.data]).sort()).toEqual(expected.sort());
  });

  test('among items that are drawn for each row are recognised by their place within its own', () => {
    const sampled = { kind: 'sampled', perRow: 8, by: 'uniform' } as const;
    const feeder = feederOf({
      codes: { from: 'embedding', feature: 'movie_id', pool: 'none', rows: sampled },
      hits: { ...source, rows: sampled, history: 'history' },
    });
    const { codes, hits } = feeder.inputs(Int32Array.of(1, 0), 5, { rate: 1 });
    const drawn = Array.from({ length: 16 }, (_, i) => codes!.data[2 * i]!);
    const expected = drawn.flatMap((code, at) => {
      const [row, column] = [at >> 3, at & 7];
      return code === 1 || (row === 0 && code === 3) ? [`${row} ${column}`] : [];
    });
    expect(pairsOf([...hits!.data])).toEqual(expected);
  });

  test('among items of past batches are recognised by their code where the corpus lacks them', () => {
    const rows = { kind: 'queue', task: 'watch', key: 'movie_id', count: 3, width: 1, after: 0 } as const;
    const feeder = feederOf({
      vectors: { from: 'queue_vectors', rows },
      hits: { ...source, rows, history: 'history' },
      q: { from: 'log_q', key: 'movie_id', estimator: 'frequency', rows },
    });
    feeder.inputs(Int32Array.of(1, 4), 1, { rate: 1 });
    feeder.apply({ 'queue:watch': { dtype: 'float32', shape: [2, 1], data: Float32Array.of(7, 8) } });
    // The corpus lacks the item of row 4, and row 5 has it in its history.
    const { hits, q } = feeder.inputs(Int32Array.of(4, 5, 1, 0), 2, { rate: 1 });
    expect(pairsOf([...hits!.data])).toEqual(['0 1', '1 1', '2 0']);
    // Item 2 has one of five events. An item without events, and an empty slot, count as if they had one.
    expect([...q!.data]).toEqual(Array(3).fill(Math.fround(Math.log(1) - Math.log(5))));
  });

  test('an unseen value of a vocabulary is nobody: code 0 in a history hides no column', () => {
    const unseen: Events = {
      ...events,
      features: new Map<string, IndexedColumn>(events.features)
        .set('movie_id', { column: { kind: 'codes', values: Int32Array.of(0, 3) } })
        .set('history', { column: bags([0], [0, 0]) }),
      item: Int32Array.of(0, 2),
      user: Int32Array.of(0, 1),
      rows: 2,
    };
    const vocabulary = features.map((each) => ({ ...each, encoder: { kind: 'vocabulary', minimumCount: 2 } as const }));
    const other = { events: unseen, features: vocabulary };
    expect(numbersOf({ ...source, history: 'history' }, [0, 1], 1, other).data).toEqual([]);
    expect(numbersOf({ ...source, history: 'history' }, [0, 1], 1, { events: unseen }).data).toEqual([1, 0]);
  });
});

test('with its own column a row is a hit of itself', () => {
  const { data } = numbersOf({ ...source, own: true }, [0, 1, 2]);
  expect(pairsOf(data).sort()).toEqual(['0 0', '0 2', '1 1', '2 0', '2 2']);
});

test('hits of a query are columns of others that have an item of one of its rows', () => {
  // Users 0 0 1 1 2 2 with items a c a d ? a.
  const { data } = numbersOf({ ...source, query: 'user_id' }, [0, 1, 2, 3, 4, 5]);
  expect(pairsOf(data).sort()).toEqual(
    ['0 2', '0 5', '1 2', '1 5', '2 0', '2 5', '3 0', '3 5', '4 0', '4 2', '5 0', '5 2'].sort(),
  );
});

test('agree with comparing every pair, whatever the histories, the users and the batch', () => {
  const columns = fc.array(
    fc.record({ item: fc.nat(3), user: fc.integer({ min: -1, max: 2 }), seen: fc.array(fc.nat(3), { maxLength: 3 }) }),
    { minLength: 1, maxLength: 9 },
  );
  fc.assert(
    fc.property(columns, fc.boolean(), fc.boolean(), (rows, withHistory, withQuery) => {
      const made: Events = {
        ...events,
        rows: rows.length,
        features: new Map<string, IndexedColumn>([
          ['movie_id', { column: { kind: 'codes', values: Int32Array.from(rows, ({ item }) => item + 1) } }],
          ['history', { column: bags(...rows.map(({ seen }) => seen.map((item) => item + 1))) }],
        ]),
        item: Int32Array.from(rows, ({ item }) => item),
        user: Int32Array.from(rows, ({ user }) => user),
      };
      const of = {
        ...source,
        ...(withHistory ? { history: 'history' } : {}),
        ...(withQuery ? { query: 'user_id' } : {}),
      };
      const places = rows.map((_, i) => i);
      const { data } = numbersOf(of, places, 1, { events: made, corpus });
      const same = (i: number, j: number): boolean =>
        i === j || (rows[i]!.user >= 0 && rows[i]!.user === rows[j]!.user);
      const expected = places.flatMap((i) =>
        places.flatMap((j) => {
          if (withQuery ? same(i, j) : i === j) return [];
          const mine = withQuery ? places.filter((k) => same(i, k)).map((k) => rows[k]!.item) : [rows[i]!.item];
          const seen = withHistory ? rows[i]!.seen : [];
          return [...mine, ...seen].includes(rows[j]!.item) ? [`${i} ${j}`] : [];
        }),
      );
      const found = pairsOf(data);
      expect([...new Set(found)].length, 'each pair once').toBe(found.length);
      expect(found.sort()).toEqual(expected.sort());
    }),
    { numRuns: 200, seed: 5 },
  );
});
