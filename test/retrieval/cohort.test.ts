/** Who has no past items is answered as users of the data are on average. */
import { describe, expect, it } from 'vitest';
import type { Encoding, IndexedColumn } from '../../src/data/dataset.ts';
import { makeCohortFinder } from '../../src/retrieval/cohort.ts';
import { makePreparer, type QueryData } from '../../src/retrieval/prepare.ts';
import { makeQueryAnswerer, type QueryTowerRun } from '../../src/retrieval/query_answerer.ts';
import { makeSnapshot } from '../../src/retrieval/snapshot.ts';
import { planOf } from '../compiler/library/support.ts';
import { valueAt } from '../data/fixture.ts';

describe('the average of users', () => {
  const { features, towers } = planOf(`
    model m
    features {
      user : id(dim: 2), country : category("NL", "BE", dim: 2), device : category("phone", "tv", dim: 2)
      item : id(dim: 2)
    }
    group profile = user, country, device
    tower asks(profile) keyed by user { channel main = profile -> flatten -> dense(2) }
    tower answers(item) keyed by item { channel main = item }
    task watch { score = dot(asks, answers), loss = softmax(in_batch) }
  `);
  const users = ['a', 'b', 'c', 'd'];
  const encodings = new Map<string, Encoding>([
    ['user', { kind: 'vocabulary', values: users }],
    ['country', { kind: 'vocabulary', values: ['NL', 'BE'] }],
    ['device', { kind: 'vocabulary', values: ['phone', 'tv'] }],
    ['item', { kind: 'vocabulary', values: ['x', 'y'] }],
  ]);
  const codes = (...values: number[]): IndexedColumn => ({
    column: { kind: 'codes', values: Int32Array.from(values) },
  });
  // `a` and `b` are of NL, `c` is of BE, and `d` is of NL without an event.
  const data: QueryData = {
    histories: new Map(),
    seen: 'excluded',
    users: {
      features: new Map([
        ['user', codes(1, 2, 3, 4)],
        ['country', codes(1, 1, 2, 1)],
        ['device', codes(1, 2, 2, 1)],
      ]),
    },
  };
  const snapshot = makeSnapshot({
    version: '1',
    items: { vectors: { data: Float32Array.of(1, 0, 0, 1), rows: 2, width: 2 }, keys: ['x', 'y'] },
    users: {
      keys: users,
      seen: {
        kind: 'bags',
        starts: Int32Array.of(0, 1, 2, 3),
        ends: Int32Array.of(1, 2, 3, 3),
        values: Int32Array.of(0, 1, 0),
      },
    },
  });
  /** The vector of a user is [10 · user + device, country]. */
  const query: QueryTowerRun = async (columns, count) => {
    const codeAt = (name: string, row: number): number => valueAt(columns.get(name)!, row) as number;
    const numbers = Array.from({ length: count }, (_, row) => [
      10 * codeAt('user', row) + codeAt('device', row),
      codeAt('country', row),
    ]);
    return { data: Float32Array.from(numbers.flat()), rows: count, width: 2 };
  };
  const model = { plan: { towers, features }, encodings };
  const preparer = makePreparer(model, data, undefined, makeCohortFinder(model, data, query));
  const answerer = makeQueryAnswerer({ snapshot }, preparer, query);
  const scoresOf = async (values: Record<string, unknown>, average: readonly string[], key?: string) => {
    const { items, notes } = await answerer.ask(
      { ...(key === undefined ? {} : { key }), values },
      { k: 2, average, removeSeen: false },
    );
    return {
      x: items.find(({ key: item }) => item === 'x')!.score,
      y: items.find(({ key: item }) => item === 'y')!.score,
      notes,
    };
  };

  it('answers for those without past items: by hand', async () => {
    // All alike: devices 1, 2, 2 and users 1, 2, 3, so x has (11 + 22 + 32) / 3, and y has 4 / 3.
    const all = await scoresOf({}, []);
    expect([all.x, all.y]).toEqual([expect.closeTo(65 / 3, 5), expect.closeTo(4 / 3, 5)]);
    // The device is given. Two of NL count 2 / 12, and all of them 10 / 12.
    const same = await scoresOf({ country: 'NL', device: 'phone' }, ['country'], 'nobody');
    const [ofAll, ofSame] = [(11 + 21 + 31) / 3, (11 + 21) / 2];
    expect(same.x).toBeCloseTo((10 * ofAll + 2 * ofSame) / 12, 5);
    // The country is given too, so that it is the same for all.
    expect(same.y).toBeCloseTo(1, 5);
    expect(same.notes.at(-1)).toContain(
      'for users of the data on average, above all for those with the same `country`',
    );
    // `d` has no event, and is of NL by the data.
    const known = await scoresOf({}, ['country'], 'd');
    expect(known.x).toBeCloseTo((10 * (65 / 3) + 2 * ((11 + 22) / 2)) / 12, 5);
  });

  it('changes nothing for users with events', async () => {
    const plain = await answerer.ask({ key: 'a' }, { k: 2 });
    expect(await answerer.ask({ key: 'a' }, { k: 2, average: ['country'] })).toEqual(plain);
  });

  it('refuses other features', async () => {
    await expect(scoresOf({}, ['contry'])).rejects.toThrow('no feature of tower `asks` called `contry`');
  });
});
